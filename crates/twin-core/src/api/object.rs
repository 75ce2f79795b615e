//! What the API itself writes into objects: identity, generation, status, admission.

use super::{Moment, label_keys};
use crate::registry::{Resource, Scope};
use crate::status::{Cause, Status};
use crate::tree::{DEEPEST, Map, Text, Value};
use crate::validation::name_faults;

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
    (
        "admissionregistration.k8s.io",
        &[
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "validatingwebhookconfigurations",
        ],
    ),
    ("", &["pods", "podtemplates", "replicationcontrollers"]),
];

pub(super) fn counts_generations(resource: &Resource) -> bool {
    if resource.custom.is_some() {
        return true;
    }
    let own = GENERATIONS.iter().find(|(group, _)| *group == resource.kind.group);
    own.is_some_and(|(_, plurals)| plurals.contains(&resource.plural.as_str()))
}

/// The field that writes of the object itself, or of its status, do not change.
pub(super) fn ignored(resource: &Resource, subresource: &str) -> Option<&'static str> {
    match subresource {
        "" if resource.has_status() => Some("status"),
        "status" => Some("spec"),
        _ => None,
    }
}

/// A new object with what makes it one.
pub(super) fn born(
    resource: &Resource,
    object: &Value,
    name: &str,
    namespace: &str,
    moment: Moment,
) -> Value {
    let said = object.at(&["metadata"]).and_then(Value::as_map).cloned().unwrap_or_default();
    let own = |key: &str| {
        let ours = ["name", "uid", "creationTimestamp", "generation", "resourceVersion"];
        let never = ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"];
        let place = key == "namespace" && resource.scope == Scope::Namespaced;
        ours.contains(&key) || never.contains(&key) || place
    };
    let mut metadata: Vec<_> = said.iter().filter(|(key, _)| !own(key)).cloned().collect();
    let mut add = |key, value| metadata.push((Text::new_static(key), value));
    add("name", Value::text(name));
    add("uid", moment.uid().as_str().into());
    add("creationTimestamp", moment.now.value());
    if resource.scope == Scope::Namespaced {
        add("namespace", Value::text(namespace));
    }
    if counts_generations(resource) {
        add("generation", 1.into());
    }
    object.with(&["metadata"], Value::Map(metadata.into_iter().collect()))
}

/// What sentences call an object whose name may not be drawn yet.
pub(super) fn title(object: &Value) -> &str {
    let said = |field| object.str_at(&["metadata", field]).filter(|text| !text.is_empty());
    said("name").or_else(|| said("generateName")).unwrap_or_default()
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
    let pod = object
        .with(&["status", "phase"], "Pending".into())
        .with(&["status", "qosClass"], quality(object).into());
    label_keys::merged(pod)
}

/// A new pod with what every pod has: a priority, and patience with its node.
pub(super) fn tolerated(mut pod: Value) -> Value {
    let missing = |pod: &Value, field: &str| pod.at(&["spec", field]).is_none();
    for (field, value) in
        [("priority", Value::Int(0)), ("preemptionPolicy", "PreemptLowerPriority".into())]
    {
        if missing(&pod, field) {
            pod = pod.with(&["spec", field], value);
        }
    }
    tolerant(&pod)
}

/// What admission adds to an object that is written again.
pub(super) fn readmitted(resource: &Resource, live: &Value, new: Value) -> Value {
    if resource.is("apiextensions.k8s.io", "customresourcedefinitions") {
        return super::custom::with_another_stored_version(new);
    }
    if !resource.is("", "pods") {
        return new;
    }
    let keep = |pod: Value, field: &str| match (pod.at(&["spec", field]), live.at(&["spec", field]))
    {
        (None, Some(value)) => pod.with(&["spec", field], value.clone()),
        _ => pod,
    };
    tolerant(&["priority", "preemptionPolicy"].into_iter().fold(new, keep))
}

/// A pod stays for a while on a node that is lost.
fn tolerant(pod: &Value) -> Value {
    let tolerations = pod.at(&["spec", "tolerations"]).and_then(Value::as_list);
    let mut tolerations = tolerations.map(|list| list.to_vec()).unwrap_or_default();
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
pub(super) fn quality(pod: &Value) -> &'static str {
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

/// What is stored can be read again, with the owners of its fields, which are as deep as the fields.
pub(super) fn check_levels(object: &Value) -> Result<(), Status> {
    if object.fits(DEEPEST) {
        return Ok(());
    }
    Err(Status::bad_request(format!(
        "the object, with its managedFields, is nested more than {DEEPEST} levels deep"
    )))
}

/// Refuses names that Kubernetes does not allow.
pub(super) fn check_name(resource: &Resource, object: &Value, name: &str) -> Result<(), Status> {
    let cause = |reason, message| Cause { reason, message, field: "metadata.name".to_owned() };
    let causes = if name.is_empty() {
        let message = "Required value: name or generateName is required".to_owned();
        vec![cause("FieldValueRequired", message)]
    } else {
        let faults = name_faults(resource, object, name).into_iter();
        let sentence = |fault: String| format!("Invalid value: {name:?}: {fault}");
        faults.map(|fault| cause("FieldValueInvalid", sentence(fault))).collect()
    };
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(&resource.kind.group, &resource.kind.name, name, causes))
}

/// The finalizers of an object.
pub(super) fn finalizers(object: &Value) -> usize {
    object.at(&["metadata", "finalizers"]).and_then(Value::as_list).map_or(0, |list| list.len())
}

/// Whether the same is wanted of two objects: all except their metadata and status.
pub(super) fn same_wish(a: &Value, b: &Value) -> bool {
    let wish = |key: &str| !matches!(key, "metadata" | "status" | "kind" | "apiVersion");
    same_entries(Some(a), Some(b), wish)
}

/// Whether two objects differ in nothing but the times of their managers.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    let metadata = |object| Value::at(object, &["metadata"]);
    let (before, after) = (metadata(a), metadata(b));
    same_entries(Some(a), Some(b), |key| key != "metadata")
        && same_entries(before, after, |key| !matches!(key, "managedFields" | "resourceVersion"))
        && same_managers(before, after)
}

fn same_managers(a: Option<&Value>, b: Option<&Value>) -> bool {
    let entries = |side: Option<&Value>| {
        side.and_then(|it| it.at(&["managedFields"])?.as_list().cloned()).unwrap_or_default()
    };
    let (a, b) = (entries(a), entries(b));
    let timeless = |key: &str| key != "time";
    a.len() == b.len()
        && a.iter().zip(b.iter()).all(|(a, b)| same_entries(Some(a), Some(b), timeless))
}

/// Whether two maps have equal entries under the keys that count.
fn same_entries(a: Option<&Value>, b: Option<&Value>, counts: impl Fn(&str) -> bool) -> bool {
    let of = |side: Option<&Value>| side.and_then(Value::as_map).cloned().unwrap_or_default();
    let (a, b) = (of(a), of(b));
    let counting = |map: &Map| map.iter().filter(|(key, _)| counts(key)).count();
    let equal = a.iter().filter(|(key, _)| counts(key)).all(|(key, it)| b.get(key) == Some(it));
    equal && counting(&a) == counting(&b)
}

/// A text at a path of metadata.
pub(super) fn meta(object: &Value, field: &str) -> Text {
    Text::new(object.str_at(&["metadata", field]).unwrap_or_default())
}
