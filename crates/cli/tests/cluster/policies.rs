//! Network policies: on the cluster of `tests/cluster` an enforcer applies them that shares nothing
//! with us. What `check` says of a pair is measured in the networks of real pods, cell by cell.

mod cases;
mod measure;
mod probe;
mod world;

use crate::kit::{Load, Machines, Place, Shop, place, skip};
use cases::{Cases, Change};
use measure::{Answer, compare};
use probe::{Probe, StandIns};
use std::thread;
use std::time::{Duration, Instant};
use world::World;

/// Ports at which somebody of the shop listens, and one at which nobody does.
const PORTS: [&str; 6] = ["tcp/80", "tcp/3306", "tcp/6379", "tcp/8080", "tcp/9999", "udp/9999"];

/// What Compose joins and separates: caller, callee, and whether it gets through.
const NAMED: [(&str, &str, Answer); 8] = [
    ("edge", "tcp/app:8080", Answer::Open),
    ("app", "tcp/db:3306", Answer::Open),
    ("app", "tcp/cache:6379", Answer::Open),
    ("worker", "tcp/db:3306", Answer::Open),
    ("edge", "tcp/db:3306", Answer::Silent),
    ("edge", "tcp/cache:6379", Answer::Silent),
    ("app", "udp/kube-dns.kube-system:53", Answer::Open),
    ("edge", "tcp/kube-dns.kube-system:53", Answer::Open),
];

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn the_shop_talks_as_its_networks_say() {
    let place = place();
    let Some(machines) = machines(place) else { return };
    let began = Instant::now();
    let shop = Shop::serving();
    everything_is_ready(&shop);
    let world = World::of_the_shop(&shop);
    let stand_ins = StandIns::start(place, world.jobs());
    let mut probes = probe::inside(place, &world.running(Shop::NAMESPACE));
    probes.extend(stand_ins.probes());
    let services = ["app", "cache", "db", "db-backup", "edge", "migrate", "worker"];
    for service in services {
        assert!(probes.iter().any(|it| it.service == service), "{service} is measured");
    }

    let mut sources = probes.clone();
    sources.push(Probe::outside(machines));
    let targets = probes.iter().cloned().chain(world.beyond(machines)).collect::<Vec<_>>();
    compare(&world, &sources, &targets, &PORTS).say("the shop", began);
    for (from, target, expected) in NAMED {
        let probe = probes.iter().find(|it| it.service == from).unwrap();
        assert_eq!(probe.reach(&[target.to_owned()]), [expected], "{from} to {target}");
    }
    from_outside(&shop);
    everything_is_ready(&shop);
}

/// A policy for each rule of the documentation.
#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn every_kind_of_rule_is_enforced_as_check_reads_it() {
    let place = place();
    let Some(machines) = machines(place) else { return };
    let began = Instant::now();
    let cases = Cases::start(place);
    let world = World::new(place, Cases::policies());
    let probes = probe::of(place, &Cases::running(&world));
    let mut sources = probes.clone();
    sources.push(Probe::outside(machines));
    let targets = probes.iter().cloned().chain(world.beyond(machines)).collect::<Vec<_>>();
    let ports = ["tcp/80", "tcp/81", "tcp/85", "tcp/86", "tcp/6443", "udp/53", "udp/81"];
    compare(&world, &sources, &targets, &ports).say("every kind of rule", began);

    let named = |name: &str| probes.iter().find(|it| it.name == name).unwrap();
    let target = named("open").target("tcp/80");
    a_change_holds_soon(&cases, named("red"), &target);
    // No container runs before the rules of its pod are there.
    assert_eq!(cases.first_words("shut", &target), "silent");
    assert_eq!(cases.first_words("open", &target), "refused");
}

/// A policy that comes or goes holds soon, for pods that run already.
fn a_change_holds_soon(cases: &Cases, red: &Probe, target: &str) {
    let target = [target.to_owned()];
    let mut spans = Vec::new();
    for (change, then) in [(Change::Comes, Answer::Silent), (Change::Goes, Answer::Refused)] {
        cases.shut_open(change);
        let began = Instant::now();
        // A try that comes too late to be the first costs the probe's patience.
        while red.reach(&target) != [then] {
            assert!(began.elapsed() < Duration::from_secs(5), "{change:?}: not yet {then:?}");
        }
        spans.push(format!("{change:?} {:.1} s", began.elapsed().as_secs_f64()));
    }
    println!("policies: a change holds after, 1.5 s of patience included: {}", spans.join(", "));
}

/// The cluster's machines: only there the image with the probe and the enforcer are known to be.
fn machines(place: &'static Place) -> Option<&'static Machines> {
    if place.machines().is_none() {
        skip("policies", "who reaches whom is measured with what only tests/cluster has");
    }
    place.machines()
}

/// Probes of the kubelets pass.
fn everything_is_ready(shop: &Shop) {
    for service in ["app", "cache", "db", "edge", "worker"] {
        for pod in shop.place.pods(Shop::NAMESPACE, service) {
            let conditions = pod["status"]["conditions"].as_array().unwrap();
            let ready = conditions.iter().find(|it| it["type"] == "Ready").unwrap();
            assert_eq!(ready["status"], "True", "{service}");
        }
    }
}

/// Orders get in through the edge, on every node.
fn from_outside(shop: &Shop) {
    let load = Load::start(shop, 2, Duration::from_millis(20));
    thread::sleep(Duration::from_secs(2));
    let tally = load.stop();
    tally.nothing_failed();
    assert!(!tally.acknowledged.is_empty(), "orders come in from outside");
}
