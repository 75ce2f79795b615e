//! Routes that Traefik's labels hold.

use super::routes::{parent, route_kind};
use super::{Edge, push_open};
use crate::log::Log;
use crate::rules;
use crate::world::{PortFact, Subject, World};
use model::plan::{Route, RouteKind, RoutePort};
use model::reason::{Because, Level};
use std::collections::BTreeSet;

/// Routes that Traefik's labels hold. True if there are any.
pub(super) fn labelled_routes(world: &World<'_>, edge: &mut Edge, log: &mut Log) -> bool {
    let mut any = false;
    for subject in world.subjects.values() {
        let rules: Vec<(&String, &yaml::Spanned<String>)> =
            subject.service.labels.iter().filter(|(key, _)| is_rule(key)).collect();
        let traefik: Vec<Because> = subject
            .service
            .labels
            .iter()
            .filter(|(key, _)| key.starts_with("traefik."))
            .map(|(key, value)| subject.line(format!("labels.{key}"), value.span))
            .collect();
        let Some(fact) = label_port(subject) else {
            if !traefik.is_empty() {
                unrouted(subject, traefik, log);
            }
            continue;
        };
        for (index, (key, rule)) in rules.iter().enumerate() {
            any = true;
            push_open(edge, subject, &fact);
            let hosts = call_arguments(&rule.value, "Host");
            let paths = call_arguments(&rule.value, "PathPrefix");
            let name = if index == 0 {
                subject.name.clone()
            } else {
                format!("{}-{}", subject.name, index + 1)
            };
            let kind = route_kind(world);
            let object = if kind == RouteKind::Ingress { "Ingress" } else { "HTTPRoute" };
            log.decide_on(Some(subject.key()), format!("{object}/{name}"), "")
                .chose(rule.value.clone())
                .because(subject.line(format!("labels.{key}"), rule.span))
                .all(traefik.clone())
                .rule(rules::ROUTE_PUBLISHED_HTTP)
                .why("Traefik's labels say how it is reached");
            let paths = if paths.is_empty() { vec!["/".to_owned()] } else { paths };
            let route = Route {
                name,
                service: subject.key().to_owned(),
                backend: subject.name.clone(),
                edge: kind,
                hosts: hosts.into_iter().filter(|h| is_host(h)).collect(),
                rules: paths.into_iter().map(|path| RoutePort { path, port: fact.port }).collect(),
                parent: parent(kind),
            };
            // Routers of several entry points, such as one that redirects to HTTPS, are one route.
            if !edge.routes.iter().any(|other| alike(other, &route)) {
                edge.routes.push(route);
            }
        }
    }
    any
}

/// Whether both lead the same way.
fn alike(a: &Route, b: &Route) -> bool {
    (&a.service, &a.hosts, &a.rules) == (&b.service, &b.hosts, &b.rules)
}

/// `traefik.http.routers.<name>.rule`.
fn is_rule(key: &str) -> bool {
    let name = key.strip_prefix("traefik.http.routers.").and_then(|rest| rest.rsplit_once('.'));
    name.is_some_and(|(_, last)| last == "rule")
}

fn unrouted(subject: &Subject<'_>, labels: Vec<Because>, log: &mut Log) {
    log.find(
        Level::Note,
        "labels-without-route",
        Some(subject.key()),
        "Traefik's labels are here, but no port of the service is known",
        "say the port under `expose`",
        labels,
    );
}

fn label_port(subject: &Subject<'_>) -> Option<PortFact> {
    let labelled = subject.service.labels.iter().find_map(|(key, value)| {
        key.ends_with(".loadbalancer.server.port")
            .then(|| value.value.trim().parse::<u16>().ok())?
    });
    match labelled {
        Some(port) => subject.ports.iter().find(|f| f.port == port),
        None => subject.ports.iter().find(|f| f.http),
    }
    .cloned()
}

/// The quoted arguments of `name(…)` in a Traefik rule.
fn call_arguments(rule: &str, name: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = rule;
    while let Some(at) = rest.find(&format!("{name}(")) {
        let inside = &rest[at + name.len() + 1..];
        let end = inside.find(')').unwrap_or(inside.len());
        out.extend(
            inside[..end]
                .split(',')
                .map(|a| a.trim().trim_matches(['`', '"', '\'']).to_owned())
                .filter(|a| !a.is_empty()),
        );
        rest = &inside[end..];
    }
    // Alternatives of one rule repeat the host.
    let mut seen = BTreeSet::new();
    out.retain(|argument| seen.insert(argument.clone()));
    out
}

/// Whether a text is a host name that a route may carry.
fn is_host(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !part.starts_with('-')
                && !part.ends_with('-')
        })
}
