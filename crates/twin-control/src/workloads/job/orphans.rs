//! Pods that no job counts any more: they lose the finalizer, so that they can end.

use super::{TRACKING, finished};
use crate::controller::{Controller, Outcome, View, Wake, controller_of};
use crate::tables::{JOBS, PODS};
use crate::workloads::owner::selector_of;
use crate::workloads::read::{has_finalizer, is_ending, meta, without_finalizer};
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::Value;

#[derive(Debug, Default)]
pub(in crate::workloads) struct OrphanPods;

impl Controller for OrphanPods {
    fn name(&self) -> &'static str {
        "job-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, found: &mut Wake) {
        let object = &change.object;
        let gone = change.kind == ChangeKind::Deleted;
        if *table == PODS && !gone && may_be_orphan(object) {
            found.key(object.key.clone());
        } else if *table == JOBS && gone {
            let selector = selector_of(&object.tree);
            for pod in view.selected(&PODS, object.key.namespace(), selector.as_deref()) {
                found.key(pod.key.clone());
            }
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(pod) = view.get(&PODS, key)
            && has_finalizer(&pod.tree, TRACKING)
            && !is_counted(pod, view)
        {
            outcome.update(PODS, key, without_finalizer(&pod.tree, TRACKING));
        }
        outcome
    }
}

/// A pod that is not on its way out may still be adopted by the job that it names.
fn may_be_orphan(pod: &Object) -> bool {
    let named = controller_of(&pod.tree).is_some();
    has_finalizer(&pod.tree, TRACKING) && (!named || is_ending(&pod.tree))
}

/// Whether somebody will take the finalizer away: a job that runs, or whoever else controls the pod.
fn is_counted(pod: &Object, view: &View<'_>) -> bool {
    let Some(owner) = controller_of(&pod.tree) else { return false };
    let part = |field: &str| owner.str_at(&[field]).unwrap_or_default();
    if part("kind") != "Job" || part("apiVersion") != "batch/v1" {
        return true;
    }
    let job = view.get(&JOBS, &Key::new(pod.key.namespace(), part("name")));
    let job = job.filter(|job| meta(&job.tree, "uid") == part("uid"));
    job.is_some_and(|job| finished(&job.tree).is_none() || is_foreign(&job.tree))
}

/// Whether a controller of somebody else runs the job.
fn is_foreign(job: &Value) -> bool {
    let by = job.str_at(&["spec", "managedBy"]);
    by.is_some_and(|by| by != "kubernetes.io/job-controller")
}
