//! `cargo xtask kube-tests`: the tests that kube's authors run on clusters, on a twin.
//!
//! They ship inside the published crates, without the dependencies on each other that they need to
//! compile: a copy in the user's cache gets those back. The first time compiles for some minutes.

use crate::outcome::Outcome;
use crate::shell::{cache, cargo, read, run, say};
use crate::test::cargo_test;
use crate::twin::Twin;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only tests whose name has this in it
    filter: Option<String>,
}

/// The crates that have such tests, with what publishing took from them.
const CRATES: [(&str, &str); 3] = [
    ("kube", ""),
    (
        "kube-client",
        "\n[dev-dependencies.kube]\nversion = \"*\"\nfeatures = [\"derive\", \"client\", \"ws\"]\n\n[dev-dependencies.schemars]\nversion = \"1\"\n",
    ),
    (
        "kube-runtime",
        "\n[dev-dependencies.kube]\nversion = \"*\"\nfeatures = [\"derive\", \"client\", \"runtime\"]\n",
    ),
];

/// Features that the tests are written for.
const FEATURES: &str = "kube/derive,kube/client,kube/runtime,kube/ws,kube/jsonpatch,kube/rustls-tls,\
    kube/unstable-runtime,kube-client/unstable-client,kube-client/kubelet-debug,kube-client/ws,\
    kube-client/jsonpatch,kube-client/rustls-tls";

/// Tests that no twin can pass, each with the reason.
const LEFT_OUT: [(&str, &str); 6] = [
    ("pod_can_exec_and_write_to_stdin", "runs a program in a container"),
    ("pod_can_exec_and_write_to_stdin_from_node_proxy", "runs a program in a container"),
    ("can_get_pod_logs_and_evict", "reads what a shell wrote in a container"),
    ("exec_auth_command", "needs no cluster"),
    ("exec_token_refresh_via_to_header", "needs no cluster"),
    ("exec_token_refresh_does_not_block_runtime", "needs no cluster"),
];

const WORKSPACE: &str = include_str!("../kube-tests/Cargo.toml");
const LOCK: &str = include_str!("../kube-tests/Cargo.lock");

/// The chore itself: fails if a test does.
pub(crate) fn chore(arguments: &Arguments) -> Result<()> {
    let outcome = run_all(arguments.filter.as_deref())?;
    if !outcome.failures.is_empty() {
        let names: Vec<_> = outcome.failures.keys().map(String::as_str).collect();
        bail!("kube's own tests failed on the twin: {}", names.join(", "));
    }
    if !outcome.success || outcome.passed == 0 {
        bail!("not one of kube's own tests ran");
    }
    Ok(())
}

/// Runs the tests, or those with this in their name. Those that are left out count as ignored.
pub(crate) fn run_all(filter: Option<&str>) -> Result<Outcome> {
    let folder = prepare()?;
    say("compiling kube's own tests (about three minutes of one core the first time)");
    let start = Instant::now();
    run(cargo_in(&folder).args(["--no-run", "--quiet"]))?;
    say(&format!("compiled in {:.0?}", start.elapsed()));
    let twin = Twin::start(&folder, "20m")?;
    let mut command = cargo_in(&folder);
    command.args(["--", "--ignored"]).args(filter).env("KUBECONFIG", &twin.kubeconfig);
    command.args(LEFT_OUT.iter().flat_map(|(name, _)| ["--skip", name]));
    let mut outcome = cargo_test(&mut command)?;
    for (name, why) in LEFT_OUT {
        println!("left out: {name}: {why}");
    }
    say(&format!(
        "kube's own tests: {} passed, {} failed, {} left out",
        outcome.passed,
        outcome.failed,
        LEFT_OUT.len()
    ));
    outcome.ignored += LEFT_OUT.len();
    Ok(outcome)
}

/// The crates as a workspace in the user's cache.
fn prepare() -> Result<PathBuf> {
    let folder = cache()?.join("kube-tests");
    fs::create_dir_all(&folder)?;
    let sources = sources()?;
    for ((name, missing), source) in CRATES.iter().zip(&sources) {
        let copy = folder.join(name);
        let manifest = fs::read_to_string(source.join("Cargo.toml"))? + missing;
        // Of the same sources there is the same copy, which is compiled already.
        if fs::read_to_string(copy.join("Cargo.toml")).is_ok_and(|known| known == manifest) {
            continue;
        }
        if copy.exists() {
            fs::remove_dir_all(&copy)?;
        }
        copy_all(source, &copy)?;
        fs::write(copy.join("Cargo.toml"), manifest)?;
    }
    fs::write(folder.join("Cargo.toml"), WORKSPACE)?;
    fs::write(folder.join("Cargo.lock"), LOCK)?;
    Ok(folder)
}

/// Where cargo has unpacked the crates, in the version that this workspace uses.
fn sources() -> Result<Vec<PathBuf>> {
    let metadata = read(cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let source = |name: &str| {
        let package = packages.iter().find(|package| package["name"] == name);
        let manifest = package.and_then(|it| it["manifest_path"].as_str()).map(Path::new);
        let folder = manifest.and_then(Path::parent).map(Path::to_owned);
        folder.with_context(|| format!("this workspace does not use {name}"))
    };
    CRATES.iter().map(|(name, _)| source(name)).collect()
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn cargo_in(folder: &Path) -> Command {
    let mut command = cargo();
    command.current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target"));
    command.args(["test", "--workspace", "--lib", "--locked", "--no-fail-fast"]);
    command.args(["--features", FEATURES]);
    command
}
