//! Values of trees as values of CEL, and back.

use super::MACHINE;
use super::functions::shown_type;
use super::parse::RESERVED;
use crate::tree::{Map, Text, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube_cel::cel::Value as CelValue;
use kube_cel::cel::objects::{self, Key, OptionalValue};
use std::sync::Arc;

/// A value as it is.
pub fn plain(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(bool) => CelValue::Bool(*bool),
        Value::Int(int) => CelValue::Int(*int),
        Value::Float(float) => CelValue::Float(*float),
        Value::Text(text) => CelValue::String(Arc::new(text.to_string())),
        Value::List(list) => CelValue::List(Arc::new(list.iter().map(plain).collect())),
        Value::Map(map) => object(map.iter().map(|(key, value)| (key.to_string(), plain(value)))),
    }
}

/// A value that this `openAPIV3Schema` describes: with times, names and numbers as rules know them.
pub fn typed(openapi: &Value, value: &Value) -> CelValue {
    let says = |field: &str| openapi.at(&[field]).and_then(Value::as_bool) == Some(true);
    match value {
        Value::Text(text) if !says("x-kubernetes-int-or-string") => formatted(openapi, text),
        #[expect(clippy::cast_precision_loss, reason = "the schema says that it is a float")]
        Value::Int(int) if openapi.str_at(&["type"]) == Some("number") => {
            CelValue::Float(*int as f64)
        }
        Value::List(list) => {
            let items = openapi.at(&["items"]).unwrap_or(&Value::Null);
            CelValue::List(Arc::new(list.iter().map(|item| typed(items, item)).collect()))
        }
        Value::Map(map) => struct_or_map(openapi, map),
        other => plain(other),
    }
}

fn struct_or_map(openapi: &Value, map: &Map) -> CelValue {
    if let Some(values @ Value::Map(_)) = openapi.at(&["additionalProperties"]) {
        return object(map.iter().map(|(key, value)| (key.to_string(), typed(values, value))));
    }
    let properties = openapi.at(&["properties"]).and_then(Value::as_map);
    object(map.iter().map(|(key, value)| match properties.and_then(|it| it.get(key)) {
        Some(part) => (escaped(key), typed(part, value)),
        None => (key.to_string(), plain(value)),
    }))
}

fn formatted(openapi: &Value, text: &Text) -> CelValue {
    let own = || CelValue::String(Arc::new(text.to_string()));
    let function = match openapi.str_at(&["format"]) {
        Some("date") => return day(text).unwrap_or_else(own),
        Some("date-time") => "timestamp",
        Some("duration") => "duration",
        Some("byte") => {
            let bytes = STANDARD.decode(text.as_bytes());
            return bytes.map_or_else(|_| own(), |bytes| CelValue::Bytes(Arc::new(bytes)));
        }
        _ => return own(),
    };
    MACHINE.with(|machine| machine.call(function, None, vec![own()])).unwrap_or_else(|_| own())
}

/// The moment at which a day begins.
fn day(text: &str) -> Option<CelValue> {
    let moment = CelValue::String(Arc::new(format!("{text}T00:00:00Z")));
    MACHINE.with(|machine| machine.call("timestamp", None, vec![moment])).ok()
}

/// An object of these fields.
pub(crate) fn object(entries: impl Iterator<Item = (String, CelValue)>) -> CelValue {
    let map = entries.map(|(key, value)| (Key::String(Arc::new(key)), value)).collect();
    CelValue::Map(objects::Map { map: Arc::new(map) })
}

/// Words that no field can be called by, beside those that no variable can.
const LITERALS: [&str; 3] = ["true", "false", "null"];

/// A field's name as rules write it.
pub(crate) fn escaped(name: &str) -> String {
    if RESERVED.contains(&name) || LITERALS.contains(&name) {
        return format!("__{name}__");
    }
    let name = name.replace("__", "__underscores__");
    name.replace('.', "__dot__").replace('-', "__dash__").replace('/', "__slash__")
}

/// A value as JSON; None, if JSON has nothing like it.
pub fn tree(value: &CelValue) -> Option<Value> {
    Some(match value {
        CelValue::Null => Value::Null,
        CelValue::Bool(bool) => Value::Bool(*bool),
        CelValue::Int(int) => Value::Int(*int),
        CelValue::UInt(uint) => Value::Int(i64::try_from(*uint).ok()?),
        CelValue::Float(float) => Value::Float(*float),
        CelValue::String(text) => Value::text(text.as_str()),
        CelValue::Bytes(bytes) => Value::text(STANDARD.encode(bytes.as_slice())),
        CelValue::List(items) => items.iter().map(tree).collect::<Option<Vec<_>>>()?.into(),
        CelValue::Map(map) => {
            let entry = |(key, value): (&Key, &CelValue)| match key {
                Key::String(key) => Some((Text::new(key.as_str()), tree(value)?)),
                _ => None,
            };
            Value::Map(map.map.iter().map(entry).collect::<Option<Vec<_>>>()?.into_iter().collect())
        }
        _ => return None,
    })
}

/// In words what nothing else shows: values that may be missing, types, and what only has a name.
pub fn opaque(value: &CelValue, inner: fn(&CelValue) -> String) -> String {
    let CelValue::Opaque(opaque) = value else { return "?".to_owned() };
    match opaque.downcast_ref::<OptionalValue>() {
        Some(optional) => match optional.value() {
            Some(value) => format!("some {}", inner(value)),
            None => "none".to_owned(),
        },
        None => match shown_type(&**opaque) {
            Some(name) => format!("type {name}"),
            None => opaque.runtime_type_name().to_owned(),
        },
    }
}
