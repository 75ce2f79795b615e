//! The new set grows while the old ones shrink, within what may be too much and too little.

use super::progress;
use super::revision::{self, Missing};
use super::sets::{Rollout, Set};

/// One step.
pub(super) fn advance(rollout: &mut Rollout<'_>) {
    revision::sync(rollout, Missing::Create);
    let moved = grow(rollout) || shrink(rollout);
    if !moved && progress::is_complete(rollout, &rollout.tree) {
        revision::clean_up(rollout);
    }
    progress::advance(rollout);
}

impl Rollout<'_> {
    /// How many replicas the new set may have now.
    pub(super) fn room(&self, new: &Set) -> i64 {
        if self.spec.recreates {
            return self.spec.replicas;
        }
        let others: i64 = self.sets.old.iter().map(|set| set.replicas).sum();
        let free = self.spec.most() - others - new.replicas;
        new.replicas + free.min(self.spec.replicas - new.replicas).max(0)
    }
}

fn grow(rollout: &mut Rollout<'_>) -> bool {
    let Some(new) = &rollout.sets.new else { return false };
    let replicas = if new.replicas >= rollout.spec.replicas {
        rollout.spec.replicas
    } else {
        rollout.room(new)
    };
    new.replicas != replicas && rollout.scale_new(replicas)
}

fn shrink(rollout: &mut Rollout<'_>) -> bool {
    if rollout.sets.old.iter().all(|set| set.replicas == 0) {
        return false;
    }
    let starting = rollout.sets.new.as_ref().map_or(0, |new| new.replicas - new.available()).max(0);
    let mut surplus = rollout.sets.wanted() - rollout.spec.least() - starting;
    let mut moved = false;
    // Pods that do not serve are missed by nobody.
    for at in 0..rollout.sets.old.len() {
        let set = &rollout.sets.old[at];
        let gone = (set.replicas - set.available()).min(surplus).max(0);
        if gone > 0 {
            surplus -= gone;
            moved |= rollout.scale_old(at, set.replicas - gone);
        }
    }
    if surplus > 0 || moved { shrink_serving(rollout) || moved } else { moved }
}

fn shrink_serving(rollout: &mut Rollout<'_>) -> bool {
    let mut surplus = rollout.sets.status("availableReplicas") - rollout.spec.least();
    let mut moved = false;
    for at in 0..rollout.sets.old.len() {
        let replicas = rollout.sets.old[at].replicas;
        let gone = replicas.min(surplus).max(0);
        if gone > 0 {
            surplus -= gone;
            moved |= rollout.scale_old(at, replicas - gone);
        }
    }
    moved
}
