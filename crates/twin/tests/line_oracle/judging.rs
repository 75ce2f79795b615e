//! Which objects are refused, and with which causes.

use super::chance::Chance;
use super::objects::resource;
use super::property::Property;
use serde_json::{Map, Value, json};
use std::sync::{LazyLock, Mutex};
use twin_core::api::{Api, Body, Method, Moment, Request};
use twin_core::registry::Scope;
use twin_core::time::Timestamp;

pub(crate) const JUDGING: Property =
    Property { name: "validation of new objects", question, ours, theirs, known };

/// Objects that nothing is wrong with, by kind.
static SOUND: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
    let rows: Map<String, Value> = serde_json::from_str(include_str!("sound.json")).unwrap();
    rows.into_iter().collect()
});

fn question(chance: &mut Chance) -> Value {
    let (kind, sound) = &SOUND[chance.below(SOUND.len())];
    let mut object = sound.clone();
    for _ in 0..=chance.below(2) {
        spoil(chance, &mut object);
    }
    json!({ "do": "create", "kind": kind, "object": object })
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

static API: LazyLock<Mutex<Api>> = LazyLock::new(|| {
    let mut api = Api::default();
    post(&mut api, "/api/v1/namespaces", "", &json!({ "metadata": { "name": "d" } }));
    Mutex::new(api)
});

fn ours(question: &Value) -> Value {
    let kind = question["kind"].as_str().unwrap();
    let resource = resource(kind);
    let object = &question["object"];
    // Where an object lies is said by its address, and judged before.
    let namespaced = resource.scope == Scope::Namespaced;
    if object["metadata"]["namespace"] != if namespaced { json!("d") } else { Value::Null } {
        return Value::Null;
    }
    let version = resource.kind.api_version();
    let root = if version.contains('/') { "apis" } else { "api" };
    let space = if namespaced { "/namespaces/d" } else { "" };
    let path = format!("/{root}/{version}{space}/{}", resource.plural);
    let mut api = API.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let answer = post(&mut api, &path, "dryRun=All", object);
    match answer["code"].as_u64() {
        // What cannot be read at all is another property's.
        Some(400) => Value::Null,
        Some(_) => causes(&answer),
        None => json!("ok"),
    }
}

fn post(api: &mut Api, path: &str, query: &str, object: &Value) -> Value {
    let body = object.to_string();
    let request = Request {
        method: Method::Post,
        path,
        query,
        content_type: "application/json",
        accept: "",
        user_agent: "oracle",
        body: body.as_bytes(),
    };
    let response = api.handle(&request, Moment { now: Timestamp::default(), seed: 1 });
    match response.body {
        Body::Whole(bytes) => serde_json::from_slice(&bytes).unwrap(),
        Body::Watch(_) => Value::Null,
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
fn causes(status: &Value) -> Value {
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

fn known(_: &Value, _: &Value, theirs: &Value) -> bool {
    // After a selector that cannot be read, some kinds are not looked at any further.
    let text = theirs.to_string();
    let unread = ["invalid label selector", "spec.selector FieldValueInvalid Invalid value: *\""];
    theirs.is_null() || unread.iter().any(|sentence| text.contains(sentence))
}
