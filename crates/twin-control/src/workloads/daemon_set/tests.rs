use crate::tables::{DAEMON_SETS, EVENTS, PODS};
use crate::workloads::pods::{is_active, node, ready_since};
use crate::workloads::read::{labels, list};
use crate::workloads::stage::{Stage, numbers, pods_of, template};
use proptest::prelude::*;

const PATH: &str = "/apis/apps/v1/namespaces/x/daemonsets";
const NODES: &str = "/api/v1/nodes";

fn set(image: &str, more: &str) -> String {
    format!(r#"{{"metadata":{{"name":"d"}},"spec":{{{}{more}}}}}"#, pods_of("d", image))
}

/// A node without the taint of its first moments.
fn add_node(stage: &mut Stage, name: &str, number: usize) {
    let body = format!(r#"{{"metadata":{{"name":"{name}","labels":{{"number":"{number}"}}}}}}"#);
    stage.post(NODES, &body);
    stage.patch(&format!("{NODES}/{name}"), r#"{"spec":{"taints":null}}"#);
}

fn with_nodes(nodes: usize) -> Stage {
    let mut stage = Stage::new();
    (0..nodes).for_each(|at| add_node(&mut stage, &format!("n{at}"), at));
    stage
}

fn image(stage: &mut Stage, image: &str) {
    stage.patch(
        &format!("{PATH}/d"),
        &format!(r#"{{"spec":{{"template":{}}}}}"#, template("d", image)),
    );
}

fn nodes(stage: &Stage) -> Vec<String> {
    let mut nodes: Vec<_> = stage.all(&PODS).iter().map(|pod| node(&pod.tree).to_owned()).collect();
    nodes.sort();
    nodes
}

fn images(stage: &Stage) -> Vec<String> {
    let image = |pod: &twin_core::tree::Value| {
        list(pod, &["spec", "containers"])[0].str_at(&["image"]).unwrap().to_owned()
    };
    let mut images: Vec<_> = stage.all(&PODS).iter().map(|pod| image(&pod.tree)).collect();
    images.sort();
    images
}

const COUNTS: &[&str] = &[
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberReady",
    "numberAvailable",
    "updatedNumberScheduled",
    "numberMisscheduled",
    "numberUnavailable",
];

#[test]
fn every_node_gets_a_pod() {
    let mut stage = with_nodes(3);
    stage.post(PATH, &set("i:1", ""));
    stage.pass(10);
    assert_eq!(nodes(&stage), ["n0", "n1", "n2"]);
    let tree = stage.tree(&DAEMON_SETS, "d");
    assert_eq!(numbers(&tree, COUNTS), [3, 3, 3, 3, 3, 0, 0]);
    let pod = stage.all(&PODS)[0].clone();
    let hash =
        labels(&pod.tree).unwrap().get("controller-revision-hash").unwrap().as_str().unwrap();
    assert_eq!(stage.names(&crate::tables::REVISIONS), [format!("d-{hash}")]);
    // Six of every set; admission adds none for what they bear already.
    assert_eq!(list(&pod.tree, &["spec", "tolerations"]).len(), 6);
    add_node(&mut stage, "n9", 9);
    stage.pass(10);
    assert_eq!(nodes(&stage), ["n0", "n1", "n2", "n9"]);
    stage.delete(&format!("/api/v1/namespaces/x/pods/{}", pod.key.name()));
    stage.pass(10);
    assert_eq!(nodes(&stage).len(), 4);
}

#[test]
fn only_nodes_that_fit_get_a_pod() {
    for (more, expected) in [
        (r#""nodeSelector":{"number":"1"},"#, vec!["n1"]),
        (
            r#""affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"number","operator":"Gt","values":["0"]}]}]}}},"#,
            vec!["n1", "n2"],
        ),
        (r#""tolerations":[{"operator":"Exists"}],"#, vec!["n0", "n1", "n2", "t"]),
        ("", vec!["n0", "n1", "n2"]),
    ] {
        let mut stage = with_nodes(3);
        add_node(&mut stage, "t", 0);
        stage.patch(
            &format!("{NODES}/t"),
            r#"{"spec":{"taints":[{"key":"k","effect":"NoSchedule"}]}}"#,
        );
        let body = set("i:1", "").replace(r#""containers""#, &format!(r#"{more}"containers""#));
        stage.post(PATH, &body);
        stage.pass(10);
        assert_eq!(nodes(&stage), expected, "{more}");
    }
}

#[test]
fn a_pod_stays_where_none_would_come_and_goes_where_none_may_stay() {
    let mut stage = with_nodes(2);
    stage.post(PATH, &set("i:1", ""));
    stage.pass(10);
    let taint =
        |effect: &str| format!(r#"{{"spec":{{"taints":[{{"key":"k","effect":"{effect}"}}]}}}}"#);
    stage.patch(&format!("{NODES}/n0"), &taint("NoSchedule"));
    stage.pass(10);
    assert_eq!(nodes(&stage), ["n0", "n1"]);
    assert_eq!(numbers(&stage.tree(&DAEMON_SETS, "d"), COUNTS), [1, 1, 1, 1, 1, 1, 0]);
    stage.patch(&format!("{NODES}/n0"), &taint("NoExecute"));
    stage.pass(10);
    assert_eq!(nodes(&stage), ["n1"]);
}

#[test]
fn ended_pods_are_made_again() {
    let mut stage = with_nodes(1);
    stage.post(PATH, &set("fails", ""));
    stage.pass(3);
    let told = stage.told("d");
    assert!(
        told.iter().any(|it| it.starts_with("FailedDaemonPod: Found failed daemon pod x/d-")),
        "{told:?}"
    );
}

#[test]
fn a_pod_that_succeeded_worries_nobody() {
    let mut stage = with_nodes(1);
    stage.post(PATH, &set("done", ""));
    stage.pass(3);
    let events = stage.all(&EVENTS);
    let of = |it: &&std::sync::Arc<twin_core::store::Object>| {
        it.tree.str_at(&["reason"]) == Some("SucceededDaemonPod")
    };
    let found = events.iter().find(of).unwrap();
    assert_eq!(found.tree.str_at(&["type"]), Some("Normal"));
}

#[test]
fn failed_pods_are_replaced_more_and_more_slowly() {
    let mut stage = with_nodes(1);
    stage.post(PATH, &set("fails", ""));
    let ended = |stage: &Stage| {
        stage.told("d").iter().filter(|it| it.starts_with("FailedDaemonPod")).count()
    };
    stage.pass(60);
    // 1, 2, 4, 8, 16 and 32 seconds.
    assert!((5..=7).contains(&ended(&stage)), "{}", ended(&stage));
    assert_eq!(stage.names(&PODS).len(), 1, "the failed one stays");
    let before = ended(&stage);
    image(&mut stage, "i:2");
    stage.pass(5);
    assert!(ended(&stage) <= before + 1);
    assert_eq!(
        numbers(&stage.tree(&DAEMON_SETS, "d"), &["numberReady"]),
        [1],
        "a new generation starts anew"
    );
}

#[test]
fn on_delete_waits_for_people() {
    let mut stage = with_nodes(2);
    stage.post(PATH, &set("i:1", r#","updateStrategy":{"type":"OnDelete"}"#));
    stage.pass(10);
    image(&mut stage, "i:2");
    stage.pass(30);
    assert_eq!(images(&stage), ["i:1", "i:1"]);
    assert_eq!(numbers(&stage.tree(&DAEMON_SETS, "d"), &["updatedNumberScheduled"]), [0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_rollout_stays_within_its_limits(
        count in 1..6usize,
        unavailable in 1..4i64,
        surge in 0..3i64,
        broken in any::<bool>(),
    ) {
        let unavailable = if surge > 0 { 0 } else { unavailable };
        let limits = format!(r#","updateStrategy":{{"rollingUpdate":{{"maxUnavailable":{unavailable},"maxSurge":{surge}}}}}"#);
        let mut stage = with_nodes(count);
        stage.post(PATH, &set("i:1", &limits));
        stage.pass(10);
        let nodes = i64::try_from(count).unwrap();
        let look = |stage: &Stage| {
            let pods = stage.all(&PODS);
            let active: Vec<_> = pods.iter().filter(|pod| is_active(&pod.tree)).collect();
            let serve = active.iter().filter(|pod| ready_since(&pod.tree).is_some()).count();
            assert!(i64::try_from(serve).unwrap() >= nodes - unavailable);
            assert!(i64::try_from(active.len()).unwrap() <= nodes + surge);
        };
        if broken {
            image(&mut stage, "stuck");
            stage.pass_with(30, look);
        }
        image(&mut stage, "i:2");
        stage.pass_with(60, look);
        prop_assert_eq!(images(&stage), vec!["i:2"; count]);
        let tree = stage.tree(&DAEMON_SETS, "d");
        prop_assert_eq!(numbers(&tree, COUNTS), vec![nodes, nodes, nodes, nodes, nodes, 0, 0]);
    }
}
