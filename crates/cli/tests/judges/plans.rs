//! Plans of every Compose file at hand, made once by the real binary.

use super::{scratch, workspace};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Folders of manifests, one for each Compose file that has a plan.
pub(crate) struct Plans {
    planned: Vec<PathBuf>,
}

impl Plans {
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        self.planned.clone()
    }
}

pub(crate) fn all() -> Option<&'static Plans> {
    static PLANS: OnceLock<Option<Plans>> = OnceLock::new();
    PLANS.get_or_init(|| has_commands().then(make)).as_ref()
}

fn has_commands() -> bool {
    let help = Command::new(env!("CARGO_BIN_EXE_muster")).arg("--help").output().unwrap();
    let plans = String::from_utf8_lossy(&help.stdout).contains("plan");
    if !plans {
        println!("SKIP: this muster has no command `plan`");
    }
    plans
}

fn make() -> Plans {
    let out = scratch("plans");
    let (mut planned, mut refused) = (Vec::new(), Vec::new());
    for (number, file) in inputs().into_iter().enumerate() {
        let folder = out.join(format!("{number:03}"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        let output = command.arg("plan").arg(&file).arg("--out").arg(&folder).output().unwrap();
        if output.status.success() && folder.is_dir() {
            planned.push(folder);
        } else {
            let ours = !is_foreign(&file);
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            println!("no plan: {}\n{complaint}", file.display());
            assert!(!ours, "{} must have a plan: {complaint}", file.display());
            refused.push(file);
        }
    }
    println!("{} plans, {} files refused", planned.len(), refused.len());
    assert!(!planned.is_empty(), "some file must get a plan");
    Plans { planned }
}

/// Files of others may be broken; ours may not.
fn is_foreign(file: &Path) -> bool {
    corpus().is_some_and(|folder| file.starts_with(folder))
}

fn corpus() -> Option<PathBuf> {
    std::env::var_os("MUSTER_CORPUS").map(PathBuf::from)
}

/// Files that were written to run something, and not to test this planner.
fn ordinary() -> Vec<PathBuf> {
    let beside = Some(workspace().join("../shared/data/compose"));
    beside.into_iter().chain(corpus()).filter(|folder| folder.is_dir()).collect()
}

/// Whether there are ordinary files beside ours, whose every second line is there for its oddity.
pub(crate) fn are_ordinary() -> bool {
    !ordinary().is_empty()
}

fn inputs() -> Vec<PathBuf> {
    let ours = ["examples", "crates/cli/tests/golden"].map(|folder| workspace().join(folder));
    let mut files = Vec::new();
    for folder in ours.into_iter().chain(ordinary()) {
        collect(&folder, &mut files);
    }
    files.sort();
    files
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if is_compose(&entry.file_name().to_string_lossy()) {
            found.push(path);
        }
    }
}

/// Second files, which only add to a first one, make no sense alone.
fn is_compose(name: &str) -> bool {
    let second = [".override.", ".muster."].iter().any(|part| name.contains(part));
    let ending = name.rsplit('.').next().is_some_and(|end| end == "yml" || end == "yaml");
    ending && name.contains("compose") && !second
}
