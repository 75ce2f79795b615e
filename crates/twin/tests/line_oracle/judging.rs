//! Which objects are refused, and with which causes.

use super::chance::Chance;
use super::objects::resource;
use super::property::Property;
use serde_json::{Map, Value, json};
use std::sync::{LazyLock, Mutex};
use twin_core::api::{Api, Body, Method, Moment, Request};
use twin_core::registry::{Resource, Scope};
use twin_core::time::Timestamp;

pub(crate) const JUDGING: Property =
    Property { name: "validation of new objects", question, ours, theirs, known: |_, _, _| false };

/// Objects that nothing is wrong with, by kind.
static SOUND: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
    let rows: Map<String, Value> = serde_json::from_str(include_str!("sound.json")).unwrap();
    rows.into_iter().collect()
});

pub(crate) const CHANGES: Property = Property {
    name: "validation of changes",
    question: change,
    ours: changed,
    theirs,
    known: |_, _, _| false,
};

fn question(chance: &mut Chance) -> Value {
    let (kind, sound) = &SOUND[chance.below(SOUND.len())];
    let mut object = sound.clone();
    for _ in 0..=chance.below(2) {
        spoil(chance, &mut object);
    }
    keep(&mut object, sound, &["namespace"]);
    json!({ "do": "create", "kind": kind, "object": object })
}

/// Gives an object fields of its metadata back: of one that lies elsewhere there is nothing to ask.
fn keep(object: &mut Value, sound: &Value, fields: &[&str]) {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    for field in fields {
        if let Some(value) = sound["metadata"].get(*field) {
            object["metadata"][*field] = value.clone();
        }
    }
}

/// Kinds whose objects an API server completes in other places than their strategy.
const COMPLETED: &[&str] = &["batch/v1/Job", "v1/Service", "v1/Namespace"];

fn change(chance: &mut Chance) -> Value {
    let (kind, sound) = loop {
        let row = &SOUND[chance.below(SOUND.len())];
        if !COMPLETED.contains(&row.0.as_str()) {
            break row;
        }
    };
    let mut object = sound.clone();
    for _ in 0..=chance.below(2) {
        spoil(chance, &mut object);
    }
    keep(&mut object, sound, &["namespace", "name"]);
    json!({ "do": "update", "kind": kind, "old": sound, "object": object })
}

/// Changes one place, somewhere.
fn spoil(chance: &mut Chance, value: &mut Value) {
    match value {
        Value::Object(map) if !map.is_empty() && chance.percent(92) => {
            let keys: Vec<_> = map.keys().cloned().collect();
            let key = &keys[chance.below(keys.len())];
            if chance.percent(8) {
                map.remove(key);
            } else {
                spoil(chance, &mut map[key]);
            }
        }
        Value::Array(list) if !list.is_empty() && chance.percent(85) => {
            let at = chance.below(list.len());
            if chance.percent(20) {
                list.push(list[at].clone());
            } else {
                spoil(chance, &mut list[at]);
            }
        }
        Value::String(_) => *value = json!(chance.one_of(WORDS)),
        Value::Number(_) => *value = json!(NUMBERS[chance.below(NUMBERS.len())]),
        Value::Bool(bool) => *value = json!(!*bool),
        Value::Object(_) => *value = json!({}),
        Value::Array(_) => *value = json!([]),
        Value::Null => {}
    }
}

const WORDS: &[&str] = &[
    "",
    "a",
    "A",
    "A_",
    "a b",
    "a.b",
    "-a",
    "a-",
    "x.io/a",
    "x.io/",
    "/a",
    "a/../b",
    "http",
    "1",
    "Always",
    "Never",
    "TCP",
    "In",
    "Exists",
    "101%",
    "5%",
    "None",
    "é",
    "Recreate",
    "OnDelete",
    "kubernetes.io/tls",
    "LoadBalancer",
    "ExternalName",
];
const NUMBERS: &[i64] = &[-1, 0, 1, 2, 5, 80, 70_000, 2_000_000_000];

/// With a namespace, and all that is sound in it.
static API: LazyLock<Mutex<Api>> = LazyLock::new(|| {
    let mut api = Api::default();
    post(&mut api, "/api/v1/namespaces", "", &json!({ "metadata": { "name": "d" } }));
    // What sound pods name.
    let class = json!({ "metadata": { "name": "urgent" }, "value": 0 });
    post(&mut api, "/apis/scheduling.k8s.io/v1/priorityclasses", "", &class);
    for (kind, object) in SOUND.iter() {
        let answer = post(&mut api, &address(resource(kind)), "", &named(object, "sound"));
        assert!(answer["code"].is_null(), "{answer}");
    }
    Mutex::new(api)
});

fn named(object: &Value, name: &str) -> Value {
    let mut object = object.clone();
    object["metadata"]["name"] = json!(name);
    object
}

fn address(resource: &Resource) -> String {
    let version = resource.kind.api_version();
    let root = if version.contains('/') { "apis" } else { "api" };
    let namespaced = resource.scope == Scope::Namespaced;
    let space = if namespaced { "/namespaces/d" } else { "" };
    format!("/{root}/{version}{space}/{}", resource.plural)
}

pub(crate) fn post(api: &mut Api, path: &str, query: &str, object: &Value) -> Value {
    send(api, Method::Post, path, query, object)
}

fn send(api: &mut Api, method: Method, path: &str, query: &str, object: &Value) -> Value {
    let body = object.to_string();
    let request = Request {
        method,
        path,
        query,
        content_type: "application/json",
        accept: "",
        user_agent: "oracle",
        user: None,
        body: body.as_bytes(),
    };
    let response = api.handle(&request, Moment { now: Timestamp::default(), seed: 1 });
    match response.body {
        Body::Whole(bytes) => serde_json::from_slice(&bytes).unwrap(),
        Body::Watch(_) | Body::Log(_) => Value::Null,
    }
}

fn lies_well(resource: &Resource, object: &Value) -> bool {
    // Where an object lies is said by its address, and judged before.
    let namespaced = resource.scope == Scope::Namespaced;
    object["metadata"]["namespace"] == if namespaced { json!("d") } else { Value::Null }
}

fn ours(question: &Value) -> Value {
    let resource = resource(question["kind"].as_str().unwrap());
    if !lies_well(resource, &question["object"]) {
        return Value::Null;
    }
    let mut api = API.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    verdict(&post(&mut api, &address(resource), "dryRun=All", &question["object"]))
}

/// The change of an object that is as the question's old one.
fn changed(question: &Value) -> Value {
    let resource = resource(question["kind"].as_str().unwrap());
    let (old, new) = (&question["old"], &question["object"]);
    let named_alike = new["metadata"]["name"] == "a" && old["metadata"]["name"] == "a";
    if !named_alike || !lies_well(resource, new) || !SOUND.iter().any(|(_, sound)| sound == old) {
        return Value::Null;
    }
    let mut api = API.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = format!("{}/sound", address(resource));
    let live = send(&mut api, Method::Get, &path, "", &Value::Null);
    let mut new = named(new, "sound");
    // Some kinds are replaced by their version alone, which is not what is asked here.
    if new["metadata"]["resourceVersion"].is_null() {
        new["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
    }
    verdict(&send(&mut api, Method::Put, &path, "dryRun=All", &new))
}

fn verdict(answer: &Value) -> Value {
    match answer["code"].as_u64() {
        // What cannot be read at all is another property's. What a cluster has no class for is not
        // judged.
        Some(400 | 403) => Value::Null,
        Some(_) => causes(answer),
        None => json!("ok"),
    }
}

fn theirs(answer: &Value) -> Value {
    match (answer.get("ok"), answer.get("status")) {
        (Some(_), _) => json!("ok"),
        (None, Some(status)) => causes(status),
        // Types that do not fit are another property's.
        (None, None) => Value::Null,
    }
}

/// The causes of a refusal, sorted: where, why, and the sentence.
pub(crate) fn causes(status: &Value) -> Value {
    let all = status["details"]["causes"].as_array().cloned().unwrap_or_default();
    let mut all: Vec<_> = all
        .iter()
        .map(|cause| {
            let text = |field: &str| cause[field].as_str().unwrap_or_default();
            format!("{} {} {}", text("field"), text("reason"), plain(text("message")))
        })
        .collect();
    all.sort();
    json!(all)
}

/// A sentence without the object that it quotes: upstream prints its own structs.
fn plain(message: &str) -> String {
    for start in ["Invalid value: ", "Unsupported value: ", "Duplicate value: "] {
        let Some(rest) = message.strip_prefix(start) else { continue };
        if rest.starts_with(['{', '[']) || rest.starts_with("null") {
            let end = rest.rfind(['}', ']']).map_or(rest, |at| &rest[at + 1..]);
            return format!("{start}*{}", end.strip_prefix("null").unwrap_or(end));
        }
    }
    message.lines().next().unwrap_or_default().to_owned()
}
