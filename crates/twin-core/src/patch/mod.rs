//! Patches: JSON patch (RFC 6902), merge patch (RFC 7396), and Kubernetes' strategic merge patch.

mod json;
mod lists;
mod merge;
mod strategic;

pub use json::apply as json;
pub use merge::apply as merge;
pub use strategic::apply as strategic;

use crate::tree::Value;

/// Why a patch does not apply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The patch itself has a form that does not exist.
    #[error("{0}")]
    Malformed(String),
    /// The patch and the object do not go together.
    #[error("{0}")]
    Refused(String),
    /// The patch breaks a rule that Kubernetes has no word for.
    #[error("{0}")]
    Broken(String),
}

fn refused(sentence: impl Into<String>) -> PatchError {
    PatchError::Refused(sentence.into())
}

fn broken(sentence: impl Into<String>) -> PatchError {
    PatchError::Broken(sentence.into())
}

/// As Go prints a value: `map[image:x]`.
fn go(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Text(text) => text.to_string(),
        Value::List(list) => format!("[{}]", list.iter().map(go).collect::<Vec<_>>().join(" ")),
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{key}:{}", go(value)));
            format!("map[{}]", entries.collect::<Vec<_>>().join(" "))
        }
        other => other.to_string(),
    }
}

/// What Go's decoder makes of a value.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Text(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}
