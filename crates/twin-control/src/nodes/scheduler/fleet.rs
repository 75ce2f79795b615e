//! Nodes with what is free on them, kept up to date change by change.

use super::amounts::{CPU, MEMORY, Request, Resource, Resources};
use super::demand::{Demand, HostPort};
use super::terms::{Taint, taints};
use super::topology::Topology;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use twin_core::store::{Key, Lookup, Object};
use twin_core::tree::{Map, Text, Value};

/// Nodes whose largest rests are known together.
pub(super) const BLOCK: usize = 64;

/// A node, as a place in tables.
pub(super) type Slot = usize;

/// What is known of a node beside its numbers.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) name: Text,
    pub(super) labels: Option<Map>,
    pub(super) taints: Vec<Taint>,
    pub(super) cordoned: bool,
    ports: Vec<(Key, HostPort)>,
    size: BTreeMap<Resource, i64>,
}

impl Host {
    /// Whether a pod without tolerations may come.
    pub(super) fn is_open(&self) -> bool {
        self.taints.is_empty() && !self.cordoned
    }

    pub(super) fn label(&self, key: &str) -> Option<&str> {
        self.labels.as_ref()?.get(key)?.as_str()
    }

    /// What it has of a resource for all pods together.
    pub(super) fn size(&self, resource: Resource) -> i64 {
        self.size.get(&resource).copied().unwrap_or(0)
    }

    pub(super) fn has_ports(&self, wanted: &[HostPort]) -> bool {
        !wanted.iter().any(|port| self.ports.iter().any(|(_, taken)| taken.clashes(port)))
    }
}

/// A pod on a node.
#[derive(Clone, Debug)]
pub(super) struct Lodger {
    pub(super) node: Text,
    pub(super) demand: Arc<Demand>,
    pub(super) stay: Stay,
}

/// Whether a pod is about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stay {
    Staying,
    Leaving,
}

/// The nodes of the cluster, as the scheduler knows them.
#[derive(Debug, Default)]
pub struct Fleet {
    pub(super) resources: Resources,
    pub(super) topology: Topology,
    hosts: Vec<Option<Host>>,
    slots: BTreeMap<Text, Slot>,
    vacant: BTreeSet<Slot>,
    /// By resource, then by slot.
    free: Vec<Vec<i64>>,
    /// By resource, then by block: the largest of its slots.
    most: Vec<Vec<i64>>,
    /// By slot: CPU and memory that pods count in comparisons.
    weight: Vec<[i64; 2]>,
    /// By slot: CPU and memory that there are.
    size: Vec<[i64; 2]>,
    lodgers: Lookup<Key, Lodger>,
    /// Pods by the name of their node, known or not.
    residents: BTreeMap<Text, BTreeSet<Key>>,
    version: u64,
}

impl Fleet {
    /// Grows with each change: what failed at a version fails again.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// How many nodes there are.
    pub(super) fn count(&self) -> usize {
        self.slots.len()
    }

    /// Slots in use and not.
    pub(super) fn span(&self) -> usize {
        self.hosts.len()
    }

    pub(super) fn host(&self, slot: Slot) -> Option<&Host> {
        self.hosts.get(slot)?.as_ref()
    }

    pub(super) fn hosts(&self) -> impl Iterator<Item = (Slot, &Host)> {
        self.hosts.iter().enumerate().filter_map(|(slot, host)| Some((slot, host.as_ref()?)))
    }

    pub(super) fn slot(&self, node: &str) -> Option<Slot> {
        self.slots.get(node).copied()
    }

    pub(super) fn lodgers(&self) -> impl Iterator<Item = &Lodger> {
        self.residents.values().flatten().filter_map(|key| self.lodgers.get(key))
    }

    /// What is left of a resource on a node.
    pub(super) fn free(&self, resource: Resource, slot: Slot) -> i64 {
        self.free.get(resource.0).and_then(|row| row.get(slot)).copied().unwrap_or(0)
    }

    /// Whether a node has room.
    pub(super) fn has_room(&self, request: &Request, slot: Slot) -> bool {
        request.amounts.iter().all(|(resource, amount)| self.free(*resource, slot) >= *amount)
    }

    /// Whether a node of a block may have room.
    pub(super) fn may_have_room(&self, request: &Request, block: usize) -> bool {
        let most = |resource: Resource| self.most.get(resource.0).and_then(|row| row.get(block));
        request
            .amounts
            .iter()
            .all(|(resource, amount)| most(*resource).is_some_and(|most| most >= amount))
    }

    /// The part of CPU and memory that would stay free, in percent.
    pub(super) fn rest(&self, request: &Request, slot: Slot) -> i64 {
        let (Some(size), Some(weight)) = (self.size.get(slot), self.weight.get(slot)) else {
            return 0;
        };
        let part = |at: usize| {
            let rest = size[at].saturating_sub(weight[at]).saturating_sub(request.weight[at]);
            if size[at] > 0 && rest > 0 { rest.saturating_mul(100) / size[at] } else { 0 }
        };
        i64::midpoint(part(0), part(1))
    }

    /// Takes a node as it is now.
    pub(super) fn put_node(&mut self, node: &Object) {
        let name = Text::new(node.key.name());
        let slot = match self.slots.get(&name) {
            Some(slot) => *slot,
            None => self.vacant.pop_first().unwrap_or(self.hosts.len()),
        };
        let fresh = self.read(node);
        self.grow(slot);
        let old = self.hosts[slot].take();
        let moved =
            old.as_ref().is_none_or(|old| old.labels != fresh.labels || old.taints != fresh.taints);
        if moved {
            self.topology.forget();
        }
        self.size[slot] = [fresh.size(CPU), fresh.size(MEMORY)];
        self.hosts[slot] = Some(fresh);
        self.slots.insert(name.clone(), slot);
        self.recount(&name, slot);
        self.version += 1;
    }

    /// Whether a node would be the same to every pod.
    pub(super) fn knows(&mut self, node: &Object) -> bool {
        let fresh = self.read(node);
        self.slot(node.key.name()).and_then(|slot| self.host(slot)).is_some_and(|known| {
            known.labels == fresh.labels
                && known.taints == fresh.taints
                && known.cordoned == fresh.cordoned
                && known.size == fresh.size
        })
    }

    pub(super) fn remove_node(&mut self, name: &str) {
        let Some(slot) = self.slots.remove(name) else { return };
        self.hosts[slot] = None;
        self.vacant.insert(slot);
        for row in &mut self.free {
            row[slot] = -1;
        }
        self.refresh(slot / BLOCK);
        self.topology.forget();
        self.version += 1;
    }

    fn read(&mut self, node: &Object) -> Host {
        let tree = &node.tree;
        let sizes =
            ["allocatable", "capacity"].iter().find_map(|field| tree.at(&["status", field]));
        Host {
            name: Text::new(node.key.name()),
            labels: tree.at(&["metadata", "labels"]).and_then(Value::as_map).cloned(),
            taints: taints(tree),
            cordoned: tree.at(&["spec", "unschedulable"]).and_then(Value::as_bool) == Some(true),
            ports: Vec::new(),
            size: self.resources.read(sizes.and_then(Value::as_map)),
        }
    }

    fn grow(&mut self, slot: Slot) {
        if self.hosts.len() <= slot {
            self.hosts.push(None);
            self.weight.push([0, 0]);
            self.size.push([0, 0]);
        }
        self.free.resize(self.resources.len(), Vec::new());
        self.most.resize(self.resources.len(), Vec::new());
        for row in &mut self.free {
            row.resize(self.hosts.len(), -1);
        }
        for row in &mut self.most {
            row.resize(self.hosts.len().div_ceil(BLOCK), -1);
        }
    }

    /// Adds up what is free on a node anew.
    fn recount(&mut self, name: &str, slot: Slot) {
        for resource in 0..self.free.len() {
            let size = self.host(slot).map_or(-1, |host| host.size(Resource(resource)));
            self.free[resource][slot] = size;
        }
        self.weight[slot] = [0, 0];
        let own = self.residents.get(name).into_iter().flatten();
        let own: Vec<_> = own
            .filter_map(|key| Some((key.clone(), self.lodgers.get(key)?.demand.clone())))
            .collect();
        for (key, demand) in own {
            self.count_in(&key, &demand, slot, 1);
        }
        self.refresh(slot / BLOCK);
    }

    /// Puts a pod on a node, known or not.
    pub(super) fn put_pod(&mut self, key: &Key, node: &str, demand: &Arc<Demand>, stay: Stay) {
        let is_there =
            |it: &Lodger| it.node == node && it.stay == stay && Arc::ptr_eq(&it.demand, demand);
        // The scheduler hears of what it did itself.
        if self.lodgers.get(key).is_some_and(is_there) {
            return;
        }
        self.remove_pod(key);
        let lodger = Lodger { node: Text::new(node), demand: demand.clone(), stay };
        if let Some(slot) = self.slot(node) {
            self.grow(slot);
            self.count_in(key, demand, slot, 1);
            self.refresh(slot / BLOCK);
            if let Some(host) = self.hosts[slot].as_ref() {
                self.topology.count(&lodger, host, 1);
            }
        }
        self.residents.entry(lodger.node.clone()).or_default().insert(key.clone());
        self.lodgers.insert(key.clone(), lodger);
        self.version += 1;
    }

    /// Takes a pod off its node, and says whether it was on one.
    pub(super) fn remove_pod(&mut self, key: &Key) -> bool {
        let Some(lodger) = self.lodgers.remove(key) else { return false };
        if let Some(pods) = self.residents.get_mut(&lodger.node) {
            pods.remove(key);
            if pods.is_empty() {
                self.residents.remove(&lodger.node);
            }
        }
        if let Some(slot) = self.slot(&lodger.node) {
            self.count_in(key, &lodger.demand, slot, -1);
            self.refresh(slot / BLOCK);
            if let Some(host) = self.hosts[slot].as_ref() {
                self.topology.count(&lodger, host, -1);
            }
        }
        self.version += 1;
        true
    }

    /// Takes a pod off its node to see what would be without it.
    pub(super) fn take_out(&mut self, key: &Key) -> Option<Lodger> {
        let lodger = self.lodgers.get(key).cloned()?;
        self.remove_pod(key);
        Some(lodger)
    }

    /// Says that all is again as it was at this version.
    pub(super) fn rewind(&mut self, version: u64) {
        self.version = version;
    }

    fn count_in(&mut self, key: &Key, demand: &Demand, slot: Slot, sign: i64) {
        for (resource, amount) in &demand.request.amounts {
            if let Some(free) = self.free.get_mut(resource.0).and_then(|row| row.get_mut(slot)) {
                *free = free.saturating_sub(amount.saturating_mul(sign));
            }
        }
        for (sum, part) in self.weight[slot].iter_mut().zip(demand.request.weight) {
            *sum = sum.saturating_add(part.saturating_mul(sign));
        }
        let Some(host) = self.hosts[slot].as_mut() else { return };
        if sign > 0 {
            host.ports.extend(demand.ports.iter().map(|port| (key.clone(), port.clone())));
        } else if !demand.ports.is_empty() {
            host.ports.retain(|(pod, _)| pod != key);
        }
    }

    fn refresh(&mut self, block: usize) {
        for (row, most) in self.free.iter().zip(&mut self.most) {
            let end = row.len().min((block + 1) * BLOCK);
            if let Some(slot) = most.get_mut(block) {
                *slot = row[block * BLOCK..end].iter().copied().max().unwrap_or(-1);
            }
        }
    }
}
