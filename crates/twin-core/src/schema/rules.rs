//! What a definition asks of its objects: values, and rules in CEL.

use super::broken::Rules;
use super::faults;
use super::patterns::Patterns;
use crate::status::Cause;
use crate::tree::Value;

/// The schema of a custom resource, with its rules ready to judge.
#[derive(Debug)]
pub struct Custom {
    /// The `openAPIV3Schema` of the version.
    pub openapi: Value,
    /// Its `additionalPrinterColumns`.
    pub columns: Value,
    /// None, if the schema has none.
    rules: Option<Rules>,
    patterns: Patterns,
}

impl Custom {
    /// Prepares the rules of a schema.
    pub fn new(openapi: Value, columns: Value) -> Self {
        let (rules, patterns) = (Rules::of(&openapi), Patterns::of(&openapi));
        Self { openapi, columns, rules, patterns }
    }

    /// What is wrong with an object: its values, and if those can be judged, its rules.
    pub fn faults(&self, object: &Value, old: Option<&Value>) -> Vec<Cause> {
        let mut found = faults(&self.openapi, &self.patterns, object);
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
