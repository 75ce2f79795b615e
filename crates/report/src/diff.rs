//! What changes between two plans, and what Kubernetes would refuse.

use crate::Layout;
use serde_json::Value;

/// What changes between two plans.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {}

/// The document is not the JSON of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAPlan(pub String);

/// Compares two plans, as [`crate::json`] writes them.
pub fn diff(_old: &Value, _new: &Value) -> Result<Diff, NotAPlan> {
    Ok(Diff {})
}

impl Diff {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        true
    }

    /// For people.
    pub fn terminal(&self, _layout: Layout) -> String {
        String::new()
    }

    /// For programs.
    pub fn json(&self) -> Value {
        Value::Null
    }
}
