//! Why something is as it is.

use crate::{Layout, View};

/// Nothing in the plan has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What was asked for.
    pub what: String,
    /// Names that are close to it, best first.
    pub close: Vec<String>,
}

/// Why `what` is as it is: a Compose service (`web`), an object (`Deployment/web`), a field of an
/// object (`Deployment/web:spec.replicas`), or a rule (`database-never-hpa`).
pub fn explain(_view: &View<'_>, what: &str, _layout: Layout) -> Result<String, Unknown> {
    Err(Unknown { what: what.to_owned(), close: Vec::new() })
}
