//! Metrics, alerts, dashboards and logs: only where they were asked for or the cluster has them.

mod alerts;
mod dashboard;
mod logs;
mod metrics;

use crate::log::Log;
use crate::world::World;
use model::facts::Extra;
use model::plan::{ConfigFiles, Monitor, Raw, Service, Workload};
use model::reason::Because;

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
    let mut seen = Observability {
        monitors: metrics::monitors(world, workloads, services, log),
        ..Observability::default()
    };
    if let Some(asked) = wanted(world, Extra::Prometheus) {
        let scene = Scene { world, workloads, scraped: !seen.monitors.is_empty() };
        seen.extras.push(alerts::rule(&scene, &asked, log));
        seen.extras.push(dashboard::board(&scene, &asked, log));
    }
    if let Some(asked) = wanted(world, Extra::Loki) {
        seen.extras.push(logs::alloy(world, asked, log));
    }
    if let Some(asked) = wanted(world, Extra::Elk) {
        seen.extras.push(logs::filebeat(world, asked, log));
    }
    seen.extras.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
    seen
}

/// What alerts and dashboards speak of.
struct Scene<'s> {
    world: &'s World<'s>,
    workloads: &'s [Workload],
    /// Whether Prometheus scrapes anything of the product itself.
    scraped: bool,
}

/// Whether an extra is wanted: asked for, or understood by the cluster.
fn wanted(world: &World<'_>, extra: Extra) -> Option<Because> {
    if world.options.with.contains(&extra) {
        return Some(Because::Option { name: "--with".to_owned() });
    }
    world.cluster.serves(group(extra)).then_some(Because::Cluster)
}

/// The API group that an extra's objects belong to.
const fn group(extra: Extra) -> &'static str {
    match extra {
        Extra::Prometheus => "monitoring.coreos.com",
        Extra::Loki => "monitoring.grafana.com",
        Extra::Elk => "beat.k8s.elastic.co",
    }
}
