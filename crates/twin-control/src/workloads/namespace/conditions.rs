//! What a namespace that waits for its content says of it.

use crate::controller::{Outcome, View};
use crate::tables::NAMESPACES;
use crate::workloads::conditions::{self, Condition};
use crate::workloads::read::list;
use std::collections::BTreeMap;
use twin_core::status::qualified;
use twin_core::store::{Object, TableName};
use twin_core::tree::Value;

/// What there is no trouble with here: type, reason, sentence.
const WELL: [(&str, &str, &str); 3] = [
    (
        "NamespaceDeletionDiscoveryFailure",
        "ResourcesDiscovered",
        "All resources successfully discovered",
    ),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
];

/// Writes the conditions, if they are others than those that it has.
pub(super) fn tell(namespace: &Object, view: &View<'_>, outcome: &mut Outcome) {
    let before = namespace.tree.at(&["status"]).cloned().unwrap_or_default();
    let well = WELL.map(|(kind, reason, message)| (kind, false, reason, message.to_owned()));
    let now = well.into_iter().chain([content(namespace, view), waited_for(namespace, view)]);
    let after = now.fold(before.clone(), |status, (kind, holds, reason, message)| {
        let state = if holds { "True" } else { "False" };
        let known = conditions::get(&status, kind);
        if known.is_some_and(|it| it.str_at(&["message"]) == Some(&message)) {
            return status;
        }
        let condition = Condition { kind, status: state, reason, message };
        let condition = condition.since(known, view.now);
        conditions::with(&status, condition)
    });
    if after != before {
        let tree = namespace.tree.with(&["status"], after);
        outcome.update_status(NAMESPACES, &namespace.key, tree);
    }
}

type Said = (&'static str, bool, &'static str, String);

fn content(namespace: &Object, view: &View<'_>) -> Said {
    let left = view.store.tables().filter_map(|table| {
        let number = view.all(table, namespace.key.name()).count();
        (number > 0).then(|| format!("{} has {number} resource instances", shown(table)))
    });
    let left: Vec<_> = left.collect();
    let message = format!("Some resources are remaining: {}", left.join(", "));
    ("NamespaceContentRemaining", true, "SomeResourcesRemain", message)
}

/// `pods.`, `deployments.apps`
fn shown(table: &TableName) -> String {
    let (group, plural) = table.0.split_once('/').unwrap_or(("", &table.0));
    if group.is_empty() { format!("{plural}.") } else { qualified(group, plural) }
}

fn waited_for(namespace: &Object, view: &View<'_>) -> Said {
    let kind = "NamespaceFinalizersRemaining";
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for table in view.store.tables() {
        for object in view.all(table, namespace.key.name()) {
            let finalizers = list(&object.tree, &["metadata", "finalizers"]);
            for name in finalizers.iter().filter_map(Value::as_str) {
                *found.entry(name).or_default() += 1;
            }
        }
    }
    if found.is_empty() {
        let message = "All content-preserving finalizers finished".to_owned();
        return (kind, false, "ContentHasNoFinalizers", message);
    }
    let found: Vec<_> = found
        .iter()
        .map(|(name, number)| format!("{name} in {number} resource instances"))
        .collect();
    let message =
        format!("Some content in the namespace has finalizers remaining: {}", found.join(", "));
    (kind, true, "SomeFinalizersRemain", message)
}
