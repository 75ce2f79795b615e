//! Kubernetes Services: every name that resolves in Compose resolves to the container's port.

mod aliases;

use crate::log::Log;
use crate::references::Reference;
use crate::survey_published;
use crate::world::{PortFact, Shape, Subject, World};
use crate::{names, rules};
use aliases::aliases;
use model::plan::{Service, ServiceKind, ServicePort};
use model::project::Protocol;
use model::reason::{Because, Level};
use std::collections::{BTreeMap, BTreeSet};

/// All Services of the plan, sorted by name.
pub(crate) fn services(world: &World<'_>, references: &[Reference], log: &mut Log) -> Vec<Service> {
    let mut out: BTreeMap<String, Service> = BTreeMap::new();
    for subject in world.subjects.values() {
        for service in of_subject(world, subject, references, log) {
            out.entry(service.name.clone()).or_insert(service);
        }
    }
    for alias in aliases(world, references, log) {
        out.entry(alias.name.clone()).or_insert(alias);
    }
    out.into_values().collect()
}

/// The workload whose pods carry the subject's container.
pub(crate) fn pod_owner<'w>(world: &'w World<'_>, subject: &'w Subject<'_>) -> &'w str {
    let host = subject.shares_pod_of.as_ref().and_then(|host| world.subject(host));
    host.map_or(subject.name.as_str(), |host| host.name.as_str())
}

fn of_subject(
    world: &World<'_>,
    subject: &Subject<'_>,
    references: &[Reference],
    log: &mut Log,
) -> Vec<Service> {
    let called = world
        .links
        .iter()
        .any(|l| l.to == subject.key() && l.from.as_deref() != Some(subject.key()));
    let ends = matches!(subject.shape, Shape::Job | Shape::CronJob);
    let gang = subject.shape == Shape::Job && subject.scale.multiplied();
    if subject.ports.is_empty() && ends && !called && !gang {
        return Vec::new();
    }
    let mut out = Vec::new();
    let ports = service_ports(subject, references, log);
    if subject.shape == Shape::StatefulSet {
        out.push(governing(world, subject, &ports, log));
    }
    let kind = if ports.is_empty() { ServiceKind::Headless } else { ServiceKind::ClusterIp };
    let object = format!("Service/{}", subject.name);
    let reasons: Vec<Because> = subject.ports.iter().map(|p| p.because.clone()).collect();
    let chosen = match writer(world, subject) {
        Some(writer) => format!("another name of {writer}"),
        None if ports.is_empty() => "headless".to_owned(),
        None => "ClusterIP".to_owned(),
    };
    log.decide_on(Some(subject.key()), object, "")
        .chose(chosen)
        .because(subject.own_line())
        .all(reasons)
        .rule(if ports.is_empty() { rules::HEADLESS_NAME } else { rules::EVERY_NAME_RESOLVES })
        .why(format!("peers keep dialing `{}`", subject.name));
    if ports.is_empty() && !ends {
        log.find(
            Level::Note,
            "no-port-known",
            Some(subject.key()),
            format!(
                "no port of `{}` is known: its name resolves, but nothing balances its load",
                subject.key()
            ),
            "declare its ports under `expose`, or leave it so if nobody calls it",
            vec![subject.own_line()],
        );
    }
    let mut own = service(world, subject, subject.name.clone(), kind, ports);
    // Members of a job meet before they are ready.
    own.publish_not_ready = gang;
    out.push(own);
    out
}

fn service(
    world: &World<'_>,
    subject: &Subject<'_>,
    name: String,
    kind: ServiceKind,
    ports: Vec<ServicePort>,
) -> Service {
    let sticky = subject
        .service
        .labels
        .iter()
        .any(|(key, value)| key.ends_with("loadbalancer.sticky") && value.value == "true");
    Service {
        name,
        service: subject.key().to_owned(),
        workload: pod_owner(world, subject).to_owned(),
        kind: writer(world, subject).map_or(kind, ServiceKind::External),
        ports,
        publish_not_ready: false,
        sticky,
        labels: BTreeMap::new(),
    }
}

/// The Service that an operator keeps on the one member that takes writes.
fn writer(world: &World<'_>, subject: &Subject<'_>) -> Option<String> {
    let postgres = subject.family().and_then(|f| f.engine) == Some(catalog::Engine::Postgres);
    (subject.shape == Shape::Operated && postgres)
        .then(|| format!("{}-rw.{}.svc.cluster.local", subject.name, world.namespace))
}

/// The name of the headless Service that names a `StatefulSet`'s pods.
pub(crate) fn governing_name(subject: &Subject<'_>) -> String {
    subject.governing.clone()
}

fn governing(
    world: &World<'_>,
    subject: &Subject<'_>,
    ports: &[ServicePort],
    log: &mut Log,
) -> Service {
    let name = governing_name(subject);
    log.decide_on(Some(subject.key()), format!("Service/{name}"), "")
        .chose("headless")
        .rule(rules::GOVERNING_SERVICE)
        .why(format!(
            "names the pods ({}-0.{name}); they find each other before they are ready",
            subject.name
        ));
    let mut service = service(world, subject, name, ServiceKind::Headless, ports.to_vec());
    service.publish_not_ready = true;
    service
}

fn service_port(subject: &Subject<'_>, port: &PortFact) -> ServicePort {
    let scheme = if speaks_tls(subject, port.port) { "https" } else { "http" };
    ServicePort {
        port: port.port,
        target: port.port,
        protocol: port.protocol,
        name: port.name.clone(),
        app_protocol: port.http.then(|| scheme.to_owned()),
    }
}

/// Whether the port speaks HTTP over TLS: by the image table, else by convention.
pub(crate) fn speaks_tls(subject: &Subject<'_>, port: u16) -> bool {
    let mut ports = subject.family().into_iter().flat_map(|family| &family.ports);
    match ports.find(|known| known.port == port) {
        Some(known) => known.usage == catalog::PortUse::Https || known.name == "https",
        None => matches!(port, 443 | 8443),
    }
}

/// Container ports, and the host's number where a peer dials that.
fn service_ports(
    subject: &Subject<'_>,
    references: &[Reference],
    log: &mut Log,
) -> Vec<ServicePort> {
    let mut ports: Vec<ServicePort> =
        subject.ports.iter().map(|port| service_port(subject, port)).collect();
    let taken: BTreeSet<u16> = ports.iter().map(|p| p.port).collect();
    let dialed: BTreeMap<u16, &Reference> = references
        .iter()
        .filter(|r| r.to == subject.key())
        .filter_map(|r| Some((r.port.filter(|port| !taken.contains(port))?, r)))
        .collect();
    for (port, reference) in dialed {
        let Some(target) = survey_published(subject, port) else { continue };
        log.find(
            Level::Note,
            "host-port-dialed",
            Some(subject.key()),
            format!(
                "`{}` dials {}:{port}, the host's port; in the container it is {target}",
                reference.from, reference.host
            ),
            format!("the Service answers on both; {target} is the port to write"),
            vec![reference.because.clone()],
        );
        ports.push(ServicePort {
            port,
            target,
            protocol: Protocol::Tcp,
            name: names::label(&format!("host-{port}"), 15),
            app_protocol: None,
        });
    }
    ports.sort();
    ports
}

/// Names that no Kubernetes name can be, where a service writes them: service → variable or
/// attribute → written name → DNS label.
#[derive(Debug, Default)]
pub(crate) struct Renames(BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>);

impl Renames {
    /// What is renamed in one variable or attribute of a service.
    pub(crate) fn at(&self, service: &str, place: &str) -> Option<&BTreeMap<String, String>> {
        self.0.get(service)?.get(place)
    }
}

/// Looks for names that must be rewritten; only where a reference was found, so that a database of
/// the same name keeps it.
pub(crate) fn renamed(world: &World<'_>, references: &[Reference], log: &mut Log) -> Renames {
    let mut out = Renames::default();
    let mut told = BTreeSet::new();
    for reference in references {
        let Some(subject) = world.subject(&reference.to) else { continue };
        let written = reference.host.as_str();
        let dns = if written.eq_ignore_ascii_case(subject.key()) {
            subject.name.clone()
        } else {
            names::object(written)
        };
        if written.eq_ignore_ascii_case(&dns) {
            continue;
        }
        if told.insert(written) {
            tell_renamed(reference, &dns, log);
        }
        let places = out.0.entry(reference.from.clone()).or_default();
        let names = places.entry(reference.evidence.clone()).or_default();
        names.insert(written.to_owned(), dns);
    }
    out
}

fn tell_renamed(reference: &Reference, dns: &str, log: &mut Log) {
    let (written, from) = (&reference.host, &reference.from);
    log.find(
        Level::Note,
        "name-rewritten",
        Some(from),
        format!("`{written}` is no DNS name; it is written `{dns}` wherever `{from}` names it"),
        "rename the service, so that files inside images agree too",
        vec![reference.because.clone()],
    );
}
