//! What ports are called, and which of them speak HTTP.

use super::{Ports, is_http, protocol};
use crate::world::{PortFact, Subject, World};
use catalog::PortUse;
use model::project::Protocol;
use std::collections::{BTreeMap, BTreeSet};

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

pub(super) fn named(subject: &Subject<'_>, ports: Ports) -> Vec<PortFact> {
    let mut taken = BTreeSet::new();
    let both: BTreeSet<u16> = ports.keys().filter(|k| k.1 == Protocol::Udp).map(|k| k.0).collect();
    let mut out = Vec::new();
    for ((port, protocol), found) in ports {
        if port == 0 {
            continue;
        }
        let table = table_port(subject, port, protocol);
        let http = protocol == Protocol::Tcp
            && found
                .http
                .or_else(|| {
                    table.filter(|p| p.usage != PortUse::Optional).map(|p| is_http(p.usage))
                })
                .unwrap_or_else(|| looks_http(subject, port, &both));
        let wished = found.name.clone().or_else(|| table.map(|p| table_name(p, protocol)));
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

/// What the table knows of the port, best for the same protocol.
fn table_port<'s>(
    subject: &'s Subject<'_>,
    port: u16,
    wanted: Protocol,
) -> Option<&'s catalog::KnownPort> {
    let all =
        || subject.family().into_iter().flat_map(|f| &f.ports).filter(move |p| p.port == port);
    all().find(|p| protocol(p.protocol) == wanted).or_else(|| all().next())
}

/// Its name, without the word that says another protocol.
fn table_name(known: &catalog::KnownPort, wanted: Protocol) -> String {
    let name = known.name.as_str();
    let other = if protocol(known.protocol) == wanted { "" } else { "-udp" };
    name.strip_suffix(other).unwrap_or(name).to_owned()
}

/// Gives ports of containers that share a pod names of their own: the pod's owner keeps its names.
pub(crate) fn unique_in_pods(world: &mut World<'_>) {
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
