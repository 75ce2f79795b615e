//! All old pods end before the first new one starts.

use super::progress;
use super::revision::{self, Missing};
use super::sets::Rollout;
use crate::tables::PODS;
use crate::workloads::pods::is_over;
use crate::workloads::read::meta;

/// One step.
pub(super) fn advance(rollout: &mut Rollout<'_>) {
    revision::sync(rollout, Missing::Leave);
    let mut moved = false;
    for at in 0..rollout.sets.old.len() {
        moved |= rollout.sets.old[at].replicas > 0 && rollout.scale_old(at, 0);
    }
    if !moved && !old_pods_run(rollout) {
        if rollout.sets.new.is_none() {
            revision::sync(rollout, Missing::Create);
        }
        let replicas = rollout.spec.replicas;
        if rollout.sets.new.as_ref().is_some_and(|new| new.replicas != replicas) {
            rollout.scale_new(replicas);
        }
        if progress::is_complete(rollout, &rollout.tree) {
            revision::clean_up(rollout);
        }
    }
    progress::advance(rollout);
}

fn old_pods_run(rollout: &Rollout<'_>) -> bool {
    let namespace = rollout.object.key.namespace();
    let mut pods = rollout
        .sets
        .old
        .iter()
        .flat_map(|set| rollout.view.owned(&PODS, namespace, meta(&set.tree, "uid")));
    pods.any(|pod| !is_over(&pod.tree))
}
