//! What a simulated container uses: nobody measures it, it follows from what the workload is asked.

use crate::controller::{View, controller_of};
use crate::nodes::is_ready;
use crate::tables::{DEPLOYMENTS, PODS, REPLICA_SETS, STATEFUL_SETS};
use std::collections::BTreeMap;
use twin_core::store::{Key, Object, TableName};
use twin_core::tree::{List, Text, Value};
use units::{Bytes, Cpu};

/// The annotation of a workload that says what its clients ask of all its pods together, in CPU:
/// `2`, `1500m`. Ready pods share it evenly, and none uses more than its limit.
pub const LOAD: &str = "muster.dev/load";

/// What a pod uses that nobody asks anything, in thousandths of what it requests.
const IDLE: u64 = 20;
/// Memory that a container holds, in thousandths of what it requests.
const HELD: u64 = 500;

/// What a pod uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub cpu: Cpu,
    pub memory: Bytes,
}

/// Reads what pods use at a moment.
#[derive(Debug)]
pub struct Meter<'a> {
    view: &'a View<'a>,
    /// What falls on each ready pod of an owner, in thousandths of a core: it is counted once.
    shares: BTreeMap<Text, u64>,
}

impl<'a> Meter<'a> {
    /// For this moment.
    pub fn new(view: &'a View<'a>) -> Self {
        Self { view, shares: BTreeMap::new() }
    }

    /// What a pod uses; none, if it does not run.
    pub fn usage(&mut self, pod: &Object) -> Option<Usage> {
        if pod.tree.str_at(&["status", "phase"]) != Some("Running") {
            return None;
        }
        let requested = amount(&pod.tree, "requests");
        let limit = amount(&pod.tree, "limits").cpu;
        let idle = thousandths(requested.cpu.as_millis(), IDLE);
        let share = if is_ready(&pod.tree) { self.share(pod) } else { 0 };
        let wanted = idle.saturating_add(share);
        let cpu = if limit == Cpu::default() { wanted } else { wanted.min(limit.as_millis()) };
        let memory = Bytes::new(thousandths(requested.memory.get(), HELD));
        Some(Usage { cpu: Cpu::millis(cpu), memory })
    }

    /// The part of the load that falls on one pod.
    fn share(&mut self, pod: &Object) -> u64 {
        let owner = controller_of(&pod.tree).and_then(|owner| owner.str_at(&["uid"]));
        let Some(owner) = owner else { return 0 };
        if let Some(known) = self.shares.get(owner) {
            return *known;
        }
        let load = workload(pod, self.view)
            .and_then(|it| it.tree.str_at(&["metadata", "annotations", LOAD])?.parse::<Cpu>().ok());
        let beside = self.view.owned(&PODS, pod.key.namespace(), owner);
        let ready = beside.filter(|other| is_ready(&other.tree)).count();
        let ready = u64::try_from(ready).unwrap_or(u64::MAX).max(1);
        let share = load.unwrap_or_default().as_millis() / ready;
        self.shares.insert(Text::new(owner), share);
        share
    }
}

/// What the containers of a pod request or are limited to, together.
pub(super) fn amount(pod: &Value, what: &str) -> Usage {
    let containers = pod.at(&["spec", "containers"]).and_then(Value::as_list);
    let mut sum = Usage::default();
    for container in containers.into_iter().flat_map(|list: &List| list.iter()) {
        let of = |name: &str| container.str_at(&["resources", what, name]).unwrap_or_default();
        let cpu = of("cpu").parse::<Cpu>().unwrap_or_default();
        let memory = of("memory").parse::<Bytes>().unwrap_or_default();
        sum.cpu = Cpu::millis(sum.cpu.as_millis().saturating_add(cpu.as_millis()));
        sum.memory = Bytes::new(sum.memory.get().saturating_add(memory.get()));
    }
    sum
}

fn thousandths(amount: u64, part: u64) -> u64 {
    amount.saturating_mul(part) / 1000
}

/// The workload that people know, of which this is a pod.
fn workload<'a>(pod: &Object, view: &View<'a>) -> Option<&'a Object> {
    let above = |tree: &Value, kind: &str, table: &TableName| {
        let owner = controller_of(tree).filter(|owner| owner.str_at(&["kind"]) == Some(kind))?;
        let key = Key::new(pod.key.namespace(), owner.str_at(&["name"])?);
        view.get(table, &key).map(|object| &**object)
    };
    if let Some(set) = above(&pod.tree, "StatefulSet", &STATEFUL_SETS) {
        return Some(set);
    }
    let set = above(&pod.tree, "ReplicaSet", &REPLICA_SETS)?;
    Some(above(&set.tree, "Deployment", &DEPLOYMENTS).unwrap_or(set))
}
