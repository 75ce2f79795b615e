//! Claims and volumes.

use crate::controller::Controller;

/// Controllers of this folder.
pub fn controllers() -> Vec<Box<dyn Controller>> {
    Vec::new()
}
