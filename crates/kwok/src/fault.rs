//! What is wrong with an expression or a template.

/// A sentence about a place in a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The byte of the text where it is.
    pub at: usize,
}

impl Fault {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), at }
    }
}
