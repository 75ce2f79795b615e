//! The state of one workload.

use super::cause::{Cause, Reason};
use super::{Count, Phase, ServiceState, failures, pods};
use crate::id::Desired;
use crate::observed::Observed;
use serde_json::Value;

pub(super) fn state(desired: &Desired, observed: &Observed) -> ServiceState {
    let object = desired.id.to_string();
    let Some(live) = observed.get(&desired.id) else {
        let evidence = "it is not there yet".to_owned();
        let causes = vec![Cause { reason: Reason::NotApplied, object, evidence }];
        return service(Count { ready: 0, wanted: 1 }, Phase::Waiting(causes));
    };
    let (count, ready) = progress(&desired.id.kind, live);
    if ready && !loses_pods(live, count, observed) {
        return service(count, Phase::Serving);
    }
    let mut causes = failures::of_workload(live, observed);
    causes.extend(mine(&desired.id.kind, live, observed).flat_map(|it| pods::causes(it, observed)));
    if causes.iter().any(|cause| cause.reason != Reason::Starting) {
        causes.retain(|cause| cause.reason != Reason::Starting);
    }
    causes.sort_by(|a, b| a.reason.cmp(&b.reason));
    causes.dedup_by(|a, b| a.reason == b.reason);
    let failed = causes.iter().any(|cause| cause.reason.is_final());
    if causes.is_empty() {
        causes.extend(mine(&desired.id.kind, live, observed).find_map(pods::crashed_before));
    }
    if causes.is_empty() {
        let evidence = format!("{} of {} ready", count.ready, count.wanted);
        causes.push(Cause { reason: Reason::Starting, object, evidence });
    }
    service(count, if failed { Phase::Failed(causes) } else { Phase::Waiting(causes) })
}

fn service(pods: Count, phase: Phase) -> ServiceState {
    ServiceState { service: String::new(), pods, phase }
}

/// How many are ready, and whether that is all, in the newest version.
fn progress(kind: &str, live: &Value) -> (Count, bool) {
    let number = |pointer: &str| live.pointer(pointer).and_then(Value::as_u64);
    let status = |field: &str| number(&format!("/status/{field}")).unwrap_or_default();
    let current = number("/metadata/generation") <= number("/status/observedGeneration");
    let replicas = number("/spec/replicas").unwrap_or(1);
    let counted = |ready: u64, wanted: u64| Count { ready: ready.min(wanted), wanted };
    match kind {
        "Deployment" => {
            let (updated, available) = (status("updatedReplicas"), status("availableReplicas"));
            let old = status("replicas") > updated;
            let ready = current && updated >= replicas && available >= replicas && !old;
            (counted(available.min(updated), replicas), ready)
        }
        "StatefulSet" => {
            let available = status("availableReplicas");
            let updated = live.pointer("/status/currentRevision")
                == live.pointer("/status/updateRevision")
                || status("updatedReplicas") >= replicas;
            (counted(available, replicas), current && updated && available >= replicas)
        }
        "DaemonSet" => {
            let wanted = status("desiredNumberScheduled");
            let (updated, available) =
                (status("updatedNumberScheduled"), status("numberAvailable"));
            (counted(available, wanted), current && updated >= wanted && available >= wanted)
        }
        "Job" => {
            let wanted = number("/spec/completions").unwrap_or(1);
            (counted(status("succeeded"), wanted), condition(live, "Complete").is_some())
        }
        // A database that an operator runs.
        _ => {
            let wanted = number("/spec/instances").unwrap_or(1);
            (counted(status("readyInstances"), wanted), status("readyInstances") >= wanted)
        }
    }
}

/// Whether ready pods are on their way out and leave too few: a stateful set that goes back to the
/// version before counts a pod until it is gone.
fn loses_pods(live: &Value, count: Count, observed: &Observed) -> bool {
    if live["kind"] != "StatefulSet" {
        return false;
    }
    let leaving = |pod: &&Value| {
        pod["metadata"]["deletionTimestamp"].is_string() && condition(pod, "Ready").is_some()
    };
    let leaves = observed.owned_by("Pod", live).filter(leaving).count() as u64;
    let available = live["status"]["availableReplicas"].as_u64().unwrap_or_default();
    available.saturating_sub(leaves) < count.wanted
}

/// The message of a condition that is true.
pub(super) fn condition<'a>(live: &'a Value, kind: &str) -> Option<&'a Value> {
    let mut conditions = live.pointer("/status/conditions")?.as_array()?.iter();
    conditions.find(|it| it["type"] == kind && it["status"] == "True")
}

/// The pods of its newest version.
fn mine<'a>(
    kind: &str,
    live: &'a Value,
    observed: &'a Observed,
) -> Box<dyn Iterator<Item = &'a Value> + 'a> {
    if kind != "Deployment" {
        return Box::new(observed.owned_by("Pod", live));
    }
    let revision = |set: &&Value| -> u64 {
        let annotations = set.pointer("/metadata/annotations");
        let text = annotations.and_then(|it| it.get("deployment.kubernetes.io/revision"));
        text.and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or_default()
    };
    let newest = observed.owned_by("ReplicaSet", live).max_by_key(revision);
    Box::new(newest.into_iter().flat_map(|set| observed.owned_by("Pod", set)))
}
