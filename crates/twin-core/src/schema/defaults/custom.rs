//! Defaults that the schema of a definition names, wherever it lets other fields be as well.

use crate::tree::{Map, Text, Value};

/// The value with what the schema gives where nothing stands.
pub fn apply_custom_defaults(openapi: &Value, value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(fields(openapi, map)),
        Value::List(list) => match openapi.at(&["items"]) {
            Some(items) => {
                let filled = list.iter().map(|item| apply_custom_defaults(items, item));
                filled.collect::<Vec<_>>().into()
            }
            None => value.clone(),
        },
        _ => value.clone(),
    }
}

fn fields(openapi: &Value, map: &Map) -> Map {
    let part = |name: &Text| {
        let own = openapi.at(&["properties", name]);
        own.or_else(|| openapi.at(&["additionalProperties"]))
    };
    let mut all: Vec<_> = map
        .iter()
        .map(|(name, value)| match part(name) {
            Some(schema) => (name.clone(), apply_custom_defaults(schema, value)),
            None => (name.clone(), value.clone()),
        })
        .collect();
    let properties = openapi.at(&["properties"]).and_then(Value::as_map);
    for (name, schema) in properties.map(Map::iter).into_iter().flatten() {
        if let Some(default) = schema.at(&["default"]).filter(|_| map.get(name).is_none()) {
            all.push((name.clone(), apply_custom_defaults(schema, default)));
        }
    }
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::apply_custom_defaults;
    use crate::tree::decode;

    #[test]
    fn what_is_missing_is_filled_at_every_depth() {
        let tree = |text: &str| decode(text.as_bytes()).unwrap();
        let schema = tree(
            r#"{"x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"default":"A"},"o":{"default":{},"properties":{"n":{"default":1}}},"l":{"items":{"properties":{"x":{"default":true}}}},"m":{"additionalProperties":{"properties":{"y":{"default":2}}}}}}"#,
        );
        assert_eq!(
            apply_custom_defaults(
                &schema,
                &tree(r#"{"free":1,"l":[{},{"x":false}],"m":{"k":{}}}"#)
            ),
            tree(
                r#"{"a":"A","free":1,"l":[{"x":true},{"x":false}],"m":{"k":{"y":2}},"o":{"n":1}}"#
            )
        );
        assert_eq!(apply_custom_defaults(&schema, &tree("7")), tree("7"));
    }
}
