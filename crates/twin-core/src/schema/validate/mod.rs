//! An object held against the value rules of an `openAPIV3Schema`.
//!
//! The sentences are those of Kubernetes' validator; rules in CEL are asked after them.

mod composed;

use super::formats;
use super::patterns::Patterns;
use crate::causes::Causes;
use crate::names::quoted;
use crate::tree::{List, Map, Value};

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
    /// Values that were looked at.
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
        self.looks += 1;
        if value.is_null() && says(openapi, "nullable") {
            return;
        }
        let is_of_type = self.is_of_type(openapi, value);
        self.composed(openapi, value);
        self.is_one_of(openapi, value);
        if !is_of_type {
            return;
        }
        match value {
            Value::Text(text) => self.text(openapi, value, text),
            Value::Int(_) | Value::Float(_) => self.number(openapi, value),
            Value::List(list) => self.list(openapi, value, list),
            Value::Map(map) => self.map(openapi, map),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn is_of_type(&mut self, openapi: &Value, value: &Value) -> bool {
        let either = says(openapi, "x-kubernetes-int-or-string").then_some("integer,string");
        let stated = || openapi.str_at(&["type"]).filter(|it| !it.is_empty());
        let Some(wanted) = either.or_else(stated) else { return true };
        let fits = match value {
            Value::Text(_) => either.is_some() || wanted == "string",
            Value::Int(_) => either.is_some() || matches!(wanted, "integer" | "number"),
            Value::Float(float) => {
                wanted == "number" || (wanted == "integer" && float.fract() == 0.0)
            }
            Value::Bool(_) => wanted == "boolean",
            Value::List(_) => wanted == "array",
            Value::Map(_) => wanted == "object",
            Value::Null => false,
        };
        if !fits {
            let found = match value {
                Value::Int(_) => "integer",
                Value::Bool(_) => "boolean",
                other => other.kind_name(),
            };
            let path = &self.path;
            let message = format!(
                "Invalid value: {found:?}: {path} in body must be of type {wanted}: {found:?}"
            );
            self.say("FieldValueTypeInvalid", message);
        }
        fits
    }

    fn is_one_of(&mut self, openapi: &Value, value: &Value) {
        let Some(allowed) = openapi.at(&["enum"]).and_then(Value::as_list) else { return };
        if !allowed.iter().any(|one| one == value) {
            let words: Vec<_> = allowed.iter().map(shown).collect();
            let message = format!(
                "Unsupported value: {}: supported values: {}",
                shown(value),
                words.join(", ")
            );
            self.say("FieldValueNotSupported", message);
        }
    }

    fn text(&mut self, openapi: &Value, value: &Value, text: &str) {
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        if let Some(most) = number(openapi, "maxLength").filter(|most| length > *most) {
            self.say("FieldValueTooLong", format!("Too long: may not be more than {most} bytes"));
        }
        if let Some(least) = number(openapi, "minLength").filter(|least| length < *least) {
            self.invalid(value, &format!("should be at least {least} chars long"));
        }
        if let Some(pattern) = openapi.str_at(&["pattern"])
            && self.patterns.breaks(pattern, text)
        {
            self.invalid(value, &format!("should match '{pattern}'"));
        }
        let format = openapi.str_at(&["format"]).unwrap_or_default();
        if formats::breaks(format, text) {
            let (shown, path) = (quoted(text), &self.path);
            let message =
                format!("Invalid value: {shown}: {path} in body must be of type {format}: {shown}");
            self.say("FieldValueTypeInvalid", message);
        }
    }

    fn number(&mut self, openapi: &Value, value: &Value) {
        let found = float(value);
        let (more, less) = if says(openapi, "exclusiveMinimum") {
            (
                "should be greater than",
                found.zip(bound(openapi, "minimum")).is_some_and(|(a, b)| a <= b),
            )
        } else {
            (
                "should be greater than or equal to",
                found.zip(bound(openapi, "minimum")).is_some_and(|(a, b)| a < b),
            )
        };
        if less && let Some(least) = openapi.at(&["minimum"]) {
            self.invalid(value, &format!("{more} {least}"));
        }
        let (fewer, over) = if says(openapi, "exclusiveMaximum") {
            (
                "should be less than",
                found.zip(bound(openapi, "maximum")).is_some_and(|(a, b)| a >= b),
            )
        } else {
            (
                "should be less than or equal to",
                found.zip(bound(openapi, "maximum")).is_some_and(|(a, b)| a > b),
            )
        };
        if over && let Some(most) = openapi.at(&["maximum"]) {
            self.invalid(value, &format!("{fewer} {most}"));
        }
        if let (Some(step), Value::Int(int)) = (number(openapi, "multipleOf"), value)
            && step > 0
            && int.rem_euclid(step) != 0
        {
            self.invalid(value, &format!("should be a multiple of {step}"));
        }
    }

    fn list(&mut self, openapi: &Value, value: &Value, list: &List) {
        let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
        if let Some(most) = number(openapi, "maxItems").filter(|most| length > *most) {
            self.say(
                "FieldValueTooMany",
                format!("Too many: {length}: must have at most {most} {}", items(most)),
            );
        }
        if let Some(least) = number(openapi, "minItems").filter(|least| length < *least) {
            self.invalid(value, &format!("should have at least {least} items"));
        }
        let Some(items) = openapi.at(&["items"]) else { return };
        for (at, item) in list.iter().enumerate() {
            self.below(&format!("[{at}]"), |walk| walk.value(items, item));
        }
    }

    fn map(&mut self, openapi: &Value, map: &Map) {
        let length = i64::try_from(map.len()).unwrap_or(i64::MAX);
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
            if let Some(part) = properties.and_then(|it| it.get(key)).or(others) {
                self.below(key, |walk| walk.value(part, value));
            }
        }
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

#[expect(clippy::cast_precision_loss, reason = "bounds are compared as JSON numbers")]
fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(int) => Some(*int as f64),
        Value::Float(float) => Some(*float),
        _ => None,
    }
}

fn bound(openapi: &Value, field: &str) -> Option<f64> {
    openapi.at(&[field]).and_then(float)
}

/// As messages show a value.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{:?}", text.as_str()),
        Value::List(_) | Value::Map(_) => format!("{:?}", value.kind_name()),
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
