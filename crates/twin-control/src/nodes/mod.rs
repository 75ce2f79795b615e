//! Where pods run, and what happens to them there.

use crate::controller::Controller;

/// Controllers of this folder.
pub fn controllers() -> Vec<Box<dyn Controller>> {
    Vec::new()
}
