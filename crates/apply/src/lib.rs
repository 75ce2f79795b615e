//! What has to change on a cluster so that it runs a product, and what stands in the way of the
//! product serving there.
//!
//! ```text
//! desired objects ─┐
//! live objects ────┼──decide──▶ Decision: one Action for each object
//! Inventory ───────┘
//! before, after ─────undo──────▶ Undo: the decision that leads back
//! desired objects ─┬──diagnose──▶ ServiceState: serving, or why not
//! Observed ────────┘
//! ```
//!
//! All are functions of what they are handed: no client, no clock, no files. Objects are JSON as
//! the API server returns it. That decides which fields are compared: every field that we want must
//! be there with its value; what the server or others add is theirs.

mod compare;
mod decide;
mod diagnose;
mod forbidden;
mod id;
mod inventory;
mod observed;
mod owners;
mod path;
mod quantity;
mod rights;
mod shorten;
mod stuck;
mod undo;

pub use decide::{Action, Change, Conflict, Decision, FieldChange, Step, decide};
pub use diagnose::{Cause, Count, Phase, Reason, ServiceState, diagnose};
pub use id::{Desired, Id, Stage};
pub use inventory::{Inventory, Mark, NotAnInventory, Record, Remembered};
pub use observed::Observed;
pub use owners::{MANAGER, is_ours};
pub use rights::{Need, Resource, Rules, Subject, grant};
pub use stuck::{Blame, is_noticed, stuck};
pub use undo::{After, Before, Undo, undo};
