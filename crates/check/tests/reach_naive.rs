//! The evaluator of policies against a naive one, on everything in a small world.

mod common;

use std::collections::BTreeSet;
use std::net::IpAddr;

use check::reach::{Network, Peer, Pod, Port, Protocol};
use common::Loaded;
use proptest::prelude::*;

const NAMESPACES: [&str; 2] = ["a", "b"];
const APPS: [&str; 2] = ["web", "db"];
const ADDRESSES: [&str; 3] = ["10.0.0.1", "10.0.1.1", "11.0.0.1"];
const NUMBERS: [u16; 3] = [80, 81, 443];

/// Something in the world: a pod by namespace and app, or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Pod(&'static str, &'static str),
    Address(&'static str),
}

#[derive(Clone, Debug)]
struct Rule {
    peers: Vec<&'static str>,
    ports: Vec<&'static str>,
}

#[derive(Clone, Debug)]
struct Policy {
    namespace: &'static str,
    selects: &'static str,
    types: Option<Vec<&'static str>>,
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
}

/// Peers, and whom each means as seen from a namespace: all of it written out by hand.
const PEERS: &[&str] = &[
    "{podSelector: {}}",
    "{podSelector: {matchLabels: {app: web}}}",
    "{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}",
    "{namespaceSelector: {}}",
    "{namespaceSelector: {matchLabels: {team: b}}}",
    "{namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: db}}}",
    "{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.1.0/24]}}",
    "{ipBlock: {cidr: 0.0.0.0/0}}",
];

fn means(peer: &str, home: &str, thing: Thing) -> bool {
    let at = PEERS.iter().position(|p| *p == peer).expect("one of the list");
    match (at, thing) {
        (0, Thing::Pod(ns, _)) => ns == home,
        (1, Thing::Pod(ns, app)) => ns == home && app == "web",
        (2, Thing::Pod(ns, app)) => ns == home && app == "db",
        (3, Thing::Pod(..)) | (7, Thing::Address(_)) => true,
        (4, Thing::Pod(ns, _)) => ns == "b",
        (5, Thing::Pod(ns, app)) => ns == "b" && app == "db",
        (6, Thing::Address(address)) => address == "10.0.0.1",
        _ => false,
    }
}

/// Ports, and which of the world's they mean. `http` is 80/TCP of every pod.
const PORTS: &[&str] = &[
    "{}",
    "{protocol: UDP}",
    "{port: 80}",
    "{port: 443, protocol: UDP}",
    "{port: 80, endPort: 81}",
    "{port: http}",
    "{port: other}",
];

fn opens(ports: &str, to: Thing, port: Port) -> bool {
    let tcp = port.protocol == Protocol::Tcp;
    match PORTS.iter().position(|p| *p == ports).expect("one of the list") {
        0 => tcp,
        1 => !tcp,
        2 => tcp && port.number == 80,
        3 => !tcp && port.number == 443,
        4 => tcp && [80, 81].contains(&port.number),
        5 => tcp && port.number == 80 && matches!(to, Thing::Pod(..)),
        _ => false,
    }
}

fn things() -> Vec<Thing> {
    let pods = NAMESPACES.iter().flat_map(|ns| APPS.iter().map(move |app| Thing::Pod(ns, app)));
    pods.chain(ADDRESSES.iter().map(|a| Thing::Address(a))).collect()
}

fn ports() -> Vec<Port> {
    let protocols = [Protocol::Tcp, Protocol::Udp];
    let of = |number| protocols.map(|protocol| Port { number, protocol });
    NUMBERS.into_iter().flat_map(of).collect()
}

/// Whether the policies let the port through at one end, by the words of the documentation.
fn side(
    policies: &[Policy],
    direction: &str,
    own: Thing,
    other: Thing,
    to: Thing,
    port: Port,
) -> bool {
    let Thing::Pod(namespace, app) = own else { return true };
    let mut isolated = false;
    let mut allowed = false;
    for policy in policies {
        let selected =
            policy.namespace == namespace && (policy.selects.is_empty() || policy.selects == app);
        let default =
            if policy.egress.is_empty() { vec!["Ingress"] } else { vec!["Ingress", "Egress"] };
        if !selected || !policy.types.clone().unwrap_or(default).contains(&direction) {
            continue;
        }
        isolated = true;
        for rule in if direction == "Ingress" { &policy.ingress } else { &policy.egress } {
            let peer = rule.peers.is_empty()
                || rule.peers.iter().any(|p| means(p, policy.namespace, other));
            let open = rule.ports.is_empty() || rule.ports.iter().any(|p| opens(p, to, port));
            allowed |= peer && open;
        }
    }
    !isolated || allowed
}

fn text(policies: &[Policy]) -> String {
    let rules = |rules: &[Rule], peers: &str| {
        let rule = |r: &Rule| {
            format!("{{{peers}: [{}], ports: [{}]}}", r.peers.join(", "), r.ports.join(", "))
        };
        rules.iter().map(rule).collect::<Vec<_>>().join(", ")
    };
    let one = |(i, p): (usize, &Policy)| {
        let labels =
            if p.selects.is_empty() { "{}".to_owned() } else { format!("{{app: {}}}", p.selects) };
        let types = p.types.as_ref().map_or("null".to_owned(), |t| format!("[{}]", t.join(", ")));
        format!(
            "{{kind: NetworkPolicy, metadata: {{name: p{i}, namespace: {}}}, spec: {{podSelector: {{matchLabels: {labels}}}, policyTypes: {types}, ingress: [{}], egress: [{}]}}}}",
            p.namespace,
            rules(&p.ingress, "from"),
            rules(&p.egress, "to"),
        )
    };
    let namespace = "{kind: Namespace, metadata: {name: b, labels: {team: b}}}".to_owned();
    let all: Vec<_> = policies.iter().enumerate().map(one).chain([namespace]).collect();
    all.join("\n---\n")
}

fn peer(thing: Thing) -> Peer {
    match thing {
        Thing::Address(address) => Peer::Outside(address.parse::<IpAddr>().expect("an address")),
        Thing::Pod(namespace, app) => Peer::Pod(Pod {
            name: app.to_owned(),
            namespace: namespace.to_owned(),
            labels: [("app".to_owned(), app.to_owned())].into(),
            ports: vec![(Some("http".to_owned()), Port { number: 80, protocol: Protocol::Tcp })],
            address: None,
        }),
    }
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let peers = prop::collection::vec(prop::sample::select(PEERS), 0..3);
    let ports = prop::collection::vec(prop::sample::select(PORTS), 0..3);
    let rule = (peers, ports).prop_map(|(peers, ports)| Rule { peers, ports });
    prop::collection::vec(rule, 0..3)
}

fn policies() -> impl Strategy<Value = Vec<Policy>> {
    let types = prop::sample::select(vec![
        None,
        Some(vec!["Ingress"]),
        Some(vec!["Egress"]),
        Some(vec!["Ingress", "Egress"]),
    ]);
    let selects = prop::sample::select(&["", "web", "db"][..]);
    let policy = (prop::sample::select(&NAMESPACES[..]), selects, types, rules(), rules());
    let policy = policy.prop_map(|(namespace, selects, types, ingress, egress)| Policy {
        namespace,
        selects,
        types,
        ingress,
        egress,
    });
    prop::collection::vec(policy, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn agrees_with_a_naive_evaluator(policies in policies()) {
        let yaml = text(&policies);
        let network = Network::read(&Loaded::texts([("policies.yaml", yaml.as_str())]).files);
        let mut differ = BTreeSet::new();
        for from in things() {
            for to in things() {
                let opening = network.opening(&peer(from), &peer(to));
                for port in ports() {
                    let naive = side(&policies, "Egress", from, to, to, port)
                        && side(&policies, "Ingress", to, from, to, port);
                    if opening.ports.holds(port) != naive {
                        differ.insert((from, to, port));
                    }
                }
            }
        }
        prop_assert!(differ.is_empty(), "{differ:?}\n{yaml}");
    }
}
