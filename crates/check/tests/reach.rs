//! Network policies, by what the Kubernetes documentation says of them.

mod common;

use std::collections::BTreeMap;

use check::reach::{End, Network, Opening, Peer, Pod, Port, Protocol, Side};
use common::Loaded;

fn network(text: &str) -> Network {
    Network::read(&Loaded::texts([("policies.yaml", text)]).files)
}

/// A policy `p` in namespace `a`, with labels on the namespaces `a` and `b`.
fn policy(spec: &str) -> Network {
    network(&format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: a}}\nspec: {spec}\n---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: b, labels: {{team: b}}}}}}\n"
    ))
}

/// `a/app=web,tier=1` is a pod, `10.0.0.1` an address.
fn peer(text: &str) -> Peer {
    let Some((namespace, labels)) = text.split_once('/') else {
        return Peer::Outside(text.parse().expect("an address"));
    };
    let pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
    let labels: BTreeMap<_, _> = pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let ports =
        vec![(Some("http".to_owned()), port("80")), (Some("dns".to_owned()), port("53/UDP"))];
    let namespace = namespace.to_owned();
    Peer::Pod(Pod { name: text.to_owned(), namespace, labels, ports, address: None })
}

/// `80` or `53/UDP`.
fn port(text: &str) -> Port {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "TCP"));
    let protocol = match protocol {
        "UDP" => Protocol::Udp,
        "SCTP" => Protocol::Sctp,
        _ => Protocol::Tcp,
    };
    Port { number: number.parse().expect("a number"), protocol }
}

/// Rows of source, destination, port, and whether it is allowed.
fn table(spec: &str, rows: &[(&str, &str, &str, bool)]) {
    let network = policy(spec);
    for (from, to, number, allowed) in rows {
        let opening = network.opening(&peer(from), &peer(to));
        let open = opening.ports.holds(port(number));
        assert_eq!(open, *allowed, "{spec}: {from} to {to}:{number}: {opening:?}");
    }
}

#[test]
fn without_a_policy_everything_is_open() {
    let opening = network("").opening(&peer("a/"), &peer("b/"));
    assert_eq!((opening.egress, opening.ingress), (Side::Open, Side::Open));
    assert!(opening.ports.is_all());
}

#[test]
fn types_default_to_what_is_written() {
    let (inward, outward) = (("b/", "a/", "80"), ("a/", "b/", "80"));
    let cases = [
        ("{podSelector: {}}", false, true),
        ("{podSelector: {}, policyTypes: []}", false, true),
        ("{podSelector: {}, policyTypes: [Ingress]}", false, true),
        ("{podSelector: {}, policyTypes: [Egress]}", true, false),
        ("{podSelector: {}, policyTypes: [Ingress, Egress]}", false, false),
        ("{podSelector: {}, ingress: [{}]}", true, true),
        ("{podSelector: {}, egress: []}", false, true),
        ("{podSelector: {}, egress: [{ports: [{port: 1}]}]}", false, false),
        ("{podSelector: {}, egress: [{}]}", false, true),
        ("{podSelector: {}, policyTypes: [Ingress], egress: [{ports: [{port: 1}]}]}", false, true),
    ];
    for (spec, comes_in, goes_out) in cases {
        let row = |(from, to, port), allowed| (from, to, port, allowed);
        table(spec, &[row(inward, comes_in), row(outward, goes_out)]);
    }
}

#[test]
fn only_selected_pods_are_isolated() {
    let spec = "{podSelector: {matchLabels: {app: db}}, ingress: []}";
    table(
        spec,
        &[
            ("a/app=web", "a/app=db", "80", false),
            ("a/app=db", "a/app=web", "80", true),
            ("a/app=web", "b/app=db", "80", true),
            ("1.2.3.4", "a/app=db", "80", false),
            ("a/app=db", "1.2.3.4", "80", true),
        ],
    );
}

#[test]
fn peers_are_selected_by_pod_and_namespace() {
    let from = |peers: &str| format!("{{podSelector: {{}}, ingress: [{{from: {peers}}}]}}");
    let rows = |peers: &str, rows: [bool; 5]| {
        let sources = ["a/app=web", "a/app=job", "b/app=web", "b/app=job", "1.2.3.4"];
        let rows: Vec<_> = sources.iter().zip(rows).map(|(s, ok)| (*s, "a/", "80", ok)).collect();
        table(&from(peers), &rows);
    };
    let web = "podSelector: {matchLabels: {app: web}}";
    let b = "namespaceSelector: {matchLabels: {team: b}}";
    rows("[]", [true; 5]);
    rows("[{podSelector: {}}]", [true, true, false, false, false]);
    rows(&format!("[{{{web}}}]"), [true, false, false, false, false]);
    rows("[{namespaceSelector: {}}]", [true, true, true, true, false]);
    rows(&format!("[{{{b}}}]"), [false, false, true, true, false]);
    // One element is "and", two are "or".
    rows(&format!("[{{{b}, {web}}}]"), [false, false, true, false, false]);
    rows(&format!("[{{{b}}}, {{{web}}}]"), [true, false, true, true, false]);
    rows(&format!("[{{namespaceSelector: {{}}, {web}}}]"), [true, false, true, false, false]);
    rows("[{ipBlock: {cidr: 1.2.0.0/16}}]", [false, false, false, false, true]);
    // The API server refuses these two.
    rows("[{}]", [false; 5]);
    rows(&format!("[{{ipBlock: {{cidr: 0.0.0.0/0}}, {web}}}]"), [false; 5]);
}

#[test]
fn every_namespace_has_its_name_as_a_label() {
    let spec = "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: c}}}]}]}";
    table(spec, &[("c/", "a/", "80", true), ("b/", "a/", "80", false)]);
}

#[test]
fn expressions() {
    let cases = [
        ("{key: app, operator: In, values: [web, api]}", [true, false, false]),
        ("{key: app, operator: NotIn, values: [web]}", [false, true, true]),
        ("{key: app, operator: Exists}", [true, true, false]),
        ("{key: app, operator: DoesNotExist}", [false, false, true]),
    ];
    for (expression, allowed) in cases {
        let spec = format!(
            "{{podSelector: {{}}, ingress: [{{from: [{{podSelector: {{matchExpressions: [{expression}]}}}}]}}]}}"
        );
        let sources = ["a/app=web", "a/app=job", "a/"];
        let rows: Vec<_> =
            sources.iter().zip(allowed).map(|(s, ok)| (*s, "a/", "80", ok)).collect();
        table(&spec, &rows);
    }
}

#[test]
fn ports_of_the_destination() {
    let cases: &[(&str, &str, bool)] = &[
        ("[]", "99", true),
        ("[{port: 80}]", "80", true),
        ("[{port: 80}]", "81", false),
        ("[{port: 80}]", "80/UDP", false),
        ("[{port: 53, protocol: UDP}]", "53/UDP", true),
        ("[{protocol: UDP}]", "99/UDP", true),
        ("[{protocol: UDP}]", "99", false),
        ("[{}]", "99", true),
        ("[{}]", "99/UDP", false),
        ("[{port: 32000, endPort: 32768}]", "32000", true),
        ("[{port: 32000, endPort: 32768}]", "32768", true),
        ("[{port: 32000, endPort: 32768}]", "32769", false),
        ("[{port: http}]", "80", true),
        ("[{port: http}]", "81", false),
        ("[{port: dns}]", "53/UDP", false),
        ("[{port: dns, protocol: UDP}]", "53/UDP", true),
        ("[{port: none}]", "80", false),
        ("[{port: 80}, {port: 443}]", "443", true),
        ("[{port: 80, protocol: ICMP}]", "80", false),
    ];
    for (ports, number, allowed) in cases {
        let ingress = format!("{{podSelector: {{}}, ingress: [{{ports: {ports}}}]}}");
        table(&ingress, &[("b/", "a/", number, *allowed)]);
        let egress =
            format!("{{podSelector: {{}}, policyTypes: [Egress], egress: [{{ports: {ports}}}]}}");
        table(&egress, &[("a/", "b/", number, *allowed)]);
    }
    let named = "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}";
    table(named, &[("a/", "1.2.3.4", "80", false)]);
}

#[test]
fn blocks_and_what_they_leave_out() {
    let spec = "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24]}}, {ipBlock: {cidr: \"fd00::/8\"}}, {ipBlock: {cidr: 9.9.9.9/32}}]}]}";
    table(
        spec,
        &[
            ("a/", "172.17.0.9", "80", true),
            ("a/", "172.17.1.9", "80", false),
            ("a/", "172.18.0.9", "80", false),
            ("a/", "fd12::1", "80", true),
            ("a/", "fe80::1", "80", false),
            ("a/", "9.9.9.9", "80", true),
            ("a/", "9.9.9.8", "80", false),
            ("a/", "a/", "80", false),
        ],
    );
    let all =
        "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}";
    table(all, &[("a/", "8.8.8.8", "80", true), ("a/", "fd00::1", "80", false)]);
    let broken = "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/33}}]}]}";
    table(broken, &[("8.8.8.8", "a/", "80", false)]);
    let mut known = peer("b/");
    if let Peer::Pod(pod) = &mut known {
        pod.address = "8.8.8.8".parse().ok();
    }
    assert!(policy(all).opening(&peer("a/"), &known).ports.holds(port("80")));
}

#[test]
fn policies_add_up_and_both_ends_must_agree() {
    let text = "
{kind: NetworkPolicy, metadata: {name: nothing, namespace: a}, spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}
---
{kind: NetworkPolicy, metadata: {name: web, namespace: a}, spec: {podSelector: {matchLabels: {app: web}}, egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}], policyTypes: [Egress]}}
---
{kind: NetworkPolicy, metadata: {name: db, namespace: a}, spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}], ports: [{port: 3306}]}]}}
";
    let network = network(text);
    let opening = |from, to| network.opening(&peer(from), &peer(to));
    let web = opening("a/app=web", "a/app=db");
    assert_eq!(web.ports.to_string(), "3306");
    assert_eq!(
        (web.egress.policies(), web.ingress.policies()),
        (&["web".into()][..], &["db".into()][..])
    );
    let job = opening("a/app=job", "a/app=db");
    assert!(job.ports.is_empty());
    // Where nothing is let through, those that select the pod are named.
    assert_eq!(
        (job.egress.policies(), job.ingress.policies()),
        (&["nothing".into()][..], &["db".into()][..])
    );
    let back = opening("a/app=db", "a/app=web");
    assert!(back.ports.is_empty());
    assert_eq!(back.ingress.policies(), ["nothing"]);
}

#[test]
fn the_matrix_has_every_pair() {
    let pod = |name: &str| {
        format!(
            "{{kind: Deployment, metadata: {{name: {name}}}, spec: {{template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: c}}]}}}}}}}}\n---\n"
        )
    };
    let policies = "
{kind: NetworkPolicy, metadata: {name: db}, spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 3306}]}, {from: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.0/25]}}], ports: [{port: 1, endPort: 9}]}]}}
---
{kind: NetworkPolicy, metadata: {name: web}, spec: {podSelector: {matchLabels: {app: web}}, egress: [{to: [{podSelector: {}}]}], policyTypes: [Egress]}}
";
    let matrix = network(&(pod("web") + &pod("db") + policies)).matrix();
    let names = |ends: &[End]| ends.iter().map(|end| end.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&matrix.sources), ["outside", "203.0.113.0/24", "db", "web"]);
    assert_eq!(names(&matrix.targets), ["db", "web", "outside", "203.0.113.0/24", "DNS"]);
    let words = |row: &Vec<Opening>| row.iter().map(|it| it.ports.to_string()).collect::<Vec<_>>();
    let rows: Vec<_> = matrix.rows.iter().map(words).collect();
    assert_eq!(
        rows,
        [
            ["", "all", "all", "all", "all"],
            ["1-9", "all", "all", "all", "all"],
            ["", "all", "all", "all", "all"],
            ["3306", "all", "", "", ""],
        ]
    );
}

#[test]
fn pods_of_the_files() {
    let text = "{kind: Deployment, metadata: {name: web, namespace: a}, spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, ports: [{name: http, containerPort: 8080}, {containerPort: 1}]}]}}}}";
    let network = network(text);
    let [pod] = network.pods() else { panic!("{:?}", network.pods()) };
    assert_eq!((pod.name.as_str(), pod.namespace.as_str()), ("Deployment/web", "a"));
    let (http, other) = ((Some("http".to_owned()), port("8080")), (None, port("1")));
    assert_eq!(pod.ports, [http, other]);
}
