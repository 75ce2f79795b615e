//! Predictions beside measurements.

mod case;
mod csv;

pub use case::{Case, NotModelled, Source};
pub use csv::{Table, quoted};
