//! Schemas that are made of others: `anyOf`, `oneOf`, `allOf` and `not`.

use super::Walk;
use crate::causes::Causes;
use crate::tree::{List, Value};

/// What a schema has against a value, and at how many parts of it it looked: the more, the nearer it is.
struct Failures {
    causes: Causes,
    looks: usize,
}

impl Walk<'_> {
    /// What a value breaks of schemas that count together; what the nearest of them has against it is said too.
    pub(super) fn composed(&mut self, openapi: &Value, value: &Value) {
        if let Some(parts) = parts(openapi, "anyOf") {
            let failures: Option<Vec<_>> =
                parts.iter().map(|part| self.failures(part, value)).collect();
            if let Some(failures) = failures {
                self.broken("must validate at least one schema (anyOf)");
                self.add_nearest(failures);
            }
        }
        if let Some(parts) = parts(openapi, "oneOf") {
            let failures: Vec<_> =
                parts.iter().filter_map(|part| self.failures(part, value)).collect();
            let rule = "must validate one and only one schema (oneOf).";
            match parts.len() - failures.len() {
                0 => self.broken(&format!("{rule} Found none valid")),
                1 => return self.all_and_not(openapi, value),
                several => self.broken(&format!("{rule} Found {several} valid alternatives")),
            }
            self.add_nearest(failures);
        }
        self.all_and_not(openapi, value);
    }

    fn all_and_not(&mut self, openapi: &Value, value: &Value) {
        if let Some(parts) = parts(openapi, "allOf") {
            let failures: Vec<_> =
                parts.iter().filter_map(|part| self.failures(part, value)).collect();
            let count = failures.len();
            for failure in failures {
                self.found.append(failure.causes);
            }
            if count > 0 {
                let none = if count == parts.len() { ". None validated" } else { "" };
                self.broken(&format!("must validate all the schemas (allOf){none}"));
            }
        }
        if let Some(other) = openapi.at(&["not"])
            && self.failures(other, value).is_none()
        {
            self.broken("must not validate the schema (not)");
        }
    }

    /// What a schema has against a value, if anything.
    fn failures(&mut self, openapi: &Value, value: &Value) -> Option<Failures> {
        let found = std::mem::take(&mut self.found);
        let before = self.looks;
        self.value(openapi, value);
        let causes = std::mem::replace(&mut self.found, found);
        (!causes.is_empty()).then(|| Failures { causes, looks: self.looks - before })
    }

    fn broken(&mut self, rule: &str) {
        let message = format!("Invalid value: \"\": {:?} {rule}", self.path);
        self.found.say("FieldValueInvalid", "<nil>", message);
    }

    /// Of several that look at as much, the first.
    fn add_nearest(&mut self, failures: Vec<Failures>) {
        if let Some(nearest) = failures.into_iter().rev().max_by_key(|it| it.looks) {
            self.found.append(nearest.causes);
        }
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
}
