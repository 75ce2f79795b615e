//! `cargo xtask bench NAME`: numbers for the documents.

mod hostile;

use crate::fuzz;
use crate::shell::{cargo, root, run as execute, say};
use anyhow::Result;
use clap::Subcommand;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Files planned in a second: load, plan and write, in one process
    Plan,
    /// Files that want to hurt: how soon each is refused, in at most 200 MB
    Hostile,
    /// The twin: its start, writes in a second, bytes for a pod
    Twin,
    /// The twin: nodes and one large Deployment to Running, and gone again
    Rollout {
        /// Nodes
        #[arg(default_value_t = 5_000)]
        nodes: u32,
        /// Replicas of the Deployment
        #[arg(default_value_t = 10_000)]
        replicas: u32,
    },
    /// The twin: a day of a cluster with churn in paused time, twice from one seed
    Day {
        /// Nodes
        #[arg(default_value_t = 1_000)]
        nodes: u32,
        /// Hours
        #[arg(default_value_t = 24)]
        hours: u32,
    },
    /// The twin: writes acknowledged in a second, in memory and on the disk
    State,
    /// The twin: what watchers are told of a lost node, with Endpoints and with slices of them
    Fanout {
        /// Nodes, each with a pod of the Service
        #[arg(default_value_t = 7_500)]
        nodes: u32,
        /// Watchers
        #[arg(default_value_t = 7_500)]
        watchers: u32,
    },
    /// `muster twin` over HTTPS: its start, KWOK's benchmark steps, one large Deployment
    Https,
    /// The twin's scheduler alone: time for a pod over 7,500 nodes
    Scheduler,
    /// Simulated requests in a second, on one core, and seconds of a search
    Capacity {
        /// The same question to inference-lab 1.0.0, by the path of its binary
        #[arg(long)]
        peer: Option<PathBuf>,
    },
    /// Measured rows, forecast by aiconfigurator and by us: error and time
    Forecast {
        /// The program of aiconfigurator
        #[arg(long)]
        peer: PathBuf,
        /// Measured rows, in the columns that `muster capacity evaluate` reads
        #[arg(long)]
        rows: PathBuf,
    },
    /// Fuzz what reads other people's text for a while
    Fuzz(fuzz::Arguments),
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Plan => plan(),
        Bench::Hostile => hostile::run(),
        Bench::Twin => twin("twin", &[]),
        Bench::Rollout { nodes, replicas } => twin("rollout", &[*nodes, *replicas]),
        Bench::Day { nodes, hours } => twin("day", &[*nodes, *hours]),
        Bench::State => twin("state", &[]),
        Bench::Fanout { nodes, watchers } => twin("fanout", &[*nodes, *watchers]),
        Bench::Https => https(),
        Bench::Scheduler => execute(cargo().args([
            "test",
            "--release",
            "--package",
            "twin-control",
            "--locked",
            "--",
            "--ignored",
            "--nocapture",
            "scheduler::tests::speed",
        ])),
        Bench::Capacity { peer } => capacity(peer.as_deref()),
        Bench::Forecast { peer, rows } => forecast(peer, rows),
        Bench::Fuzz(arguments) => fuzz::run(arguments),
    }
}

/// A benchmark of the twin, with its numbers.
fn twin(name: &str, numbers: &[u32]) -> Result<()> {
    let numbers = numbers.iter().map(u32::to_string);
    let words = ["bench", "--package", "twin", "--bench", name, "--locked", "--"];
    execute(cargo().args(words).args(numbers))
}

/// Muster as people get it, and its load in another process.
fn https() -> Result<()> {
    execute(cargo().args(["build", "--release", "--package", "cli", "--locked"]))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let words = ["bench", "--package", "twin", "--bench", "https", "--locked", "--"];
    execute(cargo().args(words).arg(target.join("release/muster")))
}

/// Criterion prints elements in a second: an element is a request.
fn capacity(peer: Option<&Path>) -> Result<()> {
    say("an element is a request: `elem/s` reads as requests in a second, on one core");
    let bench = |name| ["bench", "--package", "capacity", "--bench", name, "--locked"];
    execute(cargo().args(bench("simulate")))?;
    say("seconds of a search for one model, by the length of prompts");
    execute(cargo().args(bench("search")))?;
    match peer {
        Some(peer) => {
            execute(cargo().args(bench("peer")).arg("--").arg(std::path::absolute(peer)?))
        }
        None => Ok(()),
    }
}

fn forecast(peer: &Path, rows: &Path) -> Result<()> {
    let bench = ["bench", "--package", "capacity", "--bench", "forecast", "--locked", "--"];
    execute(cargo().args(bench).arg(std::path::absolute(peer)?).arg(std::path::absolute(rows)?))
}

/// Criterion prints elements in a second: an element is a Compose file.
fn plan() -> Result<()> {
    say("an element is a Compose file: `elem/s` reads as files in a second");
    execute(cargo().args(["bench", "--package", "cli", "--bench", "plan", "--locked"]))
}
