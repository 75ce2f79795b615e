//! Expressions in CEL about `self`, the object.

#[cfg(test)]
mod tests;

use crate::fault::Fault;
use twin_core::cel::{CelValue, Expression, plain};
use twin_core::tree::Value;

/// An expression that was read.
#[derive(Debug)]
pub struct Rule(Expression);

impl Rule {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let refused = |why: String| Err(Fault::new(0, why));
        let expression = Expression::read(text).map_err(|why| Fault::new(0, why.to_string()))?;
        if !expression.types.is_empty() {
            return refused("objects of a type are not known here".to_owned());
        }
        if let Some(name) = expression.functions.first() {
            return refused(format!("the function {name:?} is not known here"));
        }
        if let Some(name) = expression.variables.iter().find(|name| *name != "self") {
            return refused(format!("there is only \"self\", not {name:?}"));
        }
        Ok(Self(expression))
    }

    /// What it says about an object; None if it does not fit it, or takes too much.
    pub fn run(&self, object: &Value) -> Option<Value> {
        self.0.run(&[("self", plain(object))]).result.ok().map(|value| tree(&value))
    }
}

/// What counts for conditions, weights and durations: the rest is nothing.
fn tree(value: &CelValue) -> Value {
    match value {
        CelValue::Bool(bool) => Value::Bool(*bool),
        CelValue::Int(int) => Value::Int(*int),
        CelValue::UInt(uint) => Value::Int(i64::try_from(*uint).unwrap_or(i64::MAX)),
        CelValue::Float(float) => Value::Float(*float),
        CelValue::String(text) => Value::text(text.as_str()),
        CelValue::Duration(duration) => Value::text(format!("{}ms", duration.num_milliseconds())),
        _ => Value::Null,
    }
}
