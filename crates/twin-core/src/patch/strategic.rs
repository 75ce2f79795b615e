//! Strategic merge patch: a merge patch that knows which lists are merged, and by which key.

use super::{PatchError, refused};
use crate::schema::{Field, ListPatch, Schema, Shape, TypeId};
use crate::tree::{List, Map, Text, Value};

const PATCH: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DELETE: &str = "$deleteFromPrimitiveList/";

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

fn maps(schema: &Schema, ty: TypeId, live: &Map, patch: &Map) -> Result<Map, PatchError> {
    match patch.get(PATCH).map(Value::as_str) {
        None | Some(Some("merge")) => {}
        Some(Some("replace")) => return Ok(patch.without(PATCH)),
        Some(Some("delete")) => return Ok(Map::default()),
        Some(other) => {
            let other = other.unwrap_or_default();
            return Err(PatchError::Broken(format!("unknown patch type found: {other}")));
        }
    }
    let mut merged = retained(live, patch)?;
    for (key, change) in patch.iter().filter(|(key, _)| key != PATCH && key != RETAIN) {
        if let Some(name) = key.strip_prefix(DELETE) {
            merged = without_items(&merged, name, change);
        } else if let Some(name) = key.strip_prefix(ORDER) {
            // A list that the patch changes is put in order when it is merged.
            if patch.get(name).is_none() {
                merged = ordered(schema, ty, &merged, name, change);
            }
        } else {
            merged = entry(schema, ty, &merged, key, change, patch)?;
        }
    }
    Ok(merged)
}

fn retained(live: &Map, patch: &Map) -> Result<Map, PatchError> {
    let Some(keys) = patch.get(RETAIN).and_then(Value::as_list) else { return Ok(live.clone()) };
    let keeps = |key: &str| keys.iter().any(|kept| kept.as_str() == Some(key));
    let stray =
        patch.iter().find(|(key, value)| !key.starts_with('$') && !value.is_null() && !keeps(key));
    match stray {
        Some(_) => Err(refused("patch contains fields that are not in the retainKeys list")),
        None => Ok(live.iter().filter(|(key, _)| keeps(key)).cloned().collect()),
    }
}

fn entry(
    schema: &Schema,
    ty: TypeId,
    live: &Map,
    key: &Text,
    change: &Value,
    patch: &Map,
) -> Result<Map, PatchError> {
    if change.is_null() {
        return Ok(live.without(key));
    }
    let (child, field) = schema.child(ty, key).unwrap_or((schema.any(), None));
    let order = patch.get(&format!("{ORDER}{key}")).and_then(Value::as_list);
    let merged = match (live.get(key), change) {
        (Some(Value::Map(old)), Value::Map(new)) => Value::Map(maps(schema, child, old, new)?),
        (None, Value::Map(new)) => Value::Map(maps(schema, child, &Map::default(), new)?),
        (Some(Value::List(old)), Value::List(new)) => lists(schema, child, field, old, new, order)?,
        (None, Value::List(new)) => lists(schema, child, field, &List::default(), new, order)?,
        _ => change.clone(),
    };
    Ok(live.with(key, merged))
}

fn items_of(schema: &Schema, ty: TypeId) -> TypeId {
    match schema.shape(ty) {
        Shape::List { items, .. } => *items,
        _ => schema.any(),
    }
}

fn lists(
    schema: &Schema,
    ty: TypeId,
    field: Option<&Field>,
    live: &List,
    patch: &List,
    order: Option<&List>,
) -> Result<Value, PatchError> {
    let (merged, key) = match field.map(|field| &field.patch.lists) {
        Some(ListPatch::MergeBy(key)) => {
            (merged_by(schema, items_of(schema, ty), key, live, patch)?, Some(key))
        }
        Some(ListPatch::Unite) => (united(live, patch), None),
        _ => return Ok(Value::List(patch.clone())),
    };
    let Merged::Parts(merged) = merged else { return Ok(merged.into_value()) };
    Ok(Value::from(in_order(merged, order.unwrap_or(patch), live, key)))
}

enum Merged {
    /// The patch replaced the list.
    Whole(Vec<Value>),
    Parts(Vec<Value>),
}

impl Merged {
    fn into_value(self) -> Value {
        match self {
            Self::Whole(items) | Self::Parts(items) => Value::from(items),
        }
    }
}

fn united(live: &List, patch: &List) -> Merged {
    let mut items: Vec<Value> = Vec::new();
    for item in live.iter().chain(patch.iter()) {
        if !items.contains(item) {
            items.push(item.clone());
        }
    }
    Merged::Parts(items)
}

fn merged_by(
    schema: &Schema,
    ty: TypeId,
    key: &Text,
    live: &List,
    patch: &List,
) -> Result<Merged, PatchError> {
    let directive = |item: &Value| item.str_at(&[PATCH]).map(Text::new);
    if patch.iter().any(|item| directive(item).as_deref() == Some("replace")) {
        let plain = patch.iter().filter(|item| directive(item).is_none());
        return Ok(Merged::Whole(plain.cloned().collect()));
    }
    let mut items = live.to_vec();
    for change in patch.iter() {
        let Value::Map(map) = change else {
            return Err(refused("expected list of maps in a list that is merged by key"));
        };
        let Some(name) = map.get(key) else {
            let shown = as_go_prints(change);
            return Err(PatchError::Broken(format!(
                "map: {shown} does not contain declared merge key: {key}"
            )));
        };
        let same = |item: &Value| item.at(&[key]) == Some(name);
        match directive(change).as_deref() {
            Some("delete") => items.retain(|item| !same(item)),
            None | Some("merge") => match items.iter_mut().find(|item| same(item)) {
                Some(Value::Map(old)) => *old = maps(schema, ty, old, map)?,
                _ => items.push(Value::Map(maps(schema, ty, &Map::default(), map)?)),
            },
            Some(other) => {
                return Err(PatchError::Broken(format!("unknown patch type found: {other}")));
            }
        }
    }
    Ok(Merged::Parts(items))
}

/// `map[image:x]`
fn as_go_prints(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Text(text) => text.to_string(),
        Value::List(list) => {
            format!("[{}]", list.iter().map(as_go_prints).collect::<Vec<_>>().join(" "))
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{key}:{}", as_go_prints(value)));
            format!("map[{}]", entries.collect::<Vec<_>>().join(" "))
        }
        other => other.to_string(),
    }
}

/// What the patch names stands in the patch's order, the rest in that of the live list between it.
fn in_order(items: Vec<Value>, order: &List, live: &List, key: Option<&Text>) -> Vec<Value> {
    let place = |list: &[Value], item: &Value| {
        let id = |value: &Value| key.map_or(Some(value.clone()), |key| value.at(&[key]).cloned());
        let wanted = id(item);
        list.iter().position(|other| id(other) == wanted)
    };
    let (mut named, mut others): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|item| place(order, item).is_some());
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
    all
}

fn without_items(live: &Map, name: &str, gone: &Value) -> Map {
    let (Some(list), Some(gone)) = (live.get(name).and_then(Value::as_list), gone.as_list()) else {
        return live.clone();
    };
    let kept = list.iter().filter(|item| !gone.contains(item)).cloned();
    live.with(name, Value::from(kept.collect::<Vec<_>>()))
}

fn ordered(schema: &Schema, ty: TypeId, live: &Map, name: &str, order: &Value) -> Map {
    let (Some(list), Some(order)) = (live.get(name).and_then(Value::as_list), order.as_list())
    else {
        return live.clone();
    };
    let key = match schema.child(ty, name).and_then(|(_, field)| field) {
        Some(Field { patch, .. }) => match &patch.lists {
            ListPatch::MergeBy(key) => Some(key.clone()),
            ListPatch::Unite => None,
            ListPatch::Replace => return live.clone(),
        },
        None => return live.clone(),
    };
    live.with(name, Value::from(in_order(list.to_vec(), order, list, key.as_ref())))
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
        assert!(patched("{}", r#"{"nodeSelector":{"$patch":"frob"}}"#).is_err());
    }
}
