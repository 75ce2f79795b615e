//! Who may talk to whom.

use crate::common::{file, given, plan_of, plan_with, policy};
use model::facts::Extra;
use model::plan::{Peer, Policy, PolicyRule};

fn from_network<'p>(policy: &'p Policy, network: &str) -> Option<&'p PolicyRule> {
    let label = format!("network.muster.dev/{network}");
    policy.ingress.iter().flatten().find(|rule| {
        rule.peers
            .iter()
            .any(|peer| matches!(peer, Peer::Pods(labels) if labels.contains_key(&label)))
    })
}

fn from_everybody(policy: &Policy) -> Vec<u16> {
    let open = policy.ingress.iter().flatten().filter(|rule| rule.peers.is_empty());
    open.flat_map(|rule| rule.ports.iter().map(|p| p.port)).collect()
}

const TWO: &str = "services:\n  edge: { image: 'nginx:1.29', ports: ['80:80'], networks: [front] }\n  app: { image: 'acme/a:1', expose: ['8000'], networks: [front, back] }\n  db: { image: 'postgres:17', networks: [back] }\nnetworks: { front: {}, back: { internal: true } }\n";

#[test]
fn every_workload_has_a_policy() {
    let plan = plan_of(TWO);
    for workload in &plan.workloads {
        assert!(policy(&plan, &workload.name).ingress.is_some(), "{}", workload.name);
    }
}

#[test]
fn networks_say_who_may_come_in() {
    let plan = plan_of(TWO);
    assert!(from_network(policy(&plan, "db"), "back").is_some());
    assert!(from_network(policy(&plan, "db"), "front").is_none());
    assert!(from_network(policy(&plan, "app"), "front").is_some());
    let rule = from_network(policy(&plan, "app"), "back").unwrap();
    assert_eq!(rule.ports[0].port, 8000);
    let db = plan.workloads.iter().find(|w| w.name == "db").unwrap();
    assert_eq!(db.pod.labels["network.muster.dev/back"], "true");
}

#[test]
fn the_edge_comes_in_where_something_is_published() {
    let plan = plan_of(TWO);
    assert_eq!(from_everybody(policy(&plan, "edge")), [80]);
    assert!(from_everybody(policy(&plan, "db")).is_empty());
    assert!(from_everybody(policy(&plan, "app")).is_empty());
}

#[test]
fn only_internal_networks_restrict_the_way_out() {
    let plan = plan_of(TWO);
    assert!(policy(&plan, "edge").egress.is_none());
    assert!(policy(&plan, "app").egress.is_none(), "it is on a network that leads out too");
    let egress = policy(&plan, "db").egress.as_ref().unwrap();
    let dns = egress.iter().flat_map(|rule| &rule.ports).filter(|p| p.port == 53).count();
    assert_eq!(dns, 2, "DNS by UDP and TCP");
}

#[test]
fn no_network_is_no_network() {
    let plan = plan_with("x: { image: 'acme/x:1', network_mode: none }");
    let found = policy(&plan, "x");
    assert_eq!(found.ingress.as_deref(), Some(&[][..]));
    assert_eq!(found.egress.as_deref(), Some(&[][..]));
}

#[test]
fn prometheus_comes_in_where_it_is_wanted() {
    let services =
        file("x: { image: 'acme/x:1', expose: ['80'], x-muster: { metrics: { port: 9100 } } }");
    let scraped = |policy: &Policy| {
        policy.ingress.iter().flatten().any(|rule| {
            rule.ports.iter().any(|p| p.port == 9100)
                && rule.peers.iter().any(|peer| matches!(peer, Peer::PodsIn { .. }))
        })
    };
    assert!(scraped(policy(&given(&services).with(Extra::Prometheus).plan(), "x")));
    assert!(!scraped(policy(&given(&services).plan(), "x")));
}

#[test]
fn the_backup_reaches_its_database() {
    let plan =
        plan_with("db: { image: 'postgres:17', environment: { POSTGRES_PASSWORD: geheim12 } }");
    let found = policy(&plan, "db");
    let admitted = found.ingress.iter().flatten().flat_map(|rule| &rule.peers).any(|peer| {
        matches!(peer, Peer::Pods(labels) if labels.get("app.kubernetes.io/name").is_some_and(|n| n == "db-backup"))
    });
    assert!(admitted);
    assert_eq!(policy(&plan, "db-backup").ingress.as_deref(), Some(&[][..]));
}

/// Whether pods of the same workload reach each other on every port.
fn members_meet(policy: &Policy) -> bool {
    policy.ingress.iter().flatten().any(|rule| {
        rule.ports.is_empty()
            && rule.peers.iter().any(|peer| *peer == Peer::Pods(policy.pods.clone()))
    })
}

#[test]
fn members_of_a_job_and_of_a_store_talk_to_each_other() {
    for services in [
        "x: { image: 'acme/train:1', deploy: { mode: replicated-job, replicas: 8 } }",
        "x: { image: 'mariadb:11.4', x-muster: { database: { topology: galera } } }",
        "x: { image: 'rabbitmq:4', deploy: { replicas: 3 }, x-muster: { replicable: true } }",
    ] {
        assert!(members_meet(policy(&plan_with(services), "x")), "{services}");
    }
    assert!(!members_meet(policy(&plan_with("x: { image: 'postgres:17' }"), "x")));
}

#[test]
fn an_operator_reaches_its_instances_and_they_the_api() {
    let plan = plan_of(
        "services:\n  db: { image: 'postgres:17', networks: [back], x-muster: { database: { topology: replication } } }\nnetworks: { back: { internal: true } }\n",
    );
    let found = policy(&plan, "db");
    assert!(found.egress.is_none());
    assert!(found.ingress.iter().flatten().any(|rule| rule.ports.iter().any(|p| p.port == 8000)));
}

#[test]
fn the_machines_network_was_open_to_its_peers() {
    let plan = plan_with("x: { image: 'acme/x:1', network_mode: host, expose: ['80'] }");
    let found = policy(&plan, "x");
    assert!(found.ingress.iter().flatten().any(|rule| rule.ports.iter().any(|p| p.port == 80)));
}
