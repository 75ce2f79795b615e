//! Types as schemas of `OpenAPI`.

use super::words::{of_field, of_named, of_type};
use crate::registry::{Kind, Registry, Resource};
use crate::schema::{Field, Grain, KeyPatch, ListPatch, Scalar, Schema, Shape, Topology, TypeId};
use crate::tree::{Map, Text, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The schemas of these types and of all that they refer to.
pub(super) fn reached(schema: &Schema, registry: &Registry, resources: &[&Arc<Resource>]) -> Value {
    let always = ["io.k8s.api.autoscaling.v1.Scale", DELETE_OPTIONS];
    let roots = resources.iter().map(|resource| resource.ty);
    let mut open: Vec<_> = roots.chain(always.iter().filter_map(|it| schema.named(it))).collect();
    let mut found: BTreeMap<Text, Value> = BTreeMap::new();
    for resource in resources {
        if let Some(custom) = &resource.custom {
            open.extend(schema.named(OBJECT_META));
            found.insert(custom_name(&resource.kind), defined(&resource.kind, &custom.openapi));
        }
    }
    while let Some(ty) = open.pop() {
        let Some(name) = schema.get(ty).name.clone() else { continue };
        if found.contains_key(&name) {
            continue;
        }
        let mut walk = Walk { schema, open: &mut open };
        let mut definition = walk.shape(ty);
        let kinds: Vec<_> =
            registry.iter().filter(|it| it.ty == ty).map(|it| gvk(&it.kind)).collect();
        if !kinds.is_empty() {
            definition = definition.with(&["x-kubernetes-group-version-kind"], kinds.into());
        }
        if let Some(words) = of_type(&name) {
            definition = definition.with(&["description"], words.clone());
        }
        found.insert(name, definition);
    }
    Value::Map(found.into_iter().collect())
}

/// What a definition says of its kind, with what all kinds have.
pub(super) fn defined(kind: &Kind, openapi: &Value) -> Value {
    let text = Value::from([("type", "string".into())]);
    let metadata = Value::from([("allOf", vec![reference(OBJECT_META)].into())]);
    // All kinds have the same words for these.
    let described = |value: Value, field: &str| match of_named(ANY_KIND, field) {
        Some(words) => value.with(&["description"], words.clone()),
        None => value,
    };
    openapi
        .with(&["type"], "object".into())
        .with(&["properties", "apiVersion"], described(text.clone(), "apiVersion"))
        .with(&["properties", "kind"], described(text, "kind"))
        .with(&["properties", "metadata"], described(metadata, "metadata"))
        .with(&["x-kubernetes-group-version-kind"], vec![gvk(kind)].into())
}

/// `com.example.v1.Cheese`
pub(super) fn custom_name(kind: &Kind) -> Text {
    let group: Vec<_> = kind.group.rsplit('.').collect();
    Text::from(format!("{}.{}.{}", group.join("."), kind.version, kind.name))
}

const ANY_KIND: &str = "io.k8s.api.core.v1.ConfigMap";
const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";

/// A kind as extensions of documents name it.
pub(super) fn gvk(kind: &Kind) -> Value {
    Value::from([
        ("group", kind.group.clone().into()),
        ("version", kind.version.clone().into()),
        ("kind", kind.name.clone().into()),
    ])
}

/// Where a type stands in its document.
fn reference(name: &str) -> Value {
    Value::from([("$ref", Value::text(format!("#/components/schemas/{name}")))])
}

struct Walk<'a> {
    schema: &'a Schema,
    open: &'a mut Vec<TypeId>,
}

impl Walk<'_> {
    /// A reference to a type with a name, else what it looks like.
    fn expression(&mut self, ty: TypeId) -> Value {
        match &self.schema.get(ty).name {
            Some(name) => {
                self.open.push(ty);
                reference(name)
            }
            None => self.shape(ty),
        }
    }

    fn shape(&mut self, ty: TypeId) -> Value {
        let schema = self.schema;
        match schema.shape(ty) {
            Shape::Any => Value::from([("type", "object".into())]),
            Shape::Scalar(scalar) => of_scalar(*scalar),
            Shape::Map { values, grain } => {
                let values = self.expression(*values);
                let map =
                    Value::from([("type", "object".into()), ("additionalProperties", values)]);
                grained(map, *grain)
            }
            Shape::List { items, topology } => self.list(*items, topology),
            Shape::Struct { fields, required, grain } => {
                let fields: Map = fields
                    .iter()
                    .map(|(key, it)| (key.clone(), self.field(it, of_field(schema, ty, key))))
                    .collect();
                let mut value =
                    Value::from([("type", "object".into()), ("properties", Value::Map(fields))]);
                if !required.is_empty() {
                    value = value.with(&["required"], texts(required));
                }
                grained(value, *grain)
            }
        }
    }

    fn list(&mut self, items: TypeId, topology: &Topology) -> Value {
        let items = self.expression(items);
        let list = Value::from([("type", "array".into()), ("items", items)]);
        let typed = |kind: &str| list.with(&["x-kubernetes-list-type"], kind.into());
        match topology {
            Topology::Atomic => typed("atomic"),
            Topology::Set => typed("set"),
            Topology::Map(keys) => typed("map").with(&["x-kubernetes-list-map-keys"], texts(keys)),
        }
    }

    fn field(&mut self, field: &Field, words: Option<&Value>) -> Value {
        let mut value = self.expression(field.ty);
        let bare = value.at(&["$ref"]).is_none();
        let mut extras = Vec::new();
        extras.extend(words.map(|words| ("description", words.clone())));
        if let Some(default) = &field.default {
            extras.push(("default", default.clone()));
        }
        let (merge, key) = match &field.patch.lists {
            ListPatch::Replace => (None, None),
            ListPatch::Unite => (Some("merge"), None),
            ListPatch::MergeBy(key) => (Some("merge"), Some(key)),
            ListPatch::Whole => (Some("replace"), None),
        };
        let retain = (field.patch.keys == KeyPatch::Retain).then_some("retainKeys");
        let strategy: Vec<_> = merge.into_iter().chain(retain).collect();
        if !strategy.is_empty() {
            extras.push(("x-kubernetes-patch-strategy", Value::text(strategy.join(","))));
        }
        extras.extend(key.map(|key| ("x-kubernetes-patch-merge-key", key.clone().into())));
        // Beside a reference nothing else counts.
        if !bare && !extras.is_empty() {
            value = Value::from([("allOf", vec![value].into())]);
        }
        extras.into_iter().fold(value, |value, (key, extra)| value.with(&[key], extra))
    }
}

fn texts(list: &[Text]) -> Value {
    list.iter().cloned().map(Value::Text).collect::<Vec<_>>().into()
}

fn grained(value: Value, grain: Grain) -> Value {
    match grain {
        Grain::Granular => value,
        Grain::Atomic => value.with(&["x-kubernetes-map-type"], "atomic".into()),
    }
}

fn of_scalar(scalar: Scalar) -> Value {
    let (ty, format) = match scalar {
        Scalar::String => ("string", ""),
        Scalar::Bytes => ("string", "byte"),
        Scalar::Time => ("string", "date-time"),
        Scalar::Int32 => ("integer", "int32"),
        Scalar::Int64 => ("integer", "int64"),
        Scalar::Number => ("number", "double"),
        Scalar::Boolean => ("boolean", ""),
        Scalar::IntOrString => return either("integer", Some("int-or-string")),
        Scalar::Quantity => return either("number", None),
    };
    let value = Value::from([("type", ty.into())]);
    if format.is_empty() { value } else { value.with(&["format"], format.into()) }
}

/// A string or something else.
fn either(other: &str, format: Option<&str>) -> Value {
    let of = |ty: &str| Value::from([("type", ty.into())]);
    let value = Value::from([("oneOf", vec![of("string"), of(other)].into())]);
    format.map_or(value.clone(), |format| value.with(&["format"], format.into()))
}
