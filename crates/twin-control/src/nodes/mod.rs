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

/// Controllers of this folder. Where there are stages, they are what happens on nodes.
pub fn controllers(stages: &Stages, seed: u64) -> Vec<Box<dyn Controller>> {
    let mut all = lifecycle::controllers(stages);
    all.push(Box::new(Scheduler::new(Box::new(InTurn::default()))));
    if !stages.are_for(&PODS) {
        all.push(Box::new(Kubelet::default()));
    }
    all.extend(stages::controllers(stages, seed));
    all
}

/// The nodes alone.
pub(crate) fn kubelets() -> Vec<Box<dyn Controller>> {
    let mut all = lifecycle::kubelets();
    all.push(Box::new(Kubelet::default()));
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
