//! The least that every object needs, and values that must be strings.

use std::collections::BTreeSet;

use crate::cursor::At;
use crate::finding::Findings;
use crate::rules::Context;
use crate::set::{Object, Set};
use crate::table::schema as t;

/// Kinds that should name a namespace: those that checkov looks at, and then the rest of what a
/// product is made of.
const NAMESPACED: &[&str] = &[
    "Pod",
    "Deployment",
    "DaemonSet",
    "StatefulSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
    "Service",
    "Secret",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Ingress",
    "PersistentVolumeClaim",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "LimitRange",
    "ResourceQuota",
    "Gateway",
    "HTTPRoute",
    "GRPCRoute",
    "TCPRoute",
    "TLSRoute",
    "UDPRoute",
];

/// What a field must be one of: kind, path, values.
const VALUES: &[(&str, &str, &[&str])] = &[
    ("Service", "spec.type", &["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
    ("Deployment", "spec.strategy.type", &["Recreate", "RollingUpdate"]),
    ("StatefulSet", "spec.updateStrategy.type", &["OnDelete", "RollingUpdate"]),
    ("DaemonSet", "spec.updateStrategy.type", &["OnDelete", "RollingUpdate"]),
    ("StatefulSet", "spec.podManagementPolicy", &["OrderedReady", "Parallel"]),
    ("CronJob", "spec.concurrencyPolicy", &["Allow", "Forbid", "Replace"]),
    ("PersistentVolume", "spec.persistentVolumeReclaimPolicy", &["Retain", "Delete", "Recycle"]),
    ("StorageClass", "reclaimPolicy", &["Retain", "Delete"]),
];

/// What must be there: kind, path, how to write it.
const REQUIRED: &[(&str, &str, &str)] = &[
    ("Deployment", "spec.selector", "selector:\n  matchLabels:\n    app.kubernetes.io/name: …"),
    ("StatefulSet", "spec.selector", "selector:\n  matchLabels:\n    app.kubernetes.io/name: …"),
    ("DaemonSet", "spec.selector", "selector:\n  matchLabels:\n    app.kubernetes.io/name: …"),
    ("Deployment", "spec.template", "template:\n  metadata: …\n  spec: …"),
    ("StatefulSet", "spec.template", "template:\n  metadata: …\n  spec: …"),
    ("DaemonSet", "spec.template", "template:\n  metadata: …\n  spec: …"),
    ("Job", "spec.template", "template:\n  spec: …"),
    ("CronJob", "spec.schedule", "schedule: \"30 2 * * *\""),
    ("CronJob", "spec.jobTemplate", "jobTemplate:\n  spec: …"),
    (
        "RoleBinding",
        "roleRef",
        "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: …",
    ),
    (
        "ClusterRoleBinding",
        "roleRef",
        "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: …",
    ),
    ("StorageClass", "provisioner", "provisioner: …"),
];

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    let usual = usual_namespace(cx.set);
    for object in &cx.set.objects {
        identity(object, out);
        namespace(object, usual, out);
        required(object, out);
        strings(object, out);
    }
    for pod in &cx.set.pods {
        containers(&pod.owner, &pod.spec, out);
        for container in &pod.containers {
            env_strings(&pod.owner, &container.at, out);
        }
        for at in [pod.metadata.at("labels"), pod.metadata.at("annotations")] {
            all_strings(&pod.owner, &at, out);
        }
    }
}

fn identity(object: &Object<'_>, out: &mut Findings) {
    // Kustomize and Helm read files of their own beside the objects.
    if ["Kustomization", "Component", "Chart"].contains(&object.kind) {
        return;
    }
    let root = &object.root;
    let mut missing = Vec::new();
    if object.api.is_empty() {
        missing.push("apiVersion");
    }
    if object.kind.is_empty() {
        missing.push("kind");
    }
    if object.name.is_empty() && !root.dig("metadata.generateName").is_set() {
        missing.push("metadata.name");
    }
    if missing.is_empty() {
        return;
    }
    let message = match root.node() {
        Some(node) if node.as_map().is_none() => {
            format!("the document is {}, not a Kubernetes object: kubectl refuses it", node.kind())
        }
        _ => format!("the document has no {}: kubectl refuses it", missing.join(", no ")),
    };
    let fix = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: …";
    out.add(&t::NOT_AN_OBJECT, object, root, message, fix);
}

/// The one namespace that the rest of the files names.
fn usual_namespace<'s>(set: &'s Set<'_>) -> Option<&'s str> {
    let named = |o: &'s Object<'_>| match o.kind {
        "Namespace" => o.name.as_str(),
        _ => o.namespace.as_str(),
    };
    let system = |n: &str| n.is_empty() || n == "default" || n.starts_with("kube-");
    let names: BTreeSet<_> = set.objects.iter().map(named).filter(|n| !system(n)).collect();
    names.first().copied().filter(|_| names.len() == 1)
}

fn namespace(object: &Object<'_>, usual: Option<&str>, out: &mut Findings) {
    let own = match object.kind {
        "ServiceAccount" => object.name == "default",
        "Service" => object.name == "kubernetes",
        _ => false,
    };
    if NAMESPACED.contains(&object.kind) && object.namespace == "default" && !own {
        let at = object.root.dig("metadata.namespace");
        let message = "the object lands in whatever namespace kubectl points at, which is `default` until someone says otherwise";
        let fix = match usual {
            Some(name) => format!("metadata:\n  namespace: {name}"),
            None => "metadata:\n  namespace: …  # one for each product".to_owned(),
        };
        out.add(&t::DEFAULT_NAMESPACE, object, &at, message, fix);
    }
}

fn required(object: &Object<'_>, out: &mut Findings) {
    for (kind, path, fix) in REQUIRED.iter().filter(|(kind, ..)| *kind == object.kind) {
        let at = object.root.dig(path);
        if !at.is_set() {
            let message = format!("{kind} has no {path}: the API server refuses the object");
            out.add(&t::MISSING_FIELD, object, &at, message, *fix);
        }
    }
    for (_, path, values) in VALUES.iter().filter(|(kind, ..)| *kind == object.kind) {
        let at = object.root.dig(path);
        if let Some(text) = at.text().filter(|t| !values.contains(&t.as_str())) {
            let message = format!(
                "`{text}` is none of {}: the API server refuses the object",
                values.join(", ")
            );
            out.add(&t::BAD_VALUE, object, &at, message, format!("write {}", values.join(" or ")));
        }
    }
    let replicas = object.spec().at("replicas");
    if object.replicas().is_some() && replicas.is_set() && replicas.int().is_none_or(|n| n < 0) {
        let message =
            "replicas must be a whole number, zero or more: the API server refuses the object";
        out.add(&t::BAD_VALUE, object, &replicas, message, "replicas: 2");
    }
}

fn containers(owner: &Object<'_>, spec: &At<'_>, out: &mut Findings) {
    let list = spec.at("containers");
    if list.items().is_empty() {
        let message = "the pod has no containers: the API server refuses the object";
        let fix = "containers:\n  - name: app\n    image: …";
        out.add(&t::MISSING_FIELD, owner, &list, message, fix);
    }
    for container in list.items().into_iter().chain(spec.at("initContainers").items()) {
        for port in container.at("ports").items() {
            let at = port.at("containerPort");
            if at.int().is_none_or(|n| !(1..=65535).contains(&n)) {
                let message = "containerPort must be a number from 1 to 65535: the API server refuses the object";
                out.add(&t::BAD_VALUE, owner, &at, message, "containerPort: 8080");
            }
        }
    }
}

fn strings(object: &Object<'_>, out: &mut Findings) {
    let metadata = object.root.at("metadata");
    all_strings(object, &metadata.at("labels"), out);
    all_strings(object, &metadata.at("annotations"), out);
    match object.kind {
        "ConfigMap" => all_strings(object, &object.root.at("data"), out),
        "Secret" => {
            all_strings(object, &object.root.at("data"), out);
            all_strings(object, &object.root.at("stringData"), out);
        }
        "Service" => all_strings(object, &object.spec().at("selector"), out),
        _ => {}
    }
}

fn all_strings(object: &Object<'_>, map: &At<'_>, out: &mut Findings) {
    for (key, at) in map.entries() {
        not_a_string(object, key, &at, out);
    }
}

fn env_strings(owner: &Object<'_>, container: &At<'_>, out: &mut Findings) {
    for env in container.at("env").items() {
        not_a_string(owner, "value", &env.at("value"), out);
    }
    for field in ["command", "args"] {
        for (i, at) in container.at(field).items().iter().enumerate() {
            not_a_string(owner, &format!("{field}[{i}]"), at, out);
        }
    }
}

fn not_a_string(object: &Object<'_>, key: &str, at: &At<'_>, out: &mut Findings) {
    let Some(node) = at.node().filter(|n| n.as_str().is_none()) else { return };
    let message = format!(
        "`{key}` is {}, and only a string may stand here: the API server refuses the object",
        node.kind()
    );
    let fix = match node.scalar_text() {
        // The text may be a secret: the place is shown, the value is not repeated.
        Some(_) if object.kind == "Secret" => "put it in quotes".to_owned(),
        Some(text) => format!("\"{text}\"  # in quotes"),
        None => "write the list or mapping as one text, with `|`".to_owned(),
    };
    out.add(&t::NOT_A_STRING, object, at, message, fix);
}
