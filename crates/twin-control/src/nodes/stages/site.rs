//! What templates may ask of the cluster.

use crate::controller::View;
use crate::nodes::kubelet::{Addresses, Range};
use crate::nodes::lifecycle::{KUBELET_PORT, host_address};
use crate::tables::NODES;
use kwok::{Network, PodName, Site};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use twin_core::api::Moment;
use twin_core::store::{Key, Object};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// Chance that follows from a seed.
#[derive(Debug)]
pub(super) struct Dice {
    seed: u64,
    thrown: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, thrown: 0 }
    }

    /// A number in `0..below`: what is too much of one number matters to nobody.
    fn throw(&mut self, below: u64, now: Timestamp) -> u64 {
        let number = Moment { now, seed: self.seed }.draw(self.thrown);
        self.thrown += 1;
        number.checked_rem(below).unwrap_or(0)
    }
}

/// Addresses that pods have.
#[derive(Debug, Default)]
pub(super) struct Given {
    free: Addresses,
    pods: BTreeMap<Key, (Text, Ipv4Addr)>,
}

impl Given {
    /// Notes what a pod has already.
    pub(super) fn note(&mut self, pod: &Object) {
        let known = pod.tree.str_at(&["status", "podIP"]).and_then(|text| text.parse().ok());
        let node = pod.tree.str_at(&["spec", "nodeName"]).unwrap_or_default();
        if let Some(address) = known.filter(|_| !self.pods.contains_key(&pod.key)) {
            self.free.take(node, address);
            self.pods.insert(pod.key.clone(), (Text::new(node), address));
        }
    }

    pub(super) fn forget(&mut self, pod: &Key) {
        if let Some((node, address)) = self.pods.remove(pod) {
            self.free.release(&node, address);
        }
    }

    fn address(&mut self, key: Key, node: &Object) -> Option<Ipv4Addr> {
        if let Some((_, address)) = self.pods.get(&key) {
            return Some(*address);
        }
        let range = node.tree.str_at(&["spec", "podCIDR"]).and_then(Range::parse)?;
        let address = self.free.give(node.key.name(), range)?;
        self.pods.insert(key, (Text::new(node.key.name()), address));
        Some(address)
    }
}

/// The cluster around an object.
pub(super) struct Around<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) object: &'a Object,
    pub(super) dice: &'a mut Dice,
    pub(super) given: &'a mut Given,
    pub(super) started: Timestamp,
}

impl Around<'_> {
    fn node(&self, name: &str) -> Option<&Object> {
        self.view.get(&NODES, &Key::new("", name)).map(|node| &**node)
    }
}

impl Site for Around<'_> {
    fn now(&self) -> Timestamp {
        self.view.now
    }

    fn started(&self) -> Timestamp {
        self.started
    }

    fn node_name(&self) -> String {
        let named = self.object.tree.str_at(&["spec", "nodeName"]);
        named.unwrap_or(self.object.key.name()).to_owned()
    }

    fn node_port(&self) -> i64 {
        KUBELET_PORT
    }

    fn node_addresses(&self, node: &str) -> Vec<String> {
        let Some(node) = self.node(node) else { return Vec::new() };
        let said = node.tree.at(&["status", "addresses"]).and_then(Value::as_list);
        let said = said.into_iter().flat_map(|list| list.iter());
        let own = said
            .filter(|row| row.str_at(&["type"]) == Some("InternalIP"))
            .find_map(|row| row.str_at(&["address"]).map(str::to_owned));
        own.or_else(|| host_address(&node.tree).map(|it| it.to_string())).into_iter().collect()
    }

    fn pod_addresses(&mut self, pod: &PodName<'_>) -> Vec<String> {
        if pod.network == Network::Host {
            return self.node_addresses(pod.node);
        }
        let key = if pod.name.is_empty() {
            self.object.key.clone()
        } else {
            Key::new(pod.namespace, pod.name)
        };
        let node = self.view.get(&NODES, &Key::new("", pod.node));
        let address = node.and_then(|node| self.given.address(key, node));
        address.map(|it| it.to_string()).into_iter().collect()
    }

    fn chance(&mut self, below: u64) -> u64 {
        self.dice.throw(below, self.view.now)
    }
}
