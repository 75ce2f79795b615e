//! The independent tools that judge what the tests produce, installed into `target/judges`.
//!
//! Python's go into a virtual environment, Go's are built beside them into the same `bin`, so that a
//! test finds each at `target/judges/bin/NAME`. A stamp beside each says what was installed, so that
//! a second run is free.

use crate::shell::{find, read, root, run, say, skip};
use anyhow::{Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const PYTHON: &str = include_str!("../judges/requirements.txt");

/// A judge that the Go module proxy has, at a version that Go 1.26 builds.
struct GoJudge {
    name: &'static str,
    package: &'static str,
    version: &'static str,
}

const GO: [GoJudge; 2] = [
    GoJudge { name: "helm", package: "helm.sh/helm/v4/cmd/helm", version: "v4.3.1" },
    GoJudge { name: "kustomize", package: "sigs.k8s.io/kustomize/kustomize/v5", version: "v5.8.2" },
];

fn folder() -> PathBuf {
    root().join("target/judges")
}

/// Installs what is missing, and names what could not be installed.
pub(crate) fn set_up() -> Vec<String> {
    let mut missing = Vec::new();
    if let Err(why) = python() {
        skip("checkov and kubernetes-validate", &format!("{why:#}"));
        missing.push("checkov and kubernetes-validate".to_owned());
    }
    for judge in &GO {
        if let Err(why) = go(judge) {
            skip(judge.name, &format!("{why:#}"));
            missing.push(judge.name.to_owned());
        }
    }
    missing
}

fn python() -> Result<()> {
    let stamp = folder().join("requirements.txt");
    let venv_python = folder().join("bin/python");
    // Programs of a virtual environment name its folder: where that was moved, they do not start.
    let wanted = format!("# in {}\n{PYTHON}", folder().display());
    if is_stamped(&stamp, &wanted) && venv_python.is_file() {
        say("checkov and kubernetes-validate are there already");
        return Ok(());
    }
    let Some(python) = find("python3") else {
        bail!("no python3 on the path; install Python 3.10 or newer");
    };
    say("installing checkov and kubernetes-validate from PyPI into target/judges (half a minute)");
    let start = Instant::now();
    fs::create_dir_all(folder())?;
    // What is installed already would be left as it is.
    let installed = folder().join("lib");
    if installed.exists() {
        fs::remove_dir_all(installed)?;
    }
    make_venv(&python)?;
    let requirements = root().join("xtask/judges/requirements.txt");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    read(Command::new(&venv_python).args(pip).arg(requirements))?;
    fs::write(stamp, wanted)?;
    say(&format!("installed in {:.0?}", start.elapsed()));
    Ok(())
}

/// Debian ships `python3` without the part that makes virtual environments: as root we install it,
/// otherwise we say what to install.
fn make_venv(python: &Path) -> Result<()> {
    let venv = |python: &Path| read(Command::new(python).args(["-m", "venv"]).arg(folder()));
    let Err(why) = venv(python) else { return Ok(()) };
    let root_user = read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if find("apt-get").is_none() || !root_user {
        bail!(
            "python3 cannot make a virtual environment (on Debian: apt install python3-venv): {why:#}"
        );
    }
    say("installing Debian's python3-venv");
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    read(apt().args(["update", "--quiet"]))?;
    read(apt().args(["install", "--yes", "--quiet", "python3-venv"]))?;
    venv(python).map(drop)
}

fn go(judge: &GoJudge) -> Result<()> {
    let wanted = format!("{}@{}", judge.package, judge.version);
    let stamp = folder().join(format!("{}.version", judge.name));
    if is_stamped(&stamp, &wanted) && folder().join("bin").join(judge.name).is_file() {
        say(&format!("{} is there already", judge.name));
        return Ok(());
    }
    let Some(go) = find("go") else { bail!("no go on the path; install Go 1.26 or newer") };
    say(&format!("building {} {} with Go (minutes, once)", judge.name, judge.version));
    let start = Instant::now();
    fs::create_dir_all(folder())?;
    let mut command = Command::new(go);
    command.args(["install", "-trimpath", &wanted]).current_dir(folder());
    command.env("GOBIN", folder().join("bin")).env("GOFLAGS", "-mod=mod").env("CGO_ENABLED", "0");
    run(&mut command)?;
    fs::write(stamp, wanted)?;
    say(&format!("built in {:.0?}", start.elapsed()));
    Ok(())
}

fn is_stamped(stamp: &Path, wanted: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|text| text == wanted)
}
