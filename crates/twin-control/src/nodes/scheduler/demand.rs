//! What a pod wants of its node.

use super::amounts::{Request, Resources, list, request};
use super::terms::{
    Neighbour, NodeFilter, NodeTerm, PodTerm, Spread, Toleration, only_node, pod_terms, preferred,
    spreads, tolerations,
};
use crate::controller::controller_of;
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_core::store::Object;
use twin_core::tree::{Map, Text, Value};

/// A port of the node that a pod takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostPort {
    number: i64,
    protocol: Text,
    address: Text,
}

impl HostPort {
    /// Whether both cannot be taken: an address that says nothing means all.
    pub(super) fn clashes(&self, other: &Self) -> bool {
        let all = |address: &str| matches!(address, "" | "0.0.0.0" | "::");
        self.number == other.number
            && self.protocol == other.protocol
            && (all(&self.address) || all(&other.address) || self.address == other.address)
    }
}

/// What a pod wants.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Demands with the same number are the same.
    pub(super) number: u64,
    pub(super) namespace: Text,
    pub(super) labels: Option<Map>,
    pub(super) request: Request,
    pub(super) nodes: NodeFilter,
    /// The one node that can be meant.
    pub(super) only: Option<Text>,
    pub(super) preferred: Vec<(i64, NodeTerm)>,
    pub(super) tolerations: Vec<Toleration>,
    pub(super) near: Vec<PodTerm>,
    pub(super) apart: Vec<PodTerm>,
    pub(super) spreads: Vec<Spread>,
    pub(super) ports: Vec<HostPort>,
}

impl Demand {
    fn read(pod: &Object, number: u64, resources: &mut Resources) -> Self {
        let nothing = Value::default();
        let spec = pod.tree.at(&["spec"]).unwrap_or(&nothing);
        let labels = pod.tree.at(&["metadata", "labels"]).and_then(Value::as_map).cloned();
        let namespace = Text::new(pod.key.namespace());
        let own =
            Neighbour { namespace: &namespace, labels: labels.as_ref(), namespace_labels: None };
        Self {
            number,
            request: request(spec, resources),
            nodes: NodeFilter::read(spec),
            only: only_node(spec),
            preferred: preferred(spec),
            tolerations: tolerations(spec),
            near: pod_terms(spec, "podAffinity", own),
            apart: pod_terms(spec, "podAntiAffinity", own),
            spreads: spreads(spec, own),
            ports: ports(spec),
            namespace: namespace.clone(),
            labels: labels.clone(),
        }
    }

    /// The pod as others see it.
    pub(super) fn neighbour<'a>(&'a self, namespace_labels: Option<&'a Map>) -> Neighbour<'a> {
        Neighbour { namespace: &self.namespace, labels: self.labels.as_ref(), namespace_labels }
    }
}

fn ports(spec: &Value) -> Vec<HostPort> {
    let host = spec.at(&["hostNetwork"]).and_then(Value::as_bool) == Some(true);
    let containers = list(spec, "containers").iter();
    let sidecars = list(spec, "initContainers")
        .iter()
        .filter(|container| container.str_at(&["restartPolicy"]) == Some("Always"));
    let ports = containers.chain(sidecars).flat_map(|container| list(container, "ports"));
    let read = |port: &Value| {
        let field = if host { "containerPort" } else { "hostPort" };
        let number = port.at(&[field]).and_then(Value::as_int).filter(|number| *number > 0)?;
        Some(HostPort {
            number,
            protocol: Text::new(port.str_at(&["protocol"]).unwrap_or("TCP")),
            address: Text::new(port.str_at(&["hostIP"]).unwrap_or_default()),
        })
    };
    ports.filter_map(read).collect()
}

/// More demands than these are not remembered.
const KEPT: usize = 4_096;

/// Demands by what pods are made from, so that those of one template are read once.
#[derive(Debug, Default)]
pub(super) struct Demands {
    read: BTreeMap<Text, (Arc<Object>, Arc<Demand>)>,
    count: u64,
}

impl Demands {
    pub(super) fn of(&mut self, pod: &Arc<Object>, resources: &mut Resources) -> Arc<Demand> {
        let look = look(pod);
        if let Some((like, demand)) = self.read.get(&look)
            && alike(pod, like)
        {
            return demand.clone();
        }
        self.count += 1;
        let demand = Arc::new(Demand::read(pod, self.count, resources));
        if self.read.len() >= KEPT {
            self.read.clear();
        }
        self.read.insert(look, (pod.clone(), demand.clone()));
        demand
    }
}

fn look(pod: &Object) -> Text {
    let owner = controller_of(&pod.tree).and_then(|owner| owner.str_at(&["uid"]));
    Text::new(owner.unwrap_or_else(|| pod.key.namespace()))
}

/// Whether two pods say the same, but for the node that they have got.
pub(super) fn alike(pod: &Object, like: &Object) -> bool {
    fn spec(pod: &Object) -> Option<&Map> {
        pod.tree.at(&["spec"])?.as_map()
    }
    let labels = |pod: &Object| pod.tree.at(&["metadata", "labels"]).cloned();
    let wanted = |map: &(Text, Value)| map.0 != "nodeName";
    let (Some(a), Some(b)) = (spec(pod), spec(like)) else { return false };
    pod.key.namespace() == like.key.namespace()
        && a.iter().filter(|entry| wanted(entry)).eq(b.iter().filter(|entry| wanted(entry)))
        && labels(pod) == labels(like)
}
