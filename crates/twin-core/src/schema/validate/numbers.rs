//! What a schema says of numbers.

use super::{Walk, says};
use crate::tree::Value;
use std::cmp::Ordering;

/// One end of what a number may be.
struct End {
    field: &'static str,
    exclusive: &'static str,
    name: &'static str,
    beyond: Ordering,
    /// With the end itself, and without it.
    rules: [&'static str; 2],
}

const ENDS: [End; 2] = [
    End {
        field: "maximum",
        exclusive: "exclusiveMaximum",
        name: "Maximum boundary",
        beyond: Ordering::Greater,
        rules: ["should be less than or equal to", "should be less than"],
    },
    End {
        field: "minimum",
        exclusive: "exclusiveMinimum",
        name: "Minimum boundary",
        beyond: Ordering::Less,
        rules: ["should be greater than or equal to", "should be greater than"],
    },
];

impl Walk<'_> {
    pub(super) fn number(&mut self, openapi: &Value, value: &Value) {
        self.looks += 2;
        let Some(found) = float(value) else { return };
        match value {
            Value::Int(int) => self.in_range(openapi, &int.to_string(), "Checked"),
            _ => self.in_range(openapi, &found.to_string(), "Checked"),
        };
        self.multiple(openapi, value, found);
        for end in &ENDS {
            self.end(openapi, value, found, end);
        }
    }

    /// Whether a number is one of the type; bounds have to be as well.
    fn in_range(&mut self, openapi: &Value, number: &str, name: &str) -> bool {
        let ty = openapi.str_at(&["type"]).unwrap_or_default();
        let format = openapi.str_at(&["format"]).unwrap_or_default();
        let (fits, known) = match (ty, format) {
            _ if says(openapi, "x-kubernetes-int-or-string") => return true,
            ("integer", "int32") => (number.parse::<i32>().is_ok(), true),
            ("integer", _) => (number.parse::<i64>().is_ok(), format == "int64"),
            ("number", "float") => (number.parse().is_ok_and(f32::is_finite), true),
            _ => return true,
        };
        if !fits {
            let format =
                if known { format!("with format {format}") } else { "(default format)".to_owned() };
            let path = &self.path;
            let message = format!(
                "Invalid value: \"\": {name} value must be of type {ty} {format} in {path}"
            );
            self.found.say("FieldValueInvalid", "<nil>", message);
        }
        fits
    }

    fn multiple(&mut self, openapi: &Value, value: &Value, found: f64) {
        let Some(step) = bound(openapi, "multipleOf") else { return };
        let fits = self.in_range(openapi, &step.to_string(), "MultipleOf");
        let (shown, is_positive, is_multiple) = match value {
            Value::Int(int) if fits => {
                let step = whole(step);
                (step.to_string(), step > 0, int.checked_rem(step) == Some(0))
            }
            _ => {
                let times = if step < 1.0 { 1.0 / step * found } else { found / step };
                (go_float(step), step > 0.0, is_whole(times))
            }
        };
        if !is_positive {
            let path = &self.path;
            let rule = format!("factor MultipleOf declared for {path} must be positive: {shown}");
            self.say("FieldValueInvalid", format!("Invalid value: {shown}: {rule}"));
        } else if !is_multiple {
            self.invalid(
                &compared(value, found, fits),
                &format!("should be a multiple of {shown}"),
            );
        }
    }

    fn end(&mut self, openapi: &Value, value: &Value, found: f64, end: &End) {
        let Some(limit) = bound(openapi, end.field) else { return };
        let excludes = says(openapi, end.exclusive);
        let fits = self.in_range(openapi, &limit.to_string(), end.name);
        let (order, shown) = match value {
            Value::Int(int) if fits => {
                let limit = whole(limit);
                (Some(int.cmp(&limit)), limit.to_string())
            }
            _ => (found.partial_cmp(&limit), go_float(limit)),
        };
        if order == Some(end.beyond) || (excludes && order == Some(Ordering::Equal)) {
            let rule = end.rules[usize::from(excludes)];
            self.invalid(&compared(value, found, fits), &format!("{rule} {shown}"));
        }
    }
}

/// What was held against a bound: as it is, if the bound fits the type.
fn compared(value: &Value, found: f64, fits: bool) -> Value {
    if fits { value.clone() } else { Value::Float(found) }
}

#[expect(clippy::cast_precision_loss, reason = "bounds are compared as JSON numbers")]
pub(super) fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(int) => Some(*int as f64),
        Value::Float(float) => Some(*float),
        _ => None,
    }
}

fn bound(openapi: &Value, field: &str) -> Option<f64> {
    openapi.at(&[field]).and_then(float)
}

/// As Go makes integers of numbers: of those that are too large, the smallest.
#[expect(clippy::cast_possible_truncation, reason = "fractions are cut off, as in Go")]
pub(super) fn whole(float: f64) -> i64 {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if (-END..END).contains(&float) { float as i64 } else { i64::MIN }
}

/// Whether a number is as good as an integer, and JSON can say it.
pub(super) fn is_whole(float: f64) -> bool {
    const MOST: f64 = 9_007_199_254_740_991.0;
    let rounded = float.round();
    let differs = (float - rounded).abs();
    float.abs() <= MOST && (differs == 0.0 || differs < 1e-9 * rounded.abs())
}

/// As Go shows a number: `2.5`, `3e+09`.
pub(super) fn go_float(float: f64) -> String {
    formatted(float, 6)
}

/// As Go writes a number in JSON: `2.5`, `1e+21`.
pub(super) fn go_json(float: f64) -> String {
    formatted(float, 21)
}

/// A number that has an exponent from this one on.
fn formatted(float: f64, most: i32) -> String {
    let short = format!("{float:e}");
    let Some((digits, exponent)) = short.split_once('e') else { return short };
    match exponent.parse::<i32>() {
        Ok(exponent @ ..-4) => format!("{digits}e-{:02}", exponent.abs()),
        Ok(exponent) if exponent >= most => format!("{digits}e+{exponent:02}"),
        _ => float.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::schema::patterns::Patterns;
    use crate::schema::validate::faults;
    use crate::tree::decode;

    #[test]
    fn numbers_are_those_of_their_type() {
        let range = |name: &str, of: &str| {
            format!("Invalid value: \"\": {name} value must be of type {of} in ")
        };
        let body = |value: &str, rule: &str| format!("Invalid value: {value}:  in body {rule}");
        for (openapi, value, told) in [
            (r#"{"type":"integer","format":"int32"}"#, "2147483647", vec![]),
            (
                r#"{"type":"integer","format":"int32"}"#,
                "2147483648",
                vec![range("Checked", "integer with format int32")],
            ),
            (r#"{"type":"integer"}"#, "1e15", vec![]),
            (
                r#"{"type":"number","format":"float"}"#,
                "1e39",
                vec![range("Checked", "number with format float")],
            ),
            (r#"{"type":"number","multipleOf":0.5}"#, "1.5", vec![]),
            (
                r#"{"type":"number","multipleOf":0.5}"#,
                "1.7",
                vec![body("1.7", "should be a multiple of 0.5")],
            ),
            (
                r#"{"type":"number","multipleOf":0.5}"#,
                "3",
                vec![
                    "Invalid value: 0: factor MultipleOf declared for  must be positive: 0"
                        .to_owned(),
                ],
            ),
            (
                r#"{"type":"number","maximum":2.5}"#,
                "3",
                vec![body("3", "should be less than or equal to 2")],
            ),
            (
                r#"{"type":"number","maximum":1e20,"enum":[3000000000.0]}"#,
                "1",
                vec![
                    body("1", &format!("should be less than or equal to {}", i64::MIN)),
                    r#"Unsupported value: 1: supported values: "3000000000""#.to_owned(),
                ],
            ),
            (
                r#"{"type":"number","maximum":2}"#,
                "3000000000.0",
                vec![body("3e+09", "should be less than or equal to 2")],
            ),
            (
                r#"{"type":"number","minimum":1e21,"exclusiveMinimum":true}"#,
                "1e21",
                vec![body("1e+21", "should be greater than 1e+21")],
            ),
        ] {
            let openapi = decode(openapi.as_bytes()).unwrap();
            let found =
                faults(&openapi, &Patterns::of(&openapi), &decode(value.as_bytes()).unwrap());
            let said: Vec<_> = found.iter().map(|cause| cause.message.clone()).collect();
            assert_eq!(said, told, "{openapi} {value}");
        }
    }
}
