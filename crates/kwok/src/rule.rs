//! Expressions in CEL about `self`, the object.

mod limits;
mod prepare;
#[cfg(test)]
mod tests;

use crate::fault::Fault;
use kube_cel::cel::{self, IdedExpr};
use limits::Machine;
use std::sync::Arc;
use twin_core::schema::read_expression;
use twin_core::tree::{Text, Value};

/// An expression that was read.
#[derive(Debug)]
pub struct Rule(IdedExpr);

thread_local! {
    /// What every expression knows: it takes longer to gather than to use.
    static MACHINE: Machine = Machine::new();
}

impl Rule {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let expr = read_expression(text).map_err(|why| Fault::new(0, why.to_string()))?;
        let knows = |name: &str| MACHINE.with(|machine| machine.knows(name));
        prepare::prepared(expr, &knows).map(Self)
    }

    /// What it says about an object; None if it does not fit it, or takes too much.
    pub fn run(&self, object: &Value) -> Option<Value> {
        MACHINE.with(|machine| machine.run(&self.0, cel_value(object)).map(|value| tree(&value)))
    }
}

fn cel_value(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(bool) => cel::Value::Bool(*bool),
        Value::Int(int) => cel::Value::Int(*int),
        Value::Float(float) => cel::Value::Float(*float),
        Value::Text(text) => cel::Value::String(Arc::new(text.to_string())),
        Value::List(list) => cel::Value::List(Arc::new(list.iter().map(cel_value).collect())),
        Value::Map(map) => {
            let entry = |(key, value): (&Text, &Value)| {
                (cel::objects::Key::String(Arc::new(key.to_string())), cel_value(value))
            };
            let map = map.iter().map(|(key, value)| entry((key, value))).collect();
            cel::Value::Map(cel::objects::Map { map: Arc::new(map) })
        }
    }
}

/// What counts for conditions, weights and durations: the rest is nothing.
fn tree(value: &cel::Value) -> Value {
    match value {
        cel::Value::Bool(bool) => Value::Bool(*bool),
        cel::Value::Int(int) => Value::Int(*int),
        cel::Value::UInt(uint) => Value::Int(i64::try_from(*uint).unwrap_or(i64::MAX)),
        cel::Value::Float(float) => Value::Float(*float),
        cel::Value::String(text) => Value::text(text.as_str()),
        cel::Value::Duration(duration) => Value::text(format!("{}ms", duration.num_milliseconds())),
        _ => Value::Null,
    }
}
