//! Pods whose node is gone end.

use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{NODES, PODS};
use std::collections::BTreeMap;
use std::time::Duration;
use twin_core::api::Deletion;
use twin_core::store::{Change, ChangeKind, Key, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::Text;

/// A node may come back within this time.
const QUARANTINE: Duration = Duration::from_secs(40);

/// Ends pods without a node.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    /// Nodes that pods name and that are not there, with since when.
    missing: BTreeMap<Text, Timestamp>,
}

impl Controller for Orphans {
    fn name(&self) -> &'static str {
        "pod-garbage-collector"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake) {
        let object = &change.object;
        if *table == NODES {
            let name = Text::new(object.key.name());
            if change.kind == ChangeKind::Deleted {
                self.missing.insert(name, view.now);
                view.on_node(object.key.name()).for_each(|pod| wake.key(pod.key.clone()));
            } else {
                self.missing.remove(&name);
            }
        } else if *table == PODS && change.kind != ChangeKind::Deleted && change.previous.is_none()
        {
            // One that was bound by its creator, perhaps to nothing.
            if object.tree.str_at(&["spec", "nodeName"]).is_some() {
                wake.key(object.key.clone());
            }
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(pod) = view.get(&PODS, key) else { return outcome };
        let node = pod.tree.str_at(&["spec", "nodeName"]).unwrap_or_default();
        if node.is_empty() || view.get(&NODES, &Key::new("", node)).is_some() {
            return outcome;
        }
        let since = *self.missing.entry(Text::new(node)).or_insert(view.now);
        let due = since.plus(QUARANTINE);
        if view.now < due {
            outcome.again(due.since(view.now));
            return outcome;
        }
        if !matches!(pod.tree.str_at(&["status", "phase"]), Some("Succeeded" | "Failed")) {
            outcome.update_status(PODS, key, pod.tree.with(&["status", "phase"], "Failed".into()));
        }
        outcome.delete(PODS, key, Deletion { grace: Some(0), ..Deletion::default() });
        outcome
    }
}
