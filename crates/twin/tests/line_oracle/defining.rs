//! Which definitions of custom resources are refused, and with which causes.

use super::chance::Chance;
use super::judging::{causes, post};
use super::property::Property;
use serde_json::{Value, json};
use std::sync::{LazyLock, Mutex};
use twin_core::api::Api;

pub(crate) const DEFINING: Property =
    Property { name: "validation of definitions", question, ours, theirs, known: |_, _, _| false };

/// Definitions that nothing is wrong with, and what to put in their places.
static TABLE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("definitions.json")).unwrap());

fn question(chance: &mut Chance) -> Value {
    let sound = TABLE["sound"].as_array().unwrap();
    let mut object = sound[chance.below(sound.len())].clone();
    for _ in 0..=chance.below(3) {
        spoil(chance, &mut object["spec"], "");
    }
    json!({ "do": "define", "object": object })
}

/// Changes one place, somewhere.
fn spoil(chance: &mut Chance, value: &mut Value, name: &str) {
    match value {
        Value::Object(map) if !map.is_empty() && chance.percent(90) => {
            if map.contains_key("type") && chance.percent(25) {
                return graft(chance, map);
            }
            let keys: Vec<_> = map.keys().cloned().collect();
            let key = &keys[chance.below(keys.len())];
            if chance.percent(6) {
                map.remove(key);
            } else {
                spoil(chance, &mut map[key], key);
            }
        }
        Value::Array(list) if !list.is_empty() && chance.percent(90) => {
            let at = chance.below(list.len());
            if chance.percent(10) {
                list.push(list[at].clone());
            } else {
                spoil(chance, &mut list[at], name);
            }
        }
        Value::String(_) => *value = word(chance, name),
        Value::Number(_) => *value = json!(chance.below(4)),
        Value::Bool(bool) => *value = json!(!*bool),
        _ => {}
    }
}

fn word(chance: &mut Chance, name: &str) -> Value {
    let words = TABLE["words"][name].as_array().or(TABLE["words"]["other"].as_array()).unwrap();
    words[chance.below(words.len())].clone()
}

/// Gives a schema something more to say.
fn graft(chance: &mut Chance, map: &mut serde_json::Map<String, Value>) {
    let grafts = TABLE["grafts"].as_array().unwrap();
    let graft = grafts[chance.below(grafts.len())].as_object().unwrap();
    for (key, value) in graft {
        map.insert(key.clone(), value.clone());
    }
}

static API: LazyLock<Mutex<Api>> = LazyLock::new(|| Mutex::new(Api::default()));

fn ours(question: &Value) -> Value {
    let mut api = API.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let answer = post(&mut api, path, "dryRun=All", &question["object"]);
    match answer["code"].as_u64() {
        Some(422) => causes(&answer),
        Some(_) => Value::Null,
        None => json!("ok"),
    }
}

/// What rules may cost is not reckoned here, nor what a default for a whole object must have.
fn theirs(answer: &Value) -> Value {
    let status = match (answer.get("ok"), answer.get("status")) {
        (Some(_), _) => return json!("ok"),
        (None, Some(status)) => status,
        (None, None) => return Value::Null,
    };
    let all: Value = serde_json::from_str(&unnumbered(&causes(status).to_string())).unwrap();
    let unasked = ["cost exceeds budget", "rule cost", ".default.apiVersion ", ".default.kind "];
    let is_unasked = |cause: &Value| {
        cause.as_str().is_some_and(|it| unasked.iter().any(|words| it.contains(words)))
    };
    let mut rest: Vec<_> = all.as_array().unwrap().iter().filter(|it| !is_unasked(it)).collect();
    // What is said twice is said once here.
    rest.dedup();
    if rest.is_empty() { json!("ok") } else { json!(rest) }
}

/// Without the number that the type of an object gets each time: `selfType123456`.
fn unnumbered(text: &str) -> String {
    let mut parts = text.split("selfType");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = |part: &str| part.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned();
    std::iter::once(first).chain(parts.map(rest)).collect::<Vec<_>>().join("selfType")
}
