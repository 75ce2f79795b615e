//! Paths and filters as jq has them: `.status.conditions.[] | select(.type == "Ready") | .status`.
//!
//! A part of jq, without what could run for ever or ask the machine: no definitions, no recursion,
//! no `reduce`, no time, no environment. What is missing is refused when it is read.

mod budget;
mod functions;
mod lex;
mod parse;
mod run;

use crate::fault::Fault;
use budget::Budget;
use parse::Expr;
use twin_core::tree::Value;

/// A filter that was read.
#[derive(Clone, Debug)]
pub struct Query(Expr);

impl Query {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        parse::parse(text).map(Self)
    }

    /// What it finds in a value, without nulls. None if it fails, `.a` of a list for example, or takes
    /// too much.
    pub fn run(&self, input: &Value) -> Option<Vec<Value>> {
        let mut found = Vec::new();
        let budget = Budget::default();
        let done = run::run(&self.0, input, &budget, &mut |value| {
            if !value.is_null() {
                found.push(value);
            }
            Ok(())
        });
        done.ok().filter(|()| !budget.is_spent()).map(|()| found)
    }
}

#[cfg(test)]
mod tests;
