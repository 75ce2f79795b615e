//! What calls cost, as Kubernetes counts it, and how much values weigh.

use kube_cel::cel::Value;
use kube_cel::cel::common::ast::operators::{
    ADD, EQUALS, GREATER, GREATER_EQUALS, IN, LESS, LESS_EQUALS, NOT_EQUALS,
};
use kube_cel::cel::objects::OptionalValue;

pub(super) const LIST: u64 = 10;
pub(super) const MAP: u64 = 30;
pub(super) const STRUCT: u64 = 40;

/// What a call costs; its target is the first of the arguments.
pub(super) fn of_call(name: &str, args: &[Value], result: &Value) -> u64 {
    let size = |at: usize| args.get(at).map_or(1, size);
    match name {
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" | "includes" => {
            args.first().map_or(0, traversal)
        }
        "url"
        | "lowerAscii"
        | "upperAscii"
        | "substring"
        | "trim"
        | "jsonpatch.escapeKey"
        | "cidr"
        | "isIP"
        | "isCIDR"
        | "ip"
        | "quantity"
        | "isQuantity"
        | "semver"
        | "isSemver"
        | "bytes"
        | "string"
        | "format" => tenth(size(0)),
        "replace" | "split" | "ip.isCanonical" => fifth(size(0)),
        "join" => fifth(self::size(result)),
        "find" | "findAll" | "matches" => tenth(1 + size(0)) * size(1).div_ceil(4),
        "containsIP" | "containsCIDR" => fifth(size(0)) + 1,
        "startsWith" | "endsWith" => tenth(size(1)),
        "contains" => tenth(size(0)) * tenth(size(1)),
        "sets.contains" | "sets.intersects" | "sets.equivalent" => 1 + size(0) * size(1),
        "distinct" => 1 + size(0) * size(0),
        "sort" | "flatten" | "reverse" | "slice" => 1 + size(0),
        "lists.range" => 1 + self::size(result),
        EQUALS | NOT_EQUALS => tenth(size(0).min(size(1))),
        LESS | LESS_EQUALS | GREATER | GREATER_EQUALS if is_text(args) => {
            tenth(size(0).min(size(1)))
        }
        ADD if is_text(args) => tenth(size(0) + size(1)),
        IN if matches!(args.get(1), Some(Value::List(_))) => size(1),
        _ => 1,
    }
}

fn tenth(size: u64) -> u64 {
    size.div_ceil(10)
}

fn fifth(size: u64) -> u64 {
    size.div_ceil(5)
}

fn is_text(args: &[Value]) -> bool {
    matches!(args.first(), Some(Value::String(_) | Value::Bytes(_)))
}

/// How large Kubernetes says a value is: what it consists of is not looked at.
fn size(value: &Value) -> u64 {
    let size = match value {
        Value::String(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.map.len(),
        Value::Opaque(opaque) => {
            let inner = opaque.downcast_ref::<OptionalValue>().and_then(OptionalValue::value);
            return inner.map_or(1, size);
        }
        _ => 1,
    };
    u64::try_from(size).unwrap_or(u64::MAX)
}

fn traversal(value: &Value) -> u64 {
    match value {
        Value::String(_) | Value::Bytes(_) => tenth(size(value)),
        Value::List(items) => items.iter().map(traversal).sum(),
        _ => 1,
    }
}

/// How much work it is to go through a value, shared parts included. After so much nobody looks further.
pub(super) fn weight(value: &Value, most: u64) -> u64 {
    let bytes = |length: usize| u64::try_from(length / 16).unwrap_or(u64::MAX);
    let mut sum: u64 = 1;
    let mut add = |part: &Value| {
        sum = sum.saturating_add(weight(part, most.saturating_sub(sum)));
        sum <= most
    };
    match value {
        Value::String(text) => return 1 + bytes(text.len()),
        Value::Bytes(text) => return 1 + bytes(text.len()),
        Value::List(items) => items.iter().all(&mut add),
        Value::Map(map) => map.map.values().all(&mut add),
        Value::Opaque(opaque) => {
            let inner = opaque.downcast_ref::<OptionalValue>().and_then(OptionalValue::value);
            inner.is_none_or(&mut add)
        }
        _ => true,
    };
    sum
}
