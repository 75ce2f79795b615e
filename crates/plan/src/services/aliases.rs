//! Other names of a service.

use super::{service, service_ports};
use crate::log::Log;
use crate::references::{Reference, service_names};
use crate::world::{Shape, Subject, World};
use crate::{names, rules};
use model::plan::{Service, ServiceKind};
use model::reason::{Because, Certainty};
use std::collections::{BTreeMap, BTreeSet};

/// Services for `container_name`, `hostname`, network aliases and link aliases.
pub(super) fn aliases(world: &World<'_>, references: &[Reference], log: &mut Log) -> Vec<Service> {
    let own: BTreeSet<&str> = world.subjects.values().map(|s| s.name.as_str()).collect();
    let mut claimed: BTreeMap<String, Vec<(&str, String)>> = BTreeMap::new();
    for subject in world.subjects.values() {
        for name in
            service_names(subject.service).into_iter().filter(|n| *n != subject.service.name)
        {
            let dns = names::object(name);
            let owners = claimed.entry(dns).or_default();
            if !owners.iter().any(|(owner, _)| *owner == subject.key()) {
                owners.push((subject.key(), name.to_owned()));
            }
        }
    }
    for service in world.project.services.values() {
        for link in &service.links {
            let (target, alias) = &link.value;
            if let (Some(subject), true) = (world.subject(target), alias != target) {
                let owners = claimed.entry(names::object(alias)).or_default();
                if !owners.iter().any(|(owner, _)| *owner == subject.key()) {
                    owners.push((subject.key(), alias.clone()));
                }
            }
        }
    }
    let mut out = Vec::new();
    for (dns, owners) in claimed {
        let Some((owner, written)) = owners.first() else { continue };
        let Some(subject) = world.subject(owner).filter(|s| s.name != dns) else { continue };
        if own.contains(dns.as_str()) {
            continue;
        }
        out.extend(alias(world, subject, dns, written, references, log));
    }
    out
}

fn alias(
    world: &World<'_>,
    subject: &Subject<'_>,
    dns: String,
    written: &str,
    references: &[Reference],
    log: &mut Log,
) -> Option<Service> {
    let ends = matches!(subject.shape, Shape::Job | Shape::CronJob);
    if ends && subject.ports.is_empty() {
        return None;
    }
    let ports = service_ports(subject, references, &mut Log::default());
    let kind = if ports.is_empty() { ServiceKind::Headless } else { ServiceKind::ClusterIp };
    let because = places(world, subject, written);
    log.decide_on(Some(subject.key()), format!("Service/{dns}"), "")
        .chose(format!("another name of `{}`", subject.name))
        .all(because)
        .rule(rules::EVERY_NAME_RESOLVES)
        .sure(Certainty::Known)
        .why(format!("`{written}` resolves in Compose too"));
    Some(service(world, subject, dns, kind, ports))
}

/// Where the name stands.
fn places(world: &World<'_>, subject: &Subject<'_>, written: &str) -> Vec<Because> {
    let mut because: Vec<Because> = Vec::new();
    for (path, value) in [
        ("container_name", &subject.service.container_name),
        ("hostname", &subject.service.hostname),
    ] {
        because.extend(
            value.as_ref().filter(|v| v.value == written).map(|v| subject.line(path, v.span)),
        );
    }
    for (network, attachment) in &subject.service.networks {
        for (index, alias) in
            attachment.aliases.iter().enumerate().filter(|(_, a)| a.value == written)
        {
            because.push(subject.line(format!("networks.{network}.aliases.{index}"), alias.span));
        }
    }
    for service in world.project.services.values() {
        for (index, link) in service.links.iter().enumerate().filter(|(_, l)| l.value.1 == written)
        {
            because.push(Because::Line {
                field: format!("services.{}.links.{index}", service.name),
                span: link.span,
            });
        }
    }
    if because.is_empty() {
        because.push(subject.own_line());
    }
    because
}
