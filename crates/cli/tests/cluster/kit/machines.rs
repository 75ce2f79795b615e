//! The machines of the test cluster: namespaces, which a test may enter and kill.

use super::Run;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The cluster of `tests/cluster`, known by its cache.
#[derive(Debug)]
pub(crate) struct Machines {
    cache: PathBuf,
}

impl Machines {
    pub(crate) fn new(cache: PathBuf) -> Self {
        Self { cache }
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.cache.join("run/kubeconfig")
    }

    /// One of the programs that the cluster is made of.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.cache.join("bin").join(name)
    }

    /// The audit log of the API server: requests of people, one on each line.
    pub(crate) fn audit_log(&self) -> String {
        std::fs::read_to_string(self.cache.join("run/control/logs/audit.log")).unwrap()
    }

    /// From here on this thread sees the cluster's network: nodes, pods and Services.
    pub(crate) fn enter(&self) {
        let pid = std::fs::read_to_string(self.cache.join("run/control/pid")).unwrap();
        let network = File::open(format!("/proc/{}/ns/net", pid.trim())).unwrap();
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
    }

    /// Cuts a node's power.
    pub(crate) fn kill(&self, node: &str) {
        self.script(&["kill-node", number(node)]).exits(0);
    }

    /// Starts it again from its disk.
    pub(crate) fn start(&self, node: &str) {
        self.script(&["start-node", number(node)]).exits(0);
    }

    fn script(&self, words: &[&str]) -> Run {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cluster/cluster");
        Run::of(Command::new(script).args(words).env("MUSTER_CLUSTER_CACHE", &self.cache))
    }
}

fn number(node: &str) -> &str {
    node.strip_prefix("node-").expect("nodes of this cluster have numbers")
}
