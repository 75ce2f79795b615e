//! Objects without what the schema of their definition does not know.

use crate::tree::{Map, Value};

/// A whole object, whose kind and metadata stay as they are.
pub fn prune_custom(openapi: &Value, object: &Value) -> Value {
    pruned(Some(openapi), object, Role::Resource)
}

/// A part of an object.
pub(crate) fn prune_part(openapi: &Value, value: &Value) -> Value {
    part(Some(openapi), value)
}

/// Where something was that is no longer there: `spec.list[0].a`.
pub(crate) fn lost(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(before, after, &mut String::new(), &mut found);
    found
}

fn compare(before: &Value, after: &Value, path: &mut String, found: &mut Vec<String>) {
    let length = path.len();
    match (before, after) {
        (Value::Map(before), Value::Map(after)) => {
            for (name, value) in before {
                path.push_str(if length > 0 { "." } else { "" });
                path.push_str(name);
                match after.get(name) {
                    Some(after) => compare(value, after, path, found),
                    None => found.push(path.clone()),
                }
                path.truncate(length);
            }
        }
        (Value::List(before), Value::List(after)) => {
            for (at, (before, after)) in before.iter().zip(after.iter()).enumerate() {
                path.extend(["[", &at.to_string(), "]"]);
                compare(before, after, path, found);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

/// Of what no schema speaks, no fields stay.
fn part(openapi: Option<&Value>, value: &Value) -> Value {
    let embeds = openapi.is_some_and(|openapi| says(openapi, "x-kubernetes-embedded-resource"));
    pruned(openapi, value, if embeds { Role::Resource } else { Role::Part })
}

fn pruned(openapi: Option<&Value>, value: &Value, role: Role) -> Value {
    match (value, openapi) {
        (_, Some(openapi)) if says(openapi, "x-kubernetes-preserve-unknown-fields") => {
            preserved(openapi, value, role)
        }
        (Value::Map(_), None) => Value::Map(Map::default()),
        (Value::Map(map), Some(openapi)) => {
            let kept = |name: &str, value: &Value| known(openapi, name, value, role);
            Value::Map(fields(map, kept))
        }
        (Value::List(list), _) => {
            let items = openapi.and_then(items);
            list.iter().map(|item| part(items, item)).collect::<Vec<_>>().into()
        }
        _ => value.clone(),
    }
}

/// What has unknown fields: they stay, and so do those of the items of a list.
fn preserved(openapi: &Value, value: &Value, role: Role) -> Value {
    match (value, items(openapi)) {
        (Value::Map(map), _) => {
            let kept = |name: &str, value: &Value| {
                Some(known(openapi, name, value, role).unwrap_or_else(|| value.clone()))
            };
            Value::Map(fields(map, kept))
        }
        (Value::List(list), Some(items)) => {
            let embeds = says(items, "x-kubernetes-embedded-resource");
            let role = if embeds { Role::Resource } else { Role::Part };
            list.iter().map(|item| preserved(items, item, role)).collect::<Vec<_>>().into()
        }
        _ => value.clone(),
    }
}

/// What an object is to Kubernetes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Resource,
    Part,
}

fn says(openapi: &Value, field: &str) -> bool {
    openapi.at(&[field]) == Some(&Value::Bool(true))
}

fn items(openapi: &Value) -> Option<&Value> {
    openapi.at(&["items"]).filter(|items| items.as_map().is_some())
}

fn fields(map: &Map, kept: impl Fn(&str, &Value) -> Option<Value>) -> Map {
    map.iter().filter_map(|(name, value)| Some((name.clone(), kept(name, value)?))).collect()
}

/// A field that a schema knows.
fn known(openapi: &Value, name: &str, value: &Value, role: Role) -> Option<Value> {
    if role == Role::Resource && matches!(name, "apiVersion" | "kind" | "metadata") {
        return Some(value.clone());
    }
    let properties = openapi.at(&["properties"]).and_then(Value::as_map);
    match (properties.and_then(|it| it.get(name)), openapi.at(&["additionalProperties"])) {
        (Some(own), _) | (None, Some(own @ Value::Map(_))) => Some(part(Some(own), value)),
        // Whether it says yes or no, it says nothing of what is in them.
        (None, Some(Value::Bool(_))) => Some(part(None, value)),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::prune_custom;
    use crate::tree::decode;

    #[test]
    fn what_nobody_knows_goes() {
        let tree = |text: &str| decode(text.as_bytes()).unwrap();
        let openapi = tree(
            r#"{"type":"object","properties":{"a":{"type":"string"},"l":{"items":{"properties":{"x":{}}}},"m":{"additionalProperties":{"properties":{"y":{}}}},"f":{"x-kubernetes-preserve-unknown-fields":true,"properties":{"g":{"properties":{}}}}}}"#,
        );
        let object = tree(
            r#"{"kind":"K","metadata":{"name":"n","labels":{}},"a":"A","b":1,"l":[{"x":1,"z":2}],"m":{"k":{"y":1,"z":2}},"f":{"free":1,"g":{"no":1}}}"#,
        );
        assert_eq!(
            prune_custom(&openapi, &object),
            tree(
                r#"{"kind":"K","metadata":{"name":"n","labels":{}},"a":"A","l":[{"x":1}],"m":{"k":{"y":1}},"f":{"free":1,"g":{}}}"#
            )
        );
    }

    #[test]
    fn what_is_kept_and_what_is_said_is_told_apart() {
        let tree = |text: &str| decode(text.as_bytes()).unwrap();
        for (openapi, object, left) in [
            (
                r#"{"additionalProperties":true}"#,
                r#"{"a":{"b":1},"l":[{"c":1},2],"s":"t"}"#,
                r#"{"a":{},"l":[{},2],"s":"t"}"#,
            ),
            (r#"{"additionalProperties":false}"#, r#"{"a":{"b":1}}"#, r#"{"a":{}}"#),
            (
                r#"{"x-kubernetes-preserve-unknown-fields":true,"additionalProperties":true}"#,
                r#"{"a":{"b":1}}"#,
                r#"{"a":{}}"#,
            ),
            (
                r#"{"x-kubernetes-preserve-unknown-fields":true,"items":{"properties":{"a":{"properties":{}}}}}"#,
                r#"[{"a":{"b":1},"c":{"d":1}}]"#,
                r#"[{"a":{},"c":{"d":1}}]"#,
            ),
            (r#"{"type":"string"}"#, r#"[{"a":1}]"#, "[{}]"),
        ] {
            assert_eq!(super::prune_part(&tree(openapi), &tree(object)), tree(left), "{openapi}");
        }
        let (before, after) =
            (tree(r#"{"a":[{"b":{"c":1}},2],"d":1}"#), tree(r#"{"a":[{"b":{}},2]}"#));
        assert_eq!(super::lost(&before, &after), ["a[0].b.c", "d"]);
    }
}
