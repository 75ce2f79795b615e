//! Objects without what the schema of their definition does not know.

use crate::tree::{Map, Value};

/// A whole object, whose kind and metadata stay as they are.
pub fn prune_custom(openapi: &Value, object: &Value) -> Value {
    match object {
        Value::Map(map) => Value::Map(fields(openapi, map, Role::Resource)),
        other => other.clone(),
    }
}

/// A part of an object.
pub(crate) fn prune_part(openapi: &Value, value: &Value) -> Value {
    match (value, openapi.at(&["items"])) {
        (Value::List(list), Some(items)) => {
            list.iter().map(|item| prune_part(items, item)).collect::<Vec<_>>().into()
        }
        (Value::Map(map), _) => {
            let role = if says(openapi, "x-kubernetes-embedded-resource") {
                Role::Resource
            } else {
                Role::Part
            };
            Value::Map(fields(openapi, map, role))
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

fn fields(openapi: &Value, map: &Map, role: Role) -> Map {
    let properties = openapi.at(&["properties"]).and_then(Value::as_map);
    let others = openapi.at(&["additionalProperties"]);
    let keeps = says(openapi, "x-kubernetes-preserve-unknown-fields");
    let is_own =
        |name: &str| role == Role::Resource && matches!(name, "apiVersion" | "kind" | "metadata");
    let kept = |name: &str, value: &Value| {
        if is_own(name) {
            return Some(value.clone());
        }
        match (properties.and_then(|it| it.get(name)), others) {
            (Some(part), _) | (None, Some(part @ Value::Map(_))) => Some(prune_part(part, value)),
            (None, Some(Value::Bool(true))) => Some(value.clone()),
            (None, _) => Some(value.clone()).filter(|_| keeps),
        }
    };
    map.iter().filter_map(|(name, value)| Some((name.clone(), kept(name, value)?))).collect()
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
}
