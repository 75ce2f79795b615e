//! Coefficients from measurements.

mod checks;
mod engines;
mod fit;
mod knee;
mod report;
mod tables;
mod validate;

pub use engines::{Stage, belongs, engine};
pub use fit::{Problem, solve};
pub use report::{Inputs, calibrate, counts, errors, read};
pub use tables::{Peak, Tables, kernels};
pub use validate::{Fold, Outcome, held_out, outcome};
