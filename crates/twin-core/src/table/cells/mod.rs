//! What stands in the cells, by topic.

pub(super) mod batch;
pub(super) mod cluster;
pub(super) mod config;
pub(super) mod events;
pub(super) mod network;
pub(super) mod pod;
pub(super) mod scaling;
pub(super) mod storage;
pub(super) mod workload;

use crate::tree::{Map, Value};

/// The items of a list; none, if there is no list.
fn items<'a>(object: &'a Value, path: &[&str]) -> &'a [Value] {
    object.at(path).and_then(Value::as_list).map_or(&[], |list| list)
}

/// The entries of an object; none, if there is no object.
fn entries(object: &Value, path: &[&str]) -> Map {
    object.at(path).and_then(Value::as_map).cloned().unwrap_or_default()
}

/// A text that is not empty.
fn said<'a>(object: &'a Value, path: &[&str]) -> Option<&'a str> {
    object.str_at(path).filter(|text| !text.is_empty())
}

fn number(object: &Value, path: &[&str]) -> i64 {
    object.at(path).and_then(Value::as_int).unwrap_or(0)
}

fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text }
}

/// A value of either kind, as text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a condition of this type is true.
fn has_condition(object: &Value, name: &str) -> bool {
    let mut conditions = items(object, &["status", "conditions"]).iter();
    let found = conditions.find(|condition| condition.str_at(&["type"]) == Some(name));
    found.is_some_and(|condition| condition.str_at(&["status"]) == Some("True"))
}

fn is_ending(object: &Value) -> bool {
    said(object, &["metadata", "deletionTimestamp"]).is_some()
}

/// The first few, and how many more there are.
fn few(all: &[String], most: usize) -> String {
    match all.len().checked_sub(most).filter(|more| *more > 0) {
        Some(more) => format!("{} + {more} more...", all[..most].join(",")),
        None => or_none(all.join(",")),
    }
}

/// `a=b,c=d`
fn labels(map: &Map) -> String {
    let pairs = map.iter().map(|(key, value)| format!("{key}={}", plain(value)));
    or_none(pairs.collect::<Vec<_>>().join(","))
}

/// A label selector as people write it; empty if it selects everything or nothing.
fn selector(selector: Option<&Value>) -> String {
    let Some(selector) = selector else { return String::new() };
    let mut terms: Vec<(String, String)> = entries(selector, &["matchLabels"])
        .iter()
        .map(|(key, value)| (key.to_string(), format!("{key}={}", plain(value))))
        .collect();
    terms.extend(items(selector, &["matchExpressions"]).iter().map(|term| {
        let key = term.str_at(&["key"]).unwrap_or_default();
        let mut values: Vec<_> = items(term, &["values"]).iter().map(plain).collect();
        values.sort();
        let values = values.join(",");
        let shown = match term.str_at(&["operator"]) {
            Some("In") => format!("{key} in ({values})"),
            Some("NotIn") => format!("{key} notin ({values})"),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        };
        (key.to_owned(), shown)
    }));
    terms.sort_by(|(a, _), (b, _)| a.cmp(b));
    terms.into_iter().map(|(_, term)| term).collect::<Vec<_>>().join(",")
}
