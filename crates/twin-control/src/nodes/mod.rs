//! Where pods run, and what happens to them there.

pub mod kubelet;
pub mod lifecycle;
pub mod scheduler;

mod conditions;
#[cfg(test)]
pub(crate) mod kit;

use crate::controller::Controller;
use kubelet::Kubelet;
use scheduler::{InTurn, Scheduler};
use twin_core::store::Object;
use twin_core::tree::Value;

/// Controllers of this folder.
pub fn controllers() -> Vec<Box<dyn Controller>> {
    let mut all = lifecycle::controllers();
    all.push(Box::new(Scheduler::new(Box::new(InTurn::default()))));
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
