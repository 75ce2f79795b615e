//! What Kubernetes writes into an object where its author wrote nothing.
//!
//! The published documents hold some defaults; `data/defaults.json` holds those that Kubernetes sets
//! in code, by type, so that a pod template gets what a pod gets. A few depend on other fields: those
//! are functions here.

use super::{Schema, Shape, TypeId, is_zero};
use crate::tree::{Map, Text, Value, decode};
use std::collections::BTreeMap;
use std::sync::LazyLock;

type Table = BTreeMap<Text, Map>;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let rows = decode(include_bytes!("../../data/defaults.json"))
        .expect("the table is checked in, and a test reads it");
    let rows = rows.as_map().cloned().unwrap_or_default();
    rows.iter().filter_map(|(name, row)| Some((name.clone(), row.as_map()?.clone()))).collect()
});

/// The value with its type's defaults.
pub fn apply_defaults(schema: &Schema, ty: TypeId, value: &Value) -> Value {
    match (schema.shape(ty), value) {
        (Shape::Struct { .. }, Value::Map(map)) => fields(schema, ty, map),
        (Shape::Map { values, .. }, Value::Map(map)) => {
            let entry = |(key, value): &(Text, Value)| {
                (key.clone(), apply_defaults(schema, *values, value))
            };
            Value::Map(map.iter().map(entry).collect())
        }
        (Shape::List { items, .. }, Value::List(list)) => {
            let items = list.iter().map(|item| apply_defaults(schema, *items, item));
            Value::from(items.collect::<Vec<_>>())
        }
        _ => value.clone(),
    }
}

fn fields(schema: &Schema, ty: TypeId, map: &Map) -> Value {
    let Shape::Struct { fields, .. } = schema.shape(ty) else { return Value::Map(map.clone()) };
    let name = schema.get(ty).name.as_deref().unwrap_or_default();
    let mut entries: BTreeMap<Text, Value> = map.iter().cloned().collect();
    // Of the built-in types, which have names, documents give zero values that nobody sets.
    let counts = |value: &&Value| name.is_empty() || !is_zero(value);
    let published = fields
        .iter()
        .filter_map(|(key, field)| Some((key, field.default.as_ref().filter(counts)?)));
    let known = TABLE.get(name);
    for (key, default) in known.into_iter().flatten().map(|(k, v)| (k, v)).chain(published) {
        entries.entry(key.clone()).or_insert_with(|| default.clone());
    }
    dependent(name, &mut entries);
    let child = |(key, value): (Text, Value)| {
        let value =
            fields.get(&key).map_or(value.clone(), |f| apply_defaults(schema, f.ty, &value));
        (key, value)
    };
    Value::Map(entries.into_iter().map(child).collect())
}

fn dependent(name: &str, entries: &mut BTreeMap<Text, Value>) {
    match name {
        "io.k8s.api.core.v1.Container" | "io.k8s.api.core.v1.EphemeralContainer" => {
            pull_policy(entries);
        }
        "io.k8s.api.core.v1.PodSpec" => service_account(entries),
        "io.k8s.api.core.v1.Pod" => pod(entries),
        "io.k8s.api.core.v1.Namespace" => namespace(entries),
        "io.k8s.api.core.v1.ServicePort" => target_port(entries),
        "io.k8s.api.apps.v1.DeploymentStrategy" => {
            rolling(entries, &[("maxSurge", "25%".into()), ("maxUnavailable", "25%".into())]);
        }
        "io.k8s.api.apps.v1.DaemonSetUpdateStrategy" => {
            rolling(entries, &[("maxSurge", 0.into()), ("maxUnavailable", 1.into())]);
        }
        "io.k8s.api.apps.v1.StatefulSetUpdateStrategy" => {
            rolling(entries, &[("partition", 0.into())]);
        }
        "io.k8s.api.batch.v1.JobSpec" => job(entries),
        "io.k8s.api.networking.v1.NetworkPolicySpec" => policy_types(entries),
        _ => {}
    }
}

fn pull_policy(entries: &mut BTreeMap<Text, Value>) {
    let image = entries.get("image").and_then(Value::as_str).unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    let tag = name.split_once(':').map_or("latest", |(_, tag)| tag);
    let pinned = name.contains('@') || tag != "latest";
    let policy = if pinned { "IfNotPresent" } else { "Always" };
    entries.entry("imagePullPolicy".into()).or_insert_with(|| policy.into());
}

/// The two names of one field follow each other.
fn service_account(entries: &mut BTreeMap<Text, Value>) {
    for (from, to) in
        [("serviceAccountName", "serviceAccount"), ("serviceAccount", "serviceAccountName")]
    {
        if let Some(name) = entries.get(from).cloned() {
            entries.entry(to.into()).or_insert(name);
        }
    }
}

/// What a pod gets and a template does not.
fn pod(entries: &mut BTreeMap<Text, Value>) {
    let Some(mut spec) = entries.get("spec").cloned() else { return };
    if spec.at(&["enableServiceLinks"]).is_none() {
        spec = spec.with(&["enableServiceLinks"], Value::Bool(true));
    }
    for field in ["containers", "initContainers"] {
        if let Some(list) = spec.at(&[field]).and_then(Value::as_list) {
            let containers: Vec<_> = list.iter().map(requests).collect();
            spec = spec.with(&[field], containers.into());
        }
    }
    entries.insert("spec".into(), spec);
}

/// Who limits a resource and does not say what is requested, requests the limit.
fn requests(container: &Value) -> Value {
    let part = |field: &str| container.at(&["resources", field]).and_then(Value::as_map);
    let Some(limits) = part("limits").filter(|limits| !limits.is_empty()) else {
        return container.clone();
    };
    let empty = Map::default();
    let both: Map = limits.iter().chain(part("requests").unwrap_or(&empty)).cloned().collect();
    container.with(&["resources", "requests"], Value::Map(both))
}

/// A namespace can be selected by its name.
fn namespace(entries: &mut BTreeMap<Text, Value>) {
    let Some(metadata) = entries.get("metadata") else { return };
    if let Some(name) = metadata.at(&["name"]).cloned() {
        let metadata = metadata.with(&["labels", "kubernetes.io/metadata.name"], name);
        entries.insert("metadata".into(), metadata);
    }
}

fn target_port(entries: &mut BTreeMap<Text, Value>) {
    if let Some(port) = entries.get("port").cloned() {
        entries.entry("targetPort".into()).or_insert(port);
    }
}

fn rolling(entries: &mut BTreeMap<Text, Value>, defaults: &[(&str, Value)]) {
    let kind = entries.entry("type".into()).or_insert_with(|| "RollingUpdate".into());
    if kind.as_str() != Some("RollingUpdate") {
        return;
    }
    let given = entries.get("rollingUpdate").and_then(Value::as_map).cloned().unwrap_or_default();
    let defaults = defaults.iter().map(|(key, value)| (Text::new(key), value.clone()));
    let all: Map = defaults.chain(given.iter().cloned()).collect();
    entries.insert("rollingUpdate".into(), Value::Map(all));
}

fn job(entries: &mut BTreeMap<Text, Value>) {
    if !entries.contains_key("completions") && !entries.contains_key("parallelism") {
        entries.insert("completions".into(), 1.into());
    }
    entries.entry("parallelism".into()).or_insert_with(|| 1.into());
}

fn policy_types(entries: &mut BTreeMap<Text, Value>) {
    let mut types = vec![Value::text("Ingress")];
    if entries.contains_key("egress") {
        types.push(Value::text("Egress"));
    }
    entries.entry("policyTypes".into()).or_insert_with(|| Value::from(types));
}

#[cfg(test)]
mod tests {
    use super::{TABLE, apply_defaults};
    use crate::schema::Schema;
    use crate::tree::decode;

    #[test]
    fn the_table_names_types_that_exist() {
        let schema = Schema::builtin();
        for (name, fields) in TABLE.iter() {
            let ty = schema.named(name).unwrap_or_else(|| panic!("{name}"));
            for (field, _) in fields {
                assert!(schema.child(ty, field).is_some(), "{name}.{field}");
            }
        }
    }

    #[test]
    fn a_container_gets_its_defaults_wherever_it_stands() {
        let schema = Schema::builtin();
        let value = decode(br#"{"template":{"spec":{"containers":[{"name":"a","image":"b:1","ports":[{"containerPort":1}]}]}}}"#).unwrap();
        let ty = schema.named("io.k8s.api.apps.v1.ReplicaSetSpec").unwrap();
        let text = apply_defaults(schema, ty, &value).to_string();
        for part in [
            r#""imagePullPolicy":"IfNotPresent""#,
            r#""protocol":"TCP""#,
            r#""replicas":1"#,
            r#""restartPolicy":"Always""#,
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
