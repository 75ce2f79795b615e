//! Why something is as it is.

mod names;
mod render;
mod subject;

use crate::{Layout, View};

/// Nothing in the plan has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What was asked for.
    pub what: String,
    /// Names that are close to it, best first.
    pub close: Vec<String>,
}

/// Why `what` is as it is. It may be
///
/// * a Compose service (`web`) or an attribute of the files (`web.ports`, `services.web.ports.0`,
///   `volumes.data`);
/// * an object (`Deployment/web`, `deploy/web`) or a field of one
///   (`Deployment/web:spec.replicas`);
/// * a rule of the planner (`database-never-hpa`) or a finding's code.
///
/// Names are matched as they are first, then without regard to case.
pub fn explain(view: &View<'_>, what: &str, layout: Layout) -> Result<String, Unknown> {
    let what = what.trim();
    match subject::find(view, what) {
        Some(subject) => Ok(render::render(view, &subject, layout)),
        None => Err(Unknown { what: what.to_owned(), close: names::close(view, what) }),
    }
}
