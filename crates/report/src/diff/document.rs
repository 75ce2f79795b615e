//! The JSON of a plan, as far as differences need it.

use super::NotAPlan;
use crate::json::API_VERSION;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One document; everything in it is borrowed.
#[derive(Clone, Debug)]
pub(super) struct Document<'d> {
    pub(super) app: &'d str,
    pub(super) namespace: &'d str,
    /// By `origin`.
    pub(super) objects: BTreeMap<&'d str, Object<'d>>,
    /// Choices with their reasons, by object and field.
    pub(super) decisions: BTreeMap<(&'d str, &'d str), Vec<(&'d str, &'d str)>>,
}

/// One object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'d> {
    pub(super) kind: &'d str,
    pub(super) name: &'d str,
    pub(super) service: Option<&'d str>,
    pub(super) fields: &'d Map<String, Value>,
}

impl<'d> Document<'d> {
    pub(super) fn read(value: &'d Value) -> Result<Self, NotAPlan> {
        let version = text(value, "apiVersion")?;
        if version != API_VERSION {
            return Err(NotAPlan(format!("its apiVersion is `{version}`, not `{API_VERSION}`")));
        }
        let plan = value.get("plan").ok_or_else(|| missing("plan"))?;
        let mut objects = BTreeMap::new();
        for object in list(value, "objects")? {
            objects.insert(text(object, "origin")?, Object::read(object)?);
        }
        let mut decisions: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for decision in list(value, "decisions")? {
            let key = (text(decision, "object")?, text(decision, "field")?);
            let choice = (text(decision, "chosen")?, text(decision, "why")?);
            decisions.entry(key).or_default().push(choice);
        }
        let (app, namespace) = (text(plan, "app")?, text(plan, "namespace")?);
        Ok(Self { app, namespace, objects, decisions })
    }
}

impl<'d> Object<'d> {
    fn read(value: &'d Value) -> Result<Self, NotAPlan> {
        Ok(Self {
            kind: text(value, "kind")?,
            name: text(value, "name")?,
            service: value.get("service").and_then(Value::as_str),
            fields: value
                .get("fields")
                .and_then(Value::as_object)
                .ok_or_else(|| missing("fields"))?,
        })
    }
}

fn text<'d>(value: &'d Value, key: &str) -> Result<&'d str, NotAPlan> {
    value.get(key).and_then(Value::as_str).ok_or_else(|| missing(key))
}

fn list<'d>(value: &'d Value, key: &str) -> Result<&'d Vec<Value>, NotAPlan> {
    value.get(key).and_then(Value::as_array).ok_or_else(|| missing(key))
}

fn missing(key: &str) -> NotAPlan {
    NotAPlan(format!("`{key}` is missing or of another type"))
}
