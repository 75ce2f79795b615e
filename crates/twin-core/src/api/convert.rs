//! One object in several versions: as it is kept, and as a version shows it.

use super::{Api, Call};
use crate::registry::{Kind, Resource};
use crate::schema::prune_custom;
use crate::status::Status;
use crate::store::Key;
use crate::tree::{Map, Text, Value};

/// What an Event is called in the core group, and in its own.
const EVENT: [(&str, &str); 7] = [
    ("count", "deprecatedCount"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("involvedObject", "regarding"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
];
const EVENTS: &str = "events.k8s.io";
/// How the first version of autoscalers names the share of CPU that it aims at, and has.
const TARGET: [&str; 2] = ["spec", "targetCPUUtilizationPercentage"];
const CURRENT: [&str; 2] = ["status", "currentCPUUtilizationPercentage"];

impl Api {
    /// What is stored at the address of a request, as its version shows it.
    pub(super) fn live(&self, call: &Call<'_>) -> Result<Value, Status> {
        let kept = &self.stored(call)?.tree;
        Ok(shown(&call.address.resource, kept))
    }

    /// Stores an object, and gives it with its version.
    pub(super) fn keep(&mut self, resource: &Resource, key: &Key, object: &Value) -> Value {
        let kept = Self::known_there(resource, kept(resource, object));
        shown(resource, &self.store.put(&resource.table, key, &kept).tree)
    }
}

impl Api {
    /// What another version wrote, without what the version in which it is kept does not know.
    fn known_there(resource: &Resource, kept: Value) -> Value {
        match resource.custom.as_ref().and_then(|custom| custom.kept.as_ref()) {
            Some(openapi) => prune_custom(openapi, &kept),
            None => kept,
        }
    }
}

/// An object of a version as it is kept.
fn kept(resource: &Resource, object: &Value) -> Value {
    let object = if resource.kind == resource.kept {
        object.clone()
    } else {
        converted(object, &resource.kind, &resource.kept)
    };
    match (resource.kept.group.as_str(), resource.kept.name.as_str()) {
        ("", "Event") => full_event(&object),
        ("autoscaling", "HorizontalPodAutoscaler") => full_autoscaler(object),
        _ => object,
    }
}

/// A kept object as a version has it.
pub(super) fn shown(resource: &Resource, kept: &Value) -> Value {
    if is_shown_as_kept(resource, kept) {
        return kept.clone();
    }
    let converted = converted(kept, &resource.kept, &resource.kind);
    match &resource.custom {
        Some(custom) => prune_custom(&custom.openapi, &converted),
        None => converted,
    }
}

/// Whether a kept object is already as a version has it. A definition can change the version in
/// which objects are kept, and they stay as they are until they are written.
pub(super) fn is_shown_as_kept(resource: &Resource, kept: &Value) -> bool {
    match &resource.custom {
        None => resource.kept == resource.kind,
        Some(_) => kept.str_at(&["apiVersion"]) == Some(resource.kind.api_version().as_str()),
    }
}

/// An object of one version as another version of the same resource shows it.
pub(super) fn as_version(object: &Value, from: &Resource, to: &Resource) -> Value {
    if from.kind == to.kind { object.clone() } else { converted(object, &from.kind, &to.kind) }
}

fn converted(object: &Value, from: &Kind, to: &Kind) -> Value {
    let object = match (from.name.as_str(), from.group.as_str(), to.version.as_str()) {
        ("Event", EVENTS, _) => renamed(object, EVENT.map(|(core, own)| (own, core))),
        ("Event", "", _) => own_event(object),
        ("HorizontalPodAutoscaler", "autoscaling", "v1") => first_autoscaler(object),
        ("HorizontalPodAutoscaler", "autoscaling", _) => second_autoscaler(object),
        _ => object.clone(),
    };
    object.with(&["apiVersion"], to.api_version().into())
}

fn renamed<const N: usize>(object: &Value, names: [(&str, &'static str); N]) -> Value {
    let Some(map) = object.as_map() else { return object.clone() };
    let name = |key: &Text| {
        let found = names.iter().find(|(from, _)| key == from);
        found.map_or_else(|| key.clone(), |(_, to)| Text::new_static(to))
    };
    Value::Map(map.iter().map(|(key, value)| (name(key), value.clone())).collect())
}

/// What Go leaves out of this type if it is empty.
fn own_event(object: &Value) -> Value {
    let event = renamed(object, EVENT);
    ["reportingController", "reportingInstance"]
        .into_iter()
        .filter(|field| event.str_at(&[field]) == Some(""))
        .fold(event.clone(), |event, field| event.without(&[field]))
}

/// What Go writes of this type even if nobody set it.
fn full_event(event: &Value) -> Value {
    let empty = || Value::Map(Map::default());
    [
        ("involvedObject", empty()),
        ("source", empty()),
        ("firstTimestamp", Value::Null),
        ("lastTimestamp", Value::Null),
        ("eventTime", Value::Null),
        ("reportingComponent", "".into()),
        ("reportingInstance", "".into()),
    ]
    .into_iter()
    .filter(|(field, _)| event.at(&[field]).is_none())
    .fold(event.clone(), |event, (field, value)| event.with(&[field], value))
}

fn is_cpu(metric: &Value) -> bool {
    metric.str_at(&["resource", "name"]) == Some("cpu")
}

/// The share of CPU among metrics, in the part of each that says it.
fn share(object: &Value, list: [&str; 2], part: &str) -> Option<Value> {
    let list = object.at(&list)?.as_list()?;
    let mut found = list.iter().filter(|metric| is_cpu(metric));
    found.find_map(|metric| metric.at(&["resource", part, "averageUtilization"]).cloned())
}

fn first_autoscaler(object: &Value) -> Value {
    let (target, current) = (
        share(object, ["spec", "metrics"], "target"),
        share(object, ["status", "currentMetrics"], "current"),
    );
    let object = ["metrics", "behavior"]
        .into_iter()
        .fold(object.clone(), |object, field| object.without(&["spec", field]));
    let object = ["currentMetrics", "conditions"]
        .into_iter()
        .fold(object, |object, field| object.without(&["status", field]));
    let object = match object.at(&["status", "currentReplicas"]) {
        None => object.with(&["status", "currentReplicas"], 0.into()),
        Some(_) => object,
    };
    [(TARGET, target), (CURRENT, current)].into_iter().fold(object, |object, (path, share)| {
        match share {
            Some(share) => object.with(&path, share),
            None => object,
        }
    })
}

fn second_autoscaler(object: &Value) -> Value {
    let metric = |part: &'static str, share: &Value| {
        let mut how = Value::from([("averageUtilization", share.clone())]);
        if part == "target" {
            how = how.with(&["type"], "Utilization".into());
        }
        let resource = Value::from([("name", "cpu".into()), (part, how)]);
        Value::from(vec![Value::from([("type", "Resource".into()), ("resource", resource)])])
    };
    [(TARGET, ["spec", "metrics"], "target"), (CURRENT, ["status", "currentMetrics"], "current")]
        .into_iter()
        .fold(object.clone(), |object, (from, to, part)| match object.at(&from) {
            Some(share) => object.without(&from).with(&to, metric(part, share)),
            None => object,
        })
}

/// What Go writes of this type even if nobody set it, and what it leaves out.
fn full_autoscaler(object: Value) -> Value {
    let object = match object.at(&["status", "currentReplicas"]) {
        Some(Value::Int(0)) => object.without(&["status", "currentReplicas"]),
        _ => object,
    };
    match object.at(&["status", "currentMetrics"]) {
        None => object.with(&["status", "currentMetrics"], Value::Null),
        Some(_) => object,
    }
}
