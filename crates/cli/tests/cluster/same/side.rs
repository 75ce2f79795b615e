//! One of the two clusters with the product on it.

use super::look::{self, Look};
use super::names::Names;
use crate::kit::{Machines, Place, Shop, within};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long anything may take that a step waits for.
const LIMIT: Duration = Duration::from_mins(3);

/// A cluster, and what was seen of it.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) shop: Shop,
    nodes: Nodes,
    names: Names,
    /// Events of before.
    old: BTreeSet<String>,
}

/// Whose power can be cut.
#[derive(Debug)]
enum Nodes {
    Machines(&'static Machines),
    Simulated { _twin: Twin },
}

/// A twin that is served by `muster twin`; it ends with this value.
#[derive(Debug)]
struct Twin {
    child: Child,
    folder: TempDir,
    /// Whoever writes to a pipe that nobody reads has an error.
    _greeting: BufReader<ChildStdout>,
}

impl Drop for Twin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Twin {
    /// Starts it, with as many nodes as the real cluster of the tests has.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.args(["twin", "--nodes", "3", "--for", "30m", "--kubeconfig", "config"]);
        command.current_dir(folder.path()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut greeting = BufReader::new(child.stdout.take().unwrap());
        greeting.read_line(&mut String::new()).unwrap();
        Self { child, folder, _greeting: greeting }
    }
}

impl Side {
    /// The cluster of the tests, if its machines may be killed.
    pub(super) fn real(place: &'static Place) -> Option<Self> {
        Some(Self::new(place, Nodes::Machines(place.machines()?)))
    }

    /// A twin, for the same kubectl.
    pub(super) fn twin(real: &Place) -> Self {
        let twin = Twin::start();
        let kubeconfig = twin.folder.path().join("config");
        // As long as the process: places are for all tests.
        let place = Box::leak(Box::new(real.elsewhere(kubeconfig)));
        Self::new(place, Nodes::Simulated { _twin: twin })
    }

    fn new(place: &'static Place, nodes: Nodes) -> Self {
        let shop = Shop::at(place);
        Self { shop, nodes, names: Names::default(), old: BTreeSet::new() }
    }

    pub(super) fn kubectl(&self, line: &str) -> String {
        self.shop.place.kubectl(&line.split(' ').collect::<Vec<_>>())
    }

    /// Nothing is left of before, and what is told from now on counts.
    pub(super) fn begin(&mut self) {
        self.uncordon_all();
        self.kubectl("delete namespace shop --ignore-not-found --timeout=2m");
        self.old = look::events(self.shop.place).iter().map(look::version).collect();
    }

    pub(super) fn uncordon_all(&self) {
        let nodes = self.kubectl("get nodes -o name");
        self.kubectl(&format!(
            "uncordon {}",
            nodes.split_whitespace().collect::<Vec<_>>().join(" ")
        ));
    }

    /// What is there now.
    pub(super) fn look(&mut self) -> Look {
        look::at(self.shop.place, &mut self.names, &self.old)
    }

    /// Knows the nodes by what they are for, once the database has one.
    pub(super) fn name_nodes(&mut self) {
        let home = self.pods("db")[0]["spec"]["nodeName"].clone();
        let home = home.as_str().expect("it is scheduled").to_owned();
        let all = self.shop.place.list(Shop::NAMESPACE, "nodes");
        let all = all.iter().filter_map(|node| node["metadata"]["name"].as_str());
        self.names.set_nodes(home.clone(), all.filter(|name| *name != home));
    }

    /// The name that this side has for a node.
    pub(super) fn node(&self, role: &str) -> String {
        self.names.node(role)
    }

    pub(super) fn pods(&self, service: &str) -> Vec<Value> {
        self.shop.place.pods(Shop::NAMESPACE, service)
    }

    /// Waits until something holds.
    pub(super) fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        within(LIMIT, what, || holds(self).then_some(()));
    }

    /// Waits until every workload is as it should be.
    pub(super) fn until_calm(&self) {
        self.until("all workloads are ready", |side| {
            let place = side.shop.place;
            let kinds = "deployments,statefulsets,pods";
            place.list(Shop::NAMESPACE, kinds).iter().all(look::is_calm)
        });
    }

    /// Cuts a node's power.
    pub(super) fn lose(&self, node: &str) {
        match &self.nodes {
            Nodes::Machines(machines) => machines.kill(node),
            Nodes::Simulated { .. } => {
                self.kubectl(&format!("annotate node {node} muster.dev/lost=true"));
            }
        }
    }

    /// Gives it back.
    pub(super) fn bring_back(&self, node: &str) {
        match &self.nodes {
            Nodes::Machines(machines) => machines.start(node),
            Nodes::Simulated { .. } => {
                self.kubectl(&format!("annotate node {node} muster.dev/lost-"));
            }
        }
    }
}
