//! What a definition asks of its objects: values, and rules in CEL.

use super::broken::Rules;
use super::doubles::doubles;
use super::faults;
use super::patterns::Patterns;
use crate::status::Cause;
use crate::tree::{Text, Value};

/// The schema of a custom resource, with its rules ready to judge.
#[derive(Debug)]
pub struct Custom {
    /// The `openAPIV3Schema` of the version.
    pub openapi: Value,
    /// The `openAPIV3Schema` of the version in which objects are kept, if that is another one.
    pub kept: Option<Value>,
    /// Its `additionalPrinterColumns`.
    pub columns: Value,
    /// Fields by which objects can be selected.
    pub selectable: Vec<Text>,
    /// None, if the schema has none.
    rules: Option<Rules>,
    patterns: Patterns,
}

impl Custom {
    /// Prepares the rules of a version's schema.
    pub fn new(version: &Value) -> Self {
        let part = |path: &[&str]| version.at(path).cloned().unwrap_or_default();
        let (openapi, columns) =
            (part(&["schema", "openAPIV3Schema"]), part(&["additionalPrinterColumns"]));
        let fields = version.at(&["selectableFields"]).and_then(Value::as_list);
        let paths = fields.into_iter().flat_map(|list| list.iter());
        let selectable = paths.filter_map(|field| field.str_at(&["jsonPath"]));
        let selectable = selectable.map(|path| Text::new(path.trim_start_matches('.'))).collect();
        let (rules, patterns) = (Rules::of(&openapi), Patterns::of(&openapi));
        Self { openapi, kept: None, columns, selectable, rules, patterns }
    }

    /// The same of a definition whose objects are kept in this version.
    #[must_use]
    pub fn kept_as(mut self, version: &Value) -> Self {
        self.kept = version.at(&["schema", "openAPIV3Schema"]).cloned();
        self
    }

    /// What is wrong with an object: its values, and if those can be judged, its rules.
    pub fn faults(&self, object: &Value, old: Option<&Value>) -> Vec<Cause> {
        let mut found = faults(&self.openapi, &self.patterns, object);
        // What was wrong before may stay so.
        if old.is_none_or(|old| doubles(&self.openapi, old).is_empty()) {
            found.append(doubles(&self.openapi, object));
        }
        let blocked = found.iter().any(|cause| BLOCKING.contains(&cause.reason));
        match &self.rules {
            Some(_) if blocked => {
                found.say("FieldValueInvalid", "<nil>", UNCHECKED.to_owned());
            }
            Some(rules) => rules.judge(&self.openapi, object, old, &mut found),
            None => {}
        }
        found.into_vec()
    }

    /// What is wrong with a default. Rules see it as a change of itself, and then as something new.
    pub(crate) fn default_faults(&self, default: &Value) -> Vec<Cause> {
        let mut found = faults(&self.openapi, &self.patterns, default);
        for old in [Some(default), None] {
            if let Some(rules) = self.rules.as_ref().filter(|_| found.is_empty()) {
                rules.judge(&self.openapi, default, old, &mut found);
            }
        }
        found.into_vec()
    }
}

/// Where a schema has its rules.
pub(crate) const VALIDATIONS: &str = "x-kubernetes-validations";

/// Values of which rules cannot speak.
const BLOCKING: &[&str] = &[
    "FieldValueTypeInvalid",
    "FieldValueRequired",
    "FieldValueNotSupported",
    "FieldValueTooLong",
    "FieldValueTooMany",
];

const UNCHECKED: &str = "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

#[cfg(test)]
mod tests {
    use super::Custom;
    use crate::tree::decode;

    #[test]
    fn defaults_are_judged_by_values_and_then_by_rules() {
        for (openapi, default, reasons) in [
            (
                r#"{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"}"#,
                r#"["a","a"]"#,
                vec![],
            ),
            (
                r#"{"type":"integer","x-kubernetes-validations":[{"rule":"self > 1"}]}"#,
                r#""a""#,
                vec!["FieldValueTypeInvalid"],
            ),
            (
                r#"{"type":"integer","minimum":1,"x-kubernetes-validations":[{"rule":"self > 1"}]}"#,
                "0",
                vec!["FieldValueInvalid"],
            ),
            (
                r#"{"type":"integer","x-kubernetes-validations":[{"rule":"self == oldSelf"}]}"#,
                "1",
                vec![],
            ),
            (
                r#"{"type":"integer","x-kubernetes-validations":[{"rule":"self != oldSelf"}]}"#,
                "1",
                vec!["FieldValueInvalid"],
            ),
        ] {
            let version = format!(r#"{{"schema":{{"openAPIV3Schema":{openapi}}}}}"#);
            let custom = Custom::new(&decode(version.as_bytes()).unwrap());
            let found = custom.default_faults(&decode(default.as_bytes()).unwrap());
            let found: Vec<_> = found.iter().map(|cause| cause.reason).collect();
            assert_eq!(found, reasons, "{openapi}");
        }
    }
}
