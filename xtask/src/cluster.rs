//! `cargo xtask cluster`: a real Kubernetes on this machine for the tests.
//!
//! The work is done by the scripts of `tests/cluster`; here is what a person meets: the words of
//! the command line, and a clear message when this machine cannot carry a cluster.

use crate::shell::{self, find, root};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

#[derive(Debug, Subcommand)]
pub(crate) enum Cluster {
    /// Start a cluster; the first time builds Kubernetes, about 15 minutes
    Up {
        /// How many nodes
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=9))]
        nodes: u8,
        /// With metrics-server, for autoscalers
        #[arg(long)]
        metrics: bool,
    },
    /// End it and remove all that it left, also after a crash
    Down,
    /// Run a command where the cluster's addresses and names are reachable
    Exec {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Import images (docker archives) on all nodes, later ones too
    Load {
        #[arg(required = true)]
        tars: Vec<PathBuf>,
    },
    /// Cut a node's power; its disk stays
    KillNode { node: u8 },
    /// Start a node again from its disk, or add one
    StartNode { node: u8 },
    /// Show nodes, processes and memory
    Status,
    /// Make the images of examples/shop, and name the files to load
    Images,
}

pub(crate) fn run(what: &Cluster) -> Result<ExitCode> {
    let builds = matches!(what, Cluster::Up { .. } | Cluster::Images);
    let missing = missing(builds);
    if !missing.is_empty() {
        bail!("this machine cannot carry the test cluster:\n  {}", missing.join("\n  "));
    }
    let status = script(what).status().context("cannot run the scripts of tests/cluster")?;
    // A command that ran inside keeps its code; one that a signal ended has none.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

pub(crate) fn script(what: &Cluster) -> Command {
    let folder = root().join("tests/cluster");
    if matches!(what, Cluster::Images) {
        return Command::new(folder.join("shop-images"));
    }
    let mut command = Command::new(folder.join("cluster"));
    match what {
        Cluster::Up { nodes, metrics } => {
            command.args(["up", &nodes.to_string()]).args(metrics.then_some("--metrics"))
        }
        Cluster::Down => command.arg("down"),
        Cluster::Exec { command: inside } => command.arg("exec").args(inside),
        Cluster::Load { tars } => command.arg("load").args(tars),
        Cluster::KillNode { node } => command.args(["kill-node", &node.to_string()]),
        Cluster::StartNode { node } => command.args(["start-node", &node.to_string()]),
        Cluster::Status | Cluster::Images => command.arg("status"),
    };
    command
}

/// What a machine lacks to carry the cluster for the tests.
pub(crate) fn missing_for_tests() -> Vec<&'static str> {
    missing(true)
}

/// Whether a cluster runs.
pub(crate) fn is_up() -> bool {
    let mut status = script(&Cluster::Status);
    let status = status.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Where the cluster has its programs and its state, as the scripts of `tests/cluster` have it.
pub(crate) fn cache() -> Result<PathBuf> {
    let given = std::env::var_os("MUSTER_CLUSTER_CACHE").map(PathBuf::from);
    given.map_or_else(|| Ok(shell::cache()?.join("cluster")), Ok)
}

/// What a cluster needs of a machine and does not find here; one that runs already needs little.
fn missing(builds: bool) -> Vec<&'static str> {
    if !cfg!(target_os = "linux") {
        return vec!["Linux: nodes are made of its namespaces"];
    }
    if !is_root() {
        return vec!["root: run it as root, it makes namespaces and cgroups"];
    }
    if !builds {
        return Vec::new();
    }
    let needs: [(bool, &str); 4] = [
        (
            find("go").is_some(),
            "Go 1.26 or newer on the path: Kubernetes is built from its modules",
        ),
        (
            find("apt-get").is_some() && find("dpkg-deb").is_some(),
            "Debian's apt-get and dpkg-deb: images are made from Debian packages",
        ),
        (
            Path::new("/sys/fs/cgroup/freezer").is_dir()
                && Path::new("/sys/fs/cgroup/memory").is_dir(),
            "cgroup v1 at /sys/fs/cgroup: boot with systemd.unified_cgroup_hierarchy=0",
        ),
        (
            makes_namespaces(),
            "namespaces: this user may not make network, mount, process and host name namespaces",
        ),
    ];
    needs.into_iter().filter(|(there, _)| !there).map(|(_, what)| what).collect()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

fn makes_namespaces() -> bool {
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "--mount", "--pid", "--uts", "--fork", "true"]);
    let status = unshare.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
