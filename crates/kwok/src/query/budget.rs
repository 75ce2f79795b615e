//! How much a filter may take for one value.

use super::run::Failed;
use crate::size::size;
use std::cell::Cell;
use twin_core::tree::Value;

/// What a step takes; bytes that are made take one each.
const STEP: usize = 16;
const ALL: usize = 1 << 22;

/// What is left. Once it is spent, all that follows fails.
#[derive(Debug)]
pub(super) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(ALL))
    }
}

impl Budget {
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    pub(super) fn step(&self) -> Result<(), Failed> {
        self.pay(STEP)
    }

    /// Pays before something is made, or done so often.
    pub(super) fn pay(&self, bytes: usize) -> Result<(), Failed> {
        self.0.set(self.0.get().saturating_sub(bytes));
        if self.is_spent() { Err(Failed) } else { Ok(()) }
    }

    /// Pays for a value that was made.
    pub(super) fn made(&self, value: Value) -> Result<Value, Failed> {
        let bytes = size(&value, self.0.get()).unwrap_or(usize::MAX);
        self.pay(bytes).map(|()| value)
    }
}
