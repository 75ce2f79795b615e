//! What Kubernetes refuses to change in place, and the sequence that gets there safely.

use crate::compare::Difference;
use crate::decide::{Action, Step};
use crate::quantity;
use serde_json::Value;
use std::cmp::Ordering;

/// What a change needs beyond an update; `None` if it can be made in place.
pub(crate) fn judge(kind: &str, live: &Value, changes: &[Difference]) -> Option<Action> {
    let touches = |fields: &[&str]| changes.iter().any(|change| change.path.starts(fields));
    match kind {
        "StatefulSet" => stateful_set(changes),
        "Deployment" | "DaemonSet" | "ReplicaSet" if touches(&["spec", "selector"]) => {
            Some(replace("the selector of a workload cannot be changed", STOPPING))
        }
        "Job" if JOB.iter().any(|field| touches(&["spec", field])) => {
            Some(replace("a Job cannot be changed, it runs again", STOPPING))
        }
        "Service" if touches(&["spec", "clusterIP"]) => {
            Some(replace("a Service cannot change between headless and an address", DELETING))
        }
        "ConfigMap" | "Secret" if live["immutable"] == true && !only_metadata(changes) => {
            Some(replace("it is immutable", DELETING))
        }
        "Secret" if touches(&["type"]) => {
            Some(replace("the type of a Secret cannot be changed", DELETING))
        }
        "PersistentVolumeClaim" => claim(live, changes),
        _ => None,
    }
}

/// Its pods go first, so that old and new ones never run side by side.
const STOPPING: &[Step] = &[Step::DeleteWithPods, Step::Create];
/// Its pods run on, and the new object adopts them.
const ORPHANING: &[Step] = &[Step::DeleteKeepingPods, Step::Create];
const DELETING: &[Step] = &[Step::Delete, Step::Create];

const JOB: &[&str] = &["template", "selector", "completionMode", "completions", "manualSelector"];

/// What may be changed in the spec of a `StatefulSet`.
const SET: &[&str] = &[
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

fn stateful_set(changes: &[Difference]) -> Option<Action> {
    let spec = changes.iter().filter(|change| change.path.starts(&["spec"]));
    let fixed: Vec<_> =
        spec.filter(|change| !SET.iter().any(|it| change.path.starts(&["spec", it]))).collect();
    let first = fixed.first()?;
    if fixed.iter().any(|change| change.path.starts(&["spec", "selector"])) {
        let why = "the selector of a workload cannot be changed; the claims stay";
        return Some(replace(why, STOPPING));
    }
    let why = if first.path.starts(&["spec", "volumeClaimTemplates"]) {
        "claim templates cannot be changed; claims that are there stay as they are".to_owned()
    } else {
        format!("{} of a StatefulSet cannot be changed", first.path)
    };
    Some(replace(&why, ORPHANING))
}

fn claim(live: &Value, changes: &[Difference]) -> Option<Action> {
    let blocked =
        |why: &str, fix: &str| Some(Action::Blocked { why: why.to_owned(), fix: fix.to_owned() });
    let changed = changes.iter().find(|change| change.path.starts(&["spec"]))?;
    if !changed.path.starts(&["spec", "resources", "requests", "storage"]) {
        let why = format!("{} of a claim cannot be changed", changed.path);
        return blocked(&why, "give the volume a new name and copy the data, or keep what was");
    }
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
    let (before, after) = (text(&changed.before)?, text(&changed.after)?);
    match quantity::order(&after, &before) {
        Some(Ordering::Less) => blocked(
            &format!("a claim cannot shrink from {before} to {after}"),
            "keep the size, or copy the data to a new volume",
        ),
        _ if live["status"]["phase"] == "Pending" => blocked(
            "a claim without a volume cannot grow",
            "delete it, it holds nothing yet, and run this again",
        ),
        _ => None,
    }
}

fn only_metadata(changes: &[Difference]) -> bool {
    changes.iter().all(|change| change.path.starts(&["metadata"]))
}

fn replace(why: &str, sequence: &[Step]) -> Action {
    Action::Replace { why: why.to_owned(), sequence: sequence.to_vec() }
}
