//! Network policies: who shares a Compose network may talk, nobody else may.

use crate::edge::Edge;
use crate::log::Log;
use crate::rules;
use crate::world::{Shape, Subject, World};
use model::facts::Extra;
use model::plan::{Peer, Policy, PolicyPort, PolicyRule};
use model::project::Protocol;
use model::reason::Because;
use std::collections::BTreeMap;

/// The label that says which networks a pod is on.
pub(crate) fn network_label(network: &str) -> String {
    format!("network.muster.dev/{}", crate::names::label(network, 60))
}

/// The labels of a pod for all the networks of its services.
pub(crate) fn network_labels(subject: &Subject<'_>) -> BTreeMap<String, String> {
    subject.service.networks.keys().map(|n| (network_label(n), "true".to_owned())).collect()
}

/// One policy for each workload, sorted by name. `metrics` is the port that Prometheus scrapes.
pub(crate) fn policies(world: &World<'_>, edge: &Edge, log: &mut Log) -> Vec<Policy> {
    let mut out: Vec<Policy> = world
        .subjects
        .values()
        .filter(|s| s.shares_pod_of.is_none())
        .map(|subject| policy(world, subject, edge, log))
        .collect();
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

/// The subject and everybody who shares its pod.
fn tenants<'w, 'a>(
    world: &'w World<'a>,
    subject: &'w Subject<'a>,
) -> impl Iterator<Item = &'w Subject<'a>> {
    let others =
        world.subjects.values().filter(|s| s.shares_pod_of.as_deref() == Some(subject.key()));
    std::iter::once(subject).chain(others)
}

fn policy(world: &World<'_>, subject: &Subject<'_>, edge: &Edge, log: &mut Log) -> Policy {
    let pods = selector(world, &subject.name);
    let isolated = subject.service.network_mode.as_ref().is_some_and(|m| m.value == "none");
    let networks = network_reasons(subject);
    let mut ingress = Vec::new();
    if !isolated {
        ingress.extend(from_peers(world, subject));
        ingress.extend(from_host(world, subject));
        ingress.extend(from_edge(world, subject, edge));
        ingress.extend(from_members(subject, &pods));
        ingress.extend(from_operator(subject));
        ingress.extend(from_prometheus(world, subject));
    }
    let egress = if isolated { Some(Vec::new()) } else { to_internal(world, subject) };
    let rule =
        if egress.is_some() { rules::INTERNAL_NO_EGRESS } else { rules::POLICY_FROM_NETWORKS };
    log.decide_on(Some(subject.key()), format!("NetworkPolicy/{}", subject.name), "")
        .chose(match (&egress, ingress.is_empty()) {
            (Some(_), _) => "same networks only, in and out",
            (None, true) => "nobody comes in",
            (None, false) => "same networks, and the edge where published",
        })
        .all(networks)
        .rule(rule)
        .why("policies say what the Compose networks said");
    Policy { name: subject.name.clone(), pods, ingress: Some(ingress), egress }
}

fn network_reasons(subject: &Subject<'_>) -> Vec<Because> {
    let mut because: Vec<Because> = subject
        .service
        .networks
        .iter()
        .filter_map(|(name, a)| Some(subject.line(format!("networks.{name}"), a.span?)))
        .collect();
    if let Some(mode) = &subject.service.network_mode {
        because.push(subject.line("network_mode", mode.span));
    }
    because
}

/// The labels that select the pods of a workload.
pub(crate) fn selector(world: &World<'_>, workload: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("app.kubernetes.io/instance".to_owned(), world.app.clone()),
        ("app.kubernetes.io/name".to_owned(), workload.to_owned()),
    ])
}

/// Ports of everybody in the pod; empty where some port may be unknown.
fn known_ports(world: &World<'_>, subject: &Subject<'_>) -> Vec<PolicyPort> {
    let mut ports: Vec<PolicyPort> = tenants(world, subject)
        .flat_map(|s| s.ports.iter())
        .map(|p| PolicyPort { port: p.port, protocol: p.protocol })
        .collect();
    ports.sort();
    ports.dedup();
    ports
}

fn from_peers(world: &World<'_>, subject: &Subject<'_>) -> Option<PolicyRule> {
    if matches!(subject.shape, Shape::Job | Shape::CronJob) && subject.ports.is_empty() {
        return None;
    }
    let peers: Vec<Peer> = subject
        .service
        .networks
        .keys()
        .filter(|network| {
            world.project.services.values().filter(|s| s.networks.contains_key(*network)).count()
                > 1
        })
        .map(|network| Peer::Pods(BTreeMap::from([(network_label(network), "true".to_owned())])))
        .collect();
    (!peers.is_empty()).then(|| PolicyRule { peers, ports: known_ports(world, subject) })
}

/// On the machine's network everybody of the product could reach it; on Docker's default bridge, by
/// address, too.
fn from_host(world: &World<'_>, subject: &Subject<'_>) -> Option<PolicyRule> {
    let mode = subject.service.network_mode.as_ref()?.value.as_str();
    let ports = known_ports(world, subject);
    if !matches!(mode, "host" | "bridge") || ports.is_empty() {
        return None;
    }
    let product = ("app.kubernetes.io/instance".to_owned(), world.app.clone());
    Some(PolicyRule { peers: vec![Peer::Pods(BTreeMap::from([product]))], ports })
}

/// What is published was open to the world in Compose; the gateway's pods have no known label.
fn from_edge(world: &World<'_>, subject: &Subject<'_>, edge: &Edge) -> Option<PolicyRule> {
    let mut ports: Vec<PolicyPort> = tenants(world, subject)
        .filter_map(|s| edge.open.get(s.key()))
        .flatten()
        .map(|p| PolicyPort { port: p.port, protocol: p.protocol })
        .collect();
    ports.sort();
    ports.dedup();
    (!ports.is_empty()).then_some(PolicyRule { peers: Vec::new(), ports })
}

/// Members of one data store and of one job talk to each other on all ports: replication, gradients.
fn from_members(subject: &Subject<'_>, pods: &BTreeMap<String, String>) -> Option<PolicyRule> {
    let together = matches!(subject.shape, Shape::StatefulSet | Shape::Operated | Shape::Job);
    (together && subject.scale.multiplied())
        .then(|| PolicyRule { peers: vec![Peer::Pods(pods.clone())], ports: Vec::new() })
}

/// The port at which `CloudNativePG` asks its instances how they are.
const INSTANCE_STATUS: u16 = 8000;

/// `CloudNativePG` talks to its instances from a namespace of its own.
fn from_operator(subject: &Subject<'_>) -> Option<PolicyRule> {
    let postgres = subject.family().and_then(|f| f.engine) == Some(catalog::Engine::Postgres);
    if subject.shape != Shape::Operated || !postgres {
        return None;
    }
    let label =
        BTreeMap::from([("app.kubernetes.io/name".to_owned(), "cloudnative-pg".to_owned())]);
    let mut ports = vec![PolicyPort { port: INSTANCE_STATUS, protocol: Protocol::Tcp }];
    ports.extend(subject.ports.iter().map(|p| PolicyPort { port: p.port, protocol: p.protocol }));
    ports.sort();
    ports.dedup();
    Some(PolicyRule {
        peers: vec![Peer::PodsIn { namespace: BTreeMap::new(), pods: label }],
        ports,
    })
}

fn from_prometheus(world: &World<'_>, subject: &Subject<'_>) -> Option<PolicyRule> {
    let asked = world.options.with.contains(&Extra::Prometheus)
        || world.cluster.serves("monitoring.coreos.com");
    let (port, _) = crate::observability::metrics_port(subject).filter(|_| asked)?;
    let label = BTreeMap::from([("app.kubernetes.io/name".to_owned(), "prometheus".to_owned())]);
    let peer = Peer::PodsIn { namespace: BTreeMap::new(), pods: label };
    Some(PolicyRule {
        peers: vec![peer],
        ports: vec![PolicyPort { port, protocol: Protocol::Tcp }],
    })
}

/// A service that is only on internal networks reaches those and DNS. What an operator runs must
/// reach the Kubernetes API, whose address no policy knows.
fn to_internal(world: &World<'_>, subject: &Subject<'_>) -> Option<Vec<PolicyRule>> {
    if subject.shape == Shape::Operated {
        return None;
    }
    let networks = &subject.service.networks;
    let internal = |name: &String| {
        world.project.networks.get(name).and_then(|n| n.internal.as_ref()).is_some_and(|i| i.value)
    };
    if networks.is_empty() || !networks.keys().all(internal) {
        return None;
    }
    let peers = networks
        .keys()
        .map(|network| Peer::Pods(BTreeMap::from([(network_label(network), "true".to_owned())])))
        .collect();
    let dns =
        [Protocol::Tcp, Protocol::Udp].map(|protocol| PolicyPort { port: 53, protocol }).to_vec();
    Some(vec![
        PolicyRule { peers, ports: Vec::new() },
        PolicyRule { peers: vec![Peer::Namespaces(BTreeMap::new())], ports: dns },
    ])
}

/// A policy that lets nobody in: for jobs that only go out.
pub(crate) fn closed(world: &World<'_>, workload: &str) -> Policy {
    Policy {
        name: workload.to_owned(),
        pods: selector(world, workload),
        ingress: Some(Vec::new()),
        egress: None,
    }
}

/// Lets a job of ours (a backup) reach the workload it is for.
pub(crate) fn admit(world: &World<'_>, policy: &mut Policy, job: &str, owner: &Subject<'_>) {
    let rule = PolicyRule {
        peers: vec![Peer::Pods(selector(world, job))],
        ports: known_ports(world, owner),
    };
    if let Some(ingress) = &mut policy.ingress {
        ingress.push(rule);
    }
}
