//! Claims that pods use, and volumes that claims hold, do not end before they are free.

use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{CLAIMS, PODS, VOLUMES};
use std::collections::{BTreeMap, BTreeSet};
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

const CLAIM: &str = "kubernetes.io/pvc-protection";
const VOLUME: &str = "kubernetes.io/pv-protection";

/// Controllers of this file.
pub(super) fn controllers() -> Vec<Box<dyn Controller>> {
    vec![Box::new(Claims::default()), Box::new(Volumes)]
}

/// Protects claims.
#[derive(Debug, Default)]
struct Claims {
    /// Pods that use a claim.
    users: BTreeMap<Key, BTreeSet<Key>>,
}

impl Controller for Claims {
    fn name(&self) -> &'static str {
        "pvc-protection-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        let object = &change.object;
        if *table == CLAIMS && change.kind != ChangeKind::Deleted {
            wake.key(object.key.clone());
        } else if *table == PODS {
            let over =
                matches!(object.tree.str_at(&["status", "phase"]), Some("Succeeded" | "Failed"));
            for claim in claims(object) {
                let users = self.users.entry(claim.clone()).or_default();
                if over || change.kind == ChangeKind::Deleted {
                    users.remove(&object.key);
                    if users.is_empty() {
                        self.users.remove(&claim);
                    }
                    wake.key(claim);
                } else if users.insert(object.key.clone()) && users.len() == 1 {
                    wake.key(claim);
                }
            }
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let hold = if self.users.contains_key(key) { Hold::Used } else { Hold::Free };
        let mut outcome = guarded(&CLAIMS, key, CLAIM, hold, view);
        if let Some(claim) = view.get(&CLAIMS, key).and_then(|it| noted(&it.tree, hold, view.now)) {
            outcome.update_status(CLAIMS, key, claim);
        }
        outcome
    }
}

/// A bound claim with the condition whether anybody uses it, unless it has that.
fn noted(claim: &Value, hold: Hold, now: Timestamp) -> Option<Value> {
    let path = ["status", "conditions"];
    let bound = claim.str_at(&["status", "phase"]) == Some("Bound");
    if !bound || claim.at(&["metadata", "deletionTimestamp"]).is_some() {
        return None;
    }
    let (state, reason, message) = match hold {
        Hold::Used => ("False", "PodUsingPVC", "A pod is currently referencing this PVC"),
        Hold::Free => ("True", "NoPodsUsingPVC", "No pods are currently referencing this PVC"),
    };
    let known = claim.at(&path).and_then(Value::as_list);
    let mut list = known.map(|list| list.to_vec()).unwrap_or_default();
    let place = list.iter().position(|it| it.str_at(&["type"]) == Some("Unused"));
    if place.is_some_and(|place| list[place].str_at(&["status"]) == Some(state)) {
        return None;
    }
    let condition = Value::from([
        ("type", "Unused".into()),
        ("status", state.into()),
        ("lastProbeTime", Value::Null),
        ("lastTransitionTime", now.value()),
        ("reason", reason.into()),
        ("message", message.into()),
    ]);
    match place {
        Some(place) => list[place] = condition,
        None => list.push(condition),
    }
    Some(claim.with(&path, list.into()))
}

/// Protects volumes.
#[derive(Debug)]
struct Volumes;

impl Controller for Volumes {
    fn name(&self) -> &'static str {
        "pv-protection-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        if *table == VOLUMES && change.kind != ChangeKind::Deleted {
            wake.key(change.object.key.clone());
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let volume = view.get(&VOLUMES, key);
        let bound = volume.is_some_and(|it| it.tree.str_at(&["status", "phase"]) == Some("Bound"));
        guarded(&VOLUMES, key, VOLUME, if bound { Hold::Used } else { Hold::Free }, view)
    }
}

/// Whether something is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    Used,
    Free,
}

/// The finalizer comes while an object lives, and goes when it ends and is free.
fn guarded(table: &TableName, key: &Key, finalizer: &str, hold: Hold, view: &View<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(object) = view.get(table, key) else { return outcome };
    let path = ["metadata", "finalizers"];
    let list = object.tree.at(&path).and_then(Value::as_list);
    let mut list = list.map(|list| list.to_vec()).unwrap_or_default();
    let has = list.iter().any(|it| it.as_str() == Some(finalizer));
    let ends = object.tree.str_at(&["metadata", "deletionTimestamp"]).is_some();
    match (ends, has) {
        (false, false) => list.push(finalizer.into()),
        (true, true) if hold == Hold::Free => list.retain(|it| it.as_str() != Some(finalizer)),
        _ => return outcome,
    }
    let tree = if list.is_empty() {
        object.tree.without(&path)
    } else {
        object.tree.with(&path, list.into())
    };
    outcome.update(table.clone(), key, tree);
    outcome
}

/// The claims that a pod uses.
fn claims(pod: &Object) -> Vec<Key> {
    let volumes = pod.tree.at(&["spec", "volumes"]).and_then(Value::as_list);
    let names = volumes
        .into_iter()
        .flat_map(|list| list.iter())
        .filter_map(|volume| super::claims::claim_of(pod.key.name(), volume));
    names.map(|name: Text| Key::new(pod.key.namespace(), &name)).collect()
}
