//! The vocabulary that every other crate speaks: what a Compose project says ([`project`]), what is
//! known of a cluster ([`facts`]), what was decided ([`mod@plan`]) and why ([`reason`]), and who may
//! reach whom ([`matrix`]).
//!
//! Only words here: no choices, no I/O, no wire formats beyond a plain `Serialize` of the plan.

pub mod facts;
pub mod matrix;
pub mod plan;
pub mod project;
pub mod reason;
mod secret;

pub use secret::SecretText;
