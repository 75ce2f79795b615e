//! Coefficients from measurements.

mod engines;
mod fit;
mod tables;
mod validate;

pub use engines::{Stage, belongs, engine};
pub use fit::{Problem, solve};
pub use tables::{Peak, Tables, kernels};
pub use validate::{Fold, Outcome, held_out, outcome};
