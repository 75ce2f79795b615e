//! A route for each published HTTP port.

use super::address::load_balancer;
use super::{Edge, push_open};
use crate::log::Log;
use crate::rules;
use crate::services::speaks_tls;
use crate::world::{PortFact, Subject, World};
use model::facts::EdgeKind;
use model::plan::{Route, RouteKind, RoutePort};
use model::project::Port;
use model::reason::{Certainty, Level};
use std::collections::BTreeMap;

/// The gateway that routes attach to where nothing is known of the cluster.
const GATEWAY: &str = "gateway";

pub(super) fn publish(
    world: &World<'_>,
    http: &[(&Subject<'_>, &Port, &PortFact)],
    edge: &mut Edge,
    log: &mut Log,
) {
    let mut bare_taken = edge.routes.iter().any(|r| r.hosts.is_empty());
    let mut hosts: BTreeMap<String, usize> = BTreeMap::new();
    for (subject, port, fact) in http {
        let known = edge.open.get(subject.key()).is_some_and(|open| open.contains(fact));
        if known {
            cite_again(subject, port, log);
            continue;
        }
        push_open(edge, subject, fact);
        match world.options.edge {
            EdgeKind::Gateway | EdgeKind::Ingress => {}
            EdgeKind::LoadBalancer | EdgeKind::NodePort => {
                load_balancer(world, subject, port, fact, edge, log);
                continue;
            }
        }
        let host = if bare_taken {
            let count = hosts.entry(subject.name.clone()).or_insert(0);
            *count += 1;
            let label = if *count > 1 {
                format!("{}-{}", subject.name, fact.port)
            } else {
                subject.name.clone()
            };
            let suffix =
                world.options.host.clone().unwrap_or_else(|| format!("{}.localhost", world.app));
            Some(format!("{label}.{suffix}"))
        } else {
            world.options.host.clone()
        };
        let first = !bare_taken;
        bare_taken = true;
        let name = if edge.routes.iter().any(|r| r.name == subject.name) {
            format!("{}-{}", subject.name, fact.port)
        } else {
            subject.name.clone()
        };
        route(world, subject, port, name, fact, host.clone(), edge, log);
        if let (false, Some(host), None) = (first, host, &world.options.host) {
            log.ask(
                Some(subject.key()),
                format!("Under which host name do people reach `{}`?", subject.key()),
                format!(
                    "NAME{}: only one service can have the bare address",
                    host.trim_start_matches(subject.name.as_str())
                ),
                "--host example.com, or edit the route".to_owned(),
            );
        }
    }
    if edge.routes.iter().any(|r| r.edge == RouteKind::HttpRoute)
        && world.cluster.api_groups.is_none()
    {
        log.ask(
            None,
            "Which Gateway do routes attach to?",
            format!("one named `{GATEWAY}` in the same namespace"),
            "edit parentRefs, or use --edge ingress",
        );
    }
}

fn cite_again(subject: &Subject<'_>, port: &Port, log: &mut Log) {
    log.decide_on(
        Some(subject.key()),
        format!("Service/{}", subject.name),
        format!("spec.ports[{}]", port.target),
    )
    .chose("one route for the port")
    .because(subject.line(format!("ports.{}", port.index), port.span))
    .rule(rules::ROUTE_PUBLISHED_HTTP)
    .why("the same container port is published more than once");
}

#[expect(clippy::too_many_arguments, reason = "one route, and everything that it says")]
fn route(
    world: &World<'_>,
    subject: &Subject<'_>,
    port: &Port,
    name: String,
    fact: &PortFact,
    host: Option<String>,
    edge: &mut Edge,
    log: &mut Log,
) {
    let kind = route_kind(world);
    let object = match kind {
        RouteKind::HttpRoute => format!("HTTPRoute/{name}"),
        RouteKind::Ingress => format!("Ingress/{name}"),
    };
    log.decide_on(Some(subject.key()), object, "")
        .chose(host.clone().unwrap_or_else(|| "every host".to_owned()))
        .because(subject.line(format!("ports.{}", port.index), port.span))
        .because(fact.because.clone())
        .rule(rules::ROUTE_PUBLISHED_HTTP)
        .sure(fact.certainty.max(Certainty::Inferred))
        .why(format!("`{}` publishes HTTP on port {}", subject.key(), fact.port));
    if speaks_tls(subject, fact.port) {
        encrypted(subject, port, log);
    }
    edge.routes.push(Route {
        name,
        service: subject.key().to_owned(),
        backend: subject.name.clone(),
        edge: kind,
        hosts: host.into_iter().collect(),
        rules: vec![RoutePort { path: "/".to_owned(), port: fact.port }],
        parent: parent(kind),
    });
}

fn encrypted(subject: &Subject<'_>, port: &Port, log: &mut Log) {
    log.find(
        Level::Warning,
        "backend-speaks-tls",
        Some(subject.key()),
        format!("`{}` expects TLS on port {}, and the edge talks plain HTTP to it", subject.key(), port.target),
        "publish its plain port, or add a BackendTLSPolicy (an Ingress controller has an annotation for it)",
        vec![subject.line(format!("ports.{}", port.index), port.span)],
    );
}

pub(super) const fn route_kind(world: &World<'_>) -> RouteKind {
    match world.options.edge {
        EdgeKind::Ingress => RouteKind::Ingress,
        _ => RouteKind::HttpRoute,
    }
}

pub(super) fn parent(kind: RouteKind) -> Option<String> {
    (kind == RouteKind::HttpRoute).then(|| GATEWAY.to_owned())
}
