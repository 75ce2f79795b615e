//! Claims and volumes.
//!
//! ```text
//! claim ─┬─ class binds at once ─────────────────────┬─▶ a volume that fits ─▶ Bound
//!        └─ class waits ─▶ scheduler selects a node ─┘└─▶ none: one is made ─▶ Bound
//! ```

mod binder;
mod claims;
mod classes;
mod protection;

pub use claims::{Binding, SELECTED_NODE, binding_of, claim_of, fits};

use crate::controller::Controller;

/// Controllers of this folder.
pub fn controllers() -> Vec<Box<dyn Controller>> {
    let mut all: Vec<Box<dyn Controller>> = vec![
        Box::new(classes::Classes),
        Box::new(classes::Ephemeral),
        Box::new(binder::Binder::default()),
    ];
    all.extend(protection::controllers());
    all
}

#[cfg(test)]
mod tests;
