//! One action for each object.

mod action;

pub use action::{Action, Change, Conflict, Decision, FieldChange, Step};

use crate::compare::{Difference, differences};
use crate::forbidden;
use crate::id::{Desired, Id, Stage};
use crate::inventory::Inventory;
use crate::owners::{self, dropped, other_owner};
use crate::path::Path;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What to do with each object that is desired, or was once: in the order in which it is done.
pub fn decide(desired: &[Desired], live: &BTreeMap<Id, Value>, inventory: &Inventory) -> Decision {
    let mut changes: Vec<Change> = desired
        .iter()
        .map(|it| Change {
            id: it.id.clone(),
            stage: it.stage,
            service: it.service.clone(),
            action: action(it, live.get(&it.id), inventory),
        })
        .collect();
    changes.sort_by(|a, b| (a.stage, &a.id).cmp(&(b.stage, &b.id)));
    let wanted: BTreeSet<&Id> = desired.iter().map(|it| &it.id).collect();
    let gone = inventory.objects.keys().filter(|id| !wanted.contains(id));
    changes.extend(gone.filter_map(|id| leave(id, live.get(id)?, inventory)));
    Decision { changes }
}

fn action(desired: &Desired, live: Option<&Value>, inventory: &Inventory) -> Action {
    let Some(live) = live else {
        return if inventory.is_done(&desired.id) { Action::Keep } else { Action::Create };
    };
    if live.pointer("/metadata/deletionTimestamp").is_some() {
        let why = "it is being deleted".to_owned();
        return Action::Replace { why, sequence: vec![Step::AwaitGone, Step::Create] };
    }
    if !ours(desired, live, inventory) {
        // A namespace is a place that others may have made for us.
        if desired.id.kind == "Namespace" {
            return Action::Keep;
        }
        return Action::Foreign { managers: owners::managers(live) };
    }
    let changes = changes(&desired.object, live);
    if changes.is_empty() {
        return Action::Keep;
    }
    let change = forbidden::judge(&desired.id.kind, live, &changes)
        .unwrap_or_else(|| Action::Update(shown(&desired.id.kind, &changes)));
    let fields = conflicts(live, &changes);
    if fields.is_empty() {
        return change;
    }
    Action::Conflict { fields, taken: Box::new(change) }
}

/// Whether an object may be changed: we applied it, or its labels say that it belongs to this
/// product, as those do that `muster plan --out` wrote and somebody else applied.
fn ours(desired: &Desired, live: &Value, inventory: &Inventory) -> bool {
    let label = |of: &Value, name: &str| {
        let labels = of.pointer("/metadata/labels")?;
        Some(labels.get(format!("app.kubernetes.io/{name}"))?.as_str()?.to_owned())
    };
    let same_product = || {
        let part_of = label(live, "part-of");
        part_of.is_some() && part_of == label(&desired.object, "part-of")
    };
    let managed = || label(live, "managed-by").as_deref() == Some(owners::MANAGER);
    inventory.has(&desired.id) || owners::is_ours(live) || (managed() && same_product())
}

fn changes(desired: &Value, live: &Value) -> Vec<Difference> {
    let mut changes = differences(desired, live);
    for path in dropped(desired, live) {
        // An item that lost its place in a list was compared with the list.
        if !changes.iter().any(|change| within(&path, &change.path)) {
            changes.push(Difference { path, before: None, after: None });
        }
    }
    changes
}

fn within(path: &Path, outer: &Path) -> bool {
    path.0.starts_with(&outer.0)
}

fn conflicts(live: &Value, changes: &[Difference]) -> Vec<Conflict> {
    let set = changes.iter().filter(|change| change.after.is_some());
    set.filter_map(|change| {
        let owner = other_owner(live, &change.path)?;
        Some(Conflict { field: change.path.to_string(), owner })
    })
    .collect()
}

fn shown(kind: &str, changes: &[Difference]) -> Vec<FieldChange> {
    let show = |change: &Difference| {
        let is_secret = kind == "Secret" && change.path.starts(&["data"]);
        if is_secret { FieldChange::secret(change) } else { FieldChange::plain(change) }
    };
    changes.iter().map(show).collect()
}

/// What becomes of a live object that is not desired any more.
fn leave(id: &Id, live: &Value, inventory: &Inventory) -> Option<Change> {
    debug_assert!(inventory.has(id), "only what we applied is ever removed");
    if live.pointer("/metadata/deletionTimestamp").is_some() {
        return None;
    }
    let keep = |why: &str| Action::Leave { why: why.to_owned() };
    let action = match id.kind.as_str() {
        "PersistentVolumeClaim" => keep("data is only deleted by `muster down --delete-data`"),
        "Namespace" => keep("a namespace is only deleted by `muster down --delete-data`"),
        _ if !owners::is_ours(live) => keep("somebody else has replaced it since"),
        _ => Action::Prune,
    };
    let service = inventory.objects.get(id).and_then(|record| record.service.clone());
    Some(Change { id: id.clone(), stage: Stage(u16::MAX), service, action })
}
