//! What Kubernetes refuses to change in place, and what it would do that nobody wants.

use super::compare::{Changed, Field, Found};
use super::sequence;
use serde_json::Value;

/// A change that needs more than an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Care {
    /// The object, as decisions name it.
    pub(super) object: String,
    /// The fields that it is about.
    pub(super) fields: Vec<String>,
    /// Why.
    pub(super) why: String,
    /// What to do, in order.
    pub(super) steps: Vec<String>,
}

/// Fields of a `StatefulSet`'s spec that may change in place.
const STATEFUL_SET: [&str; 7] = [
    "spec.replicas",
    "spec.template",
    "spec.updateStrategy",
    "spec.persistentVolumeClaimRetentionPolicy",
    "spec.minReadySeconds",
    "spec.ordinals",
    "spec.revisionHistoryLimit",
];

/// Kinds with fields below which nothing may change in place, and why.
const FIXED: [(&[&str], &[&str], &str); 6] = [
    (
        &["Deployment", "DaemonSet", "ReplicaSet"],
        &["spec.selector"],
        "a selector says which pods are its own, and can never be changed",
    ),
    (
        &["Job"],
        &["spec.selector", "spec.template", "spec.completions", "spec.completionMode"],
        "what a Job runs and how often is fixed when it is made",
    ),
    (
        &["StorageClass"],
        &["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"],
        "volumes were made by it as it is",
    ),
    (&["Secret"], &["type"], "the type of a Secret can never be changed"),
    (&["RoleBinding", "ClusterRoleBinding"], &["roleRef"], "a binding can never give another role"),
    (&["PersistentVolume"], &["spec.volumeMode"], "a volume keeps its mode"),
];

/// What the API server refuses of a change.
pub(super) fn refused(changed: &Changed, namespace: &str) -> Option<Care> {
    if changed.old.name != changed.new.name {
        // Another name is another object: nothing is changed in place.
        return None;
    }
    let kind = changed.old.kind.as_str();
    let (fields, why): (Vec<&Field>, &str) = match kind {
        "StatefulSet" => (
            outside(changed, &STATEFUL_SET),
            "of a StatefulSet only replicas, template, update strategy, claim retention, \
             minReadySeconds and ordinals change in place",
        ),
        "PersistentVolumeClaim" => (
            changed.fields.iter().filter(|it| claim_refuses(it)).collect(),
            "of a claim only the requested storage changes, and it only grows",
        ),
        "Service" => (
            changed.fields.iter().filter(|it| headless_changes(it)).collect(),
            "a Service with an address cannot become headless, nor the other way round",
        ),
        "ConfigMap" | "Secret" if changed.frozen => {
            (below(changed, &["data", "binaryData", "stringData", "immutable"]), "it is immutable")
        }
        _ => FIXED
            .iter()
            .find(|(kinds, ..)| kinds.contains(&kind))
            .map(|(_, paths, why)| (below(changed, paths), *why))
            .unwrap_or_default(),
    };
    (!fields.is_empty()).then(|| Care {
        object: changed.old.object.clone(),
        fields: fields.iter().map(|it| it.path.clone()).collect(),
        why: why.to_owned(),
        steps: sequence::steps(changed, &fields, namespace),
    })
}

/// Workloads that stay what they are called but become another kind: both would run.
pub(super) fn kinds_changed(found: &Found, namespace: &str) -> Vec<Care> {
    const WORKLOADS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];
    let runs = |kind: &str| WORKLOADS.contains(&kind);
    let mut all = Vec::new();
    for old in found.removed.iter().filter(|it| runs(&it.kind)) {
        let Some(new) = found.added.iter().find(|it| runs(&it.kind) && same_name(old, it)) else {
            continue;
        };
        all.push(Care {
            object: old.object.clone(),
            fields: Vec::new(),
            why: format!(
                "it becomes {}: until the old object is deleted both run, and the Service sends to \
                 both",
                new.object
            ),
            steps: vec![
                sequence::delete(old, namespace),
                "wait until its pods are gone".to_owned(),
                "apply the new plan".to_owned(),
            ],
        });
    }
    all
}

fn same_name(old: &super::compare::Named, new: &super::compare::Named) -> bool {
    let name = |object: &str| object.split_once('/').map(|(_, name)| name.to_owned());
    name(&old.object) == name(&new.object)
}

/// Claims that are not in the new plan.
pub(super) fn data_lost(found: &Found) -> Vec<Care> {
    let claims = found.removed.iter().filter(|it| it.kind == "PersistentVolumeClaim");
    let care = |claim: &super::compare::Named| Care {
        object: claim.object.clone(),
        fields: Vec::new(),
        why: "deleting a claim deletes its data, unless its storage class retains it".to_owned(),
        steps: vec!["leave it until the data is copied or no longer needed".to_owned()],
    };
    claims.map(care).collect()
}

fn below<'c>(changed: &'c Changed, paths: &[&str]) -> Vec<&'c Field> {
    changed.fields.iter().filter(|it| paths.iter().any(|path| is_below(&it.path, path))).collect()
}

fn outside<'c>(changed: &'c Changed, allowed: &[&str]) -> Vec<&'c Field> {
    let refused = |it: &&Field| {
        is_below(&it.path, "spec") && !allowed.iter().any(|path| is_below(&it.path, path))
    };
    changed.fields.iter().filter(refused).collect()
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn claim_refuses(field: &Field) -> bool {
    match field.path.as_str() {
        "spec.resources.requests.storage" => !sequence::grows(field),
        "spec.volumeAttributesClassName" => false,
        path => is_below(path, "spec"),
    }
}

fn headless_changes(field: &Field) -> bool {
    let none = |value: &Option<Value>| value.as_ref().and_then(Value::as_str) == Some("None");
    field.path == "spec.clusterIP" && none(&field.old) != none(&field.new)
}
