//! What Kubernetes asks of its own kinds beyond the shape of their types.
//!
//! What can be said of one field stands in `data/rules.json`, by type, so that a pod template is judged
//! as a pod is. What concerns several fields are functions here, by type too; what may not change is in
//! [`changes`]. The sentences are those of Kubernetes.

mod changes;
mod cluster;
mod definition;
mod metadata;
mod network;
mod pods;
mod quantity;
mod rules;
mod webhooks;
mod workloads;

pub(crate) use definition::{Additional, SchemaView, warnings as definition_warnings};
pub(crate) use metadata::name_faults;
pub(crate) use quantity::nanos;

use crate::causes::Causes;
use crate::names::quoted;
use crate::registry::Resource;
use crate::schema::{PatternReader, Schema, Shape, TypeId};
use crate::status::Cause;
use crate::tree::{Map, Text, Value};
use rules::{Judge, RULES};
use std::collections::BTreeSet;

/// What is wrong with an object of a built-in kind; `old` is what it replaces.
pub(crate) fn faults(
    schema: &Schema,
    resource: &Resource,
    object: &Value,
    old: Option<&Value>,
) -> Vec<Cause> {
    let mut walk = Walk::new(schema);
    // They cannot change, so what is wrong in them is not asked.
    if old.is_some() && resource.is("apps", "statefulsets") {
        walk.unasked.push("spec.volumeClaimTemplates[");
    }
    let moment = metadata::Moment::of(resource, old);
    if moment == metadata::Moment::First {
        metadata::judge(&mut walk, resource, object);
    }
    // Of these only what may not change is looked at again.
    let once = old.is_some() && resource.is("scheduling.k8s.io", "priorityclasses");
    if let (Value::Map(map), false) = (object, once) {
        walk.fields(resource.ty, map);
    }
    if resource.is("apiextensions.k8s.io", "customresourcedefinitions") {
        definition::judge(&mut walk, object, old);
    }
    match old {
        Some(old) => changes::judge(&mut walk, resource, object, old),
        None => changes::judge_new(&mut walk, resource, object),
    }
    if moment == metadata::Moment::IfSound && walk.found.is_empty() {
        metadata::judge(&mut walk, resource, object);
    }
    walk.found.distinct().into_vec()
}

/// Where something stands that stood before already: so many looks as there are keys, not pairs.
fn repeats<K: Ord>(keys: impl Iterator<Item = Option<K>>) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let mut is_repeated = |key: Option<K>| key.is_some_and(|key| !seen.insert(key));
    keys.enumerate().filter_map(|(at, key)| is_repeated(key).then_some(at)).collect()
}

/// A look through an object, and what it found.
struct Walk<'a> {
    schema: &'a Schema,
    path: String,
    found: Causes,
    /// What is wrong where a path starts like one of these is not said.
    unasked: Vec<&'static str>,
    /// Volumes that pods get beside those that their template names.
    claims: Vec<Text>,
    patterns: PatternReader,
}

impl<'a> Walk<'a> {
    fn new(schema: &'a Schema) -> Self {
        Self {
            schema,
            path: String::new(),
            found: Causes::default(),
            unasked: Vec::new(),
            claims: Vec::new(),
            patterns: PatternReader::default(),
        }
    }
}

impl Walk<'_> {
    fn say(&mut self, reason: &'static str, message: String) {
        if !self.unasked.iter().any(|start| self.path.starts_with(start)) {
            self.found.say(reason, &self.path, message);
        }
    }

    fn required(&mut self, detail: &str) {
        let message = match detail {
            "" => "Required value".to_owned(),
            detail => format!("Required value: {detail}"),
        };
        self.say("FieldValueRequired", message);
    }

    fn invalid(&mut self, value: &Value, sentence: &str) {
        let colon = if sentence.is_empty() { "" } else { ": " };
        let message = format!("Invalid value: {}{colon}{sentence}", shown(value));
        self.say("FieldValueInvalid", message);
    }

    fn invalid_text(&mut self, text: &str, sentences: &[String]) {
        for sentence in sentences {
            self.say("FieldValueInvalid", format!("Invalid value: {}: {sentence}", quoted(text)));
        }
    }

    fn forbidden(&mut self, sentence: &str) {
        self.say("FieldValueForbidden", format!("Forbidden: {sentence}"));
    }

    fn duplicate(&mut self, value: &Value) {
        self.say("FieldValueDuplicate", format!("Duplicate value: {}", shown(value)));
    }

    fn unsupported(&mut self, value: &Value, known: &[&str]) {
        let known: Vec<_> = known.iter().map(|word| quoted(word)).collect();
        let (value, known) = (shown(value), known.join(", "));
        let message = format!("Unsupported value: {value}: supported values: {known}");
        self.say("FieldValueNotSupported", message);
    }

    /// Looks at what lies one step further: a field, `[0]`, `[key]`; not, if nothing is to be added.
    fn below(&mut self, step: &str, judge: impl FnOnce(&mut Self)) {
        if self.found.is_full() {
            return;
        }
        let length = self.path.len();
        if length > 0 && !step.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(step);
        judge(self);
        self.path.truncate(length);
    }

    fn each<'v>(&mut self, list: &'v [Value], mut judge: impl FnMut(&mut Self, &'v Value)) {
        for (at, item) in list.iter().enumerate() {
            self.below(&format!("[{at}]"), |walk| judge(walk, item));
        }
    }

    fn value(&mut self, ty: TypeId, value: &Value) {
        let schema = self.schema;
        if !RULES.matter(ty) {
            return;
        }
        match (schema.shape(ty), value) {
            (Shape::Struct { .. }, Value::Map(map)) => self.fields(ty, map),
            (Shape::List { items, .. }, Value::List(list)) => {
                self.each(list, |walk, item| walk.value(*items, item));
            }
            (Shape::Map { values, .. }, Value::Map(map)) => {
                for (key, value) in map {
                    self.below(&format!("[{key}]"), |walk| walk.value(*values, value));
                }
            }
            _ => {}
        }
    }

    fn fields(&mut self, ty: TypeId, map: &Map) {
        let schema = self.schema;
        if let Some(row) = RULES.of(ty) {
            for (field, judges) in &row.fields {
                let value = map.get(field).filter(|value| !value.is_null());
                self.below(field, |walk| walk.field(judges, value));
            }
            if let Some(judge) = row.whole {
                judge(self, map);
            }
        }
        for (key, value) in map {
            if let Some((child, _)) = schema.child(ty, key)
                && RULES.matter(child)
                && !(self.path.is_empty() && (key == "status" || key == "metadata"))
            {
                self.below(key, |walk| walk.value(child, value));
            }
        }
    }

    fn field(&mut self, judges: &[Judge], value: Option<&Value>) {
        for judge in judges {
            match (judge, value) {
                (Judge::Required(detail), value) => {
                    if value.is_none_or(is_nothing) {
                        self.required(detail);
                        return;
                    }
                }
                (judge, Some(value)) => judge.judge(self, value),
                (_, None) => {}
            }
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Int(int) => *int == 0,
        Value::Null => true,
        Value::Bool(_) | Value::Float(_) => false,
    }
}

/// A value as a sentence has it.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        other => other.to_string(),
    }
}

/// The items of a list; none, if there is no list.
fn items<'v>(map: &'v Map, field: &str) -> &'v [Value] {
    map.get(field).and_then(Value::as_list).map_or(&[], |list| list)
}

fn text<'v>(map: &'v Map, field: &str) -> &'v str {
    map.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(map: &Map, field: &str) -> i64 {
    map.get(field).and_then(Value::as_int).unwrap_or(0)
}

fn part<'v>(map: &'v Map, field: &str) -> Option<&'v Map> {
    map.get(field).and_then(Value::as_map)
}

#[cfg(test)]
mod tests;
