//! How much pods use, and how many of them that asks for.
//!
//! ```text
//! usage ──▶ demand ──▶ pace ──▶ horizontal
//! of a pod   replicas   within    written
//!            by metric  policies
//! ```

mod demand;
mod horizontal;
mod metric;
pub(crate) mod metrics;
mod pace;
mod usage;

pub use usage::{LOAD, Meter, Usage};

use crate::controller::Controller;
use twin_core::tree::Value;

/// Controllers of this folder.
pub fn controllers() -> Vec<Box<dyn Controller>> {
    vec![Box::<horizontal::Horizontal>::default()]
}

/// A count; none if it is no number or below zero.
fn number(value: Option<&Value>) -> Option<u64> {
    value.and_then(Value::as_int).and_then(|int| u64::try_from(int).ok())
}
