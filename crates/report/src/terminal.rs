//! The plan as text.

use crate::{Layout, View};

/// What the product looks like on Kubernetes, and why.
pub fn terminal(_view: &View<'_>, _layout: Layout) -> String {
    String::new()
}
