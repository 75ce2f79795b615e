//! What Kubernetes writes into an object where its author wrote nothing.
//!
//! The published documents hold some defaults; `data/defaults.json` holds those that Kubernetes sets
//! in code, by type, so that a pod template gets what a pod gets. A few depend on other fields: those
//! are functions here.

mod cluster;
mod custom;
mod pods;
mod workloads;

pub use custom::apply_custom_defaults;

use super::{Schema, Shape, TypeId, Zero, is_zero};
use crate::tree::{Map, Text, Value, decode};
use std::collections::BTreeMap;
use std::sync::LazyLock;

type Table = BTreeMap<Text, Map>;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let rows = decode(include_bytes!("../../../data/defaults.json"))
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

/// The fields of an object on the way.
type Entries = BTreeMap<Text, Value>;

fn fields(schema: &Schema, ty: TypeId, map: &Map) -> Value {
    let Shape::Struct { fields, .. } = schema.shape(ty) else { return Value::Map(map.clone()) };
    let name = schema.get(ty).name.as_deref().unwrap_or_default();
    let mut entries: Entries = map.iter().cloned().collect();
    // Of the built-in types, which have names, documents give zero values that nobody sets.
    let counts = |value: &&Value| name.is_empty() || !is_zero(value);
    let published = fields
        .iter()
        .filter_map(|(key, field)| Some((key, field.default.as_ref().filter(counts)?)));
    let known = TABLE.get(name);
    for (key, default) in known.into_iter().flatten().map(|(k, v)| (k, v)).chain(published) {
        let zero = fields.get(key).map_or(Zero::Something, |field| field.zero);
        if entries.get(key).is_none_or(|value| says_nothing(value, zero)) {
            entries.insert(key.clone(), default.clone());
        }
    }
    dependent(name, &mut entries);
    let child = |(key, value): (Text, Value)| {
        let value =
            fields.get(&key).map_or(value.clone(), |f| apply_defaults(schema, f.ty, &value));
        (key, value)
    };
    Value::Map(entries.into_iter().map(child).collect())
}

/// Whether nobody wrote this, but Go.
fn says_nothing(value: &Value, zero: Zero) -> bool {
    value.is_null() || (zero == Zero::Shown && is_zero(value))
}

/// Defaults that depend on other fields.
fn dependent(name: &str, entries: &mut Entries) {
    if name.ends_with(".apiextensions.v1.CustomResourceDefinitionNames") {
        return cluster::names(entries);
    }
    let short = name.strip_prefix("io.k8s.api.").unwrap_or_default();
    match short {
        "core.v1.Container" | "core.v1.EphemeralContainer" => {
            pods::pull_policy(entries, "image", "imagePullPolicy");
        }
        "core.v1.ImageVolumeSource" => pods::pull_policy(entries, "reference", "pullPolicy"),
        "core.v1.Volume" => pods::volume(entries),
        "core.v1.PodSpec" => pods::service_account(entries),
        "core.v1.Pod" => pods::pod(entries),
        "core.v1.PodStatus" => pods::addresses(entries),
        "core.v1.Namespace" => cluster::namespace(entries),
        "core.v1.Secret" => cluster::secret(entries),
        "core.v1.Service" => cluster::service(entries),
        "core.v1.ServicePort" => cluster::target_port(entries),
        "core.v1.NodeSpec" => cluster::ranges(entries),
        "core.v1.NodeStatus" => cluster::allocatable(entries),
        "core.v1.LimitRangeItem" => cluster::limits(entries),
        "rbac.v1.Subject" => cluster::subject(entries),
        "networking.v1.NetworkPolicySpec" => cluster::policy_types(entries),
        "core.v1.ReplicationController" => workloads::labelled(entries),
        "apps.v1.DeploymentStrategy" => workloads::deployment(entries),
        "apps.v1.DaemonSetUpdateStrategy" => {
            workloads::rolling(entries, &[("maxSurge", 0.into()), ("maxUnavailable", 1.into())]);
        }
        "apps.v1.StatefulSetUpdateStrategy" => workloads::stateful(entries),
        "apps.v1.StatefulSetSpec" => workloads::claims(entries),
        "batch.v1.Job" => workloads::job(entries),
        "autoscaling.v2.HorizontalPodAutoscalerBehavior" => workloads::behavior(entries),
        _ => {}
    }
}

/// Sets a field that nobody set.
fn fill(entries: &mut Entries, field: &'static str, value: impl Into<Value>) {
    entries.entry(Text::new_static(field)).or_insert_with(|| value.into());
}

fn text<'a>(entries: &'a Entries, field: &str) -> &'a str {
    entries.get(field).and_then(Value::as_str).unwrap_or_default()
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
