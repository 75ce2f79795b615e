//! Writes of several managers: what they leave, who owns what, and where they conflict.

use super::chance::Chance;
use super::defaults::{KINDS, complete, untimely};
use super::objects::{Growth, json_of, resource, tree_of, value};
use super::property::Property;
use serde_json::{Map, Value, json};
use std::sync::{LazyLock, Mutex};
use twin_core::apply::{Force, Memo, Writer, apply, update};
use twin_core::schema::{Schema, empty};
use twin_core::time::Timestamp;

pub(crate) const APPLYING: Property =
    Property { name: "server-side apply", question, ours, theirs, known };

fn question(chance: &mut Chance) -> Value {
    let kind = chance.one_of(KINDS);
    let ty = resource(kind).ty;
    let growth = Growth { fields: 12, depth: 6 };
    let first = value(chance, growth, ty, "");
    let mut steps = Vec::new();
    for turn in 0..=chance.below(4) {
        let mut object = if turn > 0 && chance.percent(70) {
            let other = value(chance, growth, ty, "");
            mixed(chance, &first, &other)
        } else {
            value(chance, growth, ty, "")
        };
        let (version, name) = kind.rsplit_once('/').unwrap();
        object["apiVersion"] = json!(version);
        object["metadata"]["name"] = json!("a");
        object["kind"] = json!(name);
        steps.push(json!({
            "manager": chance.one_of(&["m", "n"]),
            "apply": chance.percent(75),
            "force": chance.percent(40),
            "object": object,
        }));
    }
    json!({ "do": "apply", "kind": kind, "steps": steps })
}

/// Parts of both.
fn mixed(chance: &mut Chance, one: &Value, other: &Value) -> Value {
    let (Value::Object(a), Value::Object(b)) = (one, other) else {
        return if chance.percent(50) { one.clone() } else { other.clone() };
    };
    let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
    let kept = keys.filter_map(|key| match (a.get(key), b.get(key)) {
        (Some(x), Some(y)) => Some((key.clone(), mixed(chance, x, y))),
        (x, y) => chance.percent(70).then(|| (key.clone(), x.or(y).unwrap().clone())),
    });
    Value::Object(kept.collect())
}

/// One for all cases: what it remembers must not tell.
static MEMO: LazyLock<Mutex<Memo>> = LazyLock::new(Mutex::default);

fn ours(question: &Value) -> Value {
    if !is_sound(question) {
        return Value::Null;
    }
    let kind = question["kind"].as_str().unwrap();
    let (schema, resource) = (Schema::builtin(), resource(kind));
    let version = resource.kind.api_version();
    let ignored = resource.has_status().then_some("status");
    let mut memo = MEMO.lock().unwrap();
    let mut live = empty(schema, resource.ty);
    let mut outcomes = Vec::new();
    for step in question["steps"].as_array().unwrap() {
        let writer = Writer {
            schema,
            ty: resource.ty,
            api_version: &version,
            manager: step["manager"].as_str().unwrap_or_default(),
            subresource: "",
            ignored,
            now: Some(Timestamp::default()),
        };
        let next = if step["apply"] == true {
            let force = if step["force"] == true { Force::Take } else { Force::Refuse };
            let merged = apply(&writer, &live, &tree_of(&step["object"]), force);
            let merged = merged.map_err(|error| error.to_string());
            merged.and_then(|merged| complete(kind, &json_of(&merged)))
        } else {
            complete(kind, &step["object"]).map(|object| update(&writer, &live, &object, &mut memo))
        };
        match next {
            Ok(object) => {
                outcomes.push(json!({ "object": json_of(&object) }));
                live = object;
            }
            Err(error) => outcomes.push(json!({ "error": error })),
        }
    }
    let mut answer = json!({ "ok": outcomes });
    timeless(&mut answer);
    answer
}

/// Without the times of writes, and with several faults in one order.
fn timeless(answer: &mut Value) {
    for outcome in answer["ok"].as_array_mut().into_iter().flatten() {
        if let Some(error) = outcome["error"].as_str() {
            let mut lines: Vec<_> = error.lines().collect();
            lines.sort_unstable();
            *outcome = json!({ "error": lines.join("\n") });
        }
        let entries = outcome.pointer_mut("/object/metadata/managedFields");
        for entry in entries.and_then(Value::as_array_mut).into_iter().flatten() {
            entry.as_object_mut().unwrap().remove("time");
        }
    }
}

fn theirs(answer: &Value) -> Value {
    let mut answer = answer.clone();
    for outcome in answer["ok"].as_array_mut().into_iter().flatten() {
        // What an API server says around it is not the library's.
        if let Some(("failed to create typed patch object (", rest)) =
            outcome["error"].as_str().and_then(|it| it.split_at_checked(37))
        {
            let (_, error) = rest.split_once("): ").unwrap();
            *outcome = json!({ "error": error });
        }
    }
    timeless(&mut answer);
    answer
}

/// Whether each step says who does what: a smaller question may not.
fn is_sound(question: &Value) -> bool {
    let kind = &resource(question["kind"].as_str().unwrap()).kind;
    let whole = |step: &Value| {
        let object = &step["object"];
        ["manager", "apply", "force"].iter().all(|key| step.get(*key).is_some())
            && !step["manager"].as_str().unwrap_or_default().is_empty()
            && ["kind", "apiVersion"].iter().all(|key| object.get(*key).is_some())
            // An empty configuration changes nothing, and upstream then writes nothing.
            && object["metadata"]["name"] == "a"
            && object["kind"] == *kind.name
            && object["apiVersion"] == *kind.api_version()
    };
    question["steps"].as_array().is_some_and(|steps| steps.iter().all(whole))
}

/// An update with list items that lack their keys is not noted upstream: owners stay, or are forgotten.
fn known(question: &Value, ours: &Value, theirs: &Value) -> bool {
    if untimely(question, ours, theirs) {
        return true;
    }
    let steps = question["steps"].as_array().unwrap();
    let [ours, theirs] =
        [ours, theirs].map(|side| side["ok"].as_array().cloned().unwrap_or_default());
    let Some(at) = ours.iter().zip(&theirs).position(|(a, b)| a != b) else { return false };
    let owners = |outcome: &Value| outcome.pointer("/object/metadata/managedFields").cloned();
    let before = theirs[..at].iter().rev().find(|outcome| outcome.get("object").is_some());
    let untouched = owners(&theirs[at]).is_none()
        || before.is_some_and(|before| owners(before) == owners(&theirs[at]));
    // A key that is an empty text is one until it is stored: then Go leaves it out.
    let stored = steps[..at].iter().any(|step| lacks_keys(&step["object"]));
    if steps[at]["apply"] == true {
        return stored && at > 0;
    }
    untouched && unowned(&ours[at]) == unowned(&theirs[at]) && lacks_keys(&steps[at]["object"])
}

fn unowned(outcome: &Value) -> Value {
    let mut outcome = outcome.clone();
    if let Some(Value::Object(metadata)) = outcome.pointer_mut("/object/metadata") {
        metadata.remove("managedFields");
    }
    outcome
}

/// Whether a list has an item that nothing tells from others.
fn lacks_keys(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.values().any(lacks_keys),
        Value::Array(list) => list.iter().any(|item| {
            let keyless = |map: &Map<String, Value>| {
                let names = ["name", "key", "type", "ip", "port"];
                names.iter().all(|key| map.get(*key).is_none_or(|value| value == ""))
            };
            item.as_object().is_some_and(keyless) || lacks_keys(item)
        }),
        _ => false,
    }
}
