//! A [`Plan`](model::plan::Plan) as typed Kubernetes objects, and those as plain YAML, a Kustomize
//! base or a Helm chart.
//!
//! ```text
//! Plan ──objects()──▶ Vec<Object> ──yaml()──▶ text
//!   │                     │
//!   │                     └──leaves()──▶ paths for `explain`
//!   └──plain() / kustomize() / helm()──▶ Vec<OutFile>
//! ```
//!
//! Everything here is a pure function of the plan: equal plans give equal bytes. Nothing is decided
//! here; what the plan leaves open (timeouts of a rollout, behaviour of an autoscaler) is a constant
//! beside the kind it belongs to. Secret values are exposed in one place, the writer of Secret
//! objects, and are masked by everything that shows them to people.

mod kinds;
mod labels;
mod leaves;
mod object;
mod order;
mod pods;
mod writers;

pub use kinds::database::{
    API_VERSION as DATABASE_API_VERSION, Backup as DatabaseBackup, Database, DatabaseSpec,
    Engine as DatabaseEngine, Storage as DatabaseStorage, Topology as DatabaseTopology,
};
pub use labels::selector;
pub use leaves::leaves;
pub use object::{Object, objects};
pub use writers::OutFile;
pub use writers::helm::helm;
pub use writers::kustomize::kustomize;
pub use writers::plain::plain;
pub use writers::yaml::{Secrets, value_yaml, yaml};
