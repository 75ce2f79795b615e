//! Where pods run, and what happens to them there.

pub mod scheduler;

mod conditions;
#[cfg(test)]
pub(crate) mod kit;

use crate::controller::Controller;
use scheduler::{InTurn, Scheduler};

/// Controllers of this folder.
pub fn controllers() -> Vec<Box<dyn Controller>> {
    vec![Box::new(Scheduler::new(Box::new(InTurn::default())))]
}
