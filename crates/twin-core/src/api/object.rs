//! What the API itself writes into objects: identity, generation, status, admission.

use super::Moment;
use crate::apply::{FieldSet, field_step};
use crate::registry::{Resource, Scope};
use crate::status::{Cause, Status};
use crate::tree::{Map, Text, Value};

/// Kinds that count the changes of what is wanted, beside all that have a status of their own.
const GENERATIONS: &[(&str, &[&str])] = &[
    ("apps", &["deployments", "replicasets", "statefulsets", "daemonsets"]),
    ("batch", &["jobs", "cronjobs"]),
    ("networking.k8s.io", &["ingresses", "ingressclasses", "networkpolicies"]),
    ("discovery.k8s.io", &["endpointslices"]),
    ("policy", &["poddisruptionbudgets"]),
    ("scheduling.k8s.io", &["priorityclasses"]),
    ("autoscaling", &["horizontalpodautoscalers"]),
    ("apiextensions.k8s.io", &["customresourcedefinitions"]),
    ("resource.k8s.io", &["resourceslices", "deviceclasses"]),
    ("", &["pods", "podtemplates", "replicationcontrollers"]),
];

pub(super) fn counts_generations(resource: &Resource) -> bool {
    if resource.custom.is_some() {
        return true;
    }
    let own = GENERATIONS.iter().find(|(group, _)| *group == resource.kind.group);
    own.is_some_and(|(_, plurals)| plurals.contains(&resource.plural.as_str()))
}

/// Fields that writes of the object itself, or of its status, do not change.
pub(super) fn ignored(resource: &Resource, subresource: &str) -> FieldSet {
    let mut set = FieldSet::default();
    match subresource {
        "" if resource.has_status() => set.insert(&[field_step("status")]),
        "status" => set.insert(&[field_step("spec")]),
        _ => {}
    }
    set
}

/// A new object with what makes it one.
pub(super) fn born(
    resource: &Resource,
    object: &Value,
    name: &str,
    namespace: &str,
    moment: Moment,
) -> Value {
    let mut object = object.without(&["metadata", "resourceVersion"]);
    for gone in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"] {
        object = object.without(&["metadata", gone]);
    }
    object = object
        .with(&["metadata", "name"], name.into())
        .with(&["metadata", "uid"], moment.uid().as_str().into())
        .with(&["metadata", "creationTimestamp"], moment.now.value());
    if resource.scope == Scope::Namespaced {
        object = object.with(&["metadata", "namespace"], namespace.into());
    }
    if counts_generations(resource) {
        object = object.with(&["metadata", "generation"], 1.into());
    }
    object
}

/// Status is not what its creator says.
pub(super) fn without_status(resource: &Resource, object: &Value, empty: &Value) -> Value {
    // A kubelet registers its node with what it has.
    let own = resource.kind.group == "apiregistration.k8s.io" || resource.is("", "nodes");
    if !resource.has_status() || own {
        return object.clone();
    }
    match empty.at(&["status"]) {
        Some(status) => object.with(&["status"], status.clone()),
        None => object.without(&["status"]),
    }
}

/// What admission and the kind's own strategy add to a new object.
pub(super) fn admitted(resource: &Resource, object: &Value) -> Value {
    match (resource.kind.group.as_str(), resource.plural.as_str()) {
        ("", "pods") => pod(object),
        ("", "namespaces") => namespace(object),
        ("apiextensions.k8s.io", "customresourcedefinitions") => {
            super::custom::with_stored_version(object)
        }
        ("", "nodes") => node(object),
        ("batch", "jobs") => job(object),
        ("", "persistentvolumeclaims" | "persistentvolumes") => {
            object.with(&["status", "phase"], "Pending".into())
        }
        _ => object.clone(),
    }
}

fn namespace(object: &Value) -> Value {
    object
        .with(&["spec", "finalizers"], vec![Value::text("kubernetes")].into())
        .with(&["status", "phase"], "Active".into())
}

/// Nobody comes to a node before it was found to be ready.
fn node(object: &Value) -> Value {
    let key = "node.kubernetes.io/not-ready";
    let taints = object.at(&["spec", "taints"]).and_then(Value::as_list);
    let mut taints = taints.map(|list| list.to_vec()).unwrap_or_default();
    let has = |taint: &Value| {
        taint.str_at(&["key"]) == Some(key) && taint.str_at(&["effect"]) == Some("NoSchedule")
    };
    if taints.iter().any(has) {
        return object.clone();
    }
    taints.push(Value::from([("effect", "NoSchedule".into()), ("key", key.into())]));
    object.with(&["spec", "taints"], taints.into())
}

/// A job's pods are told from those of others by its uid, unless it says how.
fn job(object: &Value) -> Value {
    if object.at(&["spec", "manualSelector"]).and_then(Value::as_bool) == Some(true) {
        return object.clone();
    }
    let (uid, name) = (meta(object, "uid"), meta(object, "name"));
    let mut job = object.clone();
    for (label, value) in [
        ("controller-uid", &uid),
        ("job-name", &name),
        ("batch.kubernetes.io/controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
    ] {
        let path = ["spec", "template", "metadata", "labels", label];
        job = job.with(&path, value.clone().into());
    }
    let own = ["spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"];
    job.with(&own, uid.into())
}

fn pod(object: &Value) -> Value {
    let mut pod = object
        .with(&["status", "phase"], "Pending".into())
        .with(&["status", "qosClass"], quality(object).into());
    let missing = |pod: &Value, field: &str| pod.at(&["spec", field]).is_none();
    for (field, value) in
        [("priority", Value::Int(0)), ("preemptionPolicy", "PreemptLowerPriority".into())]
    {
        if missing(&pod, field) {
            pod = pod.with(&["spec", field], value);
        }
    }
    let mut tolerations = pod
        .at(&["spec", "tolerations"])
        .and_then(Value::as_list)
        .map(|list| list.to_vec())
        .unwrap_or_default();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = |toleration: &Value| {
            let of = |field: &str| toleration.str_at(&[field]).unwrap_or_default();
            (of("key") == key || of("key").is_empty()) && matches!(of("effect"), "NoExecute" | "")
        };
        if !tolerations.iter().any(tolerated) {
            tolerations.push(Value::from([
                ("effect", "NoExecute".into()),
                ("key", key.into()),
                ("operator", "Exists".into()),
                ("tolerationSeconds", 300.into()),
            ]));
        }
    }
    pod.with(&["spec", "tolerations"], tolerations.into())
}

/// How well a pod is protected when memory gets short: by its requests and limits.
fn quality(pod: &Value) -> &'static str {
    let containers = ["containers", "initContainers"]
        .iter()
        .filter_map(|field| pod.at(&["spec", field])?.as_list())
        .flat_map(|list| list.iter());
    let (mut any, mut all) = (false, true);
    for container in containers {
        let part = |field: &str| {
            container.at(&["resources", field]).and_then(Value::as_map).cloned().unwrap_or_default()
        };
        let (requests, limits) = (part("requests"), part("limits"));
        any |= !requests.is_empty() || !limits.is_empty();
        all &= ["cpu", "memory"]
            .iter()
            .all(|name| limits.get(name).is_some() && requests.get(name) == limits.get(name));
    }
    match (any, all) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/// Refuses names that Kubernetes does not allow.
pub(super) fn check_name(resource: &Resource, name: &str) -> Result<(), Status> {
    let kind = &resource.kind;
    let invalid = |reason, message: String| {
        let cause = Cause { reason, message, field: "metadata.name".to_owned() };
        Err(Status::invalid(&kind.group, &kind.name, name, vec![cause]))
    };
    if name.is_empty() {
        return invalid(
            "FieldValueRequired",
            "Required value: name or generateName is required".to_owned(),
        );
    }
    // Names of roles and their bindings are parts of paths.
    if kind.group == "rbac.authorization.k8s.io" {
        return Ok(());
    }
    let label = resource.is("", "namespaces") || resource.is("", "services");
    let part = |part: &str| {
        let bytes = part.as_bytes();
        let inner =
            bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-');
        inner
            && bytes.first().is_some_and(|b| *b != b'-')
            && bytes.last().is_some_and(|b| *b != b'-')
    };
    let (fits, limit, sentence) =
        if label { (part(name), 63, LABEL) } else { (name.split('.').all(part), 253, SUBDOMAIN) };
    if name.len() > limit {
        return invalid(
            "FieldValueInvalid",
            format!("Invalid value: {name:?}: must be no more than {limit} bytes"),
        );
    }
    if fits {
        Ok(())
    } else {
        invalid("FieldValueInvalid", format!("Invalid value: {name:?}: {sentence}"))
    }
}

/// The finalizers of an object.
pub(super) fn finalizers(object: &Value) -> usize {
    object.at(&["metadata", "finalizers"]).and_then(Value::as_list).map_or(0, |list| list.len())
}

/// What is wanted of an object: all except its metadata and status.
pub(super) fn wanted(object: &Value) -> Map {
    let parts = object.as_map().cloned().unwrap_or_default();
    let outside: &[&str] = &["metadata", "status", "kind", "apiVersion"];
    parts.iter().filter(|(key, _)| !outside.contains(&key.as_str())).cloned().collect()
}

/// Whether two objects differ in nothing but the times of their managers.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    timeless(a) == timeless(b)
}

fn timeless(object: &Value) -> Value {
    let path = ["metadata", "managedFields"];
    let Some(entries) = object.at(&path).and_then(Value::as_list) else { return object.clone() };
    let entries: Vec<_> = entries.iter().map(|entry| entry.without(&["time"])).collect();
    object.with(&path, entries.into()).without(&["metadata", "resourceVersion"])
}

/// A text at a path of metadata.
pub(super) fn meta(object: &Value, field: &str) -> Text {
    Text::new(object.str_at(&["metadata", field]).unwrap_or_default())
}
