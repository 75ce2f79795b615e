//! Functions that no crate has: of types, of values that may be missing, and what loops need.

use super::{fault, list, text_value};
use crate::cel::Failure;
use crate::cel::operators::{maybe, turns};
use kube_cel::cel::Value;
use kube_cel::cel::objects::{Key, Map, Opaque, OptionalValue};
use std::cmp::Ordering;
use std::sync::Arc;

/// A type as a value: `int`, `type('a')`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TypeValue(String);

impl Opaque for TypeValue {
    fn runtime_type_name(&self) -> &'static str {
        "type"
    }
}

/// Their names.
pub(super) const NAMES: &[&str] = &[
    "type",
    "dyn",
    "bool",
    "cel.@mapInsert",
    "@sortByAssociatedKeys",
    "optional.unwrap",
    "unwrapOpt",
    "format.named",
    "first",
    "last",
];

/// What one of them gives; none, if it is none of them.
pub(super) fn call(
    name: &str,
    target: Option<&Value>,
    args: &[Value],
) -> Option<Result<Value, Failure>> {
    Some(match (name, target, args) {
        ("type", None, [value]) => Ok(type_value(&type_name(value))),
        ("dyn", None, [value]) => Ok(value.clone()),
        ("bool", None, [Value::Bool(bool)]) => Ok(Value::Bool(*bool)),
        ("bool", None, [Value::String(text)]) => bool_of(text),
        ("timestamp" | "duration", None, [value @ (Value::Timestamp(_) | Value::Duration(_))]) => {
            Ok(value.clone())
        }
        ("size", Some(Value::String(text)), []) | ("size", None, [Value::String(text)]) => {
            Ok(Value::Int(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)))
        }
        ("int" | "uint" | "double", None, [Value::String(text)]) => number(name, text),
        ("string", None, [Value::Timestamp(time)]) => {
            Ok(text_value(&time.to_rfc3339().replace("+00:00", "Z")))
        }
        ("min" | "max", Some(Value::List(items)), []) if items.is_empty() => {
            fault(&format!("{name} called on empty list"))
        }
        ("string", None, [Value::Float(float)]) => Ok(text_value(&super::plain_float(*float))),
        ("split", Some(Value::String(text)), [Value::String(by)]) if by.is_empty() => {
            Ok(list(text.chars().map(|c| text_value(&c.to_string())).collect()))
        }
        ("string", None, [Value::Bool(bool)]) => Ok(text_value(&bool.to_string())),
        ("charAt" | "substring" | "slice" | "indexOf" | "lastIndexOf", Some(target), args) => {
            return super::places::call(name, target, args);
        }
        ("string", None, [Value::Duration(span)]) => {
            Ok(text_value(&shown_seconds(span.num_seconds(), span.subsec_nanos())))
        }
        ("cel.@mapInsert", None, [Value::Map(map), more @ Value::Map(_)]) => turns(more)
            .and_then(|more| more.into_iter().try_fold(map.clone(), insert).map(Value::Map)),
        ("cel.@mapInsert", None, [Value::Map(map), key, value]) => {
            insert(map.clone(), (key.clone(), value.clone())).map(Value::Map)
        }
        ("@sortByAssociatedKeys", Some(Value::List(items)), [Value::List(keys)]) => {
            sorted(items, keys)
        }
        ("optional.unwrap", None, [Value::List(items)])
        | ("unwrapOpt", Some(Value::List(items)), []) => {
            Ok(list(items.iter().filter_map(inner).collect()))
        }
        ("first", Some(Value::List(items)), []) => Ok(maybe(items.first().cloned())),
        ("last", Some(Value::List(items)), []) => Ok(maybe(items.last().cloned())),
        _ => return None,
    })
}

/// What a variable that nobody declared may be: the name of a type.
pub(in crate::cel) fn named_type(name: &str) -> Option<Value> {
    let known = crate::cel::check::is_type(name);
    known.then(|| type_value(name))
}

fn type_value(name: &str) -> Value {
    Value::Opaque(Arc::new(TypeValue(name.to_owned())))
}

/// The name of a type, if a value is one.
pub(in crate::cel) fn shown_type(value: &dyn Opaque) -> Option<&str> {
    value.downcast_ref::<TypeValue>().map(|ty| ty.0.as_str())
}

fn type_name(value: &Value) -> String {
    match value {
        Value::Null => "null_type",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::UInt(_) => "uint",
        Value::Float(_) => "double",
        Value::String(_) => "string",
        Value::Bytes(_) => "bytes",
        Value::List(_) => "list",
        Value::Map(_) => "map",
        Value::Duration(_) => "google.protobuf.Duration",
        Value::Timestamp(_) => "google.protobuf.Timestamp",
        Value::Opaque(opaque) => opaque.runtime_type_name(),
        Value::Function(..) => "function",
    }
    .to_owned()
}

fn inner(value: &Value) -> Option<Value> {
    match value {
        Value::Opaque(opaque) => opaque.downcast_ref::<OptionalValue>()?.value().cloned(),
        _ => None,
    }
}

fn number(to: &str, text: &str) -> Result<Value, Failure> {
    let float = || match text {
        "" => None,
        text if text.contains(['_', ' ']) => None,
        text => text.parse().ok(),
    };
    let value = match to {
        "int" => text.parse().ok().map(Value::Int),
        "uint" if text.starts_with('+') => None,
        "uint" => text.parse().ok().map(Value::UInt),
        _ => float().map(Value::Float),
    };
    value.ok_or_else(|| Failure::Fault(format!("type conversion error from 'string' to '{to}'")))
}

fn bool_of(text: &str) -> Result<Value, Failure> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
        _ => fault("type conversion error from 'string' to 'bool'"),
    }
}

/// Seconds with what they have behind the point: `5400s`, `1.5s`.
fn shown_seconds(whole: i64, nanos: i32) -> String {
    if nanos == 0 {
        return format!("{whole}s");
    }
    let sign = if nanos < 0 || whole < 0 { "-" } else { "" };
    let digits = format!("{:09}", nanos.abs());
    format!("{sign}{}.{}s", whole.abs(), digits.trim_end_matches('0'))
}

fn insert(map: Map, (key, value): (Value, Value)) -> Result<Map, Failure> {
    let shown = match &key {
        Value::String(text) => text.to_string(),
        other => format!("{other:?}"),
    };
    let key: Key = key.try_into().map_err(|_| Failure::NoOverload)?;
    if map.map.contains_key(&key) {
        return Err(Failure::Fault(format!("insert failed: key {shown} already exists")));
    }
    let mut entries = Arc::unwrap_or_clone(map.map);
    entries.insert(key, value);
    Ok(Map { map: Arc::new(entries) })
}

fn sorted(items: &[Value], keys: &[Value]) -> Result<Value, Failure> {
    if keys.first().is_some_and(|key| !is_comparable(key)) {
        return fault("list elements must be comparable");
    }
    if keys.windows(2).any(|pair| type_name(&pair[0]) != type_name(&pair[1])) {
        return fault("list elements must have the same type");
    }
    let mut pairs: Vec<_> = keys.iter().zip(items).collect();
    pairs.sort_by(|one, other| order(one.0, other.0));
    Ok(list(pairs.into_iter().map(|(_, item)| item.clone()).collect()))
}

fn is_comparable(key: &Value) -> bool {
    matches!(
        key,
        Value::Bool(_)
            | Value::Int(_)
            | Value::UInt(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Bytes(_)
            | Value::Duration(_)
            | Value::Timestamp(_)
    )
}

/// Of keys of one type; what is no number comes last.
fn order(one: &Value, other: &Value) -> Ordering {
    let is_number = |key: &Value| !matches!(key, Value::Float(float) if float.is_nan());
    one.partial_cmp(other).unwrap_or_else(|| is_number(other).cmp(&is_number(one)))
}
