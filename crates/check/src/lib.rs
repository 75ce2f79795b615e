//! Judges any Kubernetes YAML, independently of the planner.
//!
//! The files go in as trees, findings come out: what would go wrong on a real cluster, where it
//! stands, and how to write it right. Nothing here knows the planner, so that the planner's own
//! output can be judged by the same rules as everybody else's. The crate does no I/O.
//!
//! ```text
//! trees ──► Set (objects, pods, selectors) ──► rules, one module per topic ──► findings
//! ```
//!
//! Beside the rules, [`reach`] answers who may reach whom by the network policies of the files.
//!
//! Every rule is a row of the tables under `table/`; [`rules`] lists them all. Rules that checkov
//! knows too name its identifier and give the same verdict, which a test compares.

mod binding;
mod cursor;
mod finding;
mod index;
mod known;
mod quantity;
pub mod reach;
mod rules;
mod selector;
mod set;
mod table;
mod waiver;

pub use finding::{Finding, Options, Rule};
pub use table::rules;
pub use yaml::Severity;

use finding::Findings;
use set::Set;

/// Judges files together: references are looked up across all of them.
///
/// The result is sorted by file, place and rule. A finding that an annotation waives is kept, with
/// the reason in [`Finding::waived`].
pub fn check(files: &[(yaml::FileId, Vec<yaml::Node>)], options: &Options) -> Vec<Finding> {
    let mut findings = Findings::default();
    let set = Set::read(files);
    rules::run(&rules::Context { set: &set, options }, &mut findings);
    findings.finish()
}
