//! The tests that need a cluster: on one of their own, or on one that somebody names.

use crate::cluster::{self, Cluster};
use crate::shell::{root, run, say, skip};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// Where the tests run.
#[derive(Debug)]
pub(crate) enum Place {
    /// On a context of the user's kubeconfig; whether the rights suffice shows there.
    Context(String),
    /// On the cluster of `tests/cluster`.
    Machine,
    /// Nowhere.
    Nowhere,
}

/// Set where no machine may lack a cluster.
const MUST: &str = "MUSTER_CLUSTER_MUST";

impl Place {
    /// Where the tests can run on this machine. Programs of a cluster are built here already: a real
    /// API server is a judge of other tests too.
    pub(crate) fn find(context: Option<&str>) -> Result<Self> {
        if let Some(name) = context {
            return Ok(Self::Context(name.to_owned()));
        }
        let mut missing = cluster::missing_for_tests().join("; ");
        if missing.is_empty() {
            say("programs of the test cluster; the first time builds Kubernetes, about 15 minutes");
            match run(&mut Command::new(root().join("tests/cluster/build"))) {
                Ok(()) => return Ok(Self::Machine),
                Err(error) => missing = format!("{error:#}"),
            }
        }
        if std::env::var_os(MUST).is_some() {
            bail!("{MUST} is set, and there can be no cluster: {missing}");
        }
        skip("the tests that need a cluster", &missing);
        Ok(Self::Nowhere)
    }

    /// Prepares the place and says how the tests find it. It is tidied up when that is dropped.
    pub(crate) fn prepare(&self) -> Result<Option<Prepared>> {
        match self {
            Self::Nowhere => Ok(None),
            Self::Context(name) => Ok(Some(Prepared {
                variables: vec![("MUSTER_TEST_CONTEXT", name.into())],
                started: false,
            })),
            Self::Machine => machine().map(Some),
        }
    }
}

/// A cluster that is ready for the tests.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What the tests must be told.
    pub(crate) variables: Vec<(&'static str, PathBuf)>,
    started: bool,
}

/// Kubernetes takes a node for lost after 50 s; the tests wait for it several times.
const GRACE: &str = "--node-monitor-grace-period=16s";

fn machine() -> Result<Prepared> {
    let started = !cluster::is_up();
    if started {
        say("starting a cluster for the tests");
        run(cluster::script(&Cluster::Down).env("KCM", GRACE))?;
        let up = Cluster::Up { nodes: 3, metrics: true };
        run(cluster::script(&up).env("KCM", GRACE)).context("the test cluster did not start")?;
    } else {
        say("the tests take the cluster that is up");
    }
    let prepared =
        Prepared { variables: vec![("MUSTER_TEST_CLUSTER", cluster::cache()?)], started };
    let images = crate::shell::read(&mut cluster::script(&Cluster::Images))?;
    let tars = images.lines().map(PathBuf::from).collect();
    run(&mut cluster::script(&Cluster::Load { tars }))?;
    Ok(prepared)
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if self.started {
            let down: &mut Command = &mut cluster::script(&Cluster::Down);
            if let Err(error) = run(down) {
                say(&format!("the test cluster is not down: {error:#}"));
            }
        }
    }
}
