//! Where a pod may run, and the devices it gets: GPUs, shared memory, architectures, runtimes.

mod gpu;
mod nodes;
mod products;
mod shm;

use crate::log::Log;
use crate::world::{Subject, World};
use model::plan::{Toleration, VolumeSource};
use std::collections::BTreeMap;

pub(crate) use gpu::{Reserved, reserved, resource};
pub(crate) use products::{kind, named, short};
pub(crate) use shm::shared_memory;

/// Where a pod may run, and the memory it shares.
#[derive(Debug, Default)]
pub(crate) struct Placement {
    pub(crate) node_selector: BTreeMap<String, String>,
    pub(crate) tolerations: Vec<Toleration>,
    pub(crate) runtime_class: Option<String>,
    pub(crate) scratch: Vec<(String, VolumeSource, String)>,
}

/// Decides where the service's pod may run.
pub(crate) fn place(world: &World<'_>, subject: &Subject<'_>, log: &mut Log) -> Placement {
    let mut placement = Placement::default();
    gpu::place(world, subject, &mut placement, log);
    products::choose(world, subject, &mut placement, log);
    nodes::platform(subject, &mut placement, log);
    nodes::runtime(subject, &mut placement, log);
    nodes::constraints(subject, &mut placement, log);
    nodes::host_devices(subject, log);
    placement.scratch.extend(shm::scratch(subject, log));
    placement.tolerations.sort();
    placement.tolerations.dedup();
    placement
}

/// Extended resources by name, such as `nvidia.com/gpu`.
pub(crate) fn extended(subject: &Subject<'_>) -> BTreeMap<String, u32> {
    let mut out = BTreeMap::new();
    for ask in gpu::asks(subject) {
        let count: &mut u32 = out.entry(ask.resource).or_default();
        *count = count.saturating_add(ask.count);
    }
    out
}
