//! Coefficients from measurements.

mod fit;

pub use fit::{Problem, solve};
