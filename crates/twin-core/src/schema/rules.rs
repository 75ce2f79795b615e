//! What a definition asks of its objects: values, and rules in CEL.

use super::faults;
use crate::status::Cause;
use crate::tree::Value;
use kube_cel::{CompiledSchema, compile_schema, validate_compiled};

/// The schema of a custom resource, with its rules ready to judge.
pub struct Custom {
    /// The `openAPIV3Schema` of the version.
    pub openapi: Value,
    /// None, if the schema has none.
    rules: Option<CompiledSchema>,
}

impl std::fmt::Debug for Custom {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Custom").field(&self.openapi).finish()
    }
}

impl Custom {
    /// Prepares the rules of a schema.
    pub fn new(openapi: Value) -> Self {
        let rules = has_rules(&openapi).then(|| compile_schema(&json(&openapi)));
        Self { openapi, rules }
    }

    /// What is wrong with an object: its values, and if those can be judged, its rules.
    pub fn faults(&self, object: &Value, old: Option<&Value>) -> Vec<Cause> {
        let mut found = faults(&self.openapi, object);
        let blocked = found.iter().any(|cause| BLOCKING.contains(&cause.reason));
        match &self.rules {
            Some(_) if blocked => found.push(Cause {
                reason: "FieldValueInvalid",
                message: UNCHECKED.to_owned(),
                field: "<nil>".to_owned(),
            }),
            Some(rules) => found.extend(broken(rules, object, old)),
            None => {}
        }
        found
    }
}

/// Values of which rules cannot speak.
const BLOCKING: &[&str] = &[
    "FieldValueTypeInvalid",
    "FieldValueRequired",
    "FieldValueNotSupported",
    "FieldValueTooLong",
    "FieldValueTooMany",
];

const UNCHECKED: &str = "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

fn has_rules(openapi: &Value) -> bool {
    match openapi {
        Value::Map(map) => {
            map.iter().any(|(key, value)| key == "x-kubernetes-validations" || has_rules(value))
        }
        Value::List(list) => list.iter().any(has_rules),
        _ => false,
    }
}

/// Rules of `x-kubernetes-validations` that an object breaks; `old` is what it was, for rules about
/// changes.
fn broken(rules: &CompiledSchema, object: &Value, old: Option<&Value>) -> Vec<Cause> {
    let old = old.map(json);
    let Err(errors) = validate_compiled(rules, &json(object), old.as_ref()) else {
        return Vec::new();
    };
    errors.into_vec().iter().map(|error| cause(object, error)).collect()
}

fn cause(object: &Value, error: &kube_cel::ValidationError) -> Cause {
    let reason = match error.reason.as_deref() {
        Some("FieldValueForbidden") => "FieldValueForbidden",
        Some("FieldValueRequired") => "FieldValueRequired",
        Some("FieldValueDuplicate") => "FieldValueDuplicate",
        _ => "FieldValueInvalid",
    };
    let field = if error.field_path.is_empty() { "<nil>" } else { &error.field_path };
    let field = field.to_owned();
    let steps: Vec<_> = error.field_path.split('.').filter(|step| !step.is_empty()).collect();
    let message = match reason {
        "FieldValueForbidden" => format!("Forbidden: {}", error.message),
        "FieldValueRequired" => format!("Required value: {}", error.message),
        "FieldValueDuplicate" => "Duplicate value".to_owned(),
        // Objects and lists are not shown.
        _ => match object.at(&steps) {
            None | Some(Value::Map(_) | Value::List(_)) => {
                format!("Invalid value: {}", error.message)
            }
            Some(value) => format!("Invalid value: {value}: {}", error.message),
        },
    };
    Cause { reason, message, field }
}

/// The same value for those who know serde.
fn json(value: &Value) -> serde_json::Value {
    serde_json::from_slice(&value.encoded()).unwrap_or_default()
}
