//! Names and addresses: `hostname`, `extra_hosts`, `dns`.

use super::{cite, cite_or_own};
use crate::log::Log;
use crate::names;
use crate::rules;
use crate::world::{Scale, Shape, Subject};
use model::reason::{Certainty, Level};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The resolver of the node takes three; one of them is the cluster's.
const NAME_SERVERS: usize = 2;

/// `hostname`: only where a single pod can carry it; a `StatefulSet` names its pods itself.
pub(super) fn hostname(subject: &Subject<'_>, log: &mut Log) -> Option<String> {
    let because = cite(subject, &["hostname", "domainname"]);
    if because.is_empty() {
        return None;
    }
    let said = subject.service.hostname.as_ref()?;
    let single = subject.scale == Scale::Fixed(1)
        && matches!(subject.shape, Shape::Deployment | Shape::Job | Shape::CronJob);
    let draft =
        log.decide(subject, subject.pod_field("hostname")).all(because).sure(Certainty::Stated);
    if !single {
        draft
            .chose("the pod's own")
            .rule(rules::EVERY_NAME_RESOLVES)
            .why("pods have names of their own here; peers find the written name as a Service");
        return None;
    }
    // Docker takes `web.example.com`; a pod's hostname is one label.
    let first = said.value.split('.').next().unwrap_or(&said.value);
    let label = names::label(first, 63);
    draft.chose(&label).why("what the process sees as its own name");
    Some(label)
}

/// `extra_hosts` with an address become `hostAliases`; the Docker host does not exist any more.
pub(super) fn aliases(subject: &Subject<'_>, log: &mut Log) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (index, entry) in subject.service.extra_hosts.iter().enumerate() {
        let (name, address) = &entry.value;
        let field = host_field(subject, index, name);
        let because = vec![subject.line(field, entry.span)];
        let bare = address.trim_matches(['[', ']']);
        if address == "host-gateway" {
            no_gateway(subject, name, because, log);
        } else if bare.parse::<IpAddr>().is_err() || !is_dns(name) {
            log.find(
                Level::Warning,
                "extra-host",
                Some(subject.key()),
                format!(
                    "`{name}` at `{address}` is no name with an address; it was not carried over"
                ),
                "write NAME:ADDRESS",
                because,
            );
        } else {
            log.decide(subject, subject.pod_field("hostAliases"))
                .chose(format!("{name} is {bare}"))
                .all(because)
                .sure(Certainty::Stated)
                .why("an entry of /etc/hosts, as the file says");
            let names = out.entry(bare.to_owned()).or_default();
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    for names in out.values_mut() {
        names.sort();
    }
    out
}

/// The entry's path: lists count, mappings name.
fn host_field(subject: &Subject<'_>, index: usize, name: &str) -> String {
    let named = format!("extra_hosts.{name}");
    let is_map = subject.service.fields.iter().any(|field| field.path == named);
    if is_map { named } else { format!("extra_hosts.{index}") }
}

fn no_gateway(
    subject: &Subject<'_>,
    name: &str,
    because: Vec<model::reason::Because>,
    log: &mut Log,
) {
    log.find(
        Level::Warning,
        "host-gateway",
        Some(subject.key()),
        format!("`{name}` is the Docker host, and a pod has none: what runs there is not reachable by that name"),
        "make what runs there a service of the product, or give its address in extra_hosts",
        because,
    );
}

fn is_dns(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|part| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
}

/// `dns` and `dns_search` → `dnsConfig`, beside the cluster's own server.
pub(super) fn servers(subject: &Subject<'_>, log: &mut Log) -> Option<(Vec<String>, Vec<String>)> {
    let because = cite_or_own(subject, &["dns", "dns_search"]);
    let service = subject.service;
    let valid = |text: &&yaml::Spanned<String>| text.value.parse::<IpAddr>().is_ok();
    let mut servers: Vec<String> =
        service.dns.iter().filter(valid).map(|said| said.value.clone()).collect();
    // `.` means no search domain to Docker.
    let searches: Vec<String> = service
        .dns_search
        .iter()
        .map(|said| said.value.clone())
        .filter(|domain| is_dns(domain))
        .collect();
    if service.dns.is_empty() && service.dns_search.is_empty() {
        return None;
    }
    let dropped = service.dns.len() > servers.len() || servers.len() > NAME_SERVERS;
    servers.truncate(NAME_SERVERS);
    if dropped {
        log.find(
            Level::Note,
            "dns-servers",
            Some(subject.key()),
            "a resolver takes three name servers, of which one is the cluster's; the others were not carried over",
            "keep two addresses",
            because.clone(),
        );
    }
    log.decide(subject, subject.pod_field("dnsConfig"))
        .chose(servers.iter().chain(&searches).cloned().collect::<Vec<_>>().join(", "))
        .all(because)
        .sure(Certainty::Stated)
        .why(
            "asked after the cluster's own server, which must come first so that Services resolve",
        );
    let some = !servers.is_empty() || !searches.is_empty();
    some.then_some((servers, searches))
}
