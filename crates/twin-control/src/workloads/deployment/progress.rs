//! What the status says: how far it is, and whether it is stuck.

use super::conditions::{self, Condition};
use super::sets::{Rollout, Spec};
use super::with_status;
use crate::workloads::read::{count, time, with_count};
use std::time::Duration;
use twin_core::time::Timestamp;
use twin_core::tree::Value;

const AVAILABLE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const PAUSED: &str = "DeploymentPaused";

/// The status with this progress, unless it says that already.
pub(super) fn progressing(status: &Value, condition: &Condition<'_>, now: Timestamp) -> Value {
    let known = conditions::get(status, condition.kind);
    let same = |known: &Value| {
        known.str_at(&["status"]) == Some(condition.status)
            && known.str_at(&["reason"]) == Some(condition.reason)
    };
    if known.is_some_and(same) {
        return status.clone();
    }
    let new = condition.since(known, now).with(&["lastUpdateTime"], now.value());
    conditions::with(&conditions::without(status, condition.kind), new)
}

/// Notes that a rollout was paused or goes on, so that the pause does not count as time without
/// progress.
pub(super) fn note_pause(rollout: &mut Rollout<'_>) {
    let status = rollout.tree.at(&["status"]).cloned().unwrap_or_default();
    let known = conditions::get(&status, "Progressing").and_then(|it| it.str_at(&["reason"]));
    if rollout.spec.deadline.is_none() || known == Some(TIMED_OUT) {
        return;
    }
    let (reason, message) = match (rollout.spec.paused, known == Some(PAUSED)) {
        (true, false) => (PAUSED, "Deployment is paused"),
        (false, true) => ("DeploymentResumed", "Deployment is resumed"),
        _ => return,
    };
    let condition =
        Condition { kind: "Progressing", status: "Unknown", reason, message: message.to_owned() };
    let now = rollout.now;
    with_status(rollout, |status| progressing(status, &condition, now));
}

/// Counts, without a word about progress.
pub(super) fn count_only(rollout: &mut Rollout<'_>) {
    let new = counted(rollout);
    with_status(rollout, |_| new);
}

/// Whether the status in this tree says that all is as wanted.
pub(super) fn is_complete(rollout: &Rollout<'_>, tree: &Value) -> bool {
    let number = |field: &str| count(tree, &["status", field]);
    let wanted = rollout.spec.replicas;
    ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|it| number(it) == wanted)
        && number("observedGeneration") >= count(tree, &["metadata", "generation"])
}

fn counted(rollout: &Rollout<'_>) -> Value {
    let Rollout { sets, spec, now, .. } = rollout;
    let mut status = rollout.tree.at(&["status"]).cloned().unwrap_or_default();
    let available = sets.status("availableReplicas");
    let updated = sets.new.as_ref().map_or(0, |new| new.status("replicas"));
    for (field, number) in [
        ("observedGeneration", count(&rollout.tree, &["metadata", "generation"])),
        ("replicas", sets.status("replicas")),
        ("updatedReplicas", updated),
        ("readyReplicas", sets.status("readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", (sets.wanted() - available).max(0)),
    ] {
        status = with_count(&status, field, number);
    }
    let terminating = sets.status("terminatingReplicas");
    status = status.with(&["terminatingReplicas"], terminating.into());
    progressing(&status, &availability(spec, available), *now)
}

fn availability(spec: &Spec, available: i64) -> Condition<'static> {
    let (status, reason, message) = if available >= spec.least() {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    Condition { kind: "Available", status, reason, message: message.to_owned() }
}

/// Counts, and says whether that is progress.
pub(super) fn advance(rollout: &mut Rollout<'_>) {
    let mut status = counted(rollout);
    let Some(deadline) = rollout.spec.deadline else {
        with_status(rollout, |_| conditions::without(&status, "Progressing"));
        return;
    };
    let known = conditions::get(&status, "Progressing").cloned();
    let reason =
        known.as_ref().and_then(|it| it.str_at(&["reason"])).unwrap_or_default().to_owned();
    let number = |field: &str| count(&status, &[field]);
    let settled = number("replicas") == number("updatedReplicas") && reason == AVAILABLE;
    if !settled {
        let waited = known.as_ref().and_then(|it| time(it, &["lastUpdateTime"]));
        let left = waited.map(|since| since.plus_seconds(deadline).since(rollout.now));
        let counts = ![TIMED_OUT, AVAILABLE].contains(&reason.as_str());
        status = judged(rollout, &status, known.as_ref(), left.filter(|_| counts));
    }
    with_status(rollout, |_| status);
}

/// The status with a word about progress; `left` is the time until it counts as stuck.
fn judged(
    rollout: &mut Rollout<'_>,
    status: &Value,
    known: Option<&Value>,
    left: Option<Duration>,
) -> Value {
    let now = rollout.now;
    let about = match &rollout.sets.new {
        Some(set) => format!("ReplicaSet {:?}", set.key.name()),
        None => format!("Deployment {:?}", rollout.object.key.name()),
    };
    let condition = |status, reason, what: &str| Condition {
        kind: "Progressing",
        status,
        reason,
        message: format!("{about} {what}"),
    };
    let counted = rollout.tree.with(&["status"], status.clone());
    if is_complete(rollout, &counted) {
        let done = condition("True", AVAILABLE, "has successfully progressed.");
        return progressing(status, &done, now);
    }
    if has_moved(&rollout.object.tree, status) {
        let moves = condition("True", "ReplicaSetUpdated", "is progressing.");
        let new = moves.since(known, now).with(&["lastUpdateTime"], now.value());
        let after = rollout.spec.deadline.and_then(|seconds| u64::try_from(seconds).ok());
        rollout.outcome.again(Duration::from_secs(after.unwrap_or(0).saturating_add(1)));
        return conditions::with(&conditions::without(status, "Progressing"), new);
    }
    match left {
        Some(Duration::ZERO) => {
            let stuck = condition("False", TIMED_OUT, "has timed out progressing.");
            progressing(status, &stuck, now)
        }
        Some(left) => {
            rollout.outcome.again(left + Duration::from_secs(1));
            status.clone()
        }
        None => status.clone(),
    }
}

/// Whether more is new, less is old, or more serves than before.
fn has_moved(before: &Value, status: &Value) -> bool {
    let old = |field: &str| count(before, &["status", field]);
    let new = |field: &str| count(status, &[field]);
    new("updatedReplicas") > old("updatedReplicas")
        || new("replicas") - new("updatedReplicas") < old("replicas") - old("updatedReplicas")
        || new("readyReplicas") > old("readyReplicas")
        || new("availableReplicas") > old("availableReplicas")
}
