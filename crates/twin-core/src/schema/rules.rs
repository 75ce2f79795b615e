//! What a definition asks of its objects: values, and rules in CEL.

use super::expression::{self, Unread};
use super::faults;
use crate::causes::Causes;
use crate::status::Cause;
use crate::tree::Value;
use kube_cel::{CompiledSchema, compile_schema, validate_compiled};

/// The schema of a custom resource, with its rules ready to judge.
pub struct Custom {
    /// The `openAPIV3Schema` of the version.
    pub openapi: Value,
    /// Its `additionalPrinterColumns`.
    pub columns: Value,
    /// None, if the schema has none that can be read.
    rules: Option<CompiledSchema>,
}

impl std::fmt::Debug for Custom {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Custom").field(&self.openapi).finish()
    }
}

/// The expressions of a schema's rules.
fn expressions(openapi: &Value) -> Vec<&str> {
    match openapi {
        Value::Map(map) => map.iter().flat_map(|(key, value)| own(key, value)).collect(),
        Value::List(list) => list.iter().flat_map(expressions).collect(),
        _ => Vec::new(),
    }
}

fn own<'a>(key: &str, value: &'a Value) -> Vec<&'a str> {
    if key != VALIDATIONS {
        return expressions(value);
    }
    let rules = value.as_list().into_iter().flat_map(|list| list.iter());
    rules
        .flat_map(|it| ["rule", "messageExpression"].map(|field| it.str_at(&[field])))
        .flatten()
        .collect()
}

impl Custom {
    /// Prepares the rules of a schema. If one cannot be read, nothing is asked of the objects: clients
    /// are refused such a definition.
    pub fn new(openapi: Value, columns: Value) -> Self {
        let expressions = expressions(&openapi);
        let is_refused = |it: &&str| matches!(expression::read(it), Err(Unread::Refused(_)));
        let has_rules = !expressions.is_empty() && !expressions.iter().any(is_refused);
        let rules = has_rules.then(|| expression::with_stack(|| compile_schema(&json(&openapi))));
        Self { openapi, columns, rules }
    }

    /// What is wrong with an object: its values, and if those can be judged, its rules.
    pub fn faults(&self, object: &Value, old: Option<&Value>) -> Vec<Cause> {
        let mut found = faults(&self.openapi, object);
        let blocked = found.iter().any(|cause| BLOCKING.contains(&cause.reason));
        match &self.rules {
            Some(_) if blocked => {
                found.say("FieldValueInvalid", "<nil>", UNCHECKED.to_owned());
            }
            Some(rules) => broken(&mut found, rules, object, old),
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

/// Rules of `x-kubernetes-validations` that an object breaks; `old` is what it was, for rules about
/// changes.
fn broken(found: &mut Causes, rules: &CompiledSchema, object: &Value, old: Option<&Value>) {
    let old = old.map(json);
    let Err(errors) = validate_compiled(rules, &json(object), old.as_ref()) else { return };
    for error in errors.into_vec() {
        if found.is_full() {
            return;
        }
        say(found, object, &error);
    }
}

fn say(found: &mut Causes, object: &Value, error: &kube_cel::ValidationError) {
    let reason = match error.reason.as_deref() {
        Some("FieldValueForbidden") => "FieldValueForbidden",
        Some("FieldValueRequired") => "FieldValueRequired",
        Some("FieldValueDuplicate") => "FieldValueDuplicate",
        _ => "FieldValueInvalid",
    };
    let field = if error.field_path.is_empty() { "<nil>" } else { &error.field_path };
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
    found.say(reason, field, message);
}

/// The same value for those who know serde.
fn json(value: &Value) -> serde_json::Value {
    serde_json::from_slice(&value.encoded()).unwrap_or_default()
}
