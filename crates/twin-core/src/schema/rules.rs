//! What a definition asks of its objects: values, and rules in CEL.

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

/// An expression in CEL that is longer is not read.
const LONGEST: usize = 4 * 1024;
/// Nor is one that is nested more deeply.
const DEEPEST: usize = 32;

/// Why an expression in CEL is not read: its parser needs stack for each operator and each level.
pub fn unreadable(expression: &str) -> Option<&'static str> {
    if expression.len() > LONGEST {
        Some("the expression is too long")
    } else if depth(expression) > DEEPEST {
        Some("the expression is nested too deeply")
    } else {
        None
    }
}

/// How deeply brackets and choices are nested, at most: those in strings count too.
fn depth(text: &str) -> usize {
    let (mut open, mut choices, mut deepest) = (0_usize, 0, 0);
    for letter in text.bytes() {
        match letter {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            b'?' => choices += 1,
            _ => {}
        }
        deepest = deepest.max(open + choices);
    }
    deepest
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
        let is_readable = expressions.iter().all(|it| unreadable(it).is_none());
        let has_rules = !expressions.is_empty() && is_readable;
        let rules = has_rules.then(|| compile_schema(&json(&openapi)));
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
