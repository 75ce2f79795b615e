//! What controllers read in trees: users wrote them, so that anything may be missing or odd.

use twin_core::time::Timestamp;
use twin_core::tree::{Map, Value};

/// A whole number, if there is one.
pub(super) fn int(tree: &Value, path: &[&str]) -> Option<i64> {
    tree.at(path)?.as_int()
}

/// A count: never below zero, and zero if nothing is said.
pub(super) fn count(tree: &Value, path: &[&str]) -> i64 {
    int(tree, path).unwrap_or(0).clamp(0, i64::from(i32::MAX))
}

/// How many replicas are wanted: one, if nothing is said.
pub(super) fn replicas(tree: &Value) -> i64 {
    int(tree, &["spec", "replicas"]).unwrap_or(1).clamp(0, i64::from(i32::MAX))
}

/// The items of a list; none if there is no list.
pub(super) fn list<'a>(tree: &'a Value, path: &[&str]) -> &'a [Value] {
    tree.at(path).and_then(Value::as_list).map_or(&[], |list| &list[..])
}

/// The entries of a map; none if there is no map.
pub(super) fn entries<'a>(
    tree: &'a Value,
    path: &[&str],
) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
    let map = tree.at(path).and_then(Value::as_map);
    map.map(Map::iter).into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// A text of the metadata; empty if there is none.
pub(super) fn meta<'a>(tree: &'a Value, field: &str) -> &'a str {
    tree.str_at(&["metadata", field]).unwrap_or_default()
}

/// The labels.
pub(super) fn labels(tree: &Value) -> Option<&Map> {
    tree.at(&["metadata", "labels"])?.as_map()
}

/// The value of an annotation.
pub(super) fn annotation<'a>(tree: &'a Value, name: &str) -> Option<&'a str> {
    tree.str_at(&["metadata", "annotations", name])
}

/// Whether the end of an object has begun.
pub(super) fn is_ending(tree: &Value) -> bool {
    !meta(tree, "deletionTimestamp").is_empty()
}

/// Whether an object has a finalizer.
pub(super) fn has_finalizer(tree: &Value, name: &str) -> bool {
    list(tree, &["metadata", "finalizers"]).iter().any(|known| known.as_str() == Some(name))
}

/// The object without a finalizer.
pub(super) fn without_finalizer(tree: &Value, name: &str) -> Value {
    let known = list(tree, &["metadata", "finalizers"]);
    let rest: Vec<_> = known.iter().filter(|known| known.as_str() != Some(name)).cloned().collect();
    if rest.is_empty() {
        return tree.without(&["metadata", "finalizers"]);
    }
    tree.with(&["metadata", "finalizers"], rest.into())
}

/// A time.
pub(super) fn time(tree: &Value, path: &[&str]) -> Option<Timestamp> {
    Timestamp::parse(tree.str_at(path)?)
}

/// When an object was made.
pub(super) fn created(tree: &Value) -> Timestamp {
    time(tree, &["metadata", "creationTimestamp"]).unwrap_or_default()
}

/// A status with this count; zero is not written.
pub(super) fn with_count(status: &Value, field: &str, count: i64) -> Value {
    if count == 0 { status.without(&[field]) } else { status.with(&[field], count.into()) }
}

/// As many as there are.
pub(super) fn counted<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}
