//! What operators give for values.

use super::Failure;
use super::functions::failure;
use kube_cel::cel::Value;
use kube_cel::cel::common::ast::operators::{
    ADD, DIVIDE, EQUALS, GREATER, GREATER_EQUALS, IN, INDEX, LESS, LESS_EQUALS, LOGICAL_NOT,
    MODULO, MULTIPLY, NEGATE, NOT_EQUALS, OPT_INDEX, OPT_SELECT, SUBSTRACT,
};
use kube_cel::cel::objects::{Key, KeyRef, OptionalValue};
use std::cmp::Ordering;
use std::sync::Arc;

/// What an operator gives for one value; None, if there is no such operator.
pub(super) fn unary(name: &str, value: &Value) -> Option<Result<Value, Failure>> {
    Some(match (name, value) {
        (LOGICAL_NOT, Value::Bool(bool)) => Ok(Value::Bool(!bool)),
        (NEGATE, Value::Int(int)) => int
            .checked_neg()
            .map(Value::Int)
            .ok_or_else(|| Failure::Fault("integer overflow".to_owned())),
        (NEGATE, Value::Float(float)) => Ok(Value::Float(-float)),
        (LOGICAL_NOT | NEGATE, _) => Err(Failure::NoOverload),
        _ => return None,
    })
}

/// What an operator gives for two values; None, if there is no such operator.
pub(super) fn binary(name: &str, left: Value, right: Value) -> Option<Result<Value, Failure>> {
    Some(match name {
        ADD => match (left, right) {
            (Value::Bytes(left), Value::Bytes(right)) => {
                Ok(Value::Bytes(Arc::new([left.as_slice(), right.as_slice()].concat())))
            }
            (left, right) => (left + right).map_err(failure),
        },
        SUBSTRACT => (left - right).map_err(failure),
        MULTIPLY => (left * right).map_err(failure),
        DIVIDE => (left / right).map_err(failure),
        MODULO => (left % right).map_err(failure),
        EQUALS => Ok(Value::Bool(left == right)),
        NOT_EQUALS => Ok(Value::Bool(left != right)),
        LESS => compared(&left, &right, Ordering::is_lt),
        LESS_EQUALS => compared(&left, &right, Ordering::is_le),
        GREATER => compared(&left, &right, Ordering::is_gt),
        GREATER_EQUALS => compared(&left, &right, Ordering::is_ge),
        IN => is_in(&left, &right),
        INDEX => index(&left, &right),
        OPT_INDEX | OPT_SELECT => Ok(optional(&left, &right)),
        _ => return None,
    })
}

fn compared(
    left: &Value,
    right: &Value,
    says: impl Fn(Ordering) -> bool,
) -> Result<Value, Failure> {
    match left.partial_cmp(right) {
        Some(order) => Ok(Value::Bool(says(order))),
        // Only numbers that are none have no order.
        None if matches!((left, right), (Value::Float(_), _) | (_, Value::Float(_))) => {
            Ok(Value::Bool(false))
        }
        None => Err(Failure::NoOverload),
    }
}

fn is_in(value: &Value, container: &Value) -> Result<Value, Failure> {
    match container {
        Value::List(items) => Ok(Value::Bool(items.contains(value))),
        Value::Map(map) => {
            let key = KeyRef::try_from(value).map_err(|_| Failure::NoOverload)?;
            Ok(Value::Bool(map.get(&key).is_some()))
        }
        _ => Err(Failure::NoOverload),
    }
}

fn index(container: &Value, at: &Value) -> Result<Value, Failure> {
    if let Some(optional) = as_optional(container) {
        let inner = optional.value().map(|value| index(value, at));
        return Ok(maybe(inner.and_then(Result::ok)));
    }
    match (container, at) {
        (Value::Map(map), key) => {
            let key = KeyRef::try_from(key).map_err(|_| Failure::NoOverload)?;
            map.get(&key)
                .cloned()
                .ok_or_else(|| Failure::Fault(format!("no such key: {}", shown(&key))))
        }
        (Value::List(items), Value::Int(at)) => usize::try_from(*at)
            .ok()
            .and_then(|at| items.get(at).cloned())
            .ok_or_else(|| Failure::Fault(format!("index out of bounds: {at}"))),
        (Value::List(items), Value::UInt(at)) => usize::try_from(*at)
            .ok()
            .and_then(|at| items.get(at).cloned())
            .ok_or_else(|| Failure::Fault(format!("index out of bounds: {at}"))),
        _ => Err(Failure::NoOverload),
    }
}

fn shown(key: &KeyRef<'_>) -> String {
    match key {
        KeyRef::Int(int) => int.to_string(),
        KeyRef::Uint(uint) => uint.to_string(),
        KeyRef::Bool(bool) => bool.to_string(),
        KeyRef::String(text) => (*text).to_owned(),
    }
}

/// A part that may be missing.
fn optional(container: &Value, at: &Value) -> Value {
    let inner = match as_optional(container) {
        Some(optional) => optional.value().and_then(|value| index(value, at).ok()),
        None => index(container, at).ok(),
    };
    maybe(inner)
}

pub(crate) fn maybe(value: Option<Value>) -> Value {
    let optional = value.map_or_else(OptionalValue::none, OptionalValue::of);
    Value::Opaque(Arc::new(optional))
}

pub(super) fn as_optional(value: &Value) -> Option<&OptionalValue> {
    match value {
        Value::Opaque(opaque) => opaque.downcast_ref::<OptionalValue>(),
        _ => None,
    }
}

/// What an optional entry of a list or an object gives.
pub(super) fn unwrapped(value: Value) -> Option<Value> {
    match as_optional(&value) {
        Some(optional) => optional.value().cloned(),
        None => Some(value),
    }
}

/// A field of an object.
pub(super) fn select(operand: &Value, field: &str) -> Result<Value, Failure> {
    match operand {
        Value::Map(map) => {
            let found = map.get(&KeyRef::String(field)).cloned();
            found.ok_or_else(|| Failure::Fault(format!("no such key: {field}")))
        }
        Value::Opaque(_) if as_optional(operand).is_some() => {
            Ok(optional(operand, &Value::String(Arc::new(field.to_owned()))))
        }
        _ => Err(Failure::NoOverload),
    }
}

/// Whether an object has a field.
pub(super) fn has(operand: &Value, field: &str) -> Result<Value, Failure> {
    match (operand, as_optional(operand)) {
        (Value::Map(map), _) => Ok(Value::Bool(map.get(&KeyRef::String(field)).is_some())),
        (_, Some(optional)) => match optional.value() {
            Some(value) => has(value, field),
            None => Ok(Value::Bool(false)),
        },
        _ => Err(Failure::NoOverload),
    }
}

/// What a loop goes through: places and items, or keys in their order and values.
pub(super) fn turns(range: &Value) -> Result<Vec<(Value, Value)>, Failure> {
    match range {
        Value::List(items) => {
            let place = |at: usize| Value::Int(i64::try_from(at).unwrap_or(i64::MAX));
            Ok(items.iter().enumerate().map(|(at, item)| (place(at), item.clone())).collect())
        }
        Value::Map(map) => {
            let mut entries: Vec<(&Key, &Value)> = map.map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            Ok(entries.into_iter().map(|(key, value)| (key.into(), value.clone())).collect())
        }
        _ => Err(Failure::NoOverload),
    }
}
