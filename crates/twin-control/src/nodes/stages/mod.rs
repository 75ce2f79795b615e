//! The lives of objects as KWOK's `Stage` files tell them.
//!
//! A change of an object chooses the stage that comes next and when; when the time has come, what
//! the stage does is written, which is a change. Stages of pods and of nodes take the place of the
//! kubelets that the twin has else.
//!
//! Two things differ from KWOK: a stage that an object does not fit any more when its time comes is
//! not played, and a write that is refused lets the whole stage be played again.

mod known;
mod player;
mod site;

pub use known::{Stages, UnknownKind};

use crate::controller::Controller;
use player::Player;

/// Who plays the stages.
pub(super) fn controllers(stages: &Stages, seed: u64) -> Vec<Box<dyn Controller>> {
    let rows = stages.rows().map(|(table, stages)| {
        Box::new(Player::new(table.clone(), stages.clone(), seed)) as Box<dyn Controller>
    });
    rows.collect()
}

#[cfg(test)]
mod tests;
