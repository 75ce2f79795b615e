//! Patches: JSON patch (RFC 6902), merge patch (RFC 7396), and Kubernetes' strategic merge patch.

mod json;
mod merge;
mod strategic;

pub use json::apply as json;
pub use merge::apply as merge;
pub use strategic::apply as strategic;

/// Why a patch does not apply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The patch itself has a form that does not exist.
    #[error("{0}")]
    Malformed(String),
    /// The patch and the object do not go together.
    #[error("{0}")]
    Refused(String),
    /// The patch breaks a rule that Kubernetes has no word for.
    #[error("{0}")]
    Broken(String),
}

fn refused(sentence: impl Into<String>) -> PatchError {
    PatchError::Refused(sentence.into())
}
