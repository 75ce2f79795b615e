//! Lists in a strategic merge patch.

use super::strategic::{maps, unknown_directive};
use super::{PatchError, broken, go, go_type, refused};
use crate::schema::{Field, ListPatch, Schema, TypeId};
use crate::tree::{List, Map, Text, Value};

const PATCH: &str = super::strategic::PATCH;

/// The live list with what the patch's list says.
pub(super) fn merged_list(
    schema: &Schema,
    items: TypeId,
    field: Option<&Field>,
    live: &List,
    patch: &List,
) -> Result<List, PatchError> {
    let key = match field.map(|field| &field.patch.lists) {
        Some(ListPatch::MergeBy(key)) => Some(key),
        Some(ListPatch::Unite) => None,
        _ => return Ok(patch.clone()),
    };
    if live.is_empty() && patch.is_empty() {
        return Ok(live.clone());
    }
    let (merged, live, patch) = match (form(&[live, patch])?, key) {
        (Form::Scalars, _) => (united(live, patch), live.clone(), patch.clone()),
        (Form::Maps, None) => {
            return Err(broken("cannot merge lists without merge key for struct"));
        }
        (Form::Maps, Some(key)) => {
            let (live, patch) = directed(live, patch, key)?;
            (merged_by(schema, items, key, &live, &patch)?, live, patch)
        }
    };
    Ok(List::from(normal(&merged, &patch, &live, key)?))
}

/// The live list without what the patch lists. Objects are merged all the same.
pub(super) fn delete_listed(
    schema: &Schema,
    items: TypeId,
    field: Option<&Field>,
    live: &List,
    gone: &List,
) -> Result<List, PatchError> {
    if live.is_empty() && gone.is_empty() {
        return Ok(live.clone());
    }
    match (form(&[live, gone])?, field.map(|field| &field.patch.lists)) {
        (Form::Maps, Some(ListPatch::MergeBy(_))) => merged_list(schema, items, field, live, gone),
        (Form::Maps, _) => Err(broken("cannot merge lists without merge key for struct")),
        (Form::Scalars, _) => {
            let kept = live.iter().filter(|item| !gone.contains(item)).cloned();
            Ok(List::from(kept.collect::<Vec<_>>()))
        }
    }
}

enum Form {
    Maps,
    Scalars,
}

/// What the items of lists are; all are alike.
fn form(lists: &[&List]) -> Result<Form, PatchError> {
    let mut items = lists.iter().flat_map(|list| list.iter());
    let Some(first) = items.next() else {
        return Err(broken("no elements in any of the given slices"));
    };
    if first.as_list().is_some() {
        return Err(refused("lists of lists are not supported"));
    }
    if items.any(|item| go_type(item) != go_type(first)) {
        let shown: Vec<_> = lists.iter().map(|list| go(&Value::List((*list).clone()))).collect();
        return Err(broken(format!("list element types are not identical: [{}]", shown.join(" "))));
    }
    Ok(if first.as_map().is_some() { Form::Maps } else { Form::Scalars })
}

fn united(live: &List, patch: &List) -> Vec<Value> {
    let mut items: Vec<Value> = Vec::new();
    for item in live.iter().chain(patch.iter()) {
        if !items.contains(item) {
            items.push(item.clone());
        }
    }
    items
}

fn keyed<'a>(item: &'a Value, key: &str) -> Result<&'a Value, PatchError> {
    let Value::Map(map) = item else {
        let found = go_type(item);
        return Err(broken(format!(
            "expected a map[string]interface {{}}, but received a {found}"
        )));
    };
    map.get(key).ok_or_else(|| {
        broken(format!("map: {} does not contain declared merge key: {key}", go(item)))
    })
}

/// What items with directives do to the live list; then both lists without them.
fn directed(live: &List, patch: &List, key: &Text) -> Result<(List, List), PatchError> {
    let (mut live, mut plain, mut replaces) = (live.to_vec(), Vec::new(), false);
    for item in patch.iter() {
        let map = item.as_map().cloned().unwrap_or_default();
        match map.get(PATCH) {
            None => plain.push(item.clone()),
            Some(Value::Text(word)) if word == "replace" => replaces = true,
            Some(Value::Text(word)) if word == "delete" => {
                let gone = keyed(item, key)?;
                live.retain(|item| item.at(&[key]) != Some(gone));
            }
            Some(Value::Text(word)) if word == "merge" => {
                return Err(broken("merging lists cannot yet be specified in the patch"));
            }
            Some(other) => return Err(unknown_directive(other, &map)),
        }
    }
    let plain = List::from(plain);
    Ok(if replaces { (plain, List::default()) } else { (List::from(live), plain) })
}

fn merged_by(
    schema: &Schema,
    ty: TypeId,
    key: &Text,
    live: &List,
    patch: &List,
) -> Result<Vec<Value>, PatchError> {
    let mut items = live.to_vec();
    let nothing = Map::default();
    for change in patch.iter() {
        let name = keyed(change, key)?;
        match items.iter_mut().find(|item| item.at(&[key]) == Some(name)) {
            Some(Value::Map(old)) => {
                *old = maps(schema, ty, old, change.as_map().unwrap_or(&nothing))?;
            }
            _ => items.push(change.clone()),
        }
    }
    Ok(items)
}

/// Whether the patch's items come in the order that it asks for.
pub(super) fn ordered(patch: &List, order: &List, key: Option<&Text>) -> Result<(), PatchError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let id = |item| key.map_or(Ok(item), |key| keyed(item, key));
    let mut wanted = order.iter();
    for item in patch.iter() {
        if key.is_some() && item.as_map().is_none() {
            id(item)?;
        }
        if item.at(&[PATCH]).is_some() {
            continue;
        }
        loop {
            let Some(place) = wanted.next() else {
                let (patch, order) =
                    (go(&Value::List(patch.clone())), go(&Value::List(order.clone())));
                return Err(broken(format!(
                    "The order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}\n"
                )));
            };
            if id(item)? == id(place)? {
                break;
            }
        }
    }
    Ok(())
}

/// What the order names stands in that order, the rest in that of the live list between it.
pub(super) fn put_in_order(
    merged: &List,
    order: &List,
    live: &List,
    sources: &[&List],
    key: Option<&Text>,
) -> Result<Vec<Value>, PatchError> {
    if let Some(key) = key {
        check_keys(merged, key)?;
    }
    if let (Form::Maps, None) = (form(sources)?, key) {
        let key = Text::default();
        [merged, order, live].iter().try_for_each(|items| check_keys(items, &key))?;
    }
    normal(merged, order, live, key)
}

fn check_keys(items: &[Value], key: &Text) -> Result<(), PatchError> {
    items.iter().try_for_each(|item| keyed(item, key).map(|_| ()))
}

fn normal(
    merged: &[Value],
    order: &List,
    live: &List,
    key: Option<&Text>,
) -> Result<Vec<Value>, PatchError> {
    if let Some(key) = key {
        [merged, &order[..], &live[..]].iter().try_for_each(|items| check_keys(items, key))?;
    }
    let place = |list: &[Value], item: &Value| {
        let wanted = id(item, key);
        list.iter().position(|other| id(other, key) == wanted)
    };
    let (mut named, mut others): (Vec<_>, Vec<_>) =
        merged.iter().cloned().partition(|item| place(order, item).is_some());
    named.sort_by_key(|item| place(order, item));
    others.sort_by_key(|item| place(live, item));
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    let mut all = Vec::new();
    while let (Some(other), Some(name)) = (others.peek(), named.peek()) {
        let before = place(live, other).zip(place(live, name)).is_some_and(|(a, b)| a < b);
        all.extend(if before { others.next() } else { named.next() });
    }
    all.extend(others);
    all.extend(named);
    Ok(all)
}

/// What tells an item from others.
fn id<'a>(item: &'a Value, key: Option<&Text>) -> Option<&'a Value> {
    key.map_or(Some(item), |key| item.at(&[key]))
}
