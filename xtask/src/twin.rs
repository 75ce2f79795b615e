//! A twin that is served while a chore runs.

use crate::shell::{cargo, root, run};
use anyhow::{Context, Result};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// It ends with this value.
#[derive(Debug)]
pub(crate) struct Twin {
    process: Child,
    pub(crate) kubeconfig: PathBuf,
}

impl Twin {
    /// Builds and starts one with a kubeconfig in this folder; after `lasting` (as `2h`) it ends by
    /// itself, should this chore be killed.
    pub(crate) fn start(folder: &Path, lasting: &str) -> Result<Self> {
        run(cargo().args(["build", "--package", "cli", "--locked", "--quiet"]))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let muster = target.unwrap_or_else(|| root().join("target")).join("debug/muster");
        let kubeconfig = folder.join(format!("config-{}", std::process::id()));
        let mut serve = Command::new(muster);
        serve.args(["twin", "--for", lasting, "--kubeconfig"]).arg(&kubeconfig);
        let mut process = serve.stdout(Stdio::piped()).spawn().context("cannot run muster twin")?;
        let stdout = process.stdout.take().context("muster twin has no output")?;
        let twin = Self { process, kubeconfig };
        // It greets when it serves; all that it says is read, so that it can say it.
        let mut lines = BufReader::new(stdout).lines();
        lines.next().context("muster twin says nothing")??;
        std::thread::spawn(move || lines.for_each(drop));
        Ok(twin)
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        // One that has ended by itself is as well.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_file(&self.kubeconfig);
    }
}
