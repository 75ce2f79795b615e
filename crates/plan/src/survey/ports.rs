//! Which ports a service listens on.

use crate::log::Log;
use crate::observability;
use crate::references::Reference;
use crate::world::{PortFact, Subject, World};
use catalog::PortUse;
use model::project::{HealthTest, Protocol};
use model::reason::{Because, Certainty, Level};
use std::collections::{BTreeMap, BTreeSet};

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
    stated(subject, &mut ports);
    if ports.is_empty() && !subject.another_command {
        from_image(subject, &mut ports);
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

fn stated(subject: &Subject<'_>, ports: &mut Ports) {
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
        ports.entry(expose.value).or_insert(Found {
            because,
            certainty: Certainty::Stated,
            http: None,
            name: None,
            published: false,
        });
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

fn from_image(subject: &Subject<'_>, ports: &mut Ports) {
    let Some(known) = &subject.known else { return };
    let moved = known.family.env.port.as_ref().and_then(|key| {
        let value = subject.service.environment.get(key)?;
        let port = value.value.as_deref()?.trim().parse::<u16>().ok()?;
        Some((port, subject.line(format!("environment.{key}"), value.span)))
    });
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
        if !ports.is_empty() && reference.from != subject.service.name {
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

/// Ports that are never HTTP, by convention.
const NOT_HTTP: &[u16] = &[
    20, 21, 22, 23, 25, 53, 110, 123, 137, 138, 139, 143, 161, 162, 389, 445, 465, 500, 514, 554,
    587, 636, 853, 873, 989, 990, 993, 995, 1080, 1194, 1433, 1521, 1701, 1883, 1900, 2049, 2181,
    2222, 2376, 3128, 3306, 3389, 3478, 4222, 4500, 4567, 5005, 5044, 5222, 5269, 5353, 5432, 5433,
    5671, 5672, 5858, 5900, 6379, 6443, 6667, 6881, 7000, 7001, 7687, 8125, 8883, 9042, 9092, 9093,
    9229, 9230, 9300, 10911, 11211, 19132, 24224, 25565, 25575, 26379, 27015, 27017, 27018, 28015,
    33060, 50000, 51413, 51820,
];

/// Whether a published port with no better evidence speaks HTTP.
fn looks_http(subject: &Subject<'_>, port: u16, udp: &BTreeSet<u16>) -> bool {
    // Who listens on both protocols speaks neither HTTP nor, but for 443, HTTP/3.
    let both = udp.contains(&port) && port != 443;
    !both && !subject.is_data_store() && !NOT_HTTP.contains(&port)
}

fn named(subject: &Subject<'_>, ports: Ports) -> Vec<PortFact> {
    let mut taken = BTreeSet::new();
    let both: BTreeSet<u16> = ports.keys().filter(|k| k.1 == Protocol::Udp).map(|k| k.0).collect();
    let mut out = Vec::new();
    for ((port, protocol), found) in ports {
        if port == 0 {
            continue;
        }
        let table = subject.family().and_then(|f| f.ports.iter().find(|p| p.port == port));
        let http = protocol == Protocol::Tcp
            && found
                .http
                .or_else(|| {
                    table.filter(|p| p.usage != PortUse::Optional).map(|p| is_http(p.usage))
                })
                .unwrap_or_else(|| looks_http(subject, port, &both));
        let wished = found.name.clone().or_else(|| table.map(|p| p.name.clone()));
        let base =
            wished.unwrap_or_else(|| if http { "http".to_owned() } else { format!("port-{port}") });
        let mut name = crate::names::label(&base, 15);
        if protocol == Protocol::Udp && both.contains(&port) && !name.contains("udp") {
            name = crate::names::label(&format!("udp-{port}"), 15);
        }
        if !name.contains(|c: char| c.is_ascii_alphabetic()) || !taken.insert(name.clone()) {
            name = format!("p{port}-{}", protocol.to_string().to_ascii_lowercase());
            taken.insert(name.clone());
        }
        out.push(PortFact {
            port,
            protocol,
            name,
            http,
            published: found.published,
            because: found.because,
            certainty: found.certainty,
        });
    }
    out
}

/// Gives ports of containers that share a pod names of their own: the pod's owner keeps its names.
pub(super) fn unique_in_pods(world: &mut World<'_>) {
    let mut taken: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for subject in world.subjects.values().filter(|s| s.shares_pod_of.is_none()) {
        let names = subject.ports.iter().map(|port| port.name.clone()).collect();
        taken.insert(subject.key().to_owned(), names);
    }
    for subject in world.subjects.values_mut() {
        let Some(names) = subject.shares_pod_of.as_ref().and_then(|host| taken.get_mut(host))
        else {
            continue;
        };
        for port in &mut subject.ports {
            let plain =
                format!("p{}-{}", port.port, port.protocol.to_string().to_ascii_lowercase());
            let more = (2..=u8::MAX).map(|n| format!("{plain}-{n}"));
            let wished = [port.name.clone(), plain.clone()].into_iter().chain(more);
            if let Some(free) = wished.into_iter().find(|name| !names.contains(name)) {
                names.insert(free.clone());
                port.name = free;
            }
        }
    }
}
