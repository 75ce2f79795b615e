//! An object held against the value rules of an `openAPIV3Schema`.
//!
//! The sentences are those of Kubernetes' validator; rules in CEL are asked after them.

mod composed;
mod numbers;

use super::formats;
use super::patterns::Patterns;
use crate::causes::Causes;
use crate::names::quoted;
use crate::tree::{List, Map, Value};
use numbers::{float, go_float, go_json, is_whole, whole};

/// What is wrong with a value, in the order of its fields.
pub(super) fn faults(openapi: &Value, patterns: &Patterns, value: &Value) -> Causes {
    let mut walk = Walk { patterns, path: String::new(), found: Causes::default(), looks: 0 };
    walk.value(openapi, value);
    // Schemas that are made of others may say the same.
    walk.found.distinct()
}

struct Walk<'a> {
    patterns: &'a Patterns,
    path: String,
    found: Causes,
    /// How much was looked at, as upstream counts it: it says which of several schemas is the nearest.
    looks: usize,
}

impl Walk<'_> {
    fn say(&mut self, reason: &'static str, message: String) {
        let field = if self.path.is_empty() { "<nil>" } else { &self.path };
        self.found.say(reason, field, message);
    }

    fn invalid(&mut self, value: &Value, rule: &str) {
        let (shown, path) = (shown(value), &self.path);
        self.say("FieldValueInvalid", format!("Invalid value: {shown}: {path} in body {rule}"));
    }

    fn value(&mut self, openapi: &Value, value: &Value) {
        if value.is_null() {
            if says(openapi, "nullable") || self.is_of_type(openapi, value) {
                self.looks += 1;
            }
            return self.is_one_of(openapi, value);
        }
        let fits = self.is_of_type(openapi, value);
        self.looks += 4 + usize::from(is_typed(openapi)) * (1 + usize::from(fits));
        self.composed(openapi, value);
        match value {
            Value::Text(text) => self.text(openapi, value, text),
            Value::Int(_) | Value::Float(_) => self.number(openapi, value),
            Value::List(list) => self.list(openapi, list),
            Value::Map(map) => self.map(openapi, map),
            Value::Null | Value::Bool(_) => {}
        }
        self.is_one_of(openapi, value);
    }

    fn is_of_type(&mut self, openapi: &Value, value: &Value) -> bool {
        let either = says(openapi, "x-kubernetes-int-or-string").then_some("integer,string");
        let stated = || openapi.str_at(&["type"]).filter(|it| !it.is_empty());
        let format = openapi.str_at(&["format"]).unwrap_or_default();
        let wanted = either.or_else(stated).unwrap_or_default();
        if wanted.is_empty() && (value.is_null() || !formats::is_format("", format)) {
            return true;
        }
        let has_format = !format.is_empty() && formats::is_format(wanted, format);
        let is_number = matches!(wanted, "integer" | "number" | "integer,string");
        let fits = match value {
            // What has a format is judged by that.
            Value::Text(_) | Value::List(_) if has_format && !is_number => true,
            Value::Text(_) => either.is_some() || wanted == "string",
            Value::Int(_) => is_number,
            Value::Float(float) => wanted == "number" || (is_number && is_whole(*float)),
            Value::Bool(_) => wanted == "boolean",
            Value::List(_) => wanted == "array",
            Value::Map(_) => wanted == "object",
            Value::Null => false,
        };
        if fits {
            return true;
        }
        let (wanted, found) = match value {
            Value::Int(_) if has_format => (format, "int64"),
            Value::Float(_) if has_format => (format, "float64"),
            Value::Bool(_) | Value::Map(_) if has_format => (format, ""),
            Value::Int(_) => (wanted, "integer"),
            Value::Bool(_) => (wanted, "boolean"),
            other => (wanted, other.kind_name()),
        };
        let path = &self.path;
        let message =
            format!("Invalid value: {found:?}: {path} in body must be of type {wanted}: {found:?}");
        self.say("FieldValueTypeInvalid", message);
        false
    }

    fn is_one_of(&mut self, openapi: &Value, value: &Value) {
        let Some(allowed) = openapi.at(&["enum"]).and_then(Value::as_list) else { return };
        if allowed.is_empty() || allowed.iter().any(|one| is_as(value, one)) {
            return;
        }
        let word = |one: &Value| match one {
            Value::Text(text) => quoted(text),
            Value::Float(float) => quoted(&go_json(*float)),
            other => quoted(&other.to_string()),
        };
        let words: Vec<_> = allowed.iter().map(word).collect();
        let value = if value.is_null() { "null".to_owned() } else { shown(value) };
        let message = format!("Unsupported value: {value}: supported values: {}", words.join(", "));
        self.say("FieldValueNotSupported", message);
    }

    fn text(&mut self, openapi: &Value, value: &Value, text: &str) {
        self.looks += 1;
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        let pattern = openapi.str_at(&["pattern"]).unwrap_or_default();
        // Of these only the first is told.
        if let Some(most) = number(openapi, "maxLength").filter(|most| length > *most) {
            let bytes = if most == 1 { "byte" } else { "bytes" };
            self.say("FieldValueTooLong", format!("Too long: may not be more than {most} {bytes}"));
        } else if let Some(least) = number(openapi, "minLength").filter(|least| length < *least) {
            self.invalid(value, &format!("should be at least {least} chars long"));
        } else if self.patterns.breaks(pattern, text) {
            self.invalid(value, &format!("should match '{pattern}'"));
        }
        let format = openapi.str_at(&["format"]).unwrap_or_default();
        self.looks += usize::from(formats::is_format("", format));
        if formats::breaks(format, text) {
            let (shown, path) = (quoted(text), &self.path);
            let message =
                format!("Invalid value: {shown}: {path} in body must be of type {format}: {shown}");
            self.say("FieldValueTypeInvalid", message);
        }
    }

    fn list(&mut self, openapi: &Value, list: &List) {
        self.looks += 2;
        let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
        if let Some(most) = number(openapi, "maxItems").filter(|most| length > *most) {
            self.say(
                "FieldValueTooMany",
                format!("Too many: {length}: must have at most {most} {}", items(most)),
            );
        }
        if let Some(least) = number(openapi, "minItems").filter(|least| length < *least) {
            let length = Value::Int(length);
            self.invalid(&length, &format!("should have at least {least} items"));
        }
        let Some(items) = openapi.at(&["items"]) else { return };
        for (at, item) in list.iter().enumerate() {
            self.below(&format!("[{at}]"), |walk| walk.value(items, item));
        }
    }

    fn map(&mut self, openapi: &Value, map: &Map) {
        self.looks += 1;
        let length = i64::try_from(map.len()).unwrap_or(i64::MAX);
        if let Some(least) = number(openapi, "minProperties").filter(|least| length < *least) {
            let length = Value::Int(length);
            self.invalid(&length, &format!("should have at least {least} properties"));
        }
        if let Some(most) = number(openapi, "maxProperties").filter(|most| length > *most) {
            self.say(
                "FieldValueTooMany",
                format!("Too many: {length}: must have at most {most} {}", items(most)),
            );
        }
        let required = openapi.at(&["required"]).and_then(Value::as_list);
        for name in required.into_iter().flat_map(|list| list.iter()).filter_map(Value::as_str) {
            if map.get(name).is_none() {
                self.below(name, |walk| {
                    walk.say("FieldValueRequired", "Required value".to_owned());
                });
            }
        }
        let properties = openapi.at(&["properties"]).and_then(Value::as_map);
        let others = openapi.at(&["additionalProperties"]);
        for (key, value) in map {
            // Metadata is judged by its own rules.
            if self.path.is_empty() && key == "metadata" {
                continue;
            }
            match properties.and_then(|it| it.get(key)).or(others) {
                Some(Value::Bool(false)) => self.forbidden(key),
                Some(part @ Value::Map(_)) => self.below(key, |walk| walk.value(part, value)),
                _ => {}
            }
        }
    }

    fn forbidden(&mut self, key: &str) {
        let (shown, path) = (quoted(key), &self.path);
        let rule = format!("{path}.{key} in body is a forbidden property");
        self.say("FieldValueInvalid", format!("Invalid value: {shown}: {rule}"));
    }

    fn below(&mut self, step: &str, judge: impl FnOnce(&mut Self)) {
        if self.found.is_full() {
            return;
        }
        let length = self.path.len();
        if length > 0 && !step.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(step);
        judge(self);
        self.path.truncate(length);
    }
}

fn items(most: i64) -> &'static str {
    if most == 1 { "item" } else { "items" }
}

fn says(openapi: &Value, field: &str) -> bool {
    openapi.at(&[field]).and_then(Value::as_bool) == Some(true)
}

fn number(openapi: &Value, field: &str) -> Option<i64> {
    openapi.at(&[field]).and_then(Value::as_int)
}

/// Whether a schema says what type or format values have.
fn is_typed(openapi: &Value) -> bool {
    let text = |field: &str| openapi.str_at(&[field]).unwrap_or_default();
    let ty = text("type");
    says(openapi, "x-kubernetes-int-or-string")
        || !ty.is_empty()
        || formats::is_format(ty, text("format"))
}

/// Whether a value is as one of an `enum`, which decides what numbers are compared as.
fn is_as(value: &Value, one: &Value) -> bool {
    match (value, one) {
        (Value::Null, _) => false,
        (Value::Float(float), Value::Int(int)) => whole(*float) == *int,
        (Value::Int(_), Value::Float(other)) => float(value) == Some(*other),
        _ => value == one,
    }
}

/// As messages show a value.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Float(float) => go_float(*float),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Patterns, faults};
    use crate::tree::decode;

    #[test]
    fn a_long_path_is_not_repeated_for_each_fault_below_it() {
        let openapi =
            br#"{"properties":{"p":{"additionalProperties":{"items":{"type":"string"}}}}}"#;
        let openapi = decode(openapi).unwrap();
        let (path, items) = ("p".repeat(1_500_000), vec!["1"; 5_000].join(","));
        let value = decode(format!(r#"{{"p":{{"{path}":[{items}]}}}}"#).as_bytes()).unwrap();
        assert_eq!(faults(&openapi, &Patterns::of(&openapi), &value).into_vec().len(), 1);
    }

    #[test]
    fn null_is_asked_for_its_type_and_its_word() {
        let typed = "Invalid value: \"null\":  in body must be of type string: \"null\"";
        let worded = "Unsupported value: null: supported values: \"a\"";
        for (openapi, told) in [
            (r#"{"type":"string","nullable":true}"#, vec![]),
            (r#"{"type":"string","nullable":true,"enum":["a"]}"#, vec![worded]),
            (r#"{"type":"string","not":{}}"#, vec![typed]),
            (r#"{"type":"string","enum":["a"],"anyOf":[{"minLength":1}]}"#, vec![typed, worded]),
        ] {
            let openapi = decode(openapi.as_bytes()).unwrap();
            let found = faults(&openapi, &Patterns::of(&openapi), &decode(b"null").unwrap());
            let said: Vec<_> = found.iter().map(|cause| cause.message.as_str()).collect();
            assert_eq!(said, told, "{openapi}");
        }
    }

    #[test]
    fn each_rule_has_its_sentence() {
        let openapi = decode(
            br#"{"type":"object","properties":{"spec":{"type":"object","required":["size"],"properties":{
            "size":{"type":"integer","minimum":1,"maximum":5},"mode":{"type":"string","enum":["a","b"]},
            "name":{"type":"string","pattern":"^x+$","maxLength":3},"list":{"type":"array","maxItems":1,"items":{"type":"string"}}}}}}"#,
        )
        .unwrap();
        for (spec, fields) in [
            (r#"{"size":1,"mode":"a","name":"xx","list":["y"]}"#, vec![]),
            ("{}", vec!["spec.size: Required value"]),
            (
                r#"{"size":"1"}"#,
                vec![
                    r#"spec.size: Invalid value: "string": spec.size in body must be of type integer: "string""#,
                ],
            ),
            (
                r#"{"size":0}"#,
                vec![
                    "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
                ],
            ),
            (
                r#"{"size":2,"mode":"c"}"#,
                vec![r#"spec.mode: Unsupported value: "c": supported values: "a", "b""#],
            ),
            (
                r#"{"size":2,"name":"y"}"#,
                vec![r#"spec.name: Invalid value: "y": spec.name in body should match '^x+$'"#],
            ),
            (
                r#"{"size":2,"list":["a","b"]}"#,
                vec!["spec.list: Too many: 2: must have at most 1 item"],
            ),
        ] {
            let value = decode(format!(r#"{{"spec":{spec}}}"#).as_bytes()).unwrap();
            let said: Vec<_> = faults(&openapi, &Patterns::of(&openapi), &value)
                .iter()
                .map(|cause| format!("{}: {}", cause.field, cause.message))
                .collect();
            assert_eq!(said, fields, "{spec}");
        }
    }
}
