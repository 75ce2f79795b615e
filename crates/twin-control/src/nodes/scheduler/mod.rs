//! Gives pods their nodes.
//!
//! ```text
//! changes ─▶ Fleet (what is free where)      Queue (whose turn it is)
//!                     └──────▶ Placement ◀──────┘
//!                                 ▼
//!                     Bind, or why no node was found
//! ```
//!
//! The fleet is kept up to date by changes, so that one pod costs a look at some nodes and no more.

mod amounts;
mod claims;
mod demand;
mod fleet;
mod preempt;
mod queue;
mod refusal;
mod search;
mod terms;
mod topology;

pub use claims::Claims;
pub use demand::Demand;
pub use fleet::Fleet;
pub use refusal::Refusals;
pub use search::{InTurn, Placement};
pub(super) use terms::{Taint, taints, tolerations};

use super::conditions::{Condition, State};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::events::{Event, Severity};
use crate::tables::{CLAIMS, NAMESPACES, NODES, PODS, STORAGE_CLASSES, VOLUMES};
use demand::{Demands, alike};
use fleet::Stay;
use preempt::sacrifice;
use queue::Queue;
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_core::api::{Act, Deed};
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::{Text, Value};

/// Pods that name this scheduler are ours.
const NAME: &str = "default-scheduler";

/// What a search led to.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Node(Text),
    Nowhere(Refusals),
}

/// The scheduler.
#[derive(Debug)]
pub struct Scheduler {
    placement: Box<dyn Placement>,
    fleet: Fleet,
    queue: Queue,
    demands: Demands,
    /// By the number of a demand: why it failed last, and at which version of the fleet.
    failures: BTreeMap<u64, (u64, Refusals)>,
    /// Pods whose node is chosen, and whose claims are being bound there.
    chosen: BTreeMap<Key, Text>,
}

/// More pods than these are not placed in one look: requests get their turn.
const BATCH: usize = 64;
/// More failures than these are not remembered.
const FAILURES: usize = 4_096;

impl Scheduler {
    /// A scheduler that finds nodes in this way.
    pub fn new(placement: Box<dyn Placement>) -> Self {
        Self {
            placement,
            fleet: Fleet::default(),
            queue: Queue::default(),
            demands: Demands::default(),
            failures: BTreeMap::new(),
            chosen: BTreeMap::new(),
        }
    }

    fn node_changed(&mut self, change: &Change) {
        match change.kind {
            ChangeKind::Deleted => self.fleet.remove_node(change.object.key.name()),
            _ if self.fleet.knows(&change.object) => return,
            _ => self.fleet.put_node(&change.object),
        }
        self.queue.stir();
    }

    fn pod_changed(&mut self, change: &Change) {
        let pod = &change.object;
        let ends = change.kind == ChangeKind::Deleted;
        if !ends && change.previous.as_ref().is_some_and(|old| is_same(pod, old)) {
            return;
        }
        let node = node_of(pod);
        if ends || is_over(pod) || (node.is_empty() && !waits(pod)) {
            self.gone(&pod.key);
        } else if node.is_empty() {
            let priority = pod.tree.at(&["spec", "priority"]).and_then(Value::as_int).unwrap_or(0);
            let demand = self.demands.of(pod, &mut self.fleet.resources);
            self.queue.remove(&pod.key);
            self.queue.push(&pod.key, priority, demand.number);
        } else {
            self.queue.remove(&pod.key);
            self.chosen.remove(&pod.key);
            let demand = self.demands.of(pod, &mut self.fleet.resources);
            self.fleet.put_pod(&pod.key, node, &demand, stay(pod));
            // Who wants to be near this pod may now be.
            self.queue.stir();
        }
    }

    fn gone(&mut self, pod: &Key) {
        self.queue.remove(pod);
        self.chosen.remove(pod);
        if self.fleet.remove_pod(pod) {
            self.queue.stir();
        }
    }

    /// Claims and volumes matter to pods that wait, and to those that wait for them alone.
    fn storage_changed(&mut self, namespace: &str) {
        self.queue.stir();
        for pod in self.chosen.keys().filter(|pod| pod.namespace() == namespace) {
            self.queue.push(pod, i64::MAX, 0);
        }
    }

    /// Places pods for as long as one after the other gets a node. The fleet knows at once of each;
    /// what anything else led to has to be seen before the next one.
    fn batch(&mut self, view: &View<'_>) -> Outcome {
        let mut all = Outcome::default();
        for _ in 0..BATCH {
            let Some(pod) = self.queue.next(view.now) else { break };
            let outcome = self.attempt(&pod, view);
            let bound = matches!(outcome.acts[..], [Act { deed: Deed::Bind(_), .. }]);
            all.acts.extend(outcome.acts);
            all.events.extend(outcome.events);
            if !bound {
                break;
            }
        }
        all
    }

    fn attempt(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let Some(pod) = view.get(&PODS, key) else {
            self.queue.remove(key);
            return Outcome::default();
        };
        let claims = match Claims::of(pod, view) {
            Ok(claims) => claims,
            Err(why) => {
                return self.refused(pod, &Refusals::unasked(self.fleet.count(), why), view);
            }
        };
        if let Some(node) = self.chosen.get(key).cloned() {
            self.queue.remove(key);
            return if claims.waiting.is_empty() { bind(pod, &node) } else { Outcome::default() };
        }
        let demand = self.demands.of(pod, &mut self.fleet.resources);
        // What was kept for it is its own.
        self.fleet.take_out(key);
        match self.search(&demand, &claims) {
            Verdict::Nowhere(refusals) => self.make_room(pod, &demand, &claims, &refusals, view),
            Verdict::Node(node) => {
                self.queue.succeeded(key);
                self.fleet.put_pod(key, &node, &demand, Stay::Staying);
                if claims.waiting.is_empty() {
                    return bind(pod, &node);
                }
                self.chosen.insert(key.clone(), node.clone());
                select(&claims.waiting, &node, view)
            }
        }
    }

    /// Lets others go for a pod that has no place, and keeps theirs for it.
    fn make_room(
        &mut self,
        pod: &Object,
        demand: &Arc<Demand>,
        claims: &Claims,
        refusals: &Refusals,
        view: &View<'_>,
    ) -> Outcome {
        let mut outcome = self.refused(pod, refusals, view);
        let node = if let Some(node) = preempt::waited_for(pod, view) {
            Text::new(node)
        } else if let Some(found) = sacrifice(pod, demand, claims, &mut self.fleet, view) {
            nominate(pod, &found.node, &mut outcome);
            found.carry_out(pod, view, &mut outcome);
            found.node
        } else {
            return outcome;
        };
        self.fleet.put_pod(&pod.key, &node, demand, Stay::Staying);
        outcome
    }

    fn search(&mut self, demand: &Demand, claims: &Claims) -> Verdict {
        if let Some((version, refusals)) = self.failures.get(&demand.number)
            && *version == self.fleet.version()
        {
            return Verdict::Nowhere(refusals.clone());
        }
        let verdict = self.placement.place(demand, claims, &mut self.fleet);
        match &verdict {
            // What the claims say is no fact about the fleet.
            Verdict::Nowhere(refusals) if claims.is_empty() => {
                if self.failures.len() >= FAILURES {
                    self.failures.clear();
                }
                self.failures.insert(demand.number, (self.fleet.version(), refusals.clone()));
            }
            _ => {}
        }
        verdict
    }

    fn refused(&mut self, pod: &Object, refusals: &Refusals, view: &View<'_>) -> Outcome {
        self.queue.park(&pod.key, view.now);
        let message = refusals.message();
        let mut outcome = Outcome::default();
        if let Some(status) = unscheduled(pod, "Unschedulable", &message, view) {
            outcome.events.push(Event::new(pod, Severity::Warning, "FailedScheduling", &message));
            outcome.update_status(PODS, &pod.key, status);
        }
        outcome
    }
}

impl Controller for Scheduler {
    fn name(&self) -> &'static str {
        NAME
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        let object = &change.object;
        if *table == PODS {
            self.pod_changed(change);
            if change.kind == ChangeKind::Added && is_gated(object) {
                wake.key(object.key.clone());
            }
        } else if *table == NODES {
            self.node_changed(change);
        } else if *table == NAMESPACES {
            let labels = object.tree.at(&["metadata", "labels"]).and_then(Value::as_map);
            let labels = labels.filter(|_| change.kind != ChangeKind::Deleted);
            self.fleet.topology.put_namespace(object.key.name(), labels);
        } else if [CLAIMS, VOLUMES, STORAGE_CLASSES].contains(table) {
            self.storage_changed(object.key.namespace());
        } else {
            return;
        }
        if self.queue.is_waiting() {
            wake.key(Key::new("", ""));
        }
    }

    /// The empty key means whoever's turn it is; another one is a gated pod.
    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        if !key.name().is_empty() {
            return gated(key, view);
        }
        let mut outcome = self.batch(view);
        if let Some(after) = self.queue.again(view.now) {
            outcome.again(after);
        }
        outcome
    }
}

/// Notes where a pod will have room.
fn nominate(pod: &Object, node: &str, outcome: &mut Outcome) {
    let mut last = outcome.acts.pop();
    let tree = match &mut last {
        Some(Act { deed: Deed::UpdateStatus(tree), .. }) => std::mem::take(tree),
        _ => pod.tree.clone(),
    };
    let tree = tree.with(&["status", "nominatedNodeName"], node.into());
    outcome.update_status(PODS, &pod.key, tree);
}

fn bind(pod: &Object, node: &str) -> Outcome {
    let mut outcome = Outcome::default();
    let deed = Deed::Bind(Text::new(node));
    outcome.acts.push(Act { table: PODS, key: pod.key.clone(), deed });
    let (namespace, name) = (pod.key.namespace(), pod.key.name());
    let message = format!("Successfully assigned {namespace}/{name} to {node}");
    outcome.events.push(Event::new(pod, Severity::Normal, "Scheduled", message));
    outcome
}

/// Tells claims for which node they are wanted.
fn select(claims: &[Key], node: &str, view: &View<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    for key in claims {
        if let Some(claim) = view.get(&CLAIMS, key) {
            let path = ["metadata", "annotations", crate::storage::SELECTED_NODE];
            outcome.update(CLAIMS, key, claim.tree.with(&path, node.into()));
        }
    }
    outcome
}

fn gated(key: &Key, view: &View<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let message = "Scheduling is blocked due to non-empty scheduling gates";
    let pod = view.get(&PODS, key).filter(|pod| is_gated(pod));
    if let Some(status) = pod.and_then(|pod| unscheduled(pod, "SchedulingGated", message, view)) {
        outcome.update_status(PODS, key, status);
    }
    outcome
}

/// The pod with the condition, unless it says the same already.
fn unscheduled(pod: &Object, reason: &str, message: &str, view: &View<'_>) -> Option<Value> {
    let condition = Condition { kind: "PodScheduled", state: State::False, reason, message };
    condition.in_object(&pod.tree, view.now)
}

/// Whether a node selector means a node.
pub(super) fn selects(selector: Option<&Value>, node: &Object) -> bool {
    let labels = node.tree.at(&["metadata", "labels"]).and_then(Value::as_map);
    terms::NodeFilter::of_selector(selector).matches(node.key.name(), labels)
}

fn node_of(pod: &Object) -> &str {
    pod.tree.str_at(&["spec", "nodeName"]).unwrap_or_default()
}

fn is_over(pod: &Object) -> bool {
    matches!(pod.tree.str_at(&["status", "phase"]), Some("Succeeded" | "Failed"))
}

fn is_gated(pod: &Object) -> bool {
    let gates = pod.tree.at(&["spec", "schedulingGates"]).and_then(Value::as_list);
    gates.is_some_and(|gates| !gates.is_empty())
}

fn ends(pod: &Object) -> bool {
    pod.tree.str_at(&["metadata", "deletionTimestamp"]).is_some()
}

fn stay(pod: &Object) -> Stay {
    if ends(pod) { Stay::Leaving } else { Stay::Staying }
}

/// Whether a pod without a node is ours to place.
fn waits(pod: &Object) -> bool {
    pod.tree.str_at(&["spec", "schedulerName"]) == Some(NAME) && !is_gated(pod) && !ends(pod)
}

/// Whether a change means nothing to us.
fn is_same(pod: &Object, old: &Object) -> bool {
    node_of(pod) == node_of(old)
        && is_over(pod) == is_over(old)
        && ends(pod) == ends(old)
        && alike(pod, old)
}

#[cfg(test)]
mod tests;
