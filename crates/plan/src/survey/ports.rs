//! Which ports a service listens on.

mod naming;

use crate::log::Log;
use crate::observability;
use crate::references::Reference;
use crate::rules;
use crate::world::{PortFact, Subject};
use catalog::PortUse;
use model::project::{HealthTest, Protocol};
use model::reason::{Because, Certainty, Level};
use naming::named;
use std::collections::BTreeMap;

pub(super) use naming::unique_in_pods;

/// A port before it has a name.
struct Found {
    because: Because,
    certainty: Certainty,
    http: Option<bool>,
    name: Option<String>,
    published: bool,
}

type Ports = BTreeMap<(u16, Protocol), Found>;

/// Collects the ports of a service from the best evidence to the weakest; weaker evidence only
/// counts where better is missing, except that what peers dial is always there.
pub(super) fn listen(
    subject: &Subject<'_>,
    references: &[Reference],
    log: &mut Log,
) -> Vec<PortFact> {
    let mut ports = Ports::new();
    stated(subject, &mut ports, log);
    beside_stated(subject, &mut ports);
    if ports.is_empty() && !subject.another_command {
        from_image(subject, references, &mut ports);
        if ports.is_empty() {
            from_build(subject, &mut ports);
        }
    }
    from_label(subject, &mut ports);
    from_peers(subject, references, &mut ports, log);
    if ports.is_empty() {
        from_healthcheck(subject, &mut ports);
    }
    if let Some((port, _)) = observability::metrics_port(subject) {
        let because = if subject.service.intent.metrics.is_some() {
            subject.lines("x-muster.metrics")
        } else {
            vec![subject.image_fact().unwrap_or_else(|| subject.own_line())]
        };
        if let Some(because) = because.into_iter().next() {
            let found = Found {
                because,
                certainty: Certainty::Known,
                http: Some(true),
                name: Some("metrics".into()),
                published: false,
            };
            ports.entry((port, Protocol::Tcp)).or_insert(found);
        }
    }
    named(subject, ports)
}

fn stated(subject: &Subject<'_>, ports: &mut Ports, log: &mut Log) {
    for port in &subject.service.ports {
        let because = subject.line(format!("ports.{}", port.index), port.span);
        let http = port.app_protocol.as_deref().map(|p| p.starts_with("http"));
        ports.insert(
            (port.target, port.protocol),
            Found {
                because,
                certainty: Certainty::Stated,
                http,
                name: port.name.clone(),
                published: true,
            },
        );
    }
    for (index, expose) in subject.service.expose.iter().enumerate() {
        let because = expose_line(subject, index, expose.span);
        let (port, protocol) = expose.value;
        // `expose` rarely names a protocol, and then means TCP even for a port that only speaks UDP.
        let protocol = if only_udp(subject, port, ports) { Protocol::Udp } else { protocol };
        if ports.contains_key(&(port, protocol)) {
            said_twice(subject, port, because, log);
            continue;
        }
        ports.entry((port, protocol)).or_insert(Found {
            because,
            certainty: Certainty::Stated,
            http: None,
            name: None,
            published: false,
        });
    }
}

/// Whether the port is published, or known, for UDP and for nothing else.
fn only_udp(subject: &Subject<'_>, port: u16, ports: &Ports) -> bool {
    if ports.contains_key(&(port, Protocol::Tcp)) {
        return false;
    }
    let known = || subject.family().into_iter().flat_map(|family| &family.ports);
    let here = |wanted| known().any(|p| p.port == port && protocol(p.protocol) == wanted);
    ports.contains_key(&(port, Protocol::Udp)) || (here(Protocol::Udp) && !here(Protocol::Tcp))
}

fn said_twice(subject: &Subject<'_>, port: u16, because: Because, log: &mut Log) {
    let object = format!("Service/{}", subject.name);
    log.decide_on(Some(subject.key()), object, format!("spec.ports[{port}]"))
        .chose("one port")
        .because(because)
        .rule(rules::EVERY_NAME_RESOLVES)
        .why("it is named more than once");
}

/// Who publishes only the console of a data store still has clients that dial the store itself.
fn beside_stated(subject: &Subject<'_>, ports: &mut Ports) {
    let Some(known) = subject.known.as_ref().filter(|_| !subject.another_command) else { return };
    let Some(main) = known.family.main_port().filter(|_| known.family.engine.is_some()) else {
        return;
    };
    let listed = |port: u16| known.family.ports.iter().any(|p| p.port == port);
    let unmoved = !ports.is_empty() && ports.keys().all(|(port, _)| listed(*port));
    if unmoved && known.family.env.port.is_none() {
        let found = Found {
            because: Because::Image { family: known.family.id.clone() },
            certainty: known.certainty,
            http: Some(is_http(main.usage)),
            name: Some(main.name.clone()),
            published: false,
        };
        ports.entry((main.port, protocol(main.protocol))).or_insert(found);
    }
}

/// The `expose` entry with this span: a range makes several ports of one entry.
fn expose_line(subject: &Subject<'_>, index: usize, span: yaml::Span) -> Because {
    let field =
        subject.service.fields.iter().find(|f| f.path.starts_with("expose.") && f.span == span);
    match field {
        Some(field) => subject.line(&field.path, span),
        None => subject.line(format!("expose.{index}"), span),
    }
}

/// Where a variable of the image moves its main port.
fn moved(subject: &Subject<'_>, family: &catalog::Family) -> Option<(u16, Because)> {
    let alone = family.unprivileged.as_ref().and_then(|u| u.env.as_ref()).map(|env| &env.key);
    alone.into_iter().chain(&family.env.port).find_map(|key| {
        let value = subject.service.environment.get(key)?;
        let port = port_of(value.value.as_deref()?)?;
        Some((port, subject.line(format!("environment.{key}"), value.span)))
    })
}

/// `8000`, `:8000` and `http://+:8000;https://+:8001`.
fn port_of(text: &str) -> Option<u16> {
    let first = text.split(';').next()?.trim().trim_end_matches('/');
    first.rsplit(':').next()?.parse().ok().filter(|port| *port > 0)
}

fn from_image(subject: &Subject<'_>, references: &[Reference], ports: &mut Ports) {
    let Some(known) = &subject.known else { return };
    let moved = moved(subject, known.family);
    // A runtime's port is a habit; what peers dial is a fact.
    let dialed = references.iter().any(|r| r.to == subject.service.name && r.port.is_some());
    if known.family.role == catalog::Role::Runtime && dialed && moved.is_none() {
        return;
    }
    if let (Some((port, because)), Some(main)) = (&moved, known.family.main_port()) {
        let http = Some(is_http(main.usage));
        let found = Found {
            because: because.clone(),
            certainty: Certainty::Stated,
            http,
            name: Some(main.name.clone()),
            published: false,
        };
        ports.insert((*port, protocol(main.protocol)), found);
        return;
    }
    for port in known.family.ports.iter().filter(|p| p.usage != PortUse::Optional) {
        let found = Found {
            because: Because::Image { family: known.family.id.clone() },
            certainty: known.certainty,
            http: Some(is_http(port.usage)),
            name: Some(port.name.clone()),
            published: false,
        };
        ports.insert((port.port, protocol(port.protocol)), found);
    }
}

const fn protocol(protocol: catalog::Protocol) -> Protocol {
    match protocol {
        catalog::Protocol::Tcp => Protocol::Tcp,
        catalog::Protocol::Udp => Protocol::Udp,
    }
}

const fn is_http(usage: PortUse) -> bool {
    matches!(usage, PortUse::Http | PortUse::Https | PortUse::Admin)
}

fn from_build(subject: &Subject<'_>, ports: &mut Ports) {
    let variable = subject.service.environment.get("PORT").and_then(|value| {
        let port = value.value.as_deref()?.trim().parse::<u16>().ok()?;
        Some((port, subject.line("environment.PORT", value.span)))
    });
    let inferred = |because| Found {
        because,
        certainty: Certainty::Inferred,
        http: None,
        name: None,
        published: false,
    };
    if let Some((port, because)) = variable {
        ports.insert((port, Protocol::Tcp), inferred(because));
        return;
    }
    let Some(facts) = subject.dockerfile else { return };
    for (port, protocol, _) in &facts.expose {
        ports.insert((*port, *protocol), inferred(Because::File { path: facts.path.clone() }));
    }
    if ports.is_empty()
        && let Some(port) = facts.env.get("PORT").and_then(|p| p.parse::<u16>().ok())
    {
        ports.insert((port, Protocol::Tcp), inferred(Because::File { path: facts.path.clone() }));
    }
}

/// Traefik's label for the port of a service.
fn from_label(subject: &Subject<'_>, ports: &mut Ports) {
    for (key, value) in &subject.service.labels {
        if key.starts_with("traefik.http.services.")
            && key.ends_with(".loadbalancer.server.port")
            && let Ok(port) = value.value.trim().parse::<u16>()
        {
            let because = subject.line(format!("labels.{key}"), value.span);
            let found = Found {
                because,
                certainty: Certainty::Stated,
                http: Some(true),
                name: None,
                published: false,
            };
            ports.entry((port, Protocol::Tcp)).or_insert(found);
        }
    }
}

fn from_peers(subject: &Subject<'_>, references: &[Reference], ports: &mut Ports, log: &mut Log) {
    for reference in references.iter().filter(|r| r.to == subject.service.name) {
        let Some(port) = reference.port else { continue };
        let http =
            reference.scheme.as_deref().map(|s| s.starts_with("http") || s.starts_with("ws"));
        if let Some(found) = ports.get_mut(&(port, Protocol::Tcp)) {
            found.http = found.http.or(http);
            continue;
        }
        if ports.contains_key(&(port, Protocol::Udp)) || published_as(subject, port).is_some() {
            continue;
        }
        let known = subject.family().is_some_and(|f| f.ports.iter().any(|p| p.port == port));
        if !ports.is_empty() && !known && reference.from != subject.service.name {
            log.find(
                Level::Note,
                "port-only-in-reference",
                Some(subject.key()),
                format!(
                    "`{}` dials {}:{port} ({}), a port that `{}` does not declare",
                    reference.from, reference.host, reference.evidence, subject.service.name
                ),
                "its Service gets the port; declare it under `expose` if it is right",
                vec![reference.because.clone()],
            );
        }
        let found = Found {
            because: reference.because.clone(),
            certainty: Certainty::Inferred,
            http,
            name: None,
            published: false,
        };
        ports.insert((port, Protocol::Tcp), found);
    }
}

/// The container port behind a published port: peers sometimes dial the host's number.
pub(crate) fn published_as(subject: &Subject<'_>, host_port: u16) -> Option<u16> {
    subject
        .service
        .ports
        .iter()
        .find(|p| p.published.is_some_and(|range| range.0 == host_port && range.1 == host_port))
        .map(|p| p.target)
}

fn from_healthcheck(subject: &Subject<'_>, ports: &mut Ports) {
    let Some(test) = subject.service.healthcheck.as_ref().and_then(|h| h.test.as_ref()) else {
        return;
    };
    let text = match &test.value {
        HealthTest::Disabled => return,
        HealthTest::Command(words) => words.join(" "),
        HealthTest::Shell(text) => text.clone(),
    };
    for host in ["localhost:", "127.0.0.1:", "0.0.0.0:"] {
        let Some(at) = text.find(host) else { continue };
        let digits: String =
            text[at + host.len()..].chars().take_while(char::is_ascii_digit).collect();
        if let Ok(port) = digits.parse::<u16>() {
            let because = subject.line("healthcheck.test", test.span);
            let http = Some(text[..at].ends_with("http://"));
            let found = Found {
                because,
                certainty: Certainty::Inferred,
                http,
                name: None,
                published: false,
            };
            ports.insert((port, Protocol::Tcp), found);
            return;
        }
    }
}
