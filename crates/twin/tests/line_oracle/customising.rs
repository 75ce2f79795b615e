//! Which objects of random schemas are refused, and with which causes.

use super::chance::Chance;
use super::judging::causes;
use super::property::Property;
use serde_json::{Map, Value, json};
use twin_core::schema::Custom;

pub(crate) const CUSTOMISING: Property =
    Property { name: "validation of custom resources", question, ours, theirs, known };

fn question(chance: &mut Chance) -> Value {
    let spec = schema(chance, 2);
    let value = value(chance, &spec);
    let openapi = json!({ "type": "object", "properties": { "spec": spec } });
    json!({ "do": "custom", "schema": openapi, "object": object(&value) })
}

/// What else an object must have is judged elsewhere.
fn object(spec: &Value) -> Value {
    json!({
        "apiVersion": "example.dev/v1",
        "kind": "Thing",
        "metadata": { "name": "a" },
        "spec": spec,
    })
}

const TYPES: &[&str] = &["string", "integer", "number", "boolean", "array", "object", "either"];
const PATTERNS: &[&str] = &["^[^[]+$", "^{a}$", "^a{1,2}$", r"^\d+$", "b"];
const FORMATS: &[&str] = &["date", "hostname", "ipv4", "byte", "duration", "email", "nobody"];
const TEXTS: &[&str] = &["", "a", "aa", "b", "{a}", "[", "12", "a-b-c", "2024-02-29", "10.0.0.1"];
const FIELDS: &[&str] = &["a", "b", "c"];

fn number(chance: &mut Chance) -> Value {
    const FLOATS: &[f64] = &[0.5, 1.5, 2.5, -0.25, 3e9, 1e20, 1e21, 1e39];
    match chance.below(8) {
        0 => json!(FLOATS[chance.below(FLOATS.len())]),
        1 => json!(2_147_483_648_i64),
        _ => json!(i64::try_from(chance.below(7)).unwrap() - 2),
    }
}

/// What each sort of value may be asked for.
fn rules(chance: &mut Chance, ty: &str, depth: usize, map: &mut Map<String, Value>) {
    let mut say = |chance: &mut Chance, name: &str, value: fn(&mut Chance) -> Value| {
        if chance.percent(25) {
            map.insert(name.to_owned(), value(chance));
        }
    };
    let count = |chance: &mut Chance| json!(chance.below(4));
    match ty {
        "string" => {
            say(chance, "maxLength", count);
            say(chance, "minLength", count);
            say(chance, "pattern", |chance| json!(chance.one_of(PATTERNS)));
            say(chance, "format", |chance| json!(chance.one_of(FORMATS)));
            say(chance, "enum", |chance| json!([chance.one_of(TEXTS), chance.one_of(TEXTS)]));
        }
        "integer" | "number" => {
            for name in ["minimum", "maximum"] {
                say(chance, name, number);
            }
            for name in ["exclusiveMinimum", "exclusiveMaximum"] {
                say(chance, name, |_| json!(true));
            }
            say(chance, "multipleOf", |chance| json!([0.5, 1.0, 2.0, 2.5][chance.below(4)]));
            say(chance, "enum", |chance| json!([number(chance), number(chance)]));
            let formats: fn(&mut Chance) -> Value = if ty == "integer" {
                |chance| json!(chance.one_of(&["int32", "int64", "float"]))
            } else {
                |chance| json!(chance.one_of(&["float", "double", "int32"]))
            };
            say(chance, "format", formats);
        }
        "array" => {
            say(chance, "minItems", count);
            say(chance, "maxItems", count);
        }
        "object" => {
            say(chance, "minProperties", count);
            say(chance, "maxProperties", count);
            say(chance, "required", |chance| json!([chance.one_of(FIELDS)]));
        }
        _ => {}
    }
    if depth > 0 {
        for name in ["anyOf", "oneOf", "allOf"] {
            if chance.percent(8) {
                let parts: Vec<_> =
                    (0..=chance.below(3)).map(|_| nested(chance, ty, depth - 1)).collect();
                map.insert(name.to_owned(), json!(parts));
            }
        }
        if chance.percent(8) {
            map.insert("not".to_owned(), nested(chance, ty, depth - 1));
        }
    }
}

/// A schema that only says what values may be.
fn nested(chance: &mut Chance, ty: &str, depth: usize) -> Value {
    let mut map = Map::new();
    rules(chance, ty, depth, &mut map);
    json!(map)
}

fn schema(chance: &mut Chance, depth: usize) -> Value {
    let mut map = Map::new();
    let ty = chance.one_of(if depth > 0 { TYPES } else { &TYPES[..4] });
    if ty == "either" {
        map.insert("x-kubernetes-int-or-string".to_owned(), json!(true));
    } else {
        map.insert("type".to_owned(), json!(ty));
    }
    if chance.percent(15) {
        map.insert("nullable".to_owned(), json!(true));
    }
    match ty {
        "array" => {
            map.insert("items".to_owned(), schema(chance, depth - 1));
        }
        "object" if chance.percent(30) => {
            map.insert("additionalProperties".to_owned(), schema(chance, depth - 1));
        }
        "object" => {
            let fields = FIELDS.iter().map(|name| ((*name).to_owned(), schema(chance, depth - 1)));
            map.insert("properties".to_owned(), Value::Object(fields.collect()));
        }
        _ => {}
    }
    rules(chance, if ty == "either" { "integer" } else { ty }, depth, &mut map);
    json!(map)
}

fn value(chance: &mut Chance, schema: &Value) -> Value {
    if chance.percent(6) {
        return Value::Null;
    }
    let stated =
        schema["type"].as_str().unwrap_or(if chance.percent(50) { "string" } else { "integer" });
    let ty = if chance.percent(5) { chance.one_of(&TYPES[..6]) } else { stated };
    match ty {
        "string" => json!(chance.one_of(TEXTS)),
        "integer" => json!(i64::try_from(chance.below(7)).unwrap() - 2),
        "number" => number(chance),
        "boolean" => json!(chance.percent(50)),
        "array" => {
            (0..chance.below(4)).map(|_| value(chance, &schema["items"])).collect::<Vec<_>>().into()
        }
        _ => {
            let mut map = Map::new();
            for name in FIELDS {
                let part =
                    schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
                if part.is_object() && chance.percent(60) {
                    map.insert((*name).to_owned(), value(chance, part));
                }
            }
            json!(map)
        }
    }
}

fn tree(value: &Value) -> twin_core::tree::Value {
    twin_core::tree::decode(value.to_string().as_bytes()).unwrap()
}

fn ours(question: &Value) -> Value {
    if question["object"] != object(&question["object"]["spec"]) {
        return Value::Null;
    }
    let version = json!({ "schema": { "openAPIV3Schema": question["schema"] } });
    let found = Custom::new(&tree(&version)).faults(&tree(&question["object"]), None);
    let found: Vec<_> = found
        .iter()
        .map(|cause| json!({ "field": cause.field, "reason": cause.reason, "message": cause.message }))
        .collect();
    if found.is_empty() {
        return json!("ok");
    }
    causes(&json!({ "details": { "causes": found } }))
}

fn theirs(answer: &Value) -> Value {
    match (answer.get("ok"), answer.get("status")) {
        (Some(_), _) => json!("ok"),
        (None, Some(status)) => causes(status),
        (None, None) => Value::Null,
    }
}

fn known(_: &Value, _: &Value, _: &Value) -> bool {
    false
}
