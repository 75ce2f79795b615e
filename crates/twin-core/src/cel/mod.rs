//! Expressions in CEL that strangers wrote: read, and run within Kubernetes' limits.
//!
//! Functions are those of `kube-cel`. What reads, checks and runs expressions is ours: it knows where everything
//! stands and what type it has, counts what a run costs as Kubernetes counts it, stops where Kubernetes stops, goes
//! through objects in the order of their keys, and fails with Kubernetes' sentences.

pub(crate) mod check;
mod cost;
mod functions;
mod operators;
mod parse;
mod prepare;
mod read;
mod run;
#[cfg(test)]
mod tests;
mod values;

pub use kube_cel::cel::Value as CelValue;
pub use kube_cel::cel::objects::Key as CelKey;
pub(crate) use operators::maybe;
pub use read::Unread;
pub(crate) use values::{escaped, object};
pub use values::{opaque, plain, tree, typed};

use crate::tree::Value;
use functions::Machine;
use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::LiteralValue;
use run::Run;
use std::collections::BTreeSet;

/// What one run may cost, as Kubernetes has it.
pub const PER_CALL: u64 = 1_000_000;
/// What all runs for one object may cost together, for one definition or binding.
pub const PER_OBJECT: u64 = 10_000_000;
/// What the conditions under which a policy is asked may cost together.
pub(crate) const PER_MATCH: u64 = 2_500_000;

/// An expression that was read.
#[derive(Debug)]
pub struct Expression {
    expr: IdedExpr,
    levels: usize,
    /// Variables that it does not bind itself.
    pub variables: BTreeSet<String>,
    /// Functions that nobody knows.
    pub functions: BTreeSet<String>,
    /// Types whose objects it makes.
    pub types: BTreeSet<String>,
    /// Fields that it reads of `variables`.
    pub(crate) composed: BTreeSet<String>,
}

/// Why a run gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It took too much.
    #[error("operation cancelled: actual cost limit exceeded")]
    Limit,
    /// Values are of other types than an operator or a function takes.
    #[error("no such overload")]
    NoOverload,
    /// Anything else.
    #[error("{0}")]
    Fault(String),
}

/// What a run gave, and what it cost.
#[derive(Debug)]
pub struct Ran {
    pub result: Result<CelValue, Failure>,
    pub cost: u64,
}

/// More levels than these are run on a stack of their own.
const LEVELS: usize = 40;
const STACK: usize = 16 << 20;

thread_local! {
    /// What every expression knows: it takes longer to gather than to use.
    static MACHINE: Machine = Machine::new();
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// It is too long, nested too deeply, or is not CEL.
    pub fn read(text: &str) -> Result<Self, Unread> {
        let (mut expr, levels) = read::read(text)?;
        let found = MACHINE.with(|machine| prepare::prepare(&mut expr, machine));
        Ok(Self {
            expr,
            levels,
            variables: found.variables,
            functions: found.functions,
            types: found.types,
            composed: found.composed,
        })
    }

    /// Runs it with these variables.
    pub fn run(&self, variables: &[(&str, CelValue)]) -> Ran {
        let run = || {
            MACHINE.with(|machine| {
                let mut run = Run::new(machine, variables);
                let result = run.eval(&self.expr);
                Ran { result, cost: run.cost() }
            })
        };
        if self.levels > LEVELS { stacker::grow(STACK, run) } else { run() }
    }
}

/// The type of an expression over objects of this `openAPIV3Schema`, which are `self`.
///
/// # Errors
/// All that is wrong with it, as Kubernetes lists it.
pub fn type_of(openapi: &Value, text: &str) -> Result<String, String> {
    let ty = check::declared(crate::validation::SchemaView(openapi), true);
    let ty = ty.unwrap_or(check::Type::Dyn);
    check::check(text, &[("self", ty)]).map(|checked| checked.ty.shown())
}

/// Whether a literal is one of what a function reads: `duration('1h')`.
fn literal_fits(function: &str, literal: &LiteralValue) -> bool {
    let value = run::value(literal);
    MACHINE.with(|machine| machine.call(function, None, vec![value])).is_ok()
}
