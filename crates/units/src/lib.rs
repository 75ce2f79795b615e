//! Quantities with their units: CPU, bytes, ports.
//!
//! Integers inside, so that a plan is the same on every machine; each type reads what people write
//! (in Compose or in Kubernetes notation) and prints what Kubernetes reads.

mod bytes;
mod cpu;
mod duration;
mod quantity;

pub use bytes::Bytes;
pub use cpu::Cpu;
pub use duration::{Micros, Seconds};
pub use quantity::Quantity;

/// A text that is not a quantity, with what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct ParseError {
    /// What was read.
    pub text: String,
    /// What would have been right, for example "a size such as `512m` or `10Gi`".
    pub expected: &'static str,
}
