//! What comes in from outside: routes for HTTP, load balancers for the rest.

use crate::log::Log;
use crate::rules;
use crate::services::pod_owner;
use crate::world::{PortFact, Shape, Subject, World};
use model::facts::EdgeKind;
use model::plan::{Link, Route, RouteKind, RoutePort, Service, ServiceKind, ServicePort};
use model::project::Port;
use model::reason::{Because, Certainty, Level};
use std::collections::BTreeMap;

/// The gateway that routes attach to where nothing is known of the cluster.
const GATEWAY: &str = "gateway";

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
                Exposure::Http if !labelled || !is_label_proxy(subject) => {
                    http.push((subject, port, fact))
                }
                Exposure::Http => {
                    stays_inside(subject, port, "the routes in the labels take its place", log)
                }
                Exposure::Other => load_balancer(world, subject, port, fact, &mut edge, log),
            }
        }
    }
    // The lowest host port is what people type: it gets the bare host.
    http.sort_by_key(|(subject, port, _)| (rank(port), subject.name.clone(), port.target));
    publish(world, &http, &mut edge, log);
    edge.routes.sort_by(|a, b| a.name.cmp(&b.name));
    edge
}

/// 80 and 443 first, then by number.
fn rank(port: &Port) -> u32 {
    match port.published {
        Some(range) if range.0 == 80 => 0,
        Some(range) if range.0 == 443 => 1,
        Some(range) => 2 + u32::from(range.0),
        None => u32::MAX,
    }
}

enum Exposure {
    Http,
    Other,
    Inside(&'static str),
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
        return Exposure::Inside("administration and peers stay inside the cluster");
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

fn is_label_proxy(subject: &Subject<'_>) -> bool {
    subject.family().is_some_and(|f| f.id.contains("traefik"))
}

/// One Service of type `LoadBalancer` carries all the ports of a subject that are no HTTP.
fn load_balancer(
    world: &World<'_>,
    subject: &Subject<'_>,
    port: &Port,
    fact: &PortFact,
    edge: &mut Edge,
    log: &mut Log,
) {
    let name = world.derived(&subject.name, "public", 63);
    let number = port.published.map_or(port.target, |range| range.0);
    log.decide_on(Some(subject.key()), format!("Service/{name}"), "")
        .chose(format!("LoadBalancer, {} {number}", port.protocol))
        .because(subject.line(format!("ports.{}", port.index), port.span))
        .rule(rules::LOAD_BALANCER_TCP)
        .sure(fact.certainty)
        .why("published, and no HTTP that a gateway could route");
    let service_port = ServicePort {
        port: number,
        target: port.target,
        protocol: port.protocol,
        name: if edge.services.iter().any(|s| s.name == name) {
            format!("p{number}-{}", port.protocol.to_string().to_ascii_lowercase())
        } else {
            fact.name.clone()
        },
        app_protocol: None,
    };
    push_open(edge, subject, fact);
    if let Some(service) = edge.services.iter_mut().find(|s| s.name == name) {
        if !service.ports.iter().any(|p| p.port == number && p.protocol == port.protocol) {
            service.ports.push(service_port);
            service.ports.sort();
        }
        return;
    }
    let kind = match world.options.edge {
        EdgeKind::NodePort => ServiceKind::NodePort,
        _ => ServiceKind::LoadBalancer,
    };
    edge.services.push(Service {
        name,
        service: subject.key().to_owned(),
        workload: pod_owner(world, subject).to_owned(),
        kind,
        ports: vec![service_port],
        publish_not_ready: false,
        sticky: false,
        labels: BTreeMap::new(),
    });
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

fn publish(
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
                format!("{host}: only one service can have the bare address"),
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

const fn route_kind(world: &World<'_>) -> RouteKind {
    match world.options.edge {
        EdgeKind::Ingress => RouteKind::Ingress,
        _ => RouteKind::HttpRoute,
    }
}

fn parent(kind: RouteKind) -> Option<String> {
    (kind == RouteKind::HttpRoute).then(|| GATEWAY.to_owned())
}

/// Routes that Traefik's labels hold. True if there are any.
fn labelled_routes(world: &World<'_>, edge: &mut Edge, log: &mut Log) -> bool {
    let mut any = false;
    for subject in world.subjects.values() {
        let rules: Vec<(&String, &yaml::Spanned<String>)> = subject
            .service
            .labels
            .iter()
            .filter(|(key, _)| key.starts_with("traefik.http.routers.") && key.ends_with(".rule"))
            .collect();
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
            edge.routes.push(Route {
                name,
                service: subject.key().to_owned(),
                backend: subject.name.clone(),
                edge: kind,
                hosts: hosts.into_iter().filter(|h| is_host(h)).collect(),
                rules: paths.into_iter().map(|path| RoutePort { path, port: fact.port }).collect(),
                parent: parent(kind),
            });
        }
    }
    any
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
