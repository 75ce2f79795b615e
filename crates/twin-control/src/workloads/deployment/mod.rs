//! Deployments: a `ReplicaSet` for each template, and the way from one to the next.
//!
//! ```text
//! sets ─▶ revision ─▶ scale, rolling or recreate ─▶ progress
//! of it   new set     how many pods each has        status
//! ```

mod progress;
mod recreate;
mod revision;
mod rolling;
mod scale;
mod sets;

use super::conditions;
use super::owner::{Claimant, wake};
use super::read::{count, is_ending};
use super::telling::warning;
use crate::controller::{Controller, Outcome, View, Wake, controller_of};
use crate::tables::{DEPLOYMENTS, PODS, REPLICA_SETS};
use sets::{Rollout, Sets, Spec};
use twin_core::selector::LabelSelector;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::Value;

#[derive(Debug, Default)]
pub(super) struct Deployments;

impl Controller for Deployments {
    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, found: &mut Wake) {
        if *table == DEPLOYMENTS {
            found.key(change.object.key.clone());
        } else if *table == REPLICA_SETS {
            wake(change, "Deployment", &DEPLOYMENTS, view, found);
        } else if *table == PODS && is_last_step(change) {
            // Who recreates waits for the last old pod.
            if let Some(set) = set_of(&change.object, view) {
                found.controller(set, "Deployment");
            }
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(object) = view.get(&DEPLOYMENTS, key) else { return outcome };
        let Some(claimant) = Claimant::new(object) else {
            refuse(object, &mut outcome);
            return outcome;
        };
        let owned = claimant.claim(view, &REPLICA_SETS, &mut outcome);
        let mut rollout = Rollout {
            object,
            spec: Spec::new(&object.tree),
            sets: Sets::new(object, owned),
            tree: object.tree.clone(),
            view: *view,
            now: view.now,
            outcome,
        };
        if is_ending(&object.tree) {
            progress::count_only(&mut rollout);
        } else {
            sync(&mut rollout);
        }
        write(rollout)
    }
}

fn is_last_step(change: &Change) -> bool {
    change.kind == ChangeKind::Deleted || super::pods::is_over(&change.object.tree)
}

fn set_of<'a>(pod: &Object, view: &View<'a>) -> Option<&'a Object> {
    let owner = controller_of(&pod.tree)?;
    let owner =
        owner.str_at(&["name"]).filter(|_| owner.str_at(&["kind"]) == Some("ReplicaSet"))?;
    view.get(&REPLICA_SETS, &Key::new(pod.key.namespace(), owner)).map(|set| &**set)
}

/// A Deployment with an odd selector is told so once for each of its versions.
fn refuse(object: &Object, outcome: &mut Outcome) {
    let generation = count(&object.tree, &["metadata", "generation"]);
    if count(&object.tree, &["status", "observedGeneration"]) >= generation {
        return;
    }
    let selector = object.tree.at(&["spec", "selector"]).and_then(LabelSelector::of_object);
    if selector.is_some_and(|selector| selector.is_empty()) {
        let message = "This deployment is selecting all pods. A non-empty selector is required.";
        warning(object, "SelectingAll", message, outcome);
    }
    let tree = object.tree.with(&["status", "observedGeneration"], generation.into());
    outcome.update_status(DEPLOYMENTS, &object.key, tree);
}

fn sync(rollout: &mut Rollout<'_>) {
    progress::note_pause(rollout);
    if rollout.spec.paused || scale::is_due(rollout) {
        revision::sync(rollout, revision::Missing::Leave);
        scale::scale(rollout);
        if rollout.spec.paused {
            revision::clean_up(rollout);
        }
        progress::count_only(rollout);
    } else if rollout.spec.recreates {
        recreate::advance(rollout);
    } else {
        rolling::advance(rollout);
    }
}

/// The status goes with the annotations: both are written through one door.
fn write(mut rollout: Rollout<'_>) -> Outcome {
    if rollout.tree != rollout.object.tree {
        rollout.outcome.update_status(DEPLOYMENTS, &rollout.object.key, rollout.tree);
    }
    rollout.outcome
}

/// Changes the status.
fn with_status(rollout: &mut Rollout<'_>, change: impl FnOnce(&Value) -> Value) {
    let status = rollout.tree.at(&["status"]).cloned().unwrap_or_default();
    rollout.tree = rollout.tree.with(&["status"], change(&status));
}

#[cfg(test)]
mod tests;
