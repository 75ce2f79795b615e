//! Values with their types: which fields there are, what differs, what a merge gives.
//!
//! The rules are those of structured-merge-diff, the library behind Kubernetes' server-side apply.

use super::set::{FieldSet, Membership, Node, Step, field_step, item_step, key_step};
use crate::schema::{Grain, Schema, Shape, Topology, TypeId};
use crate::tree::{List, Map, Text, Value};
use std::collections::BTreeMap;

/// How a value is taken apart.
#[derive(Clone, Copy)]
pub(super) enum Form<'a> {
    /// One piece.
    Leaf,
    /// A map or struct whose entries have owners of their own.
    Map,
    /// A list whose items have owners of their own.
    List { items: TypeId, topology: &'a Topology },
}

/// How a value of this type is taken apart.
pub(super) fn form<'a>(schema: &'a Schema, ty: TypeId, value: &Value) -> Form<'a> {
    match schema.shape(ty) {
        Shape::Struct { grain: Grain::Granular, .. }
        | Shape::Map { grain: Grain::Granular, .. } => Form::Map,
        Shape::List { items, topology: topology @ (Topology::Set | Topology::Map(_)) } => {
            Form::List { items: *items, topology }
        }
        Shape::Any if matches!(value, Value::Map(_)) => Form::Map,
        _ => Form::Leaf,
    }
}

/// The type of an entry, and whether it is a declared field.
pub(super) fn entry(schema: &Schema, ty: TypeId, key: &str) -> (TypeId, Declared) {
    match schema.child(ty, key) {
        Some((child, Some(_))) => (child, Declared::Field),
        Some((child, None)) => (child, Declared::Entry),
        None => (schema.any(), Declared::Entry),
    }
}

/// A field that the type names, or an entry of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    Field,
    Entry,
}

/// The step to an item of a list; an error is a sentence.
pub(super) fn step_to(
    schema: &Schema,
    items: TypeId,
    topology: &Topology,
    item: &Value,
) -> Result<Step, String> {
    let Topology::Map(keys) = topology else {
        return match item {
            Value::Map(_) => {
                Err("associative list without keys has an element that's a map type".to_owned())
            }
            Value::List(_) => {
                Err("not supported: associative list with lists as elements".to_owned())
            }
            _ => Ok(item_step(item)),
        };
    };
    let map = match item {
        Value::Map(map) => map,
        Value::Null => {
            return Err("associative list with keys may not have a null element".to_owned());
        }
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    };
    let found: Map = keys.iter().filter_map(|key| key_of(schema, items, map, key)).collect();
    if found.is_empty() {
        let names: Vec<_> = keys.iter().map(|key| format!("{key:?}")).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            names.join(" ")
        ));
    }
    Ok(key_step(&Value::Map(found)))
}

fn key_of(schema: &Schema, items: TypeId, map: &Map, key: &Text) -> Option<(Text, Value)> {
    let default = || schema.child(items, key)?.1?.default.clone();
    Some((key.clone(), map.get(key).cloned().or_else(default)?))
}

/// A list's items by their steps, and the steps in order, each once.
pub(super) type Indexed<'a> = (Vec<Step>, BTreeMap<Step, Vec<&'a Value>>);

pub(super) fn indexed<'a>(
    schema: &Schema,
    items: TypeId,
    topology: &Topology,
    list: Option<&'a List>,
) -> Indexed<'a> {
    let mut order = Vec::new();
    let mut found: BTreeMap<Step, Vec<&Value>> = BTreeMap::new();
    for item in list.into_iter().flat_map(|list| list.iter()) {
        // What has no step was refused when it came in, or stays without an owner.
        let Ok(step) = step_to(schema, items, topology, item) else { continue };
        let same = found.entry(step.clone()).or_default();
        if same.is_empty() {
            order.push(step);
        }
        same.push(item);
    }
    (order, found)
}

/// The fields that an object has.
pub fn field_set(schema: &Schema, ty: TypeId, value: &Value) -> FieldSet {
    node(schema, ty, value).into()
}

fn node(schema: &Schema, ty: TypeId, value: &Value) -> Node {
    let mut found = Node::default();
    match (form(schema, ty, value), value) {
        (Form::Map, Value::Map(map)) => {
            for (key, value) in map {
                let (child, declared) = entry(schema, ty, key);
                let mut below = node(schema, child, value);
                let empty = value.is_null() || value.as_map().is_some_and(Map::is_empty);
                if empty || declared == Declared::Entry {
                    below.member = Membership::Member;
                }
                found.add(field_step(key), below);
            }
        }
        (Form::List { items, topology }, Value::List(list)) => {
            let (_, by_step) = indexed(schema, items, topology, Some(list));
            for (step, same) in by_step {
                let mut below = match same[..] {
                    [item] => node(schema, items, item),
                    _ => Node::default(),
                };
                below.member = Membership::Member;
                found.add(step, below);
            }
        }
        (Form::Map | Form::List { .. }, Value::Null) => {}
        _ => found.member = Membership::Member,
    }
    found
}

/// The object without the fields of a set; nothing if nothing is left.
pub(super) fn remove(schema: &Schema, ty: TypeId, value: &Value, set: &FieldSet) -> Option<Value> {
    match (form(schema, ty, value), value) {
        (Form::Map, Value::Map(map)) => {
            let kept = map.iter().filter_map(|(key, value)| {
                let step = field_step(key);
                let (child, _) = entry(schema, ty, key);
                Some((key.clone(), removed(schema, child, value, set, &step)?))
            });
            let kept: Map = kept.collect();
            (!kept.is_empty()).then_some(Value::Map(kept))
        }
        (Form::List { items, topology }, Value::List(list)) => {
            let kept =
                list.iter().filter_map(|item| match step_to(schema, items, topology, item) {
                    Ok(step) => removed(schema, items, item, set, &step),
                    Err(_) => Some(item.clone()),
                });
            let kept: Vec<_> = kept.collect();
            (!kept.is_empty()).then(|| Value::from(kept))
        }
        _ if matches!(schema.shape(ty), Shape::Scalar(_)) => Some(value.clone()),
        (Form::Leaf, Value::Map(_) | Value::List(_)) => None,
        _ => Some(value.clone()),
    }
}

/// What stays of the value behind a step.
fn removed(
    schema: &Schema,
    ty: TypeId,
    value: &Value,
    set: &FieldSet,
    step: &str,
) -> Option<Value> {
    if set.has(step) {
        return None;
    }
    match set.below(step) {
        Some(below) => Some(remove(schema, ty, value, &below).unwrap_or_default()),
        None => Some(value.clone()),
    }
}

/// The set with the declared fields above its members.
pub(super) fn with_named(schema: &Schema, ty: Option<TypeId>, set: &FieldSet) -> FieldSet {
    named(schema, ty, set).into()
}

fn named(schema: &Schema, ty: Option<TypeId>, set: &FieldSet) -> Node {
    let mut found = Node::default();
    for (step, member, below) in set.steps() {
        let name = step.strip_prefix("f:");
        let field = ty.zip(name).and_then(|(ty, name)| schema.child(ty, name));
        let child = match (ty, name) {
            (Some(ty), None) => match schema.shape(ty) {
                Shape::List { items, .. } => Some(*items),
                _ => None,
            },
            _ => field.map(|(child, _)| child),
        };
        let mut node = named(schema, child, &below);
        let is_declared = field.is_some_and(|(_, field)| field.is_some()) && !below.is_empty();
        node.member = if is_declared { Membership::Member } else { member };
        found.add(step.clone(), node);
    }
    found
}
