//! A plan for people: terminal, HTML with an SVG diagram, explanations, differences; and for
//! programs: JSON.
//!
//! Everything here is a pure function of a [`View`] (or of a part of one). What it shows was decided and recorded before;
//! nothing is decided here.

mod capacity;
mod diff;
mod explain;
mod html;
mod json;
mod network;
mod overview;
pub mod plot;
mod serving;
mod svg;
mod terminal;
mod text;

pub use capacity::{CapacityDetails, CapacityView, Served, capacity, capacity_json, curves, items};
pub use diff::{Diff, NotAPlan, diff};
pub use explain::{Unknown, explain};
pub use html::html;
pub use json::json;
pub use network::{network, network_json};
pub use svg::svg;
pub use terminal::terminal;

use model::matrix::Matrix;
use model::plan::Plan;
use model::reason::Rule;
use serde_json::Value;
use yaml::Sources;

/// Everything that can be shown of a plan.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The plan, with its report.
    pub plan: &'a Plan,
    /// The texts that the report's places refer to.
    pub sources: &'a Sources,
    /// The Kubernetes objects that were written from the plan, in the order of applying.
    pub objects: &'a [Shown],
    /// Who may reach whom, compared with the files; `None` if there are too many to look at.
    pub network: Option<&'a Matrix>,
    /// The planner's rules, for explanations.
    pub rules: &'a [Rule],
}

/// A Kubernetes object as it is shown: values of Secrets are masked.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.name`.
    pub name: String,
    /// How decisions name it, as `Kind/name`: without the hash that some names end in.
    pub origin: String,
    /// The Compose service that it belongs to, if it belongs to one.
    pub service: Option<String>,
    /// Path and value of each field, such as `spec.template.spec.containers[web].image`.
    pub leaves: Vec<(String, Value)>,
    /// The object as YAML.
    pub yaml: String,
}

/// How text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether colour is used.
    pub color: Color,
}

/// Whether colour is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// ANSI escapes.
    Ansi,
    /// Plain text.
    Plain,
}
