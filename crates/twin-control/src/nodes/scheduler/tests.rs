//! The scheduler in a world without kubelets.

use super::super::kit::Stage;
use super::{InTurn, Scheduler};
use crate::controller::{Controller, Outcome, View, Wake};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use twin_core::store::{Change, Key, TableName};

fn stage() -> Stage {
    Stage::new(vec![Box::new(Scheduler::new(Box::new(InTurn::default())))])
}

fn why(stage: &mut Stage, pod: &str) -> String {
    let pod = stage.get(&format!("/api/v1/namespaces/x/pods/{pod}")).unwrap();
    let conditions = super::super::conditions::conditions(&pod);
    let text = conditions[0].str_at(&["message"]).unwrap_or_default();
    text.split(". no new claims").next().unwrap_or_default().to_owned()
}

/// A node in a zone, with taints or other fields of the spec.
fn zoned(stage: &mut Stage, name: &str, zone: &str, spec: &str) {
    stage.node(name, 4, 8, &format!(r#","spec":{{{spec}}}"#));
    let labels = format!(r#"{{"metadata":{{"labels":{{"zone":"{zone}","n":"{}"}}}}}}"#, &name[1..]);
    stage.patched(&format!("/api/v1/nodes/{name}"), &labels);
}

#[test]
fn a_pod_goes_where_it_may() {
    let affinity = |operator: &str, values: &str| {
        format!(
            r#","affinity":{{"nodeAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":{{"nodeSelectorTerms":[{{"matchExpressions":[{{"key":"n","operator":"{operator}"{values}}}]}}]}}}}}}"#
        )
    };
    let named = r#","affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["n3"]}]}]}}}"#;
    let sidecar = |policy: &str| {
        format!(
            r#","initContainers":[{{"name":"i","image":"i:1"{policy},"resources":{{"requests":{{"cpu":"3"}}}}}}]"#
        )
    };
    for (name, requests, more, expected) in [
        ("plain", r#""cpu":"1""#, String::new(), "n1"),
        ("selected", "", r#","nodeSelector":{"zone":"b"}"#.to_owned(), "n3"),
        ("in", "", affinity("In", r#","values":["3","9"]"#), "n3"),
        ("not", "", affinity("NotIn", r#","values":["1"]"#), "n3"),
        ("above", "", affinity("Gt", r#","values":["2"]"#), "n3"),
        ("below", "", affinity("Lt", r#","values":["2"]"#), "n1"),
        ("exists", "", affinity("Exists", ""), "n1"),
        ("field", "", named.to_owned(), "n3"),
        (
            "bears",
            "",
            r#","nodeSelector":{"n":"2"},"tolerations":[{"key":"k","operator":"Exists"}]"#.to_owned(),
            "n2",
        ),
        (
            "equal",
            "",
            r#","nodeSelector":{"n":"2"},"tolerations":[{"key":"k","value":"v","effect":"NoSchedule"}]"#
                .to_owned(),
            "n2",
        ),
        ("init", r#""cpu":"2""#, sidecar(""), "n1"),
        ("given", r#""cpu":"99""#, r#","nodeName":"n2""#.to_owned(), "n2"),
    ] {
        let mut stage = stage();
        zoned(&mut stage, "n1", "a", "");
        zoned(&mut stage, "n2", "a", r#""taints":[{"key":"k","value":"v","effect":"NoSchedule"}]"#);
        zoned(&mut stage, "n3", "b", "");
        stage.pod(name, requests, &more);
        stage.settle();
        assert_eq!(stage.place(name), expected, "{name}");
    }
}

#[test]
fn a_pod_without_a_node_is_told_why() {
    let apart = r#","affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{"matchLabels":{"app":"first"}},"topologyKey":"zone"}]}}"#;
    let near = apart.replace("podAntiAffinity", "podAffinity").replace("first", "nobody");
    let spread = r#","topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"rack","whenUnsatisfiable":"DoNotSchedule","labelSelector":{}}]"#;
    for (requests, more, expected) in [
        (r#""cpu":"5""#, "", "1 node(s) were unschedulable, 2 Insufficient cpu"),
        (
            r#""cpu":"5","memory":"9Gi""#,
            r#","nodeSelector":{"zone":"a"}"#,
            "1 Insufficient cpu, 1 Insufficient memory, 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable",
        ),
        (
            r#""nvidia.com/gpu":"1""#,
            "",
            "1 node(s) were unschedulable, 2 Insufficient nvidia.com/gpu",
        ),
        (
            "",
            r#","affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{}]}}}"#,
            "1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector",
        ),
        ("", apart, "1 node(s) were unschedulable, 2 node(s) didn't match pod anti-affinity rules"),
        ("", &near, "1 node(s) were unschedulable, 2 node(s) didn't match pod affinity rules"),
        (
            "",
            spread,
            "1 node(s) were unschedulable, 2 node(s) didn't match pod topology spread constraints (missing required label)",
        ),
        (
            "",
            r#","volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"none"}}]"#,
            r#"persistentvolumeclaim "none" not found"#,
        ),
    ] {
        let mut stage = stage();
        zoned(&mut stage, "n1", "a", "");
        zoned(&mut stage, "n2", "a", r#""unschedulable":true"#);
        zoned(&mut stage, "n3", "b", "");
        stage.pod("first-a", "", r#","nodeSelector":{"zone":"a"}"#);
        stage.pod("first-b", "", r#","nodeSelector":{"zone":"b"}"#);
        stage.settle();
        stage.pod("late", requests, more);
        stage.settle();
        let message = why(&mut stage, "late");
        assert_eq!(message, format!("0/3 nodes are available: {expected}"), "{more}");
        assert_eq!(stage.told("FailedScheduling").len(), 1);
    }
}

#[test]
fn nobody_is_put_beside_who_wants_to_be_alone() {
    let alone = r#","affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{},"topologyKey":"kubernetes.io/hostname"}]}}"#;
    let mut stage = stage();
    stage.node("n1", 4, 8, "");
    stage.pod("hermit", "", alone);
    stage.settle();
    stage.pod("guest", "", "");
    stage.settle();
    let expected =
        "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules";
    assert_eq!(why(&mut stage, "guest"), expected);
    stage.deleted("/api/v1/namespaces/x/pods/hermit?gracePeriodSeconds=0");
    stage.seconds(2);
    assert_eq!(stage.place("guest"), "n1");
}

#[test]
fn pods_that_want_each_other_share_a_zone() {
    let near = r#","affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{"matchLabels":{"app":"pair"}},"topologyKey":"zone"}]}}"#;
    let mut stage = stage();
    for (name, zone) in [("n1", "a"), ("n2", "b"), ("n3", "b"), ("n4", "c")] {
        zoned(&mut stage, name, zone, "");
    }
    for at in 0..6 {
        stage.pod(&format!("pair-{at}"), r#""cpu":"1""#, near);
    }
    stage.settle();
    let places: Vec<_> = (0..6).map(|at| stage.place(&format!("pair-{at}"))).collect();
    let zone = |node: &str| match node {
        "n1" => "a",
        "n2" | "n3" => "b",
        "n4" => "c",
        _ => "",
    };
    let bound = places.iter().filter(|node| !node.is_empty());
    assert!(bound.clone().all(|node| zone(node) == zone(&places[0])), "{places:?}");
    assert!(bound.count() >= 4, "{places:?}");
}

#[test]
fn pods_are_spread_over_zones() {
    let spread = r#","topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"web"}}}]"#;
    let mut stage = stage();
    for (name, zone) in [("n1", "a"), ("n2", "a"), ("n3", "b")] {
        zoned(&mut stage, name, zone, "");
    }
    for at in 0..10 {
        stage.pod(&format!("web-{at}"), r#""cpu":"1""#, spread);
    }
    stage.settle();
    let mut zones: BTreeMap<bool, u32> = BTreeMap::new();
    for at in 0..10 {
        match stage.place(&format!("web-{at}")).as_str() {
            "" => {}
            node => *zones.entry(node == "n3").or_default() += 1,
        }
    }
    assert_eq!(zones, BTreeMap::from([(false, 5), (true, 4)]));
    let pods = stage.list("/api/v1/namespaces/x/pods?fieldSelector=spec.nodeName=");
    let name = pods[0].str_at(&["metadata", "name"]).unwrap().to_owned();
    let expected = "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match pod topology spread constraints";
    assert_eq!(why(&mut stage, &name), expected);
}

#[test]
fn a_node_that_went_takes_no_pods() {
    let mut stage = stage();
    stage.node("n1", 64, 8, "");
    stage.node("n2", 4, 8, "");
    stage.settle();
    stage.deleted("/api/v1/nodes/n1");
    stage.settle();
    for (pod, requests) in [("a", ""), ("b", r#""cpu":"1""#)] {
        stage.pod(pod, requests, "");
        stage.settle();
        assert_eq!(stage.place(pod), "n2");
    }
}

#[test]
fn who_waits_is_placed_when_a_node_comes_or_a_pod_goes() {
    let mut stage = stage();
    stage.pod("a", r#""cpu":"3""#, "");
    stage.settle();
    assert_eq!(why(&mut stage, "a"), "no nodes available to schedule pods");
    stage.node("n1", 4, 8, "");
    stage.seconds(2);
    assert_eq!(stage.place("a"), "n1");
    stage.pod("b", r#""cpu":"3""#, "");
    stage.settle();
    assert_eq!(stage.place("b"), "");
    stage.deleted("/api/v1/namespaces/x/pods/a?gracePeriodSeconds=0");
    stage.seconds(2);
    assert_eq!(stage.place("b"), "n1");
    assert_eq!(
        stage.told("Scheduled"),
        ["Successfully assigned x/a to n1", "Successfully assigned x/b to n1"]
    );
}

#[test]
fn gates_are_waited_for() {
    let mut stage = stage();
    stage.node("n1", 4, 8, "");
    stage.pod("a", "", r#","schedulingGates":[{"name":"g"}]"#);
    stage.settle();
    assert_eq!(why(&mut stage, "a"), "Scheduling is blocked due to non-empty scheduling gates");
    stage.patched("/api/v1/namespaces/x/pods/a", r#"{"spec":{"schedulingGates":null}}"#);
    stage.settle();
    assert_eq!(stage.place("a"), "n1");
}

#[test]
fn a_port_of_a_node_is_taken_once() {
    let mut stage = stage();
    stage.node("n1", 4, 8, "");
    for name in ["a", "b"] {
        let pod = format!(
            r#"{{"metadata":{{"name":"{name}"}},"spec":{{"containers":[{{"name":"c","image":"i","ports":[{{"containerPort":80,"hostPort":80}}]}}]}}}}"#
        );
        stage.made("/api/v1/namespaces/x/pods", &pod);
    }
    stage.settle();
    assert_eq!((stage.place("a").as_str(), stage.place("b").as_str()), ("n1", ""));
    let expected =
        "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports";
    assert_eq!(why(&mut stage, "b"), expected);
}

#[test]
fn urgent_pods_are_placed_first() {
    let mut stage = stage();
    stage.pod("idle", r#""cpu":"3""#, "");
    stage.pod("urgent", r#""cpu":"3""#, r#","priority":5"#);
    stage.node("n1", 4, 8, "");
    stage.seconds(20);
    assert_eq!((stage.place("idle").as_str(), stage.place("urgent").as_str()), ("", "n1"));
}

/// Pods of several templates take turns: each still knows its like.
#[test]
fn room_goes_to_all_that_wait_for_it() {
    let mut stage = stage();
    stage.node("n0", 4, 64, "");
    let tenths = [23, 7, 2, 8, 3, 3, 3, 3, 3, 1, 1, 1];
    for (at, tenths) in tenths.iter().enumerate() {
        stage.pod(&format!("p-{at}"), &format!(r#""cpu":"{}m""#, tenths * 100), "");
        stage.settle();
    }
    let first = "/api/v1/namespaces/x/pods/p-0?gracePeriodSeconds=0";
    stage.ask(twin_core::api::Method::Delete, first, "", "");
    stage.seconds(60);
    let homeless: Vec<_> =
        (1..tenths.len()).filter(|at| stage.place(&format!("p-{at}")).is_empty()).collect();
    assert_eq!(homeless, [0; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// No node gets more than it has, and who waits fits nowhere.
    #[test]
    fn nodes_are_filled_and_never_overfilled(
        nodes in prop::collection::vec(1..6_u32, 1..5),
        pods in prop::collection::vec((1..40_u32, prop::option::of(0..30_usize)), 1..40),
    ) {
        let mut stage = stage();
        for (at, cores) in nodes.iter().enumerate() {
            stage.node(&format!("n{at}"), *cores, 64, "");
        }
        for (at, (tenths, ends)) in pods.iter().enumerate() {
            stage.pod(&format!("p-{at}"), &format!(r#""cpu":"{}m""#, tenths * 100), "");
            stage.settle();
            if let Some(gone) = ends.filter(|gone| *gone < at) {
                stage.ask(
                    twin_core::api::Method::Delete,
                    &format!("/api/v1/namespaces/x/pods/p-{gone}?gracePeriodSeconds=0"), "", "",
                );
            }
        }
        stage.seconds(60);
        let mut free: BTreeMap<String, i64> = nodes
            .iter()
            .enumerate()
            .map(|(at, cores)| (format!("n{at}"), i64::from(*cores) * 1_000))
            .collect();
        let mut waiting = Vec::new();
        for pod in stage.list("/api/v1/namespaces/x/pods") {
            let at: usize = pod.str_at(&["metadata", "name"]).unwrap()[2..].parse().unwrap();
            let millis = i64::from(pods[at].0) * 100;
            match pod.str_at(&["spec", "nodeName"]) {
                Some(node) => *free.get_mut(node).unwrap() -= millis,
                None => waiting.push(millis),
            }
        }
        prop_assert!(free.values().all(|free| *free >= 0), "{free:?}");
        let most = free.values().copied().max().unwrap_or(0);
        prop_assert!(waiting.iter().all(|millis| *millis > most), "{free:?} {waiting:?}");
    }
}

/// A controller whose time is taken.
#[derive(Debug)]
struct Timed {
    inner: Scheduler,
    spent: Arc<Mutex<Duration>>,
}

impl Controller for Timed {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake) {
        let start = Instant::now();
        self.inner.woken(change, table, view, wake);
        *self.spent.lock().unwrap() += start.elapsed();
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let start = Instant::now();
        let outcome = self.inner.reconcile(key, view);
        *self.spent.lock().unwrap() += start.elapsed();
        outcome
    }
}

/// `cargo xtask bench scheduler`
#[test]
#[ignore = "measures: cargo xtask bench scheduler"]
fn speed() {
    let spread = r#","topologySpreadConstraints":[{"maxSkew":5,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchLabels":{"app":"web"}}}]"#;
    let apart = r#","affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{"matchLabels":{"app":"web"}},"topologyKey":"kubernetes.io/hostname"}]}}"#;
    for (kind, more, pods) in [
        ("plain", "", 60_000_u32),
        ("spread over zones", spread, 10_000),
        ("one per node", apart, 7_000),
        ("plain, of which a sixth fits nowhere", "", 90_000),
    ] {
        let spent = Arc::new(Mutex::new(Duration::ZERO));
        let inner = Scheduler::new(Box::new(InTurn::default()));
        let mut stage = Stage::new(vec![Box::new(Timed { inner, spent: spent.clone() })]);
        for at in 0..7_500 {
            let name = format!("n{at}");
            stage.node(&name, 10, 64, "");
            let zone = format!(r#"{{"metadata":{{"labels":{{"zone":"z{}"}}}}}}"#, at % 5);
            stage.patched(&format!("/api/v1/nodes/{name}"), &zone);
            if at % 50 == 0 {
                stage.settle();
            }
        }
        stage.settle();
        *spent.lock().unwrap() = Duration::ZERO;
        let start = Instant::now();
        for at in 0..pods {
            stage.pod(&format!("web-{at}"), r#""cpu":"1","memory":"1Gi""#, more);
            if at % 100 == 0 {
                stage.settle();
            }
        }
        stage.settle();
        let own = spent.lock().unwrap().as_secs_f64() * 1e6 / f64::from(pods);
        let all = start.elapsed().as_secs_f64() * 1e6 / f64::from(pods);
        println!("{kind}: {own:.1} µs of {all:.1} µs per pod, {pods} pods on 7,500 nodes");
    }
}

/// Priority classes, and two nodes with four CPUs each.
fn ranked() -> Stage {
    let mut stage = stage();
    for (name, value) in [("low", 1), ("mid", 50), ("high", 100)] {
        let class = format!(r#"{{"metadata":{{"name":"{name}"}},"value":{value}}}"#);
        stage.made("/apis/scheduling.k8s.io/v1/priorityclasses", &class);
    }
    zoned(&mut stage, "n1", "a", "");
    zoned(&mut stage, "n2", "b", "");
    stage
}

fn class(name: &str, node: &str) -> String {
    format!(r#","priorityClassName":"{name}","nodeSelector":{{"n":"{node}"}}"#)
}

#[test]
fn who_matters_less_makes_room() {
    let mut stage = ranked();
    for (name, cpu, own, node) in [
        ("a", "2", "mid", "1"),
        ("b", "1", "low", "1"),
        ("c", "1", "low", "1"),
        ("d", "4", "mid", "2"),
    ] {
        stage.pod(name, &format!(r#""cpu":"{cpu}""#), &class(own, node));
    }
    stage.settle();
    // One of the least is enough, and on the other node more would be lost.
    stage.pod("urgent", r#""cpu":"1""#, r#","priorityClassName":"high""#);
    stage.settle();
    let pod =
        |stage: &mut Stage, name: &str| stage.get(&format!("/api/v1/namespaces/x/pods/{name}"));
    let urgent = pod(&mut stage, "urgent").unwrap();
    assert_eq!(urgent.str_at(&["status", "nominatedNodeName"]), Some("n1"));
    let ends = |pod: &twin_core::tree::Value| pod.at(&["metadata", "deletionTimestamp"]).is_some();
    let gone: Vec<_> = ["a", "b", "c", "d"]
        .into_iter()
        .filter(|name| pod(&mut stage, name).is_none_or(|it| ends(&it)))
        .collect();
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert!(["b", "c"].contains(&gone[0]), "{gone:?}");
}

#[test]
fn the_room_is_kept_for_whom_it_was_made() {
    let mut stage = ranked();
    stage.pod("old", r#""cpu":"4""#, &class("low", "1"));
    stage.settle();
    stage.pod("urgent", r#""cpu":"4""#, &class("high", "1"));
    stage.settle();
    // Who went is there again before the other one gets its turn.
    stage.deleted("/api/v1/namespaces/x/pods/old?gracePeriodSeconds=0");
    stage.pod("new", r#""cpu":"4""#, &class("low", "1"));
    stage.seconds(30);
    assert_eq!((stage.place("urgent"), stage.place("new")), ("n1".to_owned(), String::new()));
}

#[test]
fn nobody_goes_in_vain_or_for_an_equal() {
    for (own, cpu, more) in
        [("mid", "1", ""), ("high", "9", ""), ("high", "1", r#","preemptionPolicy":"Never""#)]
    {
        let mut stage = ranked();
        stage.pod("a", r#""cpu":"4""#, &class("mid", "1"));
        stage.settle();
        if !more.is_empty() {
            let never = r#"{"metadata":{"name":"high"},"value":100,"preemptionPolicy":"Never"}"#;
            stage.deleted("/apis/scheduling.k8s.io/v1/priorityclasses/high");
            stage.made("/apis/scheduling.k8s.io/v1/priorityclasses", never);
        }
        stage.pod("b", &format!(r#""cpu":"{cpu}""#), &class(own, "1"));
        stage.settle();
        let pod = stage.get("/api/v1/namespaces/x/pods/a").unwrap();
        assert_eq!(pod.at(&["metadata", "deletionTimestamp"]), None, "{own} {cpu} {more}");
    }
}
