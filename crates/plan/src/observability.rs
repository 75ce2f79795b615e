//! Metrics, alerts, dashboards and logs: only where they were asked for or the cluster has them.

mod metrics;

use crate::log::Log;
use crate::world::World;
use model::plan::{ConfigFiles, Monitor, Raw, Service, Workload};

pub(crate) use metrics::metrics_port;

/// What watches the product.
#[derive(Debug, Default)]
pub(crate) struct Observability {
    pub(crate) monitors: Vec<Monitor>,
    pub(crate) extras: Vec<Raw>,
    pub(crate) config_maps: Vec<ConfigFiles>,
}

/// Decides what watches the product.
pub(crate) fn observability(
    world: &World<'_>,
    workloads: &[Workload],
    services: &[Service],
    log: &mut Log,
) -> Observability {
    Observability {
        monitors: metrics::monitors(world, workloads, services, log),
        ..Observability::default()
    }
}
