//! Room for pods that matter more: on which node the least has to go for them.

use super::claims::Claims;
use super::demand::Demand;
use super::fleet::{Fleet, Lodger, Slot};
use super::search::fits;
use super::{ends, is_over};
use crate::controller::{Outcome, View};
use crate::events::{Event, Severity};
use crate::nodes::conditions::{Condition, State};
use crate::tables::PODS;
use std::cmp::Reverse;
use std::sync::Arc;
use twin_core::api::Deletion;
use twin_core::store::Object;
use twin_core::tree::{Text, Value};

/// So many nodes on which it would help are enough to choose from.
const ENOUGH: usize = 100;

/// Who has to go, and where the pod is to run then.
#[derive(Debug)]
pub(super) struct Sacrifice {
    pub(super) node: Text,
    victims: Vec<Arc<Object>>,
}

/// The sacrifice of the least importance, if one helps a pod that may ask for it.
pub(super) fn sacrifice(
    pod: &Object,
    demand: &Demand,
    claims: &Claims,
    fleet: &mut Fleet,
    view: &View<'_>,
) -> Option<Sacrifice> {
    let own = priority(pod);
    let never = pod.tree.str_at(&["spec", "preemptionPolicy"]) == Some("Never");
    if never {
        return None;
    }
    let nodes: Vec<_> = fleet.hosts().map(|(slot, host)| (slot, host.name.clone())).collect();
    let version = fleet.version();
    let mut found = Vec::new();
    for (slot, node) in nodes {
        let lesser: Vec<_> = view
            .on_node(&node)
            .filter(|it| priority(it) < own && !is_over(it) && !ends(it))
            .cloned()
            .collect();
        if lesser.is_empty() {
            continue;
        }
        found.extend(victims(lesser, demand, claims, fleet, slot).map(|it| (node, it)));
        if found.len() == ENOUGH {
            break;
        }
    }
    // Whoever was taken out to see what would be is back.
    fleet.rewind(version);
    let (node, victims) = found.into_iter().min_by_key(|(_, victims)| cost(victims))?;
    Some(Sacrifice { node, victims })
}

fn priority(pod: &Object) -> i64 {
    pod.tree.at(&["spec", "priority"]).and_then(Value::as_int).unwrap_or(0)
}

/// The node that was chosen for a pod, if somebody is going there already.
pub(super) fn waited_for<'a>(pod: &'a Object, view: &View<'_>) -> Option<&'a str> {
    let chosen = pod.tree.str_at(&["status", "nominatedNodeName"]).unwrap_or_default();
    let going = |it: &Object| ends(it) && priority(it) < priority(pod);
    (!chosen.is_empty() && view.on_node(chosen).any(|it| going(it))).then_some(chosen)
}

/// First the greatest of the victims counts, then all of them together.
fn cost(victims: &[Arc<Object>]) -> (i64, i64, usize) {
    let most = victims.iter().map(|it| priority(it)).max().unwrap_or(i64::MIN);
    let all = victims.iter().fold(0_i64, |sum, it| sum.saturating_add(priority(it)));
    (most, all, victims.len())
}

/// Who of the lesser pods of a node has to go, so that the pod fits; nobody, if that does not help.
fn victims(
    mut lesser: Vec<Arc<Object>>,
    demand: &Demand,
    claims: &Claims,
    fleet: &mut Fleet,
    slot: Slot,
) -> Option<Vec<Arc<Object>>> {
    let started =
        |pod: &Object| Text::new(pod.tree.str_at(&["status", "startTime"]).unwrap_or_default());
    lesser.sort_by_key(|it| (Reverse(priority(it)), started(it), it.key.clone()));
    let out: Vec<Option<Lodger>> = lesser.iter().map(|it| fleet.take_out(&it.key)).collect();
    let helps = fits(demand, claims, fleet, slot);
    let mut victims = Vec::new();
    // Who matters most comes back first.
    for (pod, lodger) in lesser.into_iter().zip(out) {
        let Some(lodger) = lodger else { continue };
        fleet.put_pod(&pod.key, &lodger.node, &lodger.demand, lodger.stay);
        if helps && !fits(demand, claims, fleet, slot) {
            fleet.take_out(&pod.key);
            victims.push((pod, lodger));
        }
    }
    for (pod, lodger) in &victims {
        fleet.put_pod(&pod.key, &lodger.node, &lodger.demand, lodger.stay);
    }
    (helps && !victims.is_empty()).then(|| victims.into_iter().map(|(pod, _)| pod).collect())
}

impl Sacrifice {
    /// Ends them, and tells them why.
    pub(super) fn carry_out(&self, pod: &Object, view: &View<'_>, outcome: &mut Outcome) {
        let uid = pod.tree.str_at(&["metadata", "uid"]).unwrap_or_default();
        for victim in &self.victims {
            let condition = Condition {
                kind: "DisruptionTarget",
                state: State::True,
                reason: "PreemptionByScheduler",
                message: "default-scheduler: preempting to accommodate a higher priority pod",
            };
            if let Some(tree) = condition.in_object(&victim.tree, view.now) {
                outcome.update_status(PODS, &victim.key, tree);
            }
            outcome.delete(PODS, &victim.key, Deletion::default());
            let message = format!("Preempted by pod {uid} on node {}", self.node);
            outcome.events.push(Event::new(victim, Severity::Normal, "Preempted", message));
        }
    }
}
