//! Where pods run, and what happens to them there.

pub mod kubelet;
pub mod lifecycle;
pub mod scheduler;

mod conditions;
#[cfg(test)]
pub(crate) mod kit;

use crate::controller::Controller;
use kubelet::Kubelet;
use scheduler::{InTurn, Scheduler};

/// Controllers of this folder.
pub fn controllers() -> Vec<Box<dyn Controller>> {
    let mut all = lifecycle::controllers();
    all.push(Box::new(Scheduler::new(Box::new(InTurn::default()))));
    all.push(Box::new(Kubelet::default()));
    all
}
