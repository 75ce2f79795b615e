//! Strategic merge patch: a merge patch that knows which lists are merged, and by which key.

use super::lists::{delete_listed, merged_list, ordered, put_in_order};
use super::{PatchError, broken, go};
use crate::schema::{Field, ListPatch, Schema, Shape, TypeId};
use crate::tree::{List, Map, Text, Value};
use std::collections::BTreeMap;

pub(super) const PATCH: &str = "$patch";
const RETAIN: &str = "$retainKeys";
pub(super) const ORDER: &str = "$setElementOrder";
const DELETE: &str = "$deleteFromPrimitiveList";

/// Entries of an object on the way.
pub(super) type Entries = BTreeMap<Text, Value>;

/// The value with what the patch says.
///
/// # Errors
/// If a directive of the patch has no meaning, or an item of a merged list lacks its key.
pub fn apply(
    schema: &Schema,
    ty: TypeId,
    value: &Value,
    patch: &Value,
) -> Result<Value, PatchError> {
    let Value::Map(patch) = patch else {
        return Err(PatchError::Malformed("a strategic merge patch is an object".to_owned()));
    };
    let empty = Map::default();
    maps(schema, ty, value.as_map().unwrap_or(&empty), patch).map(Value::Map)
}

pub(super) fn maps(
    schema: &Schema,
    ty: TypeId,
    live: &Map,
    patch: &Map,
) -> Result<Map, PatchError> {
    match patch.get(PATCH) {
        None => {}
        Some(Value::Text(word)) if word == "replace" => return Ok(patch.without(PATCH)),
        Some(Value::Text(word)) if word == "delete" => return Ok(Map::default()),
        Some(other) => return Err(unknown_directive(other, patch)),
    }
    let mut live: Entries = live.iter().cloned().collect();
    let mut patch: Entries = patch.iter().cloned().collect();
    retain(&mut live, &mut patch)?;
    for (key, order) in &patch.clone() {
        if key.starts_with(ORDER) {
            patch.remove(key);
            in_order(schema, ty, &mut live, &mut patch, key, order)?;
        }
    }
    for (key, change) in &patch {
        entry(schema, ty, &mut live, key, change)?;
    }
    Ok(live.into_iter().collect())
}

pub(super) fn unknown_directive(directive: &Value, patch: &Map) -> PatchError {
    let (directive, patch) = (go(directive), go(&Value::Map(patch.clone())));
    broken(format!("unknown patch type: {directive} in map: {patch}"))
}

/// Only what the directive lists stays of the live object.
fn retain(live: &mut Entries, patch: &mut Entries) -> Result<(), PatchError> {
    let Some(keys) = patch.remove(RETAIN) else { return Ok(()) };
    let wrong = || PatchError::Malformed("invalid patch format of retainKeys".to_owned());
    let keys = keys.as_list().ok_or_else(wrong)?;
    let keeps = |key: &str| keys.iter().any(|kept| kept.as_str() == Some(key));
    let directive = |key: &str| key.starts_with(DELETE) || key.starts_with(ORDER);
    let mut said = patch.iter().filter(|(key, value)| !value.is_null() && !directive(key));
    if said.any(|(key, _)| !keeps(key)) {
        return Err(wrong());
    }
    live.retain(|key, _| keeps(key));
    Ok(())
}

/// The field that a directive is about.
fn subject<'a>(key: &'a str, directive: &str, kind: &str) -> Result<&'a str, PatchError> {
    let rest = key.strip_prefix(directive).and_then(|rest| rest.strip_prefix('/'));
    rest.ok_or_else(|| PatchError::Malformed(format!("invalid patch format of {kind}")))
}

/// Merges a list that comes with an order.
fn in_order(
    schema: &Schema,
    ty: TypeId,
    live: &mut Entries,
    patch: &mut Entries,
    directive: &str,
    order: &Value,
) -> Result<(), PatchError> {
    let order = as_list(order)?;
    let name = subject(directive, ORDER, "setElementOrder list")?;
    let old = live.get(name).map(as_list).transpose()?.cloned();
    let new = patch.get(name).map(as_list).transpose()?.cloned();
    let (items, field) = list_field(schema, ty, name)?;
    let nothing = List::default();
    ordered(new.as_ref().unwrap_or(&nothing), order, key_of(field))?;
    let merged = match (&old, &new) {
        (None, None) => return Ok(()),
        (Some(old), None) => old.clone(),
        (None, Some(new)) => without_directives_in(new),
        (Some(old), Some(new)) => merged_list(schema, items, field, old, new)?,
    };
    let old = old.unwrap_or_default();
    let all = put_in_order(&merged, order, &old, &[&old, &new.unwrap_or_default()], key_of(field))?;
    live.insert(Text::new(name), Value::from(all));
    patch.remove(name);
    Ok(())
}

fn entry(
    schema: &Schema,
    ty: TypeId,
    live: &mut Entries,
    key: &Text,
    change: &Value,
) -> Result<(), PatchError> {
    let deletes = key.starts_with(DELETE);
    let key = if deletes { subject(key, DELETE, "primitive list")? } else { key.as_str() };
    if change.is_null() {
        live.remove(key);
        return Ok(());
    }
    let merged = match (live.get(key), change) {
        (Some(Value::Map(old)), Value::Map(new)) => {
            let (child, field) = known_field(schema, ty, key)?;
            match field.map(|field| &field.patch.lists) {
                Some(ListPatch::Whole) => Some(change.clone()),
                _ => Some(Value::Map(maps(schema, child, old, new)?)),
            }
        }
        (Some(Value::List(old)), Value::List(new)) => {
            let (items, field) = list_field(schema, ty, key)?;
            Some(Value::List(if deletes {
                delete_listed(schema, items, field, old, new)?
            } else {
                merged_list(schema, items, field, old, new)?
            }))
        }
        (Some(old), new) if same_form(old, new) => Some(new.clone()),
        _ if deletes => return Ok(()),
        _ => without_directives(&without_nulls(change)),
    };
    match merged {
        Some(value) => live.insert(Text::new(key), value),
        None => live.remove(key),
    };
    Ok(())
}

fn same_form(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// Without objects that only say what to do.
fn without_directives(value: &Value) -> Option<Value> {
    match value {
        Value::Map(map) if map.get(PATCH).is_some() => None,
        Value::Map(map) => {
            let kept =
                |(key, value): &(Text, Value)| Some((key.clone(), without_directives(value)?));
            Some(Value::Map(map.iter().filter_map(kept).collect()))
        }
        Value::List(list) => Some(Value::List(without_directives_in(list))),
        other => Some(other.clone()),
    }
}

fn without_directives_in(list: &List) -> List {
    List::from(list.iter().filter_map(without_directives).collect::<Vec<_>>())
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let said = map.iter().filter(|(_, value)| !value.is_null());
            Value::Map(said.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        Value::List(list) => Value::from(list.iter().map(without_nulls).collect::<Vec<_>>()),
        other => other.clone(),
    }
}

fn as_list(value: &Value) -> Result<&List, PatchError> {
    value.as_list().ok_or_else(|| {
        let found = super::go_type(value);
        broken(format!("expected a []interface {{}}, but received a {found}"))
    })
}

fn key_of(field: Option<&Field>) -> Option<&Text> {
    match field.map(|field| &field.patch.lists) {
        Some(ListPatch::MergeBy(key)) => Some(key),
        _ => None,
    }
}

/// The type of a key's value, and its field.
fn known_field<'a>(
    schema: &'a Schema,
    ty: TypeId,
    key: &str,
) -> Result<(TypeId, Option<&'a Field>), PatchError> {
    schema.child(ty, key).ok_or_else(|| {
        let name = schema.get(ty).name.as_deref().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default();
        broken(format!("unable to find api field in struct {name} for the json field {key:?}"))
    })
}

/// The type of a list's items, and its field.
fn list_field<'a>(
    schema: &'a Schema,
    ty: TypeId,
    key: &str,
) -> Result<(TypeId, Option<&'a Field>), PatchError> {
    let (child, field) = known_field(schema, ty, key)?;
    match schema.shape(child) {
        Shape::List { items, .. } => Ok((*items, field)),
        Shape::Any => Ok((child, field)),
        _ => Err(broken("expected slice or array type, but got: struct")),
    }
}

#[cfg(test)]
mod tests {
    use super::apply;
    use crate::schema::Schema;
    use crate::tree::{Value, decode};

    fn patched(live: &str, patch: &str) -> Result<String, String> {
        let schema = Schema::builtin();
        let ty = schema.named("io.k8s.api.core.v1.PodSpec").unwrap();
        let parse = |text: &str| -> Value { decode(text.as_bytes()).unwrap() };
        let result = apply(schema, ty, &parse(live), &parse(patch));
        result.map(|value| value.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn lists_are_merged_by_their_key() {
        let live = r#"{"containers":[{"image":"1","name":"a"},{"image":"2","name":"b"}]}"#;
        for (patch, result) in [
            (
                r#"{"containers":[{"name":"b","tty":true}]}"#,
                r#"{"containers":[{"image":"1","name":"a"},{"image":"2","name":"b","tty":true}]}"#,
            ),
            (
                r#"{"containers":[{"name":"c"}]}"#,
                r#"{"containers":[{"name":"c"},{"image":"1","name":"a"},{"image":"2","name":"b"}]}"#,
            ),
            (
                r#"{"containers":[{"name":"a","$patch":"delete"}]}"#,
                r#"{"containers":[{"image":"2","name":"b"}]}"#,
            ),
            (
                r#"{"containers":[{"name":"x"},{"$patch":"replace"}]}"#,
                r#"{"containers":[{"name":"x"}]}"#,
            ),
            (
                r#"{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a","tty":true}]}"#,
                r#"{"containers":[{"image":"2","name":"b"},{"image":"1","name":"a","tty":true}]}"#,
            ),
        ] {
            assert_eq!(patched(live, patch).unwrap(), result, "{patch}");
        }
    }

    #[test]
    fn directives() {
        for (live, patch, result) in [
            (
                r#"{"hostNetwork":true,"nodeName":"a"}"#,
                r#"{"nodeName":null}"#,
                r#"{"hostNetwork":true}"#,
            ),
            (
                r#"{"nodeSelector":{"a":"1","b":"2"}}"#,
                r#"{"nodeSelector":{"$patch":"replace","c":"3"}}"#,
                r#"{"nodeSelector":{"c":"3"}}"#,
            ),
            (
                r#"{"tolerations":[{"key":"a"}]}"#,
                r#"{"tolerations":[{"key":"b"}]}"#,
                r#"{"tolerations":[{"key":"b"}]}"#,
            ),
            (
                r#"{"nodeSelector":{"a":"1","b":"2"}}"#,
                r#"{"nodeSelector":{"$retainKeys":["b"],"b":"3"}}"#,
                r#"{"nodeSelector":{"b":"3"}}"#,
            ),
        ] {
            assert_eq!(patched(live, patch).unwrap(), result, "{patch}");
        }
    }

    #[test]
    fn items_need_their_key() {
        let error =
            patched(r#"{"containers":[]}"#, r#"{"containers":[{"image":"a"}]}"#).unwrap_err();
        assert!(error.ends_with("does not contain declared merge key: name"), "{error}");
        assert!(patched("{}", r#"{"$patch":"frob"}"#).is_err());
    }
}
