//! Random values of Kubernetes' types, from the twin's own schema.

use super::chance::Chance;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;
use twin_core::registry::{Registry, Resource};
use twin_core::schema::{Scalar, Schema, Shape, TypeId};
use twin_core::tree;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::builtin(Schema::builtin()));

/// The resource of a kind: `apps/v1/Deployment`.
pub(crate) fn resource(kind: &str) -> &'static Resource {
    let (version, name) = kind.rsplit_once('/').unwrap();
    REGISTRY
        .iter()
        .find(|it| it.kind.name == name && it.kind.api_version() == version)
        .unwrap_or_else(|| panic!("{kind}"))
}

/// Our form of a JSON value.
pub(crate) fn tree_of(value: &Value) -> tree::Value {
    tree::decode(value.to_string().as_bytes()).unwrap()
}

/// The JSON of a value of ours.
pub(crate) fn json_of(value: &tree::Value) -> Value {
    serde_json::from_slice(&value.encoded()).unwrap()
}

/// How lush the values are.
#[derive(Clone, Copy)]
pub(crate) struct Growth {
    /// Of a hundred optional fields so many are there.
    pub(crate) fields: usize,
    pub(crate) depth: usize,
}

/// A value of a type.
pub(crate) fn value(chance: &mut Chance, growth: Growth, ty: TypeId, field: &str) -> Value {
    let schema = Schema::builtin();
    let below = Growth { depth: growth.depth.saturating_sub(1), ..growth };
    let short = schema.get(ty).name.as_deref().unwrap_or_default();
    if short.ends_with(".ObjectMeta") {
        return metadata(chance);
    }
    match schema.shape(ty) {
        Shape::Scalar(scalar) => one(chance, *scalar, field),
        Shape::Any => json!({}),
        Shape::Map { values, .. } => {
            let key = |chance: &mut Chance| chance.one_of(&["a", "b", "c", "cpu"]).to_owned();
            // Of an empty map or list upstream knows sometimes whether somebody wrote it; we do not.
            let entries = (0..=chance.below(2))
                .map(|_| (key(chance), value(chance, below, *values, field)))
                .collect::<Map<_, _>>();
            Value::Object(entries)
        }
        Shape::List { items, .. } => {
            let most = if growth.depth == 0 { 0 } else { 1 + chance.below(3) };
            (0..most).map(|_| value(chance, below, *items, field)).collect()
        }
        Shape::Struct { fields, required, .. } => {
            let mut object = Map::new();
            for (name, child) in fields {
                let wanted = if required.contains(name) { 85 } else { growth.fields };
                let leaf = matches!(schema.shape(child.ty), Shape::Scalar(_));
                if chance.percent(wanted) && (leaf || growth.depth > 0) {
                    object.insert(name.to_string(), value(chance, below, child.ty, name));
                }
            }
            Value::Object(object)
        }
    }
}

fn metadata(chance: &mut Chance) -> Value {
    let mut object = json!({ "name": "a" });
    for field in ["labels", "annotations"] {
        if chance.percent(40) {
            let names = ["a", "b", "c"];
            let some = (0..chance.below(3)).map(|_| (chance.one_of(&names), json!("x")));
            let some: Vec<_> = some.collect();
            object[field] = some.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        }
    }
    if chance.percent(15) {
        object["finalizers"] =
            (0..chance.below(3)).map(|_| json!(chance.one_of(&["x/a", "x/b"]))).collect();
    }
    object
}

/// Words that fields of these names take.
const WORDS: &[(&str, &[&str])] = &[
    ("protocol", &["TCP", "UDP", "SCTP"]),
    ("image", &["a", "a:1", "b:latest", "r.io/a@sha256:0", "r.io:80/a"]),
    ("imagePullPolicy", &["Always", "Never", "IfNotPresent"]),
    ("restartPolicy", &["Always", "Never", "OnFailure"]),
    ("scheme", &["HTTP", "HTTPS"]),
    ("operator", &["In", "NotIn", "Exists", "DoesNotExist"]),
    ("effect", &["NoSchedule", "NoExecute", ""]),
    ("sessionAffinity", &["None", "ClientIP"]),
    ("phase", &["Running", "Pending", "Failed", "Succeeded", "Bound", "Active"]),
    ("status", &["True", "False", "Unknown"]),
    ("reason", &["", "Why", "Error"]),
    ("type", &["", "ClusterIP", "RollingUpdate", "Recreate", "OnDelete", "ExternalName", "Ready"]),
];

fn one(chance: &mut Chance, scalar: Scalar, field: &str) -> Value {
    let words = WORDS.iter().find(|(name, _)| *name == field).map(|(_, words)| *words);
    match scalar {
        Scalar::String => json!(chance.one_of(words.unwrap_or(&["a", "b", "c", "d", ""]))),
        Scalar::Bytes => json!(chance.one_of(&["YQ==", "Yg==", ""])),
        Scalar::Time => json!(chance.one_of(&["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"])),
        Scalar::Int32 | Scalar::Int64 | Scalar::Number => json!(chance.below(4)),
        Scalar::Boolean => json!(chance.percent(50)),
        Scalar::IntOrString if chance.percent(50) => json!(chance.below(4)),
        Scalar::IntOrString => json!(chance.one_of(&["25%", "http"])),
        Scalar::Quantity => json!(chance.one_of(&["1", "100m", "1Gi", "2"])),
    }
}
