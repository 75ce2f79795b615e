//! KWOK's `Stage` files, read natively.
//!
//! ```text
//! YAML ── read ──▶ [Stage] ── next(object) ──▶ Stage ── delay, deeds ──▶ what to write, and when
//!                                                              ▲
//!                                                        Site: time, addresses, chance
//! ```
//!
//! A stage says for which objects it is (by labels, annotations, filters like those of jq, or CEL),
//! how long it waits, and what it does then: patches made by Go templates, events, finalizers,
//! another object, the end. Nothing here acts, and nobody asks for the time or for chance: both
//! come from a [`Site`].
//!
//! What of the languages is known stands in [`Query`] and [`Template`]; the rest is refused when a
//! file is read, with its place.

mod block;
mod delay;
mod fault;
mod number;
mod query;
mod read;
mod rule;
mod selector;
mod site;
mod size;
mod stage;
mod template;

pub use delay::go_duration;
pub use fault::Fault;
pub use query::Query;
pub use read::read;
pub use rule::Rule;
pub use site::{Network, PodName, Site};
pub use stage::{Deed, Form, Severity, Stage, Target, Told, next};
pub use template::{RenderError, Template};
