//! An applied configuration laid over a live object.

use super::set::{Step, field_step, shown_step};
use super::typed::{Form, entry, form, step_to};
use crate::schema::{Schema, Shape, Topology, TypeId};
use crate::tree::{List, Map, Text, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The live object with what the configuration says.
pub(super) fn merge(schema: &Schema, ty: TypeId, live: &Value, config: &Value) -> Value {
    values(schema, ty, Some(live), Some(config)).unwrap_or_default()
}

fn values(
    schema: &Schema,
    ty: TypeId,
    live: Option<&Value>,
    config: Option<&Value>,
) -> Option<Value> {
    let judged = config.filter(|value| !value.is_null()).or(live)?;
    match form(schema, ty, judged) {
        Form::Map => {
            let [a, b] = [live, config].map(|value| value.and_then(Value::as_map));
            if a.is_none_or(Map::is_empty) && b.is_none_or(Map::is_empty) {
                return config.or(live).cloned();
            }
            maps(schema, ty, a, b)
        }
        Form::List { items, topology } => {
            let [a, b] = [live, config].map(|value| value.and_then(Value::as_list));
            if a.is_none_or(|list| list.is_empty()) && b.is_none_or(|list| list.is_empty()) {
                return config.or(live).cloned();
            }
            lists(schema, items, topology, a, b)
        }
        Form::Leaf => config.or(live).cloned(),
    }
}

fn maps(schema: &Schema, ty: TypeId, live: Option<&Map>, config: Option<&Map>) -> Option<Value> {
    let keys: BTreeSet<_> =
        [live, config].into_iter().flatten().flat_map(Map::iter).map(|(key, _)| key).collect();
    let merged: Vec<(Text, Value)> = keys
        .into_iter()
        .filter_map(|key| {
            let [a, b] = [live, config].map(|map| map.and_then(|map| map.get(key)));
            Some((key.clone(), values(schema, entry(schema, ty, key).0, a, b)?))
        })
        .collect();
    (!merged.is_empty()).then(|| Value::Map(merged.into_iter().collect()))
}

/// One side of a list: its steps in order, and the item of each step that has just one.
struct Side<'a> {
    steps: Vec<Step>,
    items: Vec<&'a Value>,
    single: BTreeMap<Step, Option<&'a Value>>,
}

fn side<'a>(schema: &Schema, ty: TypeId, topology: &Topology, list: Option<&'a List>) -> Side<'a> {
    let mut side = Side { steps: Vec::new(), items: Vec::new(), single: BTreeMap::new() };
    for item in list.into_iter().flat_map(|list| list.iter()) {
        let Ok(step) = step_to(schema, ty, topology, item) else { continue };
        side.single.entry(step.clone()).and_modify(|known| *known = None).or_insert(Some(item));
        side.steps.push(step);
        side.items.push(item);
    }
    side
}

impl Side<'_> {
    fn has(&self, step: &Step) -> bool {
        self.single.contains_key(step)
    }
}

/// Items keep the configuration's order; those that only the live list has stay near their neighbors.
fn lists(
    schema: &Schema,
    ty: TypeId,
    topology: &Topology,
    live: Option<&List>,
    config: Option<&List>,
) -> Option<Value> {
    let live = side(schema, ty, topology, live);
    let config = side(schema, ty, topology, config);
    let mut shared = config.steps.iter().filter(|step| live.has(step));
    let mut next = shared.next();
    let mut taken = BTreeSet::new();
    let mut merged = Vec::new();
    let (mut l, mut c) = (0, 0);
    while l < live.steps.len() || c < config.steps.len() {
        if let (Some(step), Some(wanted)) = (live.steps.get(l), config.steps.get(c)) {
            if step == wanted {
                taken.insert(step);
                merged.extend(item(schema, ty, step, &live, &config));
                (l, c, next) = (l + 1, c + 1, shared.next());
                continue;
            }
            if config.has(step) && next.is_some_and(|next| next != step) {
                l += 1;
                continue;
            }
        }
        if let Some(step) = live.steps.get(l) {
            if !config.has(step) {
                merged.extend(values(schema, ty, Some(live.items[l]), None));
                l += 1;
                continue;
            }
            if taken.contains(step) {
                l += 1;
            }
        }
        if let Some(step) = config.steps.get(c) {
            taken.insert(step);
            merged.extend(item(schema, ty, step, &live, &config));
            c += 1;
            if next == Some(step) {
                next = shared.next();
            }
        }
    }
    (!merged.is_empty()).then(|| Value::from(merged))
}

fn item(
    schema: &Schema,
    ty: TypeId,
    step: &Step,
    live: &Side<'_>,
    config: &Side<'_>,
) -> Option<Value> {
    let [a, b] = [live, config].map(|side| side.single.get(step).copied().flatten());
    values(schema, ty, a, b)
}

/// Why a configuration cannot be applied: fields that its type does not have, lists whose items have
/// no key or share one, values of another kind.
pub(super) fn faults(schema: &Schema, ty: TypeId, config: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(schema, ty, config, &mut String::new(), &mut found);
    found
}

fn look(schema: &Schema, ty: TypeId, value: &Value, path: &mut String, found: &mut Vec<String>) {
    let shape = schema.shape(ty);
    match (shape, value) {
        (_, Value::Null) | (Shape::Any | Shape::Scalar(_), _) => {}
        (Shape::Struct { .. } | Shape::Map { .. }, Value::Map(map)) => {
            for (key, value) in map {
                let length = path.len();
                path.push_str(&shown_step(&field_step(key)));
                match schema.child(ty, key) {
                    Some((child, _)) => look(schema, child, value, path, found),
                    None => found.push(format!("{path}: field not declared in schema")),
                }
                path.truncate(length);
            }
        }
        (Shape::List { items, topology }, Value::List(list)) => {
            look_items(schema, *items, topology, list, path, found);
        }
        (Shape::Struct { .. } | Shape::Map { .. }, _) => {
            found.push(format!("{path}: expected map, got {}", described(value)));
        }
        (Shape::List { .. }, _) => {
            found.push(format!("{path}: expected list, got {}", described(value)));
        }
    }
}

fn look_items(
    schema: &Schema,
    ty: TypeId,
    topology: &Topology,
    list: &List,
    path: &mut String,
    found: &mut Vec<String>,
) {
    let mut seen = BTreeSet::new();
    for (at, item) in list.iter().enumerate() {
        let step = match topology {
            Topology::Atomic => format!("[{at}]"),
            _ => match step_to(schema, ty, topology, item) {
                Err(sentence) => {
                    found.push(format!("{path}: element {at}: {sentence}"));
                    continue;
                }
                Ok(step) => shown_step(&step),
            },
        };
        if !seen.insert(step.clone()) {
            found.push(format!("{path}: duplicate entries for key {step}"));
        }
        let length = path.len();
        path.push_str(&step);
        look(schema, ty, item, path, found);
        path.truncate(length);
    }
}

/// Go's `%T{%v}`, more or less: `&{value}`.
fn described(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("&{{{text}}}"),
        other => format!("&{{{other}}}"),
    }
}
