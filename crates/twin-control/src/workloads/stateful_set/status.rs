//! The numbers of a set.

use super::{Set, revision_of};
use crate::workloads::pods::{Readiness, phase, readiness};
use crate::workloads::read::{count, is_ending, with_count};
use twin_core::tree::Value;

/// Pods, counted.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    all: i64,
    ready: i64,
    available: i64,
    current: i64,
    updated: i64,
}

/// The status of a set as its pods are now.
pub(super) fn status(set: &mut Set<'_>) -> Value {
    let mut counts = counted(set);
    let update = set.revisions.update.name();
    let mut current = set.current.name();
    let wanted = set.replicas;
    if set.rolls() && [counts.all, counts.updated, counts.ready].iter().all(|it| *it == wanted) {
        // The rollout is over.
        current = update;
        counts.current = counts.updated;
    }
    let mut status = set.object.tree.at(&["status"]).cloned().unwrap_or_default();
    for (field, number) in [
        ("observedGeneration", count(&set.object.tree, &["metadata", "generation"])),
        ("readyReplicas", counts.ready),
        ("currentReplicas", counts.current),
        ("updatedReplicas", counts.updated),
    ] {
        status = with_count(&status, field, number);
    }
    status
        .with(&["replicas"], counts.all.into())
        .with(&["availableReplicas"], counts.available.into())
        .with(&["collisionCount"], set.revisions.collisions.into())
        .with(&["currentRevision"], current.into())
        .with(&["updateRevision"], update.into())
}

fn counted(set: &mut Set<'_>) -> Counts {
    let mut counts = Counts::default();
    for pod in set.pods.values() {
        counts.all += 1;
        let running = phase(&pod.tree) == "Running";
        match readiness(&pod.tree, set.min_ready, set.view.now) {
            Readiness::Ready(wait) if running => {
                counts.ready += 1;
                set.outcome.again(wait);
            }
            Readiness::Available if running => {
                counts.ready += 1;
                counts.available += 1;
            }
            _ => {}
        }
        if !is_ending(&pod.tree) {
            let revision = revision_of(&pod.tree);
            counts.current += i64::from(revision == set.current.name());
            counts.updated += i64::from(revision == set.revisions.update.name());
        }
    }
    counts
}
