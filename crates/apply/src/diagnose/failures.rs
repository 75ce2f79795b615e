//! Why pods are not even made, and what messages of the API server mean.

use super::cause::{Cause, Reason};
use super::workload::condition;
use crate::observed::{Observed, text};
use serde_json::Value;

/// What a workload itself says: a Job that failed, pods that were refused.
pub(super) fn of_workload(live: &Value, observed: &Observed) -> Vec<Cause> {
    let object = format!("{}/{}", text(live, "kind"), text(&live["metadata"], "name"));
    let cause = |reason: Reason, evidence: &str| {
        vec![Cause { reason, object: object.clone(), evidence: evidence.to_owned() }]
    };
    if let Some(failed) = condition(live, "Failed").filter(|_| live["kind"] == "Job") {
        return cause(Reason::JobFailed, text(failed, "message"));
    }
    if let Some(refused) = condition(live, "ReplicaFailure") {
        let message = text(refused, "message");
        return cause(refusal(message), message);
    }
    // Others have no such condition; the event is old news once there is a pod.
    if observed.owned_by("Pod", live).next().is_some() {
        return Vec::new();
    }
    let events = observed.events_of(live);
    match events.iter().rfind(|(reason, _)| *reason == "FailedCreate") {
        Some((_, message)) => cause(refusal(message), message),
        None => Vec::new(),
    }
}

/// Why a pod was refused.
fn refusal(message: &str) -> Reason {
    if message.contains("exceeded quota") || message.contains("failed quota") {
        Reason::QuotaExceeded
    } else if message.contains("forbidden") || message.contains("denied") {
        Reason::AdmissionDenied
    } else {
        Reason::CannotStart
    }
}

/// The Secret or `ConfigMap` that a message misses.
pub(super) fn missing(message: &str) -> Option<Reason> {
    let quoted = |kind: &str| -> Option<String> {
        let (_, rest) = message.split_once(&format!("{kind} \""))?;
        let (name, after) = rest.split_once('"')?;
        // Mounting says the namespace too.
        let name = name.rsplit('/').next().unwrap_or(name);
        after.trim_start().starts_with("not found").then(|| name.to_owned())
    };
    if let Some(name) = quoted("secret") {
        return Some(Reason::SecretMissing { name });
    }
    if let Some(name) = quoted("configmap") {
        return Some(Reason::ConfigMissing { name });
    }
    // "couldn't find key k in Secret ns/name": the object is there, its key is not.
    let key = |kind: &str| Some(message.split_once(&format!(" in {kind} "))?.1.to_owned());
    let name = |text: String| text.rsplit('/').next().unwrap_or_default().to_owned();
    if !message.contains("find key") {
        return None;
    }
    key("Secret")
        .map(|text| Reason::SecretMissing { name: name(text) })
        .or_else(|| key("ConfigMap").map(|text| Reason::ConfigMissing { name: name(text) }))
}
