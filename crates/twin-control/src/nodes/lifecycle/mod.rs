//! Nodes come, are lost, return and go.
//!
//! Heartbeats are not written: a node without the annotation [`LOST`] is alive. One that gets it is
//! found unreachable after the time that Kubernetes would need to notice.

mod evict;
mod leases;
mod orphans;
mod ranges;
mod register;

pub(super) use register::{KUBELET_PORT, host_address};

use super::conditions::{Condition, State, condition, conditions};
use super::stages::Stages;
use crate::controller::{Controller, Outcome, View, Wake};
use crate::events::{Event, Severity};
use crate::tables::{NODES, PODS};
use std::collections::BTreeMap;
use std::time::Duration;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// An annotation of a node: with `"true"` nothing is heard of it any more.
pub const LOST: &str = "muster.dev/lost";

/// From the loss until the node counts as unreachable: 50 seconds after a heartbeat that was up to
/// 10 seconds old.
const GRACE: Duration = Duration::from_secs(40);

/// Controllers of this folder.
pub(super) fn controllers(stages: &Stages) -> Vec<Box<dyn Controller>> {
    let mut all = kubelets(stages);
    all.push(Box::new(Lifecycle::default()));
    all.push(Box::new(evict::Eviction::default()));
    all.push(Box::new(orphans::Orphans::default()));
    all
}

/// What kubelets write about their nodes, where the rest of this folder is somebody else's work.
/// Stages of nodes say that themselves, Leases included.
pub(super) fn kubelets(stages: &Stages) -> Vec<Box<dyn Controller>> {
    let mut all: Vec<Box<dyn Controller>> = vec![Box::new(ranges::Ranges::default())];
    if !stages.are_for(&NODES) {
        all.push(Box::new(register::Register));
        all.push(Box::new(leases::Leases));
    }
    all
}

/// Whether nothing is heard of a node.
pub(crate) fn is_lost(node: &Value) -> bool {
    node.str_at(&["metadata", "annotations", LOST]) == Some("true")
}

/// Which condition of a node makes which taint.
const TAINTS: &[(&str, &str, &str)] = &[
    ("Ready", "False", "node.kubernetes.io/not-ready"),
    ("Ready", "Unknown", "node.kubernetes.io/unreachable"),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
];
const CORDONED: &str = "node.kubernetes.io/unschedulable";

/// Finds out which nodes are lost, and keeps pods away from nodes that are not well.
#[derive(Debug, Default)]
struct Lifecycle {
    /// Since when nothing is heard.
    lost: BTreeMap<Text, Timestamp>,
    /// Whether a node takes pods, as its kubelet knew last.
    open: BTreeMap<Text, bool>,
}

impl Controller for Lifecycle {
    fn name(&self) -> &'static str {
        "node-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake) {
        if *table != NODES {
            return;
        }
        let node = &change.object;
        let name = Text::new(node.key.name());
        if change.kind == ChangeKind::Deleted {
            self.open.remove(&name);
        }
        if change.kind == ChangeKind::Deleted || !is_lost(&node.tree) {
            self.lost.remove(&name);
        } else {
            self.lost.entry(name).or_insert(view.now);
        }
        wake.key(node.key.clone());
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(node) = view.get(&NODES, key) else { return outcome };
        if let Some(since) = self.lost.get(key.name()) {
            let due = since.plus(GRACE);
            if view.now < due {
                outcome.again(due.since(view.now));
            } else if let Some(unknown) = unheard(&node.tree, view.now) {
                outcome.update_status(NODES, key, unknown);
                let message = format!("Node {} status is now: NodeNotReady", key.name());
                outcome.events.push(Event::new(node, Severity::Normal, "NodeNotReady", message));
            }
        }
        self.tell_cordon(node, &mut outcome);
        let wanted = taints(&node.tree, view.now);
        let known = node.tree.at(&["spec", "taints"]).and_then(Value::as_list);
        if known.map_or(&[] as &[Value], |list| list) != wanted.as_slice() {
            let node = if wanted.is_empty() {
                node.tree.without(&["spec", "taints"])
            } else {
                node.tree.with(&["spec", "taints"], wanted.into())
            };
            outcome.update(NODES, key, node);
        }
        if matches!(condition(&node.tree, "Ready"), Some("False" | "Unknown")) {
            silence(node, view, &mut outcome);
        }
        outcome
    }
}

impl Lifecycle {
    /// A kubelet says when its node is closed or opened.
    fn tell_cordon(&mut self, node: &Object, outcome: &mut Outcome) {
        if is_lost(&node.tree) {
            return;
        }
        let open = node.tree.at(&["spec", "unschedulable"]).and_then(Value::as_bool) != Some(true);
        let known = self.open.insert(Text::new(node.key.name()), open);
        if known.is_none_or(|known| known == open) {
            return;
        }
        let reason = if open { "NodeSchedulable" } else { "NodeNotSchedulable" };
        let message = format!("Node {} status is now: {reason}", node.key.name());
        outcome.events.push(Event::new(node, Severity::Normal, reason, message));
    }
}

/// The node with conditions that nobody knows any more, unless it has them.
fn unheard(node: &Value, now: Timestamp) -> Option<Value> {
    let mut list = conditions(node).to_vec();
    for kind in ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"] {
        let row = Condition {
            kind,
            state: State::Unknown,
            reason: "NodeStatusUnknown",
            message: "Kubelet stopped posting node status.",
        };
        list = row.among(&list, now);
    }
    (list.as_slice() != conditions(node)).then(|| node.with(&["status", "conditions"], list.into()))
}

/// The taints of a node: those of others, and those that follow from its state.
fn taints(node: &Value, now: Timestamp) -> Vec<Value> {
    let known = node.at(&["spec", "taints"]).and_then(Value::as_list);
    let known = known.map_or(&[] as &[Value], |list| list);
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    if node.at(&["spec", "unschedulable"]).and_then(Value::as_bool) == Some(true) {
        wanted.push((CORDONED, "NoSchedule"));
    }
    for (kind, status, key) in TAINTS {
        // What never said that it is ready is not.
        let found = condition(node, kind).or((*kind == "Ready").then_some("False"));
        if found == Some(*status) {
            wanted.push((key, "NoSchedule"));
            if *kind == "Ready" && condition(node, kind).is_some() {
                wanted.push((key, "NoExecute"));
            }
        }
    }
    let text = |taint: &Value, field: &str| Text::new(taint.str_at(&[field]).unwrap_or_default());
    let is = |taint: &Value, (key, effect): &(&str, &str)| {
        text(taint, "key") == *key && text(taint, "effect") == *effect
    };
    let ours = |taint: &Value| {
        let key = text(taint, "key");
        key == CORDONED || TAINTS.iter().any(|(_, _, own)| key == *own)
    };
    let stays = |taint: &&Value| !ours(taint) || wanted.iter().any(|row| is(taint, row));
    let mut list: Vec<_> = known.iter().filter(stays).cloned().collect();
    for row in wanted.iter().filter(|row| !known.iter().any(|taint| is(taint, row))) {
        list.push(Value::from([
            ("key", row.0.into()),
            ("effect", row.1.into()),
            ("timeAdded", now.value()),
        ]));
    }
    list
}

/// Pods of a node that is not ready serve nobody.
fn silence(node: &Object, view: &View<'_>, outcome: &mut Outcome) {
    for pod in view.on_node(node.key.name()) {
        if condition(&pod.tree, "Ready") != Some("True") {
            continue;
        }
        let row = Condition { kind: "Ready", state: State::False, reason: "", message: "" };
        if let Some(pod) = row.in_object(&pod.tree, view.now) {
            let key = Key::new(
                pod.str_at(&["metadata", "namespace"]).unwrap_or_default(),
                pod.str_at(&["metadata", "name"]).unwrap_or_default(),
            );
            outcome.update_status(PODS, &key, pod);
        }
        outcome.events.push(Event::new(
            pod,
            Severity::Warning,
            "NodeNotReady",
            "Node is not ready",
        ));
    }
}

#[cfg(test)]
mod tests;
