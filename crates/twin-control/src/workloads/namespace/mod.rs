//! The end of a namespace: first its pods, then all else that lies in it, then itself.

mod conditions;

use super::read::{is_ending, list};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{NAMESPACES, PODS};
use std::time::Duration;
use twin_core::api::{Act, Deed, Deletion};
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::Value;

/// What waits for a finalizer may lie in a table of which nobody tells.
const POLL: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct Namespaces;

impl Controller for Namespaces {
    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake) {
        let key = &change.object.key;
        if *table == NAMESPACES {
            if is_ending(&change.object.tree) {
                wake.key(key.clone());
            }
            return;
        }
        let namespace = Key::new("", key.namespace());
        let gone = change.kind == ChangeKind::Deleted;
        if gone && view.get(&NAMESPACES, &namespace).is_some_and(|it| is_ending(&it.tree)) {
            wake.key(namespace);
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let ending = view.get(&NAMESPACES, key).filter(|namespace| is_ending(&namespace.tree));
        let Some(namespace) = ending else { return outcome };
        let pods = view.all(&PODS, key.name()).next().is_some();
        let tables = view.store.tables().filter(|table| !pods || **table == PODS);
        let mut left = false;
        for table in tables {
            for object in view.all(table, key.name()) {
                left = true;
                if !is_ending(&object.tree) {
                    outcome.delete(table.clone(), &object.key, Deletion::default());
                }
            }
        }
        match (left, outcome.acts.is_empty()) {
            (false, _) => finish(namespace, &mut outcome),
            (true, false) => outcome.again(Duration::ZERO),
            (true, true) => {
                conditions::tell(namespace, view, &mut outcome);
                outcome.again(POLL);
            }
        }
        outcome
    }
}

/// Takes the namespace away, or leaves it to those who have a finalizer in it.
fn finish(namespace: &Object, outcome: &mut Outcome) {
    if list(&namespace.tree, &["metadata", "finalizers"]).is_empty() {
        let key = namespace.key.clone();
        outcome.acts.push(Act { table: NAMESPACES, key, deed: Deed::Remove });
    } else {
        let free = namespace.tree.with(&["spec", "finalizers"], Value::from(Vec::new()));
        outcome.update(NAMESPACES, &namespace.key, free);
    }
}

#[cfg(test)]
mod tests;
