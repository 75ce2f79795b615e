//! Where pods run, and what happens to them there.

pub mod kubelet;
pub mod lifecycle;
pub mod scheduler;
pub mod stages;

mod conditions;
#[cfg(test)]
pub(crate) mod kit;

use crate::controller::Controller;
use crate::tables::PODS;
use kubelet::Kubelet;
use scheduler::{InTurn, Scheduler};
use stages::Stages;
use twin_core::store::Object;
use twin_core::tree::Value;

/// Controllers of this folder. Stages of nodes and pods take the place of kubelets.
pub fn controllers(stages: &Stages, seed: u64) -> Vec<Box<dyn Controller>> {
    let mut all = lifecycle::controllers(stages);
    all.push(Box::new(Scheduler::new(Box::new(InTurn::default()))));
    all.extend(lives(stages, seed));
    all
}

/// The nodes alone.
pub(crate) fn kubelets(stages: &Stages, seed: u64) -> Vec<Box<dyn Controller>> {
    let mut all = lifecycle::kubelets(stages);
    all.extend(lives(stages, seed));
    all
}

/// What happens to pods on nodes, and whatever else stages tell.
fn lives(stages: &Stages, seed: u64) -> Vec<Box<dyn Controller>> {
    let mut all: Vec<Box<dyn Controller>> = Vec::new();
    if !stages.are_for(&PODS) {
        all.push(Box::new(Kubelet::default()));
    }
    all.extend(stages::controllers(stages, seed));
    all
}

/// Whether a pod says that it is ready.
pub(crate) fn is_ready(pod: &Value) -> bool {
    conditions::condition(pod, "Ready") == Some("True")
}

/// Whether a node selector, as volumes have it, means a node. None means all.
pub(crate) fn node_is_meant(node: &Object, selector: Option<&Value>) -> bool {
    scheduler::selects(selector, node)
}
