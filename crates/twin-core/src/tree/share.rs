//! Trees that resemble each other keep one copy of what is equal.

use super::{List, Map, Text, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The tree, with every part that equals the part of `like` at the same place replaced by that one.
///
/// Costs one comparison of both trees. What it is given does not have to resemble it: then nothing
/// is shared.
pub fn share(tree: &Value, like: &Value) -> Value {
    shared(tree, like).unwrap_or_else(|| tree.clone())
}

/// What takes the place of the tree; nothing, if no part of it has another place to be kept.
fn shared(tree: &Value, like: &Value) -> Option<Value> {
    match (tree, like) {
        (Value::Map(new), Value::Map(old)) if !Arc::ptr_eq(&new.0, &old.0) => maps(new, old),
        (Value::List(new), Value::List(old)) if !Arc::ptr_eq(&new.0, &old.0) => lists(new, old),
        (Value::Text(new), Value::Text(old)) if new.len() > INLINE && new == old => {
            Some(like.clone())
        }
        _ => None,
    }
}

fn maps(new: &Map, old: &Map) -> Option<Value> {
    let mut rest = old.iter().peekable();
    let mut like = |key: &Text| {
        while rest.next_if(|(other, _)| other < key).is_some() {}
        rest.next_if(|(other, _)| other == key)
    };
    let mut rebuilt = None;
    let mut same = new.len() == old.len();
    for (at, (key, value)) in new.iter().enumerate() {
        let like = like(key);
        let found = like.and_then(|(_, like)| shared(value, like));
        same &= like.is_some_and(|(_, like)| identical(found.as_ref().unwrap_or(value), like));
        if found.is_some() && rebuilt.is_none() {
            rebuilt = Some(copied(&new.0, at));
        }
        if let Some(entries) = &mut rebuilt {
            let key = like.map_or(key, |(same, _)| same);
            entries.push((key.clone(), found.unwrap_or_else(|| value.clone())));
        }
    }
    // Its keys are in order: they are those of the new map.
    let rebuilt = rebuilt.filter(|_| !same).map(|entries| Map(entries.into()));
    if same { Some(Value::Map(old.clone())) } else { rebuilt.map(Value::Map) }
}

fn lists(new: &List, old: &List) -> Option<Value> {
    let mut rebuilt = None;
    let mut same = new.len() == old.len();
    for (at, item) in new.iter().enumerate() {
        let like = old.get(at);
        let found = like.and_then(|like| shared(item, like));
        same &= like.is_some_and(|like| identical(found.as_ref().unwrap_or(item), like));
        if found.is_some() && rebuilt.is_none() {
            rebuilt = Some(copied(&new.0, at));
        }
        if let Some(items) = &mut rebuilt {
            items.push(found.unwrap_or_else(|| item.clone()));
        }
    }
    let rebuilt = rebuilt.filter(|_| !same).map(List::from);
    if same { Some(Value::List(old.clone())) } else { rebuilt.map(Value::List) }
}

/// The first of some entries, with room for all.
fn copied<T: Clone>(all: &[T], first: usize) -> Vec<T> {
    let mut copied = Vec::with_capacity(all.len());
    copied.extend_from_slice(&all[..first]);
    copied
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
