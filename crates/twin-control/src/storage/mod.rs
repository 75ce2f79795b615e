//! Claims and volumes.

mod claims;

pub use claims::{Binding, SELECTED_NODE, binding_of, fits};

use crate::controller::Controller;

/// Controllers of this folder.
pub fn controllers() -> Vec<Box<dyn Controller>> {
    Vec::new()
}
