//! The policies as `check` reads them, and the pods that run.

use super::probe::Probe;
use crate::kit::{Machines, Place, Run, Shop};
use check::reach::{Network, Peer, Pod, Port, Protocol};
use serde_json::Value;
use std::collections::BTreeMap;
use yaml::{Limits, Sources};

/// What is said, and what is there.
pub(super) struct World {
    pub(super) network: Network,
    running: Vec<Running>,
}

/// A pod that runs.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) name: String,
    pub(super) pod: Pod,
}

impl World {
    /// The policies of a text, and the pods of a cluster.
    pub(super) fn new(place: &Place, text: &str) -> Self {
        let mut sources = Sources::default();
        let file = sources.add("objects", text.to_owned());
        let trees = yaml::parse_all(sources.text(file), file, Limits::default()).unwrap();
        let list = place.kubectl(&["get", "pods", "--all-namespaces", "-o", "json"]);
        let list: Value = serde_json::from_str(&list).unwrap();
        let running = list["items"].as_array().unwrap().iter().filter_map(Running::read);
        Self { network: Network::read(&[(file, trees)]), running: running.collect() }
    }

    /// The shop's policies as `muster plan` writes them.
    pub(super) fn of_the_shop(shop: &Shop) -> Self {
        let plan = Run::of(&mut shop.command("plan --format yaml")).exits(0);
        Self::new(shop.place, &plan.stdout)
    }

    pub(super) fn running(&self, namespace: &str) -> Vec<Running> {
        self.running.iter().filter(|it| it.pod.namespace == namespace).cloned().collect()
    }

    /// Workloads that have no pod for most of the time.
    pub(super) fn jobs(&self) -> impl Iterator<Item = &Pod> {
        let kinds = ["Job/", "CronJob/"];
        self.network
            .pods()
            .iter()
            .filter(move |pod| kinds.iter().any(|it| pod.name.starts_with(it)))
    }

    /// What is no part of the product: the DNS, and a machine that is no pod.
    pub(super) fn beyond(&self, machines: &'static Machines) -> impl Iterator<Item = Probe> {
        let dns = |it: &&Running| it.pod.labels.get("k8s-app").is_some_and(|it| it == "kube-dns");
        let dns = self.running.iter().filter(dns).map(Probe::target_only);
        dns.chain([Probe::outside(machines)])
    }
}

impl Running {
    fn read(pod: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (status, meta) = (&pod["status"], &pod["metadata"]);
        if status["phase"] != "Running" || !meta["deletionTimestamp"].is_null() {
            return None;
        }
        let containers = pod["spec"]["containers"].as_array()?.iter();
        let ports = containers.flat_map(|it| it["ports"].as_array().into_iter().flatten());
        let labels: BTreeMap<_, _> = meta["labels"].as_object()?.iter().collect();
        let labels = labels.into_iter().filter_map(|(key, it)| Some((key.clone(), text(it)?)));
        let name = text(&meta["name"])?;
        Some(Self {
            pod: Pod {
                name: name.clone(),
                namespace: text(&meta["namespace"])?,
                labels: labels.collect(),
                ports: ports.filter_map(port).collect(),
                address: status["podIP"].as_str()?.parse().ok(),
            },
            name,
        })
    }

    pub(super) fn peer(&self) -> Peer {
        Peer::Pod(self.pod.clone())
    }
}

fn port(port: &Value) -> Option<(Option<String>, Port)> {
    let protocol = if port["protocol"] == "UDP" { Protocol::Udp } else { Protocol::Tcp };
    let number = port["containerPort"].as_u64()?.try_into().ok()?;
    Some((port["name"].as_str().map(str::to_owned), Port { number, protocol }))
}
