//! Expressions in CEL about `self`, the object.

use crate::fault::Fault;
use kube_cel::KubeCelExt;
use kube_cel::cel::{self, Context, Program};
use std::sync::Arc;
use twin_core::schema::unreadable;
use twin_core::tree::{Text, Value};

/// An expression that was read.
#[derive(Debug)]
pub struct Rule(Program);

/// Functions that KWOK adds, which are not known here.
const UNKNOWN: &[&str] = &["Now", "Rand", "SinceSecond", "UnixSecond", "Quantity"];

thread_local! {
    /// What every expression knows: it takes longer to gather than to use.
    static COMMON: Context<'static> = Context::default().with_all();
}

impl Rule {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if let Some(why) = unreadable(text) {
            return Err(Fault::new(0, why));
        }
        let program = Program::compile(text).map_err(|errors| {
            let first = errors.errors.first();
            let message = first.map_or_else(|| errors.to_string(), |error| error.msg.clone());
            Fault::new(0, format!("not CEL: {message}"))
        })?;
        let references = program.references();
        if let Some(name) = UNKNOWN.iter().find(|name| references.has_function(**name)) {
            return Err(Fault::new(0, format!("the function {name:?} is not known here")));
        }
        if let Some(name) = references.variables().into_iter().find(|name| *name != "self") {
            return Err(Fault::new(0, format!("there is only \"self\", not {name:?}")));
        }
        Ok(Self(program))
    }

    /// What it says about an object; None if it does not fit it.
    pub fn run(&self, object: &Value) -> Option<Value> {
        COMMON.with(|common| {
            let mut context = common.new_inner_scope();
            context.add_variable_from_value("self", cel_value(object));
            self.0.execute(&context).ok().map(|value| tree(&value))
        })
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

#[cfg(test)]
mod tests {
    use super::Rule;
    use twin_core::tree::Value;

    #[test]
    fn what_is_nested_too_deeply_is_refused() {
        for part in ["(", "[", "{", "!(", "a ? ", "{a:"] {
            let fault = Rule::parse(&part.repeat(500)).expect_err(part);
            assert_eq!(fault.message, "the expression is nested too deeply", "{part}");
        }
        assert!(
            Rule::parse("has(self.a) && (self.b in ['x', 'y'] || !(self.c == {'d': 1}))").is_ok()
        );
        assert!(Rule::parse(&"!".repeat(4_000)).is_err());
        let long = vec!["1"; 2_000].join("+");
        let sum = Rule::parse(&long).map(|rule| rule.run(&Value::Null));
        assert!(
            !matches!(sum, Ok(Some(sum)) if sum != Value::Int(2_000)),
            "it is right, or refused"
        );
    }
}
