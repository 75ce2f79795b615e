//! Schemas that are made of others: `anyOf`, `oneOf`, `allOf` and `not`.

use super::Walk;
use crate::causes::Causes;
use crate::tree::{List, Value};

/// What a schema has against a value, and how much it looked at: the more, the nearer it is.
struct Judged {
    causes: Causes,
    looks: usize,
}

impl Walk<'_> {
    /// What a value breaks of schemas that count together; what the nearest of them has against it is said too.
    pub(super) fn composed(&mut self, openapi: &Value, value: &Value) {
        self.any(openapi, value);
        self.one(openapi, value);
        self.all_and_not(openapi, value);
    }

    fn any(&mut self, openapi: &Value, value: &Value) {
        let Some(parts) = parts(openapi, "anyOf") else { return };
        let mut nearest = None;
        for part in parts.iter() {
            let judged = self.judged(part, value);
            if judged.causes.is_empty() {
                return self.add(Some(judged));
            }
            nearest = Some(nearer(nearest, judged));
        }
        self.broken("must validate at least one schema (anyOf)");
        self.add(nearest);
    }

    fn one(&mut self, openapi: &Value, value: &Value) {
        let Some(parts) = parts(openapi, "oneOf") else { return };
        let (mut nearest, mut first, mut valid) = (None, None, 0);
        for part in parts.iter() {
            let judged = self.judged(part, value);
            if judged.causes.is_empty() {
                first.get_or_insert(judged);
                valid += 1;
            } else if valid == 0 {
                nearest = Some(nearer(nearest, judged));
            }
        }
        let rule = "must validate one and only one schema (oneOf).";
        match valid {
            0 => {
                self.broken(&format!("{rule} Found none valid"));
                self.add(nearest);
            }
            1 => self.add(first),
            several => self.broken(&format!("{rule} Found {several} valid alternatives")),
        }
    }

    fn all_and_not(&mut self, openapi: &Value, value: &Value) {
        if let Some(parts) = parts(openapi, "allOf") {
            let mut broken = 0;
            for part in parts.iter() {
                let judged = self.judged(part, value);
                broken += usize::from(!judged.causes.is_empty());
                self.add(Some(judged));
            }
            if broken > 0 {
                let none = if broken == parts.len() { ". None validated" } else { "" };
                self.broken(&format!("must validate all the schemas (allOf){none}"));
            }
        }
        if let Some(other) = openapi.at(&["not"])
            && self.judged(other, value).causes.is_empty()
        {
            self.broken("must not validate the schema (not)");
        }
    }

    /// What a schema has against a value; nothing of it counts yet.
    fn judged(&mut self, openapi: &Value, value: &Value) -> Judged {
        let found = std::mem::take(&mut self.found);
        let before = std::mem::take(&mut self.looks);
        self.value(openapi, value);
        let causes = std::mem::replace(&mut self.found, found);
        Judged { causes, looks: std::mem::replace(&mut self.looks, before) }
    }

    fn broken(&mut self, rule: &str) {
        let message = format!("Invalid value: \"\": {:?} {rule}", self.path);
        self.found.say("FieldValueInvalid", "<nil>", message);
    }

    fn add(&mut self, judged: Option<Judged>) {
        if let Some(Judged { causes, looks }) = judged {
            self.found.append(causes);
            self.looks += looks;
        }
    }
}

/// Of those that look at as much, the first. No others are kept: there may be thousands.
fn nearer(known: Option<Judged>, other: Judged) -> Judged {
    match known {
        Some(known) if known.looks >= other.looks => known,
        _ => other,
    }
}

fn parts<'a>(openapi: &'a Value, field: &str) -> Option<&'a List> {
    openapi.at(&[field]).and_then(Value::as_list).filter(|parts| !parts.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::schema::patterns::Patterns;
    use crate::schema::validate::faults;
    use crate::tree::decode;

    #[test]
    fn the_nearest_schema_says_what_it_misses() {
        let any =
            r#"{"anyOf":[{"required":["a"]},{"required":["b"],"properties":{"b":{"minimum":3}}}]}"#;
        let one = r#"{"oneOf":[{"required":["a"]},{"required":["b"]}]}"#;
        let none = |of: &str| format!("Invalid value: \"\": \"\" must validate {of}");
        let only = none("one and only one schema (oneOf). Found");
        for (openapi, value, told) in [
            (any, r#"{"b":3}"#, vec![]),
            (any, "{}", vec![none("at least one schema (anyOf)"), "Required value".to_owned()]),
            (
                any,
                r#"{"b":2}"#,
                vec![
                    none("at least one schema (anyOf)"),
                    "Invalid value: 2: b in body should be greater than or equal to 3".to_owned(),
                ],
            ),
            (one, r#"{"a":1}"#, vec![]),
            (one, "{}", vec![format!("{only} none valid"), "Required value".to_owned()]),
            (one, r#"{"a":1,"b":1}"#, vec![format!("{only} 2 valid alternatives")]),
            (r#"{"allOf":[{"minimum":1},{"maximum":2}]}"#, "2", vec![]),
            (
                r#"{"not":{"enum":["x"]}}"#,
                r#""x""#,
                vec!["Invalid value: \"\": \"\" must not validate the schema (not)".to_owned()],
            ),
        ] {
            let openapi = decode(openapi.as_bytes()).unwrap();
            let found =
                faults(&openapi, &Patterns::of(&openapi), &decode(value.as_bytes()).unwrap());
            let said: Vec<_> = found.iter().map(|cause| cause.message.clone()).collect();
            assert_eq!(said, told, "{value}");
        }
    }

    #[test]
    fn of_many_schemas_one_failure_is_kept() {
        let alternative = r#"{"items":{"minLength":2}}"#;
        let alternatives = vec![alternative; 20_000].join(",");
        let openapi = decode(format!(r#"{{"anyOf":[{alternatives}]}}"#).as_bytes()).unwrap();
        let items = format!("[{}]", vec![r#""a""#; 20].join(","));
        let value = decode(items.as_bytes()).unwrap();
        assert_eq!(faults(&openapi, &Patterns::of(&openapi), &value).into_vec().len(), 21);
        let all = format!(r#"{{"allOf":[{alternatives}]}}"#);
        let openapi = decode(all.as_bytes()).unwrap();
        assert!(faults(&openapi, &Patterns::of(&openapi), &value).into_vec().len() <= 21);
    }
}
