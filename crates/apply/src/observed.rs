//! What is seen of a product's namespace.

use crate::id::Id;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Pods, workloads, events, claims and quotas of a namespace, as a watch delivers them.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    objects: BTreeMap<Id, Value>,
}

impl Observed {
    /// An object is there, or has changed. What is older than what was seen is late, and no news: a
    /// watch may still tell of the time before a write of ours.
    pub fn apply(&mut self, object: Value) {
        let Some(id) = Id::of(&object) else { return };
        if self.objects.get(&id).is_none_or(|seen| age(seen) <= age(&object)) {
            self.objects.insert(id, object);
        }
    }

    /// An object is gone; one that has taken its name since is not.
    pub fn delete(&mut self, object: &Value) {
        let Some(id) = Id::of(object) else { return };
        let uid = |of: &Value| of.pointer("/metadata/uid").cloned();
        if self.objects.get(&id).is_some_and(|seen| uid(seen) == uid(object)) {
            self.objects.remove(&id);
        }
    }

    /// A kind is listed anew: what is not in the list is gone.
    pub fn reset(&mut self, kind: &str, objects: Vec<Value>) {
        let listed: BTreeSet<Id> = objects.iter().filter_map(Id::of).collect();
        self.objects.retain(|id, _| id.kind != kind || listed.contains(id));
        for object in objects {
            self.apply(object);
        }
    }

    /// One object.
    pub fn get(&self, id: &Id) -> Option<&Value> {
        self.objects.get(id)
    }

    /// All objects of a kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects.iter().filter(move |(id, _)| id.kind == kind).map(|(_, object)| object)
    }

    /// All objects of a kind that another one controls.
    pub(crate) fn owned_by<'a>(
        &'a self,
        kind: &'a str,
        owner: &'a Value,
    ) -> impl Iterator<Item = &'a Value> {
        let uid = owner.pointer("/metadata/uid").and_then(Value::as_str);
        self.of_kind(kind).filter(move |object| {
            let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
            let mut owners = owners.into_iter().flatten();
            uid.is_some() && owners.any(|owner| owner["uid"].as_str() == uid)
        })
    }

    /// Messages of events about an object, with their reason, the newest last.
    pub(crate) fn events_of<'a>(&'a self, object: &'a Value) -> Vec<(&'a str, &'a str)> {
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str);
        let mut events: Vec<(&str, &str, &str)> = self
            .of_kind("Event")
            .filter(|event| uid.is_some() && involved(event) == uid)
            .map(|event| (seen(event), text(event, "reason"), message(event)))
            .collect();
        events.sort_by_key(|(seen, ..)| *seen);
        events.into_iter().map(|(_, reason, message)| (reason, message)).collect()
    }
}

/// When it was made, and how often its specification has changed since.
fn age(object: &Value) -> (&str, u64) {
    let made = object.pointer("/metadata/creationTimestamp").and_then(Value::as_str);
    let generation = object.pointer("/metadata/generation").and_then(Value::as_u64);
    (made.unwrap_or_default(), generation.unwrap_or_default())
}

/// The two event APIs name the same things differently.
fn involved(event: &Value) -> Option<&str> {
    let object = event.get("involvedObject").or_else(|| event.get("regarding"))?;
    object.get("uid")?.as_str()
}

fn message(event: &Value) -> &str {
    event.get("message").or_else(|| event.get("note")).and_then(Value::as_str).unwrap_or_default()
}

fn seen(event: &Value) -> &str {
    let times = ["/lastTimestamp", "/series/lastObservedTime", "/eventTime"];
    let found = times.iter().find_map(|pointer| event.pointer(pointer)?.as_str());
    found.unwrap_or_default()
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn late_news_is_no_news() {
        let object = |uid: &str, made: &str, generation: u64| {
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "uid": uid,
                "creationTimestamp": made, "generation": generation}})
        };
        let mut observed = Observed::default();
        let id = Id::of(&object("1", "", 0)).unwrap();
        let (old, new, next) = (object("1", "10", 1), object("1", "10", 2), object("2", "20", 1));
        observed.apply(new.clone());
        observed.apply(old.clone());
        assert_eq!(observed.get(&id), Some(&new));
        observed.apply(next.clone());
        observed.apply(new.clone());
        observed.delete(&old);
        assert_eq!(observed.get(&id), Some(&next));
        observed.reset("Pod", Vec::new());
        assert_eq!(observed.get(&id), None);
    }
}
