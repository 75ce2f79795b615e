//! Whether each service serves, and if not, what it waits for.

mod cause;
mod failures;
mod pods;
mod workload;

pub use cause::{Cause, Reason};

use crate::id::Desired;
use crate::observed::Observed;
use std::collections::BTreeMap;

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// That are ready.
    pub ready: u64,
    /// That there should be.
    pub wanted: u64,
}

/// Where a service stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Everything of it is ready, or completed.
    Serving,
    /// It may still become ready by itself.
    Waiting(Vec<Cause>),
    /// It will not become ready until somebody does something.
    Failed(Vec<Cause>),
}

/// A service and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceState {
    /// The Compose service.
    pub service: String,
    /// Its pods; completions of a Job.
    pub pods: Count,
    /// Where it stands.
    pub phase: Phase,
}

impl ServiceState {
    /// Whether everything of it is ready.
    pub fn serves(&self) -> bool {
        self.phase == Phase::Serving
    }

    /// What it waits for or fails of.
    pub fn causes(&self) -> &[Cause] {
        match &self.phase {
            Phase::Serving => &[],
            Phase::Waiting(causes) | Phase::Failed(causes) => causes,
        }
    }
}

/// Kinds that make a service serve. Nobody waits for a `CronJob`: it runs when its time comes.
const WORKLOADS: &[&str] = &["Deployment", "StatefulSet", "DaemonSet", "Job", "Cluster"];

/// The state of each service that has a workload, in the order of their names.
pub fn diagnose(desired: &[Desired], observed: &Observed) -> Vec<ServiceState> {
    let mut services: BTreeMap<&str, ServiceState> = BTreeMap::new();
    for workload in desired.iter().filter(|it| WORKLOADS.contains(&it.id.kind.as_str())) {
        let name = workload.service.as_deref().unwrap_or(&workload.id.name);
        let state = workload::state(workload, observed);
        match services.remove(name) {
            Some(other) => services.insert(name, worse(other, state)),
            None => services.insert(name, state.named(name)),
        };
    }
    services.into_values().collect()
}

/// A service of several workloads is as well as the worst of them.
fn worse(mut a: ServiceState, b: ServiceState) -> ServiceState {
    a.pods.ready += b.pods.ready;
    a.pods.wanted += b.pods.wanted;
    a.phase = match (a.phase, b.phase) {
        (Phase::Failed(a), Phase::Failed(b) | Phase::Waiting(b))
        | (Phase::Waiting(a), Phase::Failed(b)) => Phase::Failed(joined(a, b)),
        (Phase::Waiting(a), Phase::Waiting(b)) => Phase::Waiting(joined(a, b)),
        (Phase::Serving, other) | (other, Phase::Serving) => other,
    };
    a
}

/// Causes of both, each reason once.
fn joined(mut a: Vec<Cause>, b: Vec<Cause>) -> Vec<Cause> {
    for cause in b {
        if !a.iter().any(|known| known.reason == cause.reason) {
            a.push(cause);
        }
    }
    a
}

impl ServiceState {
    fn named(mut self, service: &str) -> Self {
        service.clone_into(&mut self.service);
        self
    }
}

#[cfg(test)]
mod tests;
