//! What comes in from outside: routes for HTTP, load balancers for the rest.

mod address;
mod labels;
mod routes;

use crate::log::Log;
use crate::rules;
use crate::services::speaks_tls;
use crate::world::{PortFact, Shape, Subject, World};
use address::load_balancer;
use catalog::Role;
use labels::labelled_routes;
use model::plan::{Link, Route, Service};
use model::project::Port;
use model::reason::Level;
use routes::publish;
use std::collections::BTreeMap;

/// Ports of debuggers: never for the outside.
const DEBUGGERS: &[u16] = &[5005, 5858, 9003, 9229, 9230, 2345, 40000];

/// What the edge needs.
#[derive(Debug, Default)]
pub(crate) struct Edge {
    pub(crate) routes: Vec<Route>,
    pub(crate) services: Vec<Service>,
    pub(crate) links: Vec<Link>,
    /// Compose service → container ports that the outside reaches.
    pub(crate) open: BTreeMap<String, Vec<PortFact>>,
}

/// Plans the edge for everything that is published.
pub(crate) fn edge(world: &World<'_>, log: &mut Log) -> Edge {
    let mut edge = Edge::default();
    let labelled = labelled_routes(world, &mut edge, log);
    let mut http: Vec<(&Subject<'_>, &Port, &PortFact)> = Vec::new();
    for subject in world.subjects.values() {
        for port in &subject.service.ports {
            let Some(fact) =
                subject.ports.iter().find(|f| f.port == port.target && f.protocol == port.protocol)
            else {
                continue;
            };
            match exposure(subject, port, fact) {
                Exposure::Inside(why) => stays_inside(subject, port, why, log),
                Exposure::Admin => admin(subject, port, log),
                Exposure::Http if has_plain_twin(subject, port) => {
                    tls_at_the_edge(subject, port, log);
                    stays_inside(
                        subject,
                        port,
                        "TLS ends at the edge, which talks to the plain port",
                        log,
                    );
                }
                Exposure::Http if !labelled || !is_label_proxy(subject) => {
                    http.push((subject, port, fact));
                }
                Exposure::Http => {
                    stays_inside(subject, port, "the routes in the labels take its place", log);
                }
                Exposure::Other => load_balancer(world, subject, port, fact, &mut edge, log),
            }
        }
    }
    // The lowest host port is what people type: it gets the bare host.
    http.sort_by_key(|(subject, port, _)| (rank(subject, port), subject.name.clone(), port.target));
    publish(world, &http, &mut edge, log);
    edge.routes.sort_by(|a, b| a.name.cmp(&b.name));
    edge
}

/// Whether the port speaks TLS and the service publishes plain HTTP too.
fn has_plain_twin(subject: &Subject<'_>, port: &Port) -> bool {
    let plain = |other: &Port| {
        other.protocol == port.protocol
            && !speaks_tls(subject, other.target)
            && subject.ports.iter().any(|f| f.port == other.target && f.http)
    };
    speaks_tls(subject, port.target) && subject.service.ports.iter().any(plain)
}

fn tls_at_the_edge(subject: &Subject<'_>, port: &Port, log: &mut Log) {
    log.find(
        Level::Note,
        "tls-at-the-edge",
        Some(subject.key()),
        format!(
            "`{}` ends TLS itself on port {}; here the edge does, and talks to its plain port",
            subject.key(),
            port.target
        ),
        "serve on the plain port what the other one serves: a redirect to HTTPS would go round in circles",
        vec![subject.line(format!("ports.{}", port.index), port.span)],
    );
}

/// 80 and 443 first, then web servers and proxies, then by number.
fn rank(subject: &Subject<'_>, port: &Port) -> (u8, u16) {
    let front = subject.family().is_some_and(|f| matches!(f.role, Role::WebServer | Role::Proxy));
    match port.published {
        Some(range) if range.0 == 80 => (0, 0),
        Some(range) if range.0 == 443 => (1, 0),
        Some(range) if front => (2, range.0),
        Some(range) => (3, range.0),
        None => (4, port.target),
    }
}

enum Exposure {
    Http,
    Other,
    Inside(&'static str),
    Admin,
}

fn exposure(subject: &Subject<'_>, port: &Port, fact: &PortFact) -> Exposure {
    if port
        .host_ip
        .as_deref()
        .is_some_and(|ip| ip.starts_with("127.") || ip == "::1" || ip == "localhost")
    {
        return Exposure::Inside("published on the loopback address only");
    }
    if DEBUGGERS.contains(&port.target) {
        return Exposure::Inside("a debugger's port");
    }
    let table = subject.family().and_then(|f| f.ports.iter().find(|p| p.port == port.target));
    if table.is_some_and(|p| matches!(p.usage, catalog::PortUse::Admin | catalog::PortUse::Peer)) {
        return if table.is_some_and(|p| p.usage == catalog::PortUse::Admin) {
            Exposure::Admin
        } else {
            Exposure::Inside("peers stay inside the cluster")
        };
    }
    let store =
        subject.is_data_store() && !table.is_some_and(|p| p.usage == catalog::PortUse::Http);
    let mqtt = subject.family().is_some_and(|f| f.engine == Some(catalog::Engine::Mqtt));
    if store && !mqtt {
        return Exposure::Inside("a data store is not for the outside; use kubectl port-forward");
    }
    if matches!(subject.shape, Shape::Job | Shape::CronJob) {
        return Exposure::Inside("a job serves nobody");
    }
    if fact.http { Exposure::Http } else { Exposure::Other }
}

fn stays_inside(subject: &Subject<'_>, port: &Port, why: &str, log: &mut Log) {
    log.decide_on(
        Some(subject.key()),
        format!("Service/{}", subject.name),
        format!("spec.ports[{}]", port.target),
    )
    .chose("inside the cluster only")
    .because(subject.line(format!("ports.{}", port.index), port.span))
    .rule(rules::ROUTE_PUBLISHED_HTTP)
    .why(why);
}

/// People published it to use it, so they should know how to reach it.
fn admin(subject: &Subject<'_>, port: &Port, log: &mut Log) {
    stays_inside(subject, port, "administration stays inside the cluster", log);
    log.find(
        Level::Note,
        "no-route-to-administration",
        Some(subject.key()),
        format!(
            "`{}` publishes its administration on port {}: no route leads there from outside",
            subject.key(),
            port.target
        ),
        format!(
            "kubectl port-forward service/{} {}, or a route of your own with a login in front",
            subject.name, port.target
        ),
        vec![subject.line(format!("ports.{}", port.index), port.span)],
    );
}

fn is_label_proxy(subject: &Subject<'_>) -> bool {
    subject.family().is_some_and(|f| f.id.contains("traefik"))
}

fn push_open(edge: &mut Edge, subject: &Subject<'_>, fact: &PortFact) {
    let open = edge.open.entry(subject.key().to_owned()).or_default();
    if !open.contains(fact) {
        open.push(fact.clone());
        edge.links.push(Link {
            from: None,
            to: subject.key().to_owned(),
            port: Some(fact.port),
            evidence: "ports".to_owned(),
        });
    }
}
