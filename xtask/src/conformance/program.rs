//! The programs that the suite needs, built once into the user's cache.

use crate::shell::{cache, find, root, run, say};
use crate::{cluster, shell};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Programs {
    pub(super) suite: PathBuf,
    pub(super) ginkgo: PathBuf,
    pub(super) kubectl: PathBuf,
}

impl Programs {
    pub(super) fn find_or_build() -> Result<Self> {
        let folder = cache()?.join("conformance");
        let programs = Self {
            suite: folder.join("e2e.test"),
            ginkgo: folder.join("ginkgo"),
            kubectl: kubectl()?,
        };
        let stamp = folder.join("stamp");
        let wanted = sources()?;
        let built = programs.suite.is_file() && programs.ginkgo.is_file();
        if built && fs::read_to_string(&stamp).is_ok_and(|known| known == wanted) {
            return Ok(programs);
        }
        say("building the conformance suite with Go (5 minutes and 3 GB the first time)");
        let start = Instant::now();
        fs::create_dir_all(&folder)?;
        programs.build()?;
        fs::write(stamp, wanted)?;
        say(&format!("built in {:.0?}", start.elapsed()));
        Ok(programs)
    }

    fn build(&self) -> Result<()> {
        let mut suite = go()?;
        suite.args(["test", "-c", "-trimpath", "-ldflags", &flags()?, "-o"]);
        run(suite.arg(&self.suite).arg("."))?;
        let mut ginkgo = go()?;
        ginkgo.args(["build", "-trimpath", "-o"]).arg(&self.ginkgo);
        run(ginkgo.arg("github.com/onsi/ginkgo/v2/ginkgo"))
    }
}

fn module() -> PathBuf {
    root().join("tests/conformance")
}

fn go() -> Result<Command> {
    let Some(go) = find("go") else { bail!("no go on the path; install Go 1.26 or newer") };
    let mut command = Command::new(go);
    command.current_dir(module()).env("CGO_ENABLED", "0").env("GOFLAGS", "-mod=readonly");
    Ok(command)
}

/// All that the programs are made of.
fn sources() -> Result<String> {
    let is_source = |path: &Path| path.extension().is_some_and(|it| it == "go" || it == "mod");
    let files = shell::files(&module(), &is_source);
    files.iter().map(|file| Ok(fs::read_to_string(file)?)).collect()
}

/// Specs ask for the version that the suite was built as.
fn flags() -> Result<String> {
    let text = fs::read_to_string(module().join("go.mod"))?;
    let version = text.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "));
    let version = version.context("tests/conformance/go.mod names no Kubernetes")?;
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let component = "k8s.io/component-base/version";
    Ok(format!(
        "-s -w -X {component}.gitVersion={version} -X {component}.gitMajor={major} \
         -X {component}.gitMinor={minor} -X k8s.io/client-go/pkg/version.gitVersion={version}"
    ))
}

/// That of the test cluster, which is of the same version; else any.
fn kubectl() -> Result<PathBuf> {
    let built = cluster::cache()?.join("bin/kubectl");
    let kubectl = if built.is_file() { Some(built) } else { find("kubectl") };
    kubectl.context("no kubectl: tests/cluster/build makes one, or put one on the path")
}
