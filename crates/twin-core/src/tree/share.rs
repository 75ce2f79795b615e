//! Trees that resemble each other keep one copy of what is equal.

use super::{List, Map, Text, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The tree, with every part that equals the part of `like` at the same place replaced by that one.
///
/// Costs one comparison of both trees. What it is given does not have to resemble it: then nothing
/// is shared.
pub fn share(tree: &Value, like: &Value) -> Value {
    match (tree, like) {
        (Value::Map(new), Value::Map(old)) => Value::Map(maps(new, old)),
        (Value::List(new), Value::List(old)) => Value::List(lists(new, old)),
        (Value::Text(new), Value::Text(old)) if new == old => like.clone(),
        _ => tree.clone(),
    }
}

fn maps(new: &Map, old: &Map) -> Map {
    if Arc::ptr_eq(&new.0, &old.0) {
        return old.clone();
    }
    let mut rest = old.iter().peekable();
    let shared: Vec<_> = new
        .iter()
        .map(|(key, value)| {
            while rest.next_if(|(other, _)| other < key).is_some() {}
            match rest.next_if(|(other, _)| other == key) {
                Some((same, like)) => (same.clone(), share(value, like)),
                None => (key.clone(), value.clone()),
            }
        })
        .collect();
    let same = shared.len() == old.len()
        && shared.iter().zip(old).all(|((a, x), (b, y))| identical(x, y) && a == b);
    // Its keys are in order: they are those of the new map.
    if same { old.clone() } else { Map(shared.into()) }
}

fn lists(new: &List, old: &List) -> List {
    if Arc::ptr_eq(&new.0, &old.0) {
        return old.clone();
    }
    let null = Value::Null;
    let shared: Vec<_> = new
        .iter()
        .enumerate()
        .map(|(at, item)| share(item, old.get(at).unwrap_or(&null)))
        .collect();
    let same =
        shared.len() == old.len() && shared.iter().zip(old.iter()).all(|(a, b)| identical(a, b));
    if same { old.clone() } else { List::from(shared) }
}

/// Equal, found without a look into maps and lists.
fn identical(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(&a.0, &b.0),
        (Value::List(a), Value::List(b)) => Arc::ptr_eq(&a.0, &b.0),
        (Value::Map(_) | Value::List(_), _) | (_, Value::Map(_) | Value::List(_)) => false,
        (a, b) => a == b,
    }
}

/// Bytes that these trees occupy together: each shared part once. Allocator overhead is left out.
pub fn footprint<'a>(trees: impl IntoIterator<Item = &'a Value>) -> usize {
    let mut seen = BTreeSet::new();
    trees.into_iter().map(|tree| heap(tree, &mut seen)).sum()
}

/// A reference count, twice.
const COUNTS: usize = 16;
/// What a string of this length and less needs beside its value.
const INLINE: usize = 23;

fn heap(value: &Value, seen: &mut BTreeSet<usize>) -> usize {
    match value {
        Value::Text(text) => text_heap(text, seen),
        Value::List(list) => {
            if list.is_empty() || !seen.insert(list.0.as_ptr().addr()) {
                return 0;
            }
            COUNTS + size_of_val(&*list.0) + list.iter().map(|item| heap(item, seen)).sum::<usize>()
        }
        Value::Map(map) => {
            if map.is_empty() || !seen.insert(map.0.as_ptr().addr()) {
                return 0;
            }
            let entries = map.iter().map(|(key, value)| text_heap(key, seen) + heap(value, seen));
            COUNTS + size_of_val(&*map.0) + entries.sum::<usize>()
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
    }
}

fn text_heap(text: &Text, seen: &mut BTreeSet<usize>) -> usize {
    let long = text.len() > INLINE && seen.insert(text.as_ptr().addr());
    if long { COUNTS + text.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::{footprint, share};

    #[test]
    fn equal_parts_are_kept_once() {
        let one = decode(br#"{"meta":{"name":"a"},"spec":{"a":[1,{"b":"c"}]}}"#).unwrap();
        let two = decode(br#"{"meta":{"name":"b"},"spec":{"a":[1,{"b":"c"}]}}"#).unwrap();
        let apart = footprint([&one, &two]);
        let shared = share(&two, &one);
        assert_eq!(shared, two);
        assert!(footprint([&one, &shared]) < apart * 3 / 4);
    }

    #[test]
    fn different_trees_stay_as_they_are() {
        let one = decode(br#"{"a":[1,2],"b":null}"#).unwrap();
        let two = decode(br#"{"a":{"x":1},"c":[]}"#).unwrap();
        assert_eq!(share(&two, &one), two);
        assert_eq!(share(&one, &two), one);
    }
}
