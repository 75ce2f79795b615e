//! One look's worth of work: what is missing is made in order, what is too much ends in reverse, and
//! only then pods get the new template, from the highest number down.

use super::identity::{bind_claims, create, create_claims};
use super::{Policy, Set, revision_of};
use crate::tables::PODS;
use crate::workloads::owner::Owned;
use crate::workloads::pods::{Readiness, is_over, phase, readiness};
use crate::workloads::read::is_ending;
use crate::workloads::share::{Rounding, Share};
use crate::workloads::telling::{normal, warning};
use twin_core::api::Deletion;
use twin_core::tree::Value;

/// Not more than this is done in one look.
const BURST: usize = 5_000;

/// Whether there is more to do in this look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Next,
    Stop,
}

/// Takes the steps that can be taken now.
pub(super) fn take(set: &mut Set<'_>) {
    for ordinal in set.start..set.start + set.replicas {
        if keep(set, ordinal) == Step::Stop || set.outcome.acts.len() >= BURST {
            return;
        }
    }
    let too_many: Vec<_> = set.pods.keys().rev().copied().filter(|it| !set.wants(*it)).collect();
    let broken = first_broken(set);
    for ordinal in too_many {
        if end(set, ordinal, broken) == Step::Stop {
            return;
        }
    }
    if set.rolls() {
        update(set);
    }
}

/// Whether a pod serves.
fn serves(set: &Set<'_>, pod: &Value) -> bool {
    phase(pod) == "Running"
        && !is_ending(pod)
        && readiness(pod, set.min_ready, set.view.now) == Readiness::Available
}

fn ordered(set: &Set<'_>) -> Step {
    if set.policy == Policy::OrderedReady { Step::Stop } else { Step::Next }
}

fn keep(set: &mut Set<'_>, ordinal: i64) -> Step {
    let Some(pod) = set.pods.get(&ordinal).copied() else {
        create(set, ordinal);
        return ordered(set);
    };
    if is_over(&pod.tree) {
        recreate(set, pod);
        return ordered(set);
    }
    if phase(&pod.tree) == "Pending" {
        create_claims(set, pod.key.name(), ordinal);
    }
    if serves(set, &pod.tree) { Step::Next } else { ordered(set) }
}

fn recreate(set: &mut Set<'_>, pod: &Owned) {
    if is_ending(&pod.tree) {
        return;
    }
    let (reason, what) = match phase(&pod.tree) {
        "Failed" => ("RecreatingFailedPod", "failed"),
        _ => ("RecreatingTerminatedPod", "terminated"),
    };
    let (space, name) = (set.object.key.namespace(), set.object.key.name());
    let message = format!("StatefulSet {space}/{name} is recreating {what} Pod {}", pod.key.name());
    warning(set.object, reason, message, &mut set.outcome);
    delete(set, pod);
}

fn delete(set: &mut Set<'_>, pod: &Owned) {
    set.outcome.delete(PODS, &pod.key, Deletion::default());
    let (pod, name) = (pod.key.name(), set.object.key.name());
    let message = format!("delete Pod {pod} in StatefulSet {name} successful");
    normal(set.object, "SuccessfulDelete", message, &mut set.outcome);
}

/// The lowest number whose pod does not serve.
fn first_broken(set: &Set<'_>) -> Option<i64> {
    let broken = |ordinal: &i64| !serves(set, &set.pods[ordinal].tree);
    let (wanted, rest): (Vec<i64>, Vec<i64>) = set.pods.keys().partition(|it| set.wants(**it));
    wanted.into_iter().chain(rest).find(broken)
}

fn end(set: &mut Set<'_>, ordinal: i64, broken: Option<i64>) -> Step {
    let Some(pod) = set.pods.get(&ordinal).copied() else { return Step::Next };
    if is_ending(&pod.tree) {
        return ordered(set);
    }
    // A broken pod must not keep the others from going, unless a lower one is broken too.
    if !serves(set, &pod.tree) && ordered(set) == Step::Stop && broken != Some(ordinal) {
        return Step::Stop;
    }
    bind_claims(set, &pod.tree, ordinal);
    delete(set, pod);
    ordered(set)
}

fn update(set: &mut Set<'_>) {
    let path = ["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"];
    let most = set
        .object
        .tree
        .at(&path)
        .map_or(1, |value| Share::read(Some(value)).of(set.replicas, Rounding::Up).max(1));
    let mut missing = 0;
    let wanted: Vec<_> = set.pods.keys().rev().copied().filter(|it| set.wants(*it)).collect();
    for ordinal in wanted {
        if missing >= most || ordinal < set.partition() {
            return;
        }
        let pod = set.pods[&ordinal];
        if revision_of(&pod.tree) != set.revisions.update.name() && !is_ending(&pod.tree) {
            delete(set, pod);
            missing += 1;
        } else if !serves(set, &pod.tree) {
            missing += 1;
        }
    }
}
