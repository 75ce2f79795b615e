//! Predictions beside measurements.

mod case;
mod csv;
mod run;

pub use case::{Case, NotModelled, Source};
pub use csv::Table;
pub use run::{Error, Evaluation, NoTable, Summary, evaluate};
