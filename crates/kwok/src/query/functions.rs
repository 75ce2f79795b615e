//! The functions of filters.

use super::budget::Budget;
use super::parse::Expr;
use super::run::{Failed, all, compared, each, holds, run};
use regex::RegexBuilder;
use twin_core::tree::{Map, Value, decode};

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    name: &'static str,
    pub(super) kind: Kind,
}

/// What a function takes besides the value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Nothing.
    Plain(fn(&Value) -> Result<Value, Failed>),
    /// A value.
    With(fn(&Value, &Value, &Budget) -> Result<Value, Failed>),
    /// A filter.
    Filter(Filter),
    /// `empty`
    Empty,
}

type Taker<'a> = dyn FnMut(Value) -> Result<(), Failed> + 'a;
type Filter = fn(&Expr, &Value, &Budget, &mut Taker<'_>) -> Result<(), Failed>;

/// A pattern that would cost more memory is refused.
const PATTERN: usize = 1 << 20;
/// What it takes to make one.
const MATCH: usize = 1 << 14;

/// The function of this name with this many arguments.
pub(super) fn function(name: &str, arguments: usize) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| {
        let takes = matches!(function.kind, Kind::With(_) | Kind::Filter(_));
        function.name == name && usize::from(takes) == arguments
    })
}

const fn plain(name: &'static str, call: fn(&Value) -> Result<Value, Failed>) -> Function {
    Function { name, kind: Kind::Plain(call) }
}

const fn with(
    name: &'static str,
    call: fn(&Value, &Value, &Budget) -> Result<Value, Failed>,
) -> Function {
    Function { name, kind: Kind::With(call) }
}

const fn filter(name: &'static str, call: Filter) -> Function {
    Function { name, kind: Kind::Filter(call) }
}

static FUNCTIONS: &[Function] = &[
    Function { name: "empty", kind: Kind::Empty },
    plain("not", |value| Ok(Value::Bool(!holds(value)))),
    plain("length", length),
    plain("keys", keys),
    plain("first", |value| items(value).map(|items| items.first().cloned().unwrap_or_default())),
    plain("last", |value| items(value).map(|items| items.last().cloned().unwrap_or_default())),
    plain("any", |value| Ok(Value::Bool(items(value)?.iter().any(holds)))),
    plain("all", |value| Ok(Value::Bool(items(value)?.iter().all(holds)))),
    plain("min", |value| {
        Ok(items(value)?.iter().min_by(|a, b| compared(a, b)).cloned().unwrap_or_default())
    }),
    plain("max", |value| {
        Ok(items(value)?.iter().max_by(|a, b| compared(a, b)).cloned().unwrap_or_default())
    }),
    plain("sort", |value| {
        let mut items = items(value)?.to_vec();
        items.sort_by(compared);
        Ok(items.into())
    }),
    plain("type", |value| {
        Ok(if let Value::Bool(_) = value { "boolean" } else { value.kind_name() }.into())
    }),
    plain("tostring", |value| Ok(Value::text(shown(value)))),
    plain("tojson", |value| Ok(Value::text(value.to_string()))),
    plain("tonumber", tonumber),
    plain("to_entries", to_entries),
    plain("ascii_downcase", |value| Ok(Value::text(text(value)?.to_ascii_lowercase()))),
    plain("ascii_upcase", |value| Ok(Value::text(text(value)?.to_ascii_uppercase()))),
    with("has", has),
    with("startswith", |value, part, _| Ok(Value::Bool(text(value)?.starts_with(text(part)?)))),
    with("endswith", |value, part, _| Ok(Value::Bool(text(value)?.ends_with(text(part)?)))),
    with("ltrimstr", |value, part, _| {
        let left =
            value.as_str().zip(part.as_str()).and_then(|(text, part)| text.strip_prefix(part));
        Ok(left.map_or_else(|| value.clone(), Value::text))
    }),
    with("rtrimstr", |value, part, _| {
        let left =
            value.as_str().zip(part.as_str()).and_then(|(text, part)| text.strip_suffix(part));
        Ok(left.map_or_else(|| value.clone(), Value::text))
    }),
    with("split", |value, by, _| {
        let by = text(by)?;
        let parts = text(value)?.split(by).filter(|part| !(by.is_empty() && part.is_empty()));
        Ok(parts.map(Value::text).collect::<Vec<_>>().into())
    }),
    with("join", |value, by, budget| {
        let parts: Vec<_> = items(value)?
            .iter()
            .map(|it| if it.is_null() { String::new() } else { shown(it) })
            .collect();
        budget.pay(parts.len().saturating_mul(text(by)?.len()))?;
        Ok(Value::text(parts.join(text(by)?)))
    }),
    with("test", |value, pattern, budget| {
        budget.pay(MATCH)?;
        let pattern = RegexBuilder::new(text(pattern)?).size_limit(PATTERN).build();
        Ok(Value::Bool(pattern.map_err(|_| Failed)?.is_match(text(value)?)))
    }),
    with("contains", |value, part, budget| contains(value, part, budget).map(Value::Bool)),
    filter("select", |filter, value, budget, take| {
        run(filter, value, budget, &mut |found| {
            if holds(&found) { take(value.clone()) } else { Ok(()) }
        })
    }),
    filter("map", |filter, value, budget, take| {
        let mut found = Vec::new();
        each(value, budget, &mut |item| {
            found.extend(all(filter, &item, budget)?);
            Ok(())
        })?;
        take(budget.made(found.into())?)
    }),
    filter("any", |filter, value, budget, take| {
        take(Value::Bool(judged(filter, value, budget)?.contains(&true)))
    }),
    filter("all", |filter, value, budget, take| {
        take(Value::Bool(!judged(filter, value, budget)?.contains(&false)))
    }),
    filter("first", |filter, value, budget, take| {
        all(filter, value, budget)?.into_iter().take(1).try_for_each(take)
    }),
    filter("last", |filter, value, budget, take| {
        all(filter, value, budget)?.into_iter().next_back().into_iter().try_for_each(take)
    }),
];

fn text(value: &Value) -> Result<&str, Failed> {
    value.as_str().ok_or(Failed)
}

fn items(value: &Value) -> Result<&[Value], Failed> {
    value.as_list().map(|list| &**list).ok_or(Failed)
}

/// A value as text: strings as they are.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn judged(filter: &Expr, value: &Value, budget: &Budget) -> Result<Vec<bool>, Failed> {
    let mut found = Vec::new();
    each(value, budget, &mut |item| {
        found.extend(all(filter, &item, budget)?.iter().map(holds));
        Ok(())
    })?;
    Ok(found)
}

fn length(value: &Value) -> Result<Value, Failed> {
    let count = match value {
        Value::Null => 0,
        Value::Text(text) => text.chars().count(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.iter().count(),
        Value::Int(int) => return Ok(Value::Int(int.saturating_abs())),
        Value::Float(float) => return Ok(Value::Float(float.abs())),
        Value::Bool(_) => return Err(Failed),
    };
    Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn keys(value: &Value) -> Result<Value, Failed> {
    match value {
        Value::Map(map) => {
            Ok(map.iter().map(|(key, _)| Value::Text(key.clone())).collect::<Vec<_>>().into())
        }
        Value::List(list) => {
            Ok((0_i64..).zip(list.iter()).map(|(at, _)| Value::Int(at)).collect::<Vec<_>>().into())
        }
        _ => Err(Failed),
    }
}

fn tonumber(value: &Value) -> Result<Value, Failed> {
    match value {
        Value::Int(_) | Value::Float(_) => Ok(value.clone()),
        Value::Text(text) => match decode(text.as_bytes()) {
            Ok(number @ (Value::Int(_) | Value::Float(_))) => Ok(number),
            _ => Err(Failed),
        },
        _ => Err(Failed),
    }
}

fn to_entries(value: &Value) -> Result<Value, Failed> {
    let map: &Map = value.as_map().ok_or(Failed)?;
    let entry = |key: &twin_core::tree::Text, value: &Value| {
        Value::from([("key", key.clone().into()), ("value", value.clone())])
    };
    Ok(map.iter().map(|(key, value)| entry(key, value)).collect::<Vec<_>>().into())
}

fn has(value: &Value, key: &Value, _: &Budget) -> Result<Value, Failed> {
    match (value, key) {
        (Value::Map(map), Value::Text(key)) => Ok(Value::Bool(map.get(key).is_some())),
        (Value::List(list), Value::Int(place)) => {
            Ok(Value::Bool(usize::try_from(*place).is_ok_and(|place| place < list.len())))
        }
        _ => Err(Failed),
    }
}

fn contains(value: &Value, part: &Value, budget: &Budget) -> Result<bool, Failed> {
    budget.step()?;
    match (value, part) {
        (Value::Text(value), Value::Text(part)) => Ok(value.contains(part.as_str())),
        (Value::List(value), Value::List(part)) => {
            for part in part.iter() {
                let mut found = false;
                for item in value.iter() {
                    found = contains(item, part, budget)?;
                    if found {
                        break;
                    }
                }
                if !found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Map(value), Value::Map(part)) => {
            for (key, part) in part {
                let Some(item) = value.get(key) else { return Ok(false) };
                if !contains(item, part, budget)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(compared(value, part).is_eq()),
    }
}
