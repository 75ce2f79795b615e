//! The survey: what each service is, before anything is decided about the others.

mod image;
mod notes;
mod one_shot;
mod ports;
mod shape;
mod siblings;

use crate::config::{sharers, storage_need};
pub(crate) use one_shot::restart_of;
pub(crate) use ports::published_as;
pub(crate) use shape::schedule;

use crate::inference::{self, Answers};
use crate::log::Log;
use crate::references::{Reference, links, references, service_names};
use crate::scaling;
use crate::world::{Scale, Subject, World};
use crate::{names, rules};
use model::facts::{ClusterFacts, Options};
use model::project::{Project, Service};
use std::collections::{BTreeMap, BTreeSet};

/// The namespace that a product is planned for.
pub fn namespace_of(project: &Project, options: &Options) -> String {
    options.namespace.clone().unwrap_or_else(|| names::object(&project.name))
}

/// Looks at every service, and decides about its scale. The references that were found come back too: Services need them.
pub(crate) fn survey<'a>(
    project: &'a Project,
    cluster: &'a ClusterFacts,
    options: &'a Options,
    log: &mut Log,
) -> (World<'a>, Vec<Reference>) {
    let (mut world, references) = subjects(project, cluster, options, log);
    let mut answers = Answers::default();
    for subject in world.subjects.values_mut() {
        subject.serving = inference::serve(cluster, subject, &mut answers, log);
    }
    let scales: Vec<_> = world
        .subjects
        .values()
        .map(|s| (s.key().to_owned(), scaling::decide(&world, s, log)))
        .collect();
    for (key, scale) in scales {
        if let Some(subject) = world.subjects.get_mut(&key) {
            subject.scale = scale;
        }
    }
    for subject in world.subjects.values() {
        notes::tell(&world, subject, log);
    }
    (world, references)
}

/// Looks at every service.
pub(crate) fn subjects<'a>(
    project: &'a Project,
    cluster: &'a ClusterFacts,
    options: &'a Options,
    log: &mut Log,
) -> (World<'a>, Vec<Reference>) {
    let app = names::label(&project.name, 40);
    let namespace = namespace_of(project, options);
    let references = references(project);
    let links = links(project, &references);
    let dns = dns_names(project);
    let names = taken(project, &dns);
    let subjects = BTreeMap::new();
    let sharers = sharers(project);
    let mut world =
        World { project, cluster, options, app, namespace, subjects, names, sharers, links };
    for service in project.services.values() {
        let subject = look(&world, service, &dns, &references, log);
        world.subjects.insert(service.name.clone(), subject);
    }
    let hosts: BTreeSet<String> =
        world.subjects.values().filter_map(|s| s.shares_pod_of.clone()).collect();
    for subject in world.subjects.values_mut() {
        subject.has_tenants = hosts.contains(subject.key());
    }
    ports::unique_in_pods(&mut world);
    (world, references)
}

fn look<'a>(
    world: &World<'a>,
    service: &'a Service,
    dns: &BTreeMap<&str, String>,
    references: &[Reference],
    log: &mut Log,
) -> Subject<'a> {
    let image = image::choose(world, service);
    let known = image::recognise(service, &image);
    let mut subject = Subject {
        service,
        name: dns.get(service.name.as_str()).cloned().unwrap_or_default(),
        governing: String::new(),
        image,
        known,
        shape: crate::world::Shape::Deployment,
        scale: Scale::Fixed(1),
        serving: None,
        ports: Vec::new(),
        dockerfile: siblings::dockerfile(world.project, service),
        another_command: false,
        has_tenants: false,
        shares_pod_of: pod_host(world.project, service),
    };
    subject.another_command =
        siblings::runs_another_command(world.project, service, subject.family());
    subject.governing = world.derived(&subject.name, "pods", 63);
    let need = storage_need(world, service, subject.family(), subject.image.facts_ref());
    let (shape, reasons) = shape::choose(world, &subject, &need);
    subject.shape = shape;
    subject.ports = ports::listen(&subject, references, log);
    shape::explain(&subject, reasons, log);
    image::explain(world, &subject, log);
    if subject.name != service.name {
        log.decide(&subject, "metadata.name")
            .chose(&subject.name)
            .because(subject.own_line())
            .rule(rules::DNS_NAMES)
            .why(format!(
                "`{}` is no DNS label; peers find it as `{}`",
                service.name, subject.name
            ));
    }
    subject
}

/// The service whose pod this one shares, if any.
fn pod_host(project: &Project, service: &Service) -> Option<String> {
    let mut host = None;
    let mut current = service;
    // A chain of shared namespaces ends in one pod; the bound breaks a cycle.
    for _ in 0..project.services.len() {
        let mode = current.network_mode.as_ref()?.value.as_str();
        let Some(target) = mode.strip_prefix("service:") else { break };
        let Some(next) = project.services.get(target).filter(|n| n.name != service.name) else {
            break;
        };
        host = Some(next.name.clone());
        if next.network_mode.is_none() {
            break;
        }
        current = next;
    }
    host
}

/// Every name that a Service of the plan has or answers to.
fn taken(project: &Project, dns: &BTreeMap<&str, String>) -> BTreeSet<String> {
    let links = project.services.values().flat_map(|s| s.links.iter().map(|l| l.value.1.as_str()));
    project
        .services
        .values()
        .flat_map(service_names)
        .chain(links)
        .map(names::object)
        .chain(dns.values().cloned())
        .collect()
}

/// A DNS label for each service, unique in the project.
fn dns_names(project: &Project) -> BTreeMap<&str, String> {
    let mut taken = BTreeSet::new();
    let mut out = BTreeMap::new();
    // Names that need no change go first, so that nobody takes them away.
    let (clean, changed): (Vec<&str>, Vec<&str>) =
        project.services.keys().map(String::as_str).partition(|name| names::object(name) == *name);
    for name in clean.into_iter().chain(changed) {
        let mut dns = names::object(name);
        if !taken.insert(dns.clone()) {
            let head = names::object(name);
            let head = names::label(&head, 40);
            dns = format!("{head}-{}", names::digest(name.as_bytes(), 5));
            taken.insert(dns.clone());
        }
        out.insert(name, dns);
    }
    out
}
