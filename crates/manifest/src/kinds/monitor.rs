//! What Prometheus scrapes.

use crate::labels::{Map, Scope, map, selects};
use crate::object::{Object, stage};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use model::plan::{Monitor, Service, ServiceKind};
use serde::Serialize;

/// The label by which kube-prometheus-stack finds its objects.
const RELEASE: (&str, &str) = ("release", "kube-prometheus-stack");
/// The label of the one Service that is scraped: a workload may have several names, and each would
/// be scraped again.
const SCRAPE: (&str, &str) = ("muster.dev/scrape", "true");

/// `monitoring.coreos.com/v1` `ServiceMonitor` or `PodMonitor`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<S> {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: S,
}

#[derive(Debug, Serialize)]
struct ServiceMonitorSpec {
    selector: LabelSelector,
    endpoints: Vec<Endpoint>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PodMonitorSpec {
    selector: LabelSelector,
    pod_metrics_endpoints: Vec<Endpoint>,
}

#[derive(Debug, Serialize)]
struct Endpoint {
    port: String,
    path: String,
}

/// The `ServiceMonitor`; a `PodMonitor` where no Service carries the port.
pub(crate) fn monitor(scope: &Scope<'_>, monitor: &Monitor) -> Object {
    let mut labels = scope.labels_like(&monitor.workload, "monitoring");
    labels.extend(map([RELEASE]));
    let metadata = scope.meta(&monitor.name, labels);
    let pods = crate::labels::selector(&scope.plan.app, &monitor.workload);
    let endpoint = |port: &str| Endpoint { port: port.to_owned(), path: monitor.path.clone() };
    if let Some((_, port)) = through(scope, monitor) {
        let selector = selects(pods.into_iter().chain(map([SCRAPE])).collect());
        let spec = ServiceMonitorSpec { selector, endpoints: vec![endpoint(port)] };
        let object = resource("ServiceMonitor", metadata, spec);
        return Object::new(stage::MONITORS, Some(&monitor.service), &object);
    }
    let spec = PodMonitorSpec {
        selector: selects(pods),
        pod_metrics_endpoints: vec![endpoint(&monitor.port)],
    };
    let object = resource("PodMonitor", metadata, spec);
    Object::new(stage::MONITORS, Some(&monitor.service), &object)
}

fn resource<S>(kind: &'static str, metadata: ObjectMeta, spec: S) -> Resource<S> {
    Resource { api_version: "monitoring.coreos.com/v1", kind, metadata, spec }
}

/// The label of a Service through which a monitor goes.
pub(crate) fn mark(scope: &Scope<'_>, service: &Service) -> Map {
    let marked = scope
        .plan
        .monitors
        .iter()
        .filter_map(|monitor| through(scope, monitor))
        .any(|(through, _)| through.name == service.name);
    if marked { map([SCRAPE]) } else { Map::new() }
}

/// The first Service of the workload that carries the monitor's port, and its name for the port.
fn through<'a>(scope: &Scope<'a>, monitor: &Monitor) -> Option<(&'a Service, &'a str)> {
    if !monitor.through_service {
        return None;
    }
    let number = container_port(scope, monitor);
    scope
        .plan
        .services
        .iter()
        .filter(|service| service.workload == monitor.workload)
        .filter(|service| !matches!(service.kind, ServiceKind::External(_)))
        .find_map(|service| {
            let port = service.ports.iter().find(|port| match number {
                Some(number) => port.target == number,
                None => port.name == monitor.port,
            })?;
            Some((service, port.name.as_str()))
        })
}

fn container_port(scope: &Scope<'_>, monitor: &Monitor) -> Option<u16> {
    let containers = &scope.workload(&monitor.workload)?.pod.containers;
    let mut ports = containers.iter().flat_map(|container| &container.ports);
    ports.find(|port| port.name == monitor.port).map(|port| port.port)
}
