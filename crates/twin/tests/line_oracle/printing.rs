//! Objects as rows for people.

use super::chance::Chance;
use super::defaults::{KINDS, complete};
use super::objects::{Growth, json_of, resource, value};
use super::property::Property;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use twin_core::table::printed;
use twin_core::time::Timestamp;

pub(crate) const PRINTING: Property = Property { name: "tables", question, ours, theirs, known };

fn question(chance: &mut Chance) -> Value {
    let kind = chance.one_of(KINDS);
    let object = value(chance, Growth { fields: 25, depth: 7 }, resource(kind).ty, "");
    json!({ "do": "table", "kind": kind, "object": said(object) })
}

/// Without empty texts, which validation refuses where they count.
fn said(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| value != "");
            Value::Object(kept.map(|(key, value)| (key, said(value))).collect())
        }
        Value::Array(list) => list.into_iter().filter(|item| item != "").map(said).collect(),
        other => other,
    }
}

fn ours(question: &Value) -> Value {
    let kind = question["kind"].as_str().unwrap();
    let Ok(object) = complete(kind, &question["object"]) else { return Value::Null };
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap());
    let table = json_of(&printed(resource(kind), &object, now));
    let mut columns = table["columnDefinitions"].clone();
    for column in columns.as_array_mut().into_iter().flatten() {
        column.as_object_mut().unwrap().remove("description");
    }
    json!({ "columns": columns, "cells": table["rows"][0]["cells"] })
}

fn theirs(answer: &Value) -> Value {
    let mut columns = answer["ok"]["columns"].clone();
    for column in columns.as_array_mut().into_iter().flatten() {
        column.as_object_mut().unwrap().remove("description");
    }
    json!({ "columns": columns, "cells": answer["ok"]["cells"] })
}

/// Upstream has no columns of its own for some kinds, and a word for selectors that validation refuses.
fn known(_: &Value, _: &Value, theirs: &Value) -> bool {
    let text = theirs["cells"].to_string();
    theirs["cells"].is_null() || text.contains("<error>") || text.contains("<invalid>")
}
