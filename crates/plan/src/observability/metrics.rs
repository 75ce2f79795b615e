//! What Prometheus scrapes.

use crate::attributes::{cite, image_or_own};
use crate::log::Log;
use crate::rules;
use crate::world::{Subject, World};
use model::facts::Extra;
use model::plan::{Monitor, Service, Workload};
use model::project::Protocol;
use model::reason::{Because, Certainty, Level, Rule};

/// Port and path of the service's own metrics, if it has any: from `x-muster.metrics`, from
/// `prometheus.io/*` labels, or from the image table where nothing must be switched on first.
pub(crate) fn metrics_port(subject: &Subject<'_>) -> Option<(u16, String)> {
    found(subject).map(|(port, path, ..)| (port, path))
}

type Found = (u16, String, Vec<Because>, Certainty);

fn found(subject: &Subject<'_>) -> Option<Found> {
    if let Some(intent) = &subject.service.intent.metrics {
        let because = subject.lines("x-muster.metrics");
        return Some((intent.port, intent.path.clone(), because, Certainty::Stated));
    }
    labelled(subject).or_else(|| of_image(subject))
}

/// `prometheus.io/port` and its kin, as annotations of pods are written.
fn labelled(subject: &Subject<'_>) -> Option<Found> {
    let value = |name: &str| {
        [
            format!("prometheus.io/{name}"),
            format!("prometheus.{name}"),
            format!("prometheus_{name}"),
        ]
        .iter()
        .find_map(|key| subject.service.labels.get(key))
    };
    if value("scrape").is_some_and(|scrape| scrape.value == "false") {
        return None;
    }
    let port = value("port")?;
    let path = value("path").map_or("/metrics", |path| path.value.as_str());
    let because = cite(
        subject,
        &["labels.prometheus", "labels.prometheus.io/port", "deploy.labels.prometheus.io/port"],
    );
    let because =
        if because.is_empty() { vec![subject.line("labels", port.span)] } else { because };
    Some((port.value.trim().parse().ok()?, path.to_owned(), because, Certainty::Stated))
}

fn of_image(subject: &Subject<'_>) -> Option<Found> {
    let known = subject.known.as_ref().filter(|known| known.certainty <= Certainty::Known)?;
    let metrics = known.family.metrics.as_ref()?;
    let own = metrics.exporter.is_none() && metrics.condition.is_none();
    own.then(|| (metrics.port, metrics.path.clone(), vec![image_or_own(subject)], known.certainty))
}

/// One monitor for each service that has metrics and a container port that serves them.
pub(super) fn monitors(
    world: &World<'_>,
    workloads: &[Workload],
    services: &[Service],
    log: &mut Log,
) -> Vec<Monitor> {
    let Some(asked) = super::wanted(world, Extra::Prometheus) else { return Vec::new() };
    let mut out = Vec::new();
    for workload in workloads {
        let Some(subject) =
            world.subject(&workload.service).filter(|subject| subject.name == workload.name)
        else {
            continue;
        };
        match found(subject) {
            Some(found) => out.extend(monitor(subject, workload, services, found, &asked, log)),
            None => exporter(subject, log),
        }
    }
    out
}

fn monitor(
    subject: &Subject<'_>,
    workload: &Workload,
    services: &[Service],
    (port, path, because, certainty): Found,
    asked: &Because,
    log: &mut Log,
) -> Option<Monitor> {
    let ports = workload.pod.containers.iter().flat_map(|container| &container.ports);
    let name = ports
        .filter(|known| known.protocol == Protocol::Tcp)
        .find(|known| known.port == port)?
        .name
        .clone();
    let through_service = services.iter().any(|service| {
        service.workload == workload.name
            && service.ports.iter().any(|p| p.name == name && p.target == port)
    });
    let kind = if through_service { "ServiceMonitor" } else { "PodMonitor" };
    log.decide_on(Some(subject.key()), format!("{kind}/{}", workload.name), "")
        .chose(format!("port {name}, {path}"))
        .all(because)
        .because(asked.clone())
        .rule(rules::METRICS_WHEN_ASKED)
        .sure(certainty)
        .why("where Prometheus finds its numbers");
    Some(Monitor {
        name: workload.name.clone(),
        service: workload.service.clone(),
        workload: workload.name.clone(),
        port: name,
        path,
        through_service,
    })
}

/// Metrics that need an exporter or a setting are named, not made.
fn exporter(subject: &Subject<'_>, log: &mut Log) {
    let Some(metrics) = subject.family().and_then(|family| family.metrics.as_ref()) else { return };
    let condition = metrics.condition.as_deref().unwrap_or("nothing else");
    let (message, fix) = match &metrics.exporter {
        Some(exporter) => (
            format!("its metrics need an exporter: `{exporter}` on port {}", metrics.port),
            format!(
                "add a service with that image and x-muster: {{ metrics: {{ port: {} }} }}; it needs {condition}",
                metrics.port
            ),
        ),
        None => (
            format!(
                "it has metrics at port {}{} once they are switched on: {condition}",
                metrics.port, metrics.path
            ),
            format!(
                "switch them on and say x-muster: {{ metrics: {{ port: {}, path: {} }} }}",
                metrics.port, metrics.path
            ),
        ),
    };
    let rule: Rule = rules::METRICS_WHEN_ASKED;
    log.find(
        Level::Note,
        "metrics-not-scraped",
        Some(subject.key()),
        message,
        fix,
        vec![image_or_own(subject), Because::Rule(rule)],
    );
}
