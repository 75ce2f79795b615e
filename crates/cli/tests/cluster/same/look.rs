//! What is there: objects and events, as paths and values that can be compared.

use super::names::Names;
use super::normal;
use crate::kit::{Place, Shop};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Objects by kind and name, each with its values by path.
pub(super) type Look = BTreeMap<String, Leaves>;

/// Values by path: words with a space between them.
pub(super) type Leaves = BTreeMap<String, String>;

/// Kinds in the product's namespace.
const KINDS: &str = "configmaps,secrets,services,serviceaccounts,persistentvolumeclaims,\
    deployments,replicasets,statefulsets,controllerrevisions,jobs,cronjobs,pods,\
    horizontalpodautoscalers,poddisruptionbudgets,networkpolicies,leases,endpointslices,\
    endpoints,roles,rolebindings";

/// Looks at everything; events that are known from before do not count.
pub(super) fn at(place: &Place, names: &mut Names, old: &BTreeSet<String>) -> Look {
    let mut objects = place.list(Shop::NAMESPACE, KINDS);
    let ours = |volume: &Value| volume["spec"]["claimRef"]["namespace"] == Shop::NAMESPACE;
    objects.extend(place.list("", "persistentvolumes").into_iter().filter(ours));
    objects.extend(place.list("", "nodes"));
    objects.extend(place.get("", &format!("namespace/{}", Shop::NAMESPACE)));
    names.learn(&objects);
    let mut events = events(place);
    events.retain(|event| !old.contains(&version(event)));
    names.learn(&events);
    let mut look = numbered(objects.iter().map(|object| leaves(object, names)).collect());
    tell(&events, names, &mut look);
    look
}

/// Events about the product and about nodes.
pub(super) fn events(place: &Place) -> Vec<Value> {
    let mut events = place.list(Shop::NAMESPACE, "events");
    let of_node = |event: &Value| event["involvedObject"]["kind"] == "Node";
    events.extend(place.list("default", "events").into_iter().filter(of_node));
    events
}

/// What makes an event one that was not seen yet.
pub(super) fn version(event: &Value) -> String {
    format!("{} {}", event["metadata"]["uid"], event["metadata"]["resourceVersion"])
}

/// Whether an object has become what it should be, and nothing of it is about to end.
pub(super) fn is_calm(object: &Value) -> bool {
    let (spec, status) = (&object["spec"], &object["status"]);
    if object["kind"] == "Pod" {
        return object["metadata"]["deletionTimestamp"].is_null();
    }
    let wanted = spec["replicas"].as_u64().unwrap_or(1);
    let all = ["replicas", "readyReplicas", "updatedReplicas", "availableReplicas"];
    status["observedGeneration"] == object["metadata"]["generation"]
        && all.iter().all(|field| status[field].as_u64().unwrap_or(0) == wanted)
}

/// An object by kind and name, with what is to be compared.
fn leaves(object: &Value, names: &Names) -> (String, Leaves) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = text(&object["kind"]);
    let name = names.said(&text(&object["metadata"]["name"]));
    let mut leaves = Leaves::new();
    let mut object = object.clone();
    normal::relate(&mut object);
    flatten(&object, &mut Vec::new(), &mut |path, value| {
        if let Some(value) = normal::kept(&kind, path, value) {
            let path: Vec<_> = path.iter().map(|word| names.said(word)).collect();
            leaves.insert(path.join(" "), names.said(&value.to_string()));
        }
    });
    (format!("{kind}/{name}"), leaves)
}

/// Objects of one name get numbers, in the order of what they are.
fn numbered(mut objects: Vec<(String, Leaves)>) -> Look {
    objects.sort();
    let mut look = Look::new();
    for (name, leaves) in objects {
        let generated = name.ends_with('*');
        let free =
            (1..).map(|number| if generated { format!("{name}{number}") } else { name.clone() });
        let name = free.into_iter().find(|name| !look.contains_key(name) || !generated);
        look.insert(name.expect("numbers do not end"), leaves);
    }
    look
}

/// Adds events: about which service's object, of which kind, and why. How often something was told is
/// a matter of time.
fn tell(events: &[Value], names: &Names, look: &mut Look) {
    for event in events {
        let about = &event["involvedObject"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = names.said(&text(&about["name"]));
        let name = if about["kind"] == "Pod" { without_revision(&name) } else { name };
        let key = format!("Event/{} {name} {}", text(&about["kind"]), text(&event["reason"]));
        let leaves = look.entry(key).or_default();
        leaves.insert("type".to_owned(), event["type"].to_string());
        let part = about["fieldPath"].as_str().unwrap_or_default();
        leaves.insert(format!("part {part}"), json!(true).to_string());
    }
}

/// `app-#2-*` as `app-*`: which pods of which revision were hit is chance.
fn without_revision(name: &str) -> String {
    let words = name.split('-').filter(|word| !word.starts_with('#'));
    words.collect::<Vec<_>>().join("-")
}

/// Calls for each value that holds no others.
fn flatten(value: &Value, path: &mut Vec<String>, each: &mut impl FnMut(&[String], &Value)) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => {
            let key = key_of(items);
            let word = |(at, item): (usize, &Value)| match key.map(|key| &item[key]) {
                Some(Value::String(text)) => text.clone(),
                _ => at.to_string(),
            };
            items.iter().enumerate().map(|it| (word(it), it.1)).collect()
        }
        _ => Vec::new(),
    };
    if parts.is_empty() {
        return each(path, value);
    }
    for (word, part) in parts {
        path.push(word);
        flatten(part, path, each);
        path.pop();
    }
}

/// The field that tells the items of a list apart, if they have one.
fn key_of(items: &[Value]) -> Option<&'static str> {
    ["type", "name", "mountPath"].into_iter().find(|key| {
        let words: BTreeSet<_> = items.iter().filter_map(|item| item[key].as_str()).collect();
        words.len() == items.len()
    })
}
