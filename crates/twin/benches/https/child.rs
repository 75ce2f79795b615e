//! `muster twin` as a process of its own.

use crate::meter::Process;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::{Client, config};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// A twin without nodes that ends with this value.
#[derive(Debug)]
pub(crate) struct Served {
    child: Child,
    kubeconfig: PathBuf,
    started: Instant,
}

impl Served {
    /// Starts it; its kubeconfig lies in this folder.
    pub(crate) fn start(muster: &Path, folder: &Path) -> Self {
        let kubeconfig = folder.join("bench.kubeconfig");
        // One that is not there does not have to go.
        let _ = std::fs::remove_file(&kubeconfig);
        let mut command = Command::new(muster);
        command.args(["twin", "--nodes", "0", "--for", "10m", "--kubeconfig"]).arg(&kubeconfig);
        let started = Instant::now();
        let child = command.stdout(Stdio::null()).spawn().expect("muster has been built");
        Self { child, kubeconfig, started }
    }

    /// A client for it, once it says where it is.
    pub(crate) async fn client(&self) -> Client {
        while !self.kubeconfig.exists() {
            assert!(self.started.elapsed() < Duration::from_secs(30), "it does not start");
            sleep(Duration::from_millis(1)).await;
        }
        let config = self.config().await.expect("it was written whole");
        Client::try_from(config).expect("the certificate is sound")
    }

    async fn config(&self) -> Result<Config, config::KubeconfigError> {
        let file = Kubeconfig::read_from(&self.kubeconfig)?;
        let mut config =
            Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
        config.read_timeout = None;
        Ok(config)
    }

    /// Since it was started.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn process(&self) -> Process {
        Process::numbered(self.child.id())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.kubeconfig);
    }
}
