//! Functions about lists and objects, and about what is empty.

use super::functions::{Function, Made, name, number, pure};
use super::text::{bounded, shown, truth};
use std::collections::BTreeMap;
use twin_core::tree::{Map, Value};

const MANY: usize = usize::MAX;

pub(super) static FUNCTIONS: &[Function] = &[
    pure("index", 1..=MANY, |values| {
        values[1..].iter().try_fold(values[0].clone(), |value, key| at(&value, key))
    }),
    pure("slice", 1..=3, slice),
    pure("len", 1..=1, len),
    pure("dict", 0..=MANY, |values| Ok(dict(values))),
    pure("list", 0..=MANY, |values| Ok(values.to_vec().into())),
    pure("get", 2..=2, |values| {
        Ok(entry(&values[0], &values[1]).cloned().unwrap_or_else(|| "".into()))
    }),
    pure("hasKey", 2..=2, |values| Ok(Value::Bool(entry(&values[0], &values[1]).is_some()))),
    pure("keys", 1..=1, |values| {
        let map = values[0].as_map().cloned().unwrap_or_default();
        Ok(map.iter().map(|(key, _)| Value::Text(key.clone())).collect::<Vec<_>>().into())
    }),
    pure("first", 1..=1, |values| Ok(items(&values[0])?.first().cloned().unwrap_or_default())),
    pure("last", 1..=1, |values| Ok(items(&values[0])?.last().cloned().unwrap_or_default())),
    pure("has", 2..=2, |values| Ok(Value::Bool(items(&values[1])?.contains(&values[0])))),
    pure("append", 2..=2, |values| {
        Ok(items(&values[0])?.iter().chain([&values[1]]).cloned().collect::<Vec<_>>().into())
    }),
    pure("join", 2..=2, |values| {
        let parts: Vec<_> = items(&values[1])?.iter().map(shown).collect();
        let by = name(&values[0])?;
        bounded(by.len().saturating_mul(parts.len()), || parts.join(by))
    }),
    pure("until", 1..=1, |values| {
        let count = number(&values[0]);
        if count > MOST {
            return Err(format!("{count} are too many"));
        }
        Ok((0..count).map(Value::Int).collect::<Vec<_>>().into())
    }),
    pure("default", 1..=2, |values| {
        let given = values.get(1).filter(|given| truth(given));
        Ok(given.unwrap_or(&values[0]).clone())
    }),
    pure("coalesce", 0..=MANY, |values| {
        Ok(values.iter().find(|value| truth(value)).cloned().unwrap_or_default())
    }),
    pure("empty", 1..=1, |values| Ok(Value::Bool(!truth(&values[0])))),
    pure("ternary", 3..=3, |values| Ok(values[usize::from(!truth(&values[2]))].clone())),
];

/// More items than these are not made.
const MOST: i64 = 100_000;

fn items(value: &Value) -> Result<&[Value], String> {
    match value {
        Value::List(list) => Ok(list),
        Value::Null => Ok(&[]),
        other => Err(format!("this is a {}, not a list", other.kind_name())),
    }
}

fn entry<'a>(map: &'a Value, key: &Value) -> Option<&'a Value> {
    map.as_map()?.get(key.as_str()?)
}

fn at(value: &Value, key: &Value) -> Made {
    match (value, key) {
        (Value::Map(map), Value::Text(key)) => Ok(map.get(key).cloned().unwrap_or_default()),
        (Value::List(list), Value::Int(place)) => {
            let item = usize::try_from(*place).ok().and_then(|place| list.get(place));
            item.cloned().ok_or_else(|| format!("there is no item {place} of {}", list.len()))
        }
        _ => Err(format!("a {} has no item {key}", value.kind_name())),
    }
}

fn slice(values: &[Value]) -> Made {
    let place =
        |at: usize| values.get(at).map(|it| usize::try_from(number(it)).unwrap_or(usize::MAX));
    let range = |length: usize| place(1).unwrap_or(0)..place(2).unwrap_or(length);
    let refused = || "there is no such part".to_owned();
    match &values[0] {
        Value::Text(text) => text.get(range(text.len())).map(Value::text).ok_or_else(refused),
        Value::List(list) => {
            list.get(range(list.len())).map(|part| part.to_vec().into()).ok_or_else(refused)
        }
        other => Err(format!("a {} has no parts", other.kind_name())),
    }
}

fn len(values: &[Value]) -> Made {
    let length = match &values[0] {
        Value::Text(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.iter().count(),
        other => return Err(format!("a {} has no length", other.kind_name())),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn dict(values: &[Value]) -> Value {
    let mut entries = BTreeMap::new();
    for pair in values.chunks(2) {
        let value = pair.get(1).cloned().unwrap_or_else(|| "".into());
        entries.insert(twin_core::tree::Text::from(shown(&pair[0])), value);
    }
    Value::Map(entries.into_iter().collect::<Map>())
}
