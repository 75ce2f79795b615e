//! The functions of templates: Go's own, KWOK's, and of sprig's those that work on values.

use super::lists;
use super::text;
use crate::number::{order as numbers, whole};
use crate::site::{Network, PodName, Site, node_conditions};
use std::cmp::Ordering;
use std::ops::RangeInclusive;
use twin_core::tree::Value;

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// How many values it takes.
    pub(super) takes: RangeInclusive<usize>,
    pub(super) kind: Kind,
}

/// What a function makes, or why it cannot.
pub(super) type Made = Result<Value, String>;

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    And,
    Or,
    Pure(fn(&[Value]) -> Made),
    Site(fn(&mut dyn Site, &[Value]) -> Made),
}

const MANY: usize = usize::MAX;

/// The function of this name.
pub(super) fn function(name: &str) -> Option<&'static Function> {
    [OWN, text::FUNCTIONS, lists::FUNCTIONS]
        .into_iter()
        .flatten()
        .find(|function| function.name == name)
}

/// A function without a place.
pub(super) const fn pure(
    name: &'static str,
    takes: RangeInclusive<usize>,
    call: fn(&[Value]) -> Made,
) -> Function {
    Function { name, takes, kind: Kind::Pure(call) }
}

const fn site(
    name: &'static str,
    takes: RangeInclusive<usize>,
    call: fn(&mut dyn Site, &[Value]) -> Made,
) -> Function {
    Function { name, takes, kind: Kind::Site(call) }
}

static OWN: &[Function] = &[
    Function { name: "and", takes: 1..=MANY, kind: Kind::And },
    Function { name: "or", takes: 1..=MANY, kind: Kind::Or },
    pure("not", 1..=1, |values| Ok(Value::Bool(!text::truth(&values[0])))),
    pure("eq", 2..=MANY, |values| any_equal(values).map(Value::Bool)),
    pure("ne", 2..=2, |values| any_equal(values).map(|equal| Value::Bool(!equal))),
    pure("lt", 2..=2, |values| ordered(values).map(|order| Value::Bool(order.is_lt()))),
    pure("le", 2..=2, |values| ordered(values).map(|order| Value::Bool(order.is_le()))),
    pure("gt", 2..=2, |values| ordered(values).map(|order| Value::Bool(order.is_gt()))),
    pure("ge", 2..=2, |values| ordered(values).map(|order| Value::Bool(order.is_ge()))),
    pure("add", 1..=MANY, |values| folded(values, i64::checked_add)),
    pure("add1", 1..=1, |values| folded(&[values[0].clone(), Value::Int(1)], i64::checked_add)),
    pure("sub", 2..=2, |values| folded(values, i64::checked_sub)),
    pure("mul", 1..=MANY, |values| folded(values, i64::checked_mul)),
    pure("div", 2..=2, |values| folded(values, i64::checked_div)),
    pure("mod", 2..=2, |values| folded(values, i64::checked_rem)),
    pure("min", 1..=MANY, |values| folded(values, |left, right| Some(left.min(right)))),
    pure("max", 1..=MANY, |values| folded(values, |left, right| Some(left.max(right)))),
    pure("int", 1..=1, |values| Ok(Value::Int(number(&values[0])))),
    pure("int64", 1..=1, |values| Ok(Value::Int(number(&values[0])))),
    pure("NodeConditions", 0..=0, |_| Ok(node_conditions())),
    pure("Version", 0..=0, |_| Ok("v0.8.0".into())),
    site("Now", 0..=0, |site, _| Ok(site.now().value())),
    site("StartTime", 0..=0, |site, _| Ok(site.started().value())),
    site("NodeName", 0..=0, |site, _| Ok(Value::text(site.node_name()))),
    site("NodePort", 0..=0, |site, _| Ok(Value::Int(site.node_port()))),
    site("NodeIP", 0..=0, |site, _| {
        let node = site.node_name();
        Ok(first(site.node_addresses(&node)))
    }),
    site("NodeIPWith", 1..=1, |site, values| Ok(first(site.node_addresses(name(&values[0])?)))),
    site("NodeIPsWith", 1..=1, |site, values| Ok(list(&site.node_addresses(name(&values[0])?)))),
    site("PodIP", 0..=0, |site, _| {
        let node = site.node_name();
        let pod = PodName { node: &node, network: Network::Own, uid: "", name: "", namespace: "" };
        Ok(first(site.pod_addresses(&pod)))
    }),
    site("PodIPWith", 5..=5, |site, values| Ok(first(site.pod_addresses(&pod(values)?)))),
    site("PodIPsWith", 5..=5, |site, values| Ok(list(&site.pod_addresses(&pod(values)?)))),
    site("randInt", 2..=2, |site, values| {
        let (from, to) = (number(&values[0]), number(&values[1]));
        let span = to.checked_sub(from).and_then(|span| u64::try_from(span).ok()).unwrap_or(0);
        let step = i64::try_from(site.chance(span)).unwrap_or(0);
        Ok(Value::Int(from.saturating_add(step)))
    }),
];

fn first(addresses: Vec<String>) -> Value {
    Value::text(addresses.into_iter().next().unwrap_or_default())
}

fn list(addresses: &[String]) -> Value {
    addresses.iter().map(Value::text).collect::<Vec<_>>().into()
}

/// A name; of what is not there it is empty.
pub(super) fn name(value: &Value) -> Result<&str, String> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Null => Ok(""),
        other => Err(format!("this is a {}, not a string", other.kind_name())),
    }
}

fn pod(values: &[Value]) -> Result<PodName<'_>, String> {
    let network = if text::truth(&values[1]) { Network::Host } else { Network::Own };
    Ok(PodName {
        node: name(&values[0])?,
        network,
        uid: name(&values[2])?,
        name: name(&values[3])?,
        namespace: name(&values[4])?,
    })
}

/// A whole number of anything, as sprig makes it: 0 of what is none.
pub(super) fn number(value: &Value) -> i64 {
    match value {
        Value::Int(int) => *int,
        Value::Float(float) => whole(*float),
        Value::Bool(bool) => i64::from(*bool),
        Value::Text(text) => text.parse().unwrap_or(0),
        Value::Null | Value::List(_) | Value::Map(_) => 0,
    }
}

fn folded(values: &[Value], step: fn(i64, i64) -> Option<i64>) -> Made {
    let mut numbers = values.iter().map(number);
    let first = numbers.next().unwrap_or(0);
    let result = numbers.try_fold(first, step);
    result.map(Value::Int).ok_or_else(|| "the result is no whole number".to_owned())
}

fn any_equal(values: &[Value]) -> Result<bool, String> {
    let Some((first, others)) = values.split_first() else { return Ok(false) };
    for other in others {
        let nothing = first.is_null() || other.is_null();
        if nothing && first.is_null() == other.is_null() {
            return Ok(true);
        }
        if !nothing && order(first, other)?.is_eq() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn ordered(values: &[Value]) -> Result<Ordering, String> {
    order(&values[0], &values[1])
}

fn order(left: &Value, right: &Value) -> Result<Ordering, String> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Ok(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Ok(left.cmp(right)),
        _ => numbers(left, right).ok_or_else(|| {
            format!("a {} and a {} cannot be compared", left.kind_name(), right.kind_name())
        }),
    }
}
