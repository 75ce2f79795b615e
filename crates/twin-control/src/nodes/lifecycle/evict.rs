//! Pods that do not bear a `NoExecute` taint end: at once, or when they have borne it long enough.

use super::super::conditions::{Condition, State};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::events::{Event, Severity};
use crate::nodes::scheduler::{Taint, taints, tolerations};
use crate::tables::{NODES, PODS};
use std::collections::BTreeSet;
use std::time::Duration;
use twin_core::api::Deletion;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// Ends pods on tainted nodes.
#[derive(Debug, Default)]
pub(super) struct Eviction {
    /// Pods that will have to end.
    due: BTreeSet<Key>,
}

impl Controller for Eviction {
    fn name(&self) -> &'static str {
        "taint-eviction-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake) {
        let object = &change.object;
        if change.kind == ChangeKind::Deleted {
            self.due.remove(&object.key);
            return;
        }
        if *table == NODES {
            let before = change.previous.as_ref().map(|old| hard(old)).unwrap_or_default();
            if hard(object) != before {
                view.on_node(object.key.name()).for_each(|pod| wake.key(pod.key.clone()));
            }
        } else if *table == PODS && node_of(object, view).is_some_and(|node| !hard(node).is_empty())
        {
            wake.key(object.key.clone());
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(pod) = view.get(&PODS, key) else { return outcome };
        let Some(node) = node_of(pod, view) else { return outcome };
        let taints = hard(node);
        if pod.tree.str_at(&["metadata", "deletionTimestamp"]).is_some() {
            return outcome;
        }
        let Some(due) = due(pod, &taints, view.now) else {
            if self.due.remove(key) {
                tell(pod, "Cancelling deletion of", &mut outcome);
            }
            return outcome;
        };
        if due > view.now {
            self.due.insert(key.clone());
            outcome.again(due.since(view.now));
            return outcome;
        }
        self.due.remove(key);
        let row = Condition {
            kind: "DisruptionTarget",
            state: State::True,
            reason: "DeletionByTaintManager",
            message: "Taint manager: deleting due to NoExecute taint",
        };
        if let Some(pod) = row.in_object(&pod.tree, view.now) {
            outcome.update_status(PODS, key, pod);
        }
        tell(pod, "Marking for deletion", &mut outcome);
        let uid = Text::new(pod.tree.str_at(&["metadata", "uid"]).unwrap_or_default());
        outcome.delete(PODS, key, Deletion { uid, ..Deletion::default() });
        outcome
    }
}

fn tell(pod: &Object, what: &str, outcome: &mut Outcome) {
    let message = format!("{what} Pod {}/{}", pod.key.namespace(), pod.key.name());
    outcome.events.push(Event::new(pod, Severity::Normal, "TaintManagerEviction", message));
}

fn node_of<'a>(pod: &Object, view: &View<'a>) -> Option<&'a Object> {
    let name = pod.tree.str_at(&["spec", "nodeName"])?;
    view.get(&NODES, &Key::new("", name)).map(|node| &**node)
}

/// The taints that pods must bear, with the time since when.
fn hard(node: &Object) -> Vec<(Taint, Option<Timestamp>)> {
    let list = node.tree.at(&["spec", "taints"]).and_then(Value::as_list);
    let list = list.into_iter().flat_map(|list| list.iter());
    let added = list.map(|taint| taint.str_at(&["timeAdded"]).and_then(Timestamp::parse));
    let taints = taints(&node.tree).into_iter().zip(added);
    taints.filter(|(taint, _)| taint.effect == "NoExecute").collect()
}

/// When a pod has to end: never, if it bears all taints for ever.
fn due(pod: &Object, taints: &[(Taint, Option<Timestamp>)], now: Timestamp) -> Option<Timestamp> {
    let spec = pod.tree.at(&["spec"])?;
    let listed = spec.at(&["tolerations"]).and_then(Value::as_list);
    let listed = listed.map_or(&[] as &[Value], |list| list);
    let borne: Vec<_> = tolerations(spec).into_iter().zip(listed).collect();
    let ends = taints.iter().filter_map(|(taint, since)| {
        let mut bearing = borne.iter().filter(|(own, _)| own.bears(taint)).peekable();
        if bearing.peek().is_none() {
            return Some(now);
        }
        let seconds =
            bearing.filter_map(|(_, own)| own.at(&["tolerationSeconds"]).and_then(Value::as_int));
        let least = u64::try_from(seconds.min()?).unwrap_or(0);
        Some(since.unwrap_or(now).plus(Duration::from_secs(least)))
    });
    ends.min()
}
