//! What controllers ask about a pod.

use super::read::{count, is_ending, list, time};
use std::time::Duration;
use twin_core::time::Timestamp;
use twin_core::tree::Value;

/// The phase; a pod that says none is new.
pub(super) fn phase(pod: &Value) -> &str {
    pod.str_at(&["status", "phase"]).unwrap_or("Pending")
}

/// Whether its containers have ended for good.
pub(super) fn is_over(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// Whether it counts as a replica.
pub(super) fn is_active(pod: &Value) -> bool {
    !is_over(pod) && !is_ending(pod)
}

/// Whether it is on its way out.
pub(super) fn is_terminating(pod: &Value) -> bool {
    !is_over(pod) && is_ending(pod)
}

/// The node; empty before it has one.
pub(super) fn node(pod: &Value) -> &str {
    pod.str_at(&["spec", "nodeName"]).unwrap_or_default()
}

/// A condition that is true.
pub(super) fn is_true<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let mut conditions = list(object, &["status", "conditions"]).iter();
    conditions
        .find(|it| it.str_at(&["type"]) == Some(kind) && it.str_at(&["status"]) == Some("True"))
}

/// Since when it is ready.
pub(super) fn ready_since(pod: &Value) -> Option<Timestamp> {
    let ready = is_true(pod, "Ready")?;
    Some(time(ready, &["lastTransitionTime"]).unwrap_or_default())
}

/// How long a pod has been ready, against how long it should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    NotReady,
    /// Ready, and available after this time.
    Ready(Duration),
    Available,
}

/// The readiness of a pod whose owner wants it ready for some seconds.
pub(super) fn readiness(pod: &Value, min_seconds: i64, now: Timestamp) -> Readiness {
    let Some(since) = ready_since(pod) else { return Readiness::NotReady };
    let missing = since.plus_seconds(min_seconds).since(now);
    if min_seconds <= 0 || missing.is_zero() {
        Readiness::Available
    } else {
        Readiness::Ready(missing)
    }
}

/// The most restarts of any of its containers.
pub(super) fn restarts(pod: &Value) -> i64 {
    ["containerStatuses", "initContainerStatuses"]
        .iter()
        .flat_map(|field| list(pod, &["status", field]))
        .map(|status| count(status, &["restartCount"]))
        .max()
        .unwrap_or(0)
}
