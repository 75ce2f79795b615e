//! What is written where nobody wrote anything.

use super::chance::Chance;
use super::objects::{Growth, json_of, resource, tree_of, value};
use super::property::Property;
use serde_json::{Value, json};
use twin_core::schema::{Schema, apply_defaults, conform};

/// Kinds whose defaults are compared, and whose applied configurations are. Upstream's conversion
/// annotates a `DaemonSet`, ours does not.
pub(crate) const KINDS: &[&str] = &[
    "v1/Pod",
    "v1/Service",
    "v1/ConfigMap",
    "v1/Secret",
    "v1/Node",
    "v1/Namespace",
    "v1/ServiceAccount",
    "v1/Endpoints",
    "v1/PersistentVolume",
    "v1/PersistentVolumeClaim",
    "v1/ReplicationController",
    "v1/PodTemplate",
    "v1/ResourceQuota",
    "v1/LimitRange",
    "apps/v1/Deployment",
    "apps/v1/ReplicaSet",
    "apps/v1/StatefulSet",
    "batch/v1/Job",
    "batch/v1/CronJob",
    "autoscaling/v2/HorizontalPodAutoscaler",
    "networking.k8s.io/v1/NetworkPolicy",
    "networking.k8s.io/v1/Ingress",
    "networking.k8s.io/v1/IngressClass",
    "policy/v1/PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1/Role",
    "rbac.authorization.k8s.io/v1/RoleBinding",
    "rbac.authorization.k8s.io/v1/ClusterRole",
    "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
    "scheduling.k8s.io/v1/PriorityClass",
    "storage.k8s.io/v1/StorageClass",
    "discovery.k8s.io/v1/EndpointSlice",
    "coordination.k8s.io/v1/Lease",
];

pub(crate) const DEFAULTS: Property =
    Property { name: "defaults", question, ours, theirs: Value::clone, known: untimely };

fn question(chance: &mut Chance) -> Value {
    let kind = chance.one_of(KINDS);
    let object = value(chance, Growth { fields: 15, depth: 7 }, resource(kind).ty, "");
    json!({ "do": "default", "kind": kind, "object": object })
}

fn ours(question: &Value) -> Value {
    match complete(question["kind"].as_str().unwrap(), &question["object"]) {
        Ok(object) => json!({ "ok": json_of(&object) }),
        Err(error) => json!({ "error": error }),
    }
}

/// An object of a kind, with its defaults.
pub(crate) fn complete(kind: &str, object: &Value) -> Result<twin_core::tree::Value, String> {
    let (schema, resource) = (Schema::builtin(), resource(kind));
    let conformed = conform(schema, resource.ty, &tree_of(object)).map_err(|it| it.to_string())?;
    let object = apply_defaults(schema, resource.ty, &conformed.value);
    let object = object.with(&["kind"], resource.kind.name.clone().into());
    Ok(object.with(&["apiVersion"], resource.kind.api_version().into()))
}

/// Times that are none are refused by upstream only.
pub(crate) fn untimely(_: &Value, _: &Value, theirs: &Value) -> bool {
    theirs.to_string().contains("parsing time")
}
