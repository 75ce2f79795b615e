//! Independent tools judge what the real binary plans: kubernetes-validate the shape of every object,
//! checkov what is unsafe, and checkov against `muster check`.
//!
//! The inputs are the Compose files of `examples/`, of the golden tests, of `../shared/data/compose`
//! if it lies beside the checkout, and those below `MUSTER_CORPUS`. The tools come from
//! `target/judges` (`cargo xtask test` sets them up); without them a test says so and passes.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod agreement;
mod checkov;
mod plans;
mod schemas;
mod self_test;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// More failed checks of a workload, on average, are too many even when each is explained.
const MEAN: f64 = 3.0;

/// A tool of `target/judges`.
fn judge(name: &str) -> Option<PathBuf> {
    let path = workspace().join("target/judges/bin").join(name);
    if path.is_file() {
        return Some(path);
    }
    println!("SKIP: no {name} in target/judges; `cargo xtask test` sets it up");
    None
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// An empty folder of this test.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!output.stdout.is_empty() || output.status.success(), "{command:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// checkov's verdicts on the plans as they are, asked for once.
fn waived(binary: &Path, folders: &[PathBuf]) -> &'static [checkov::Judged] {
    static VERDICTS: OnceLock<Vec<checkov::Judged>> = OnceLock::new();
    VERDICTS.get_or_init(|| checkov::scan(binary, folders))
}

#[test]
fn schemas_accept_every_object() {
    let Some(python) = judge("python") else { return };
    let Some(plans) = plans::all() else { return };
    let verdicts = schemas::validate(&python, &plans.folders());
    let custom = schemas::custom(&verdicts);
    println!("{} verdicts; kinds without a schema: {custom:?}", verdicts.len());
    let refused = schemas::refused(&verdicts);
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn checkov_finds_little_and_that_is_explained() {
    let (Some(binary), Some(python)) = (judge("checkov"), judge("python")) else { return };
    let Some(plans) = plans::all() else { return };
    let folders = plans.folders();
    let waived = waived(&binary, &folders);
    let bare = checkov::scan(&binary, &checkov::without_skips("bare", &python, &folders));
    let (mean, workloads) = (checkov::mean(&bare), checkov::workloads(&bare));
    println!(
        "{} plans, {workloads} workloads: {mean:.2} failed checks each, {:.2} unexplained",
        folders.len(),
        checkov::mean(waived)
    );
    for line in checkov::frequent(&bare) {
        println!("  {line}");
    }
    assert!(workloads > 0, "checkov saw no workload");
    if plans::are_ordinary() {
        assert!(mean <= MEAN, "{mean:.2} failed checks for each workload, {MEAN} are allowed");
    } else {
        println!("SKIP: the mean is one of ordinary files, which are not beside this checkout");
    }
    let unexplained = checkov::failures(waived);
    assert!(unexplained.is_empty(), "no annotation explains:\n{}", unexplained.join("\n"));
}

#[test]
fn muster_check_agrees_with_checkov() {
    let Some(binary) = judge("checkov") else { return };
    let Some(plans) = plans::all() else { return };
    let folders = plans.folders();
    let compared = agreement::compare(waived(&binary, &folders), &folders);
    println!("compared {} verdicts, {} differ", compared.pairs, compared.differences.len());
    assert!(compared.differences.is_empty(), "{}", compared.differences.join("\n"));
}
