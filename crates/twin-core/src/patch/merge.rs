//! JSON merge patch.

use crate::tree::{Map, Value};

/// The value with what the patch says; `null` removes.
pub fn apply(value: &Value, patch: &Value) -> Value {
    let Value::Map(patch) = patch else { return patch.clone() };
    let empty = Map::default();
    let mut merged = value.as_map().unwrap_or(&empty).clone();
    for (key, change) in patch {
        merged = match change {
            Value::Null => merged.without(key),
            _ => merged.with(key, apply(merged.get(key).unwrap_or(&Value::Null), change)),
        };
    }
    Value::Map(merged)
}

#[cfg(test)]
mod tests {
    use super::apply;
    use crate::tree::decode;

    #[test]
    fn the_examples_of_the_rfc() {
        for (value, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"a":1,"e":null}"#),
            (r"[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            let parse = |text: &str| decode(text.as_bytes()).unwrap();
            assert_eq!(apply(&parse(value), &parse(patch)), parse(result), "{patch}");
        }
    }
}
