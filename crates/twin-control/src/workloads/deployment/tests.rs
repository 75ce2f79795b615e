use crate::tables::{DEPLOYMENTS, PODS, REPLICA_SETS};
use crate::workloads::pods::{Readiness, is_active, is_over, readiness};
use crate::workloads::read::{annotation, int, labels, list};
use crate::workloads::stage::{Stage, condition, numbers, pods_of};
use proptest::prelude::*;
use std::collections::BTreeSet;
use twin_core::tree::Value;

const PATH: &str = "/apis/apps/v1/namespaces/x/deployments";
const REVISION: &str = "deployment.kubernetes.io/revision";

fn deployment(replicas: i64, image: &str, more: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"web","annotations":{{"note":"n"}}}},"spec":{{"replicas":{replicas},{}{more}}}}}"#,
        pods_of("web", image)
    )
}

fn image(stage: &mut Stage, image: &str) {
    let body = format!(
        r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"c","image":"{image}"}}]}}}}}}}}"#
    );
    stage.patch(&format!("{PATH}/web"), &body);
}

fn started(replicas: i64, more: &str) -> Stage {
    let mut stage = Stage::new();
    stage.post(PATH, &deployment(replicas, "i:1", more));
    stage.pass(10);
    stage
}

fn web(stage: &Stage) -> Value {
    stage.tree(&DEPLOYMENTS, "web")
}

/// Sets as `IMAGE REVISION REPLICAS`, in the order of their images.
fn sets(stage: &Stage) -> Vec<String> {
    let shown = |tree: &Value| {
        let containers = list(tree, &["spec", "template", "spec", "containers"]);
        let image = containers[0].str_at(&["image"]).unwrap().to_owned();
        let revision = annotation(tree, REVISION).unwrap_or_default().to_owned();
        format!("{image} {revision} {}", int(tree, &["spec", "replicas"]).unwrap())
    };
    let mut all: Vec<_> = stage.all(&REPLICA_SETS).iter().map(|set| shown(&set.tree)).collect();
    all.sort();
    all
}

const COUNTS: &[&str] =
    &["replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"];

#[test]
fn a_deployment_gets_its_set_and_becomes_available() {
    let stage = started(3, "");
    let tree = web(&stage);
    assert_eq!(numbers(&tree, COUNTS), [3, 3, 3, 3, 0]);
    assert_eq!(condition(&tree, "Available"), "True MinimumReplicasAvailable");
    assert_eq!(condition(&tree, "Progressing"), "True NewReplicaSetAvailable");
    assert_eq!(annotation(&tree, REVISION), Some("1"));
    assert_eq!(sets(&stage), ["i:1 1 3"]);
    let set = stage.all(&REPLICA_SETS)[0].clone();
    let hash = labels(&set.tree).unwrap().get("pod-template-hash").unwrap().as_str().unwrap();
    assert_eq!(set.key.name(), format!("web-{hash}"));
    assert_eq!(annotation(&set.tree, "note"), Some("n"));
    assert_eq!(annotation(&set.tree, "deployment.kubernetes.io/max-replicas"), Some("4"));
    let told = format!("ScalingReplicaSet: Scaled up replica set web-{hash} from 0 to 3");
    assert_eq!(stage.told("web"), [told]);
    assert!(labels(&stage.all(&PODS)[0].tree).unwrap().get("pod-template-hash").is_some());
}

#[test]
fn templates_roll_out_and_back() {
    let mut stage = started(4, "");
    image(&mut stage, "i:2");
    stage.pass(60);
    assert_eq!(sets(&stage), ["i:1 1 0", "i:2 2 4"]);
    assert_eq!(annotation(&web(&stage), REVISION), Some("2"));
    assert_eq!(condition(&web(&stage), "Progressing"), "True NewReplicaSetAvailable");
    image(&mut stage, "i:1");
    stage.pass(60);
    assert_eq!(sets(&stage), ["i:1 3 4", "i:2 2 0"]);
    let back = stage.all(&REPLICA_SETS);
    let back = back.iter().find(|set| annotation(&set.tree, REVISION) == Some("3")).unwrap();
    assert_eq!(annotation(&back.tree, "deployment.kubernetes.io/revision-history"), Some("1"));
    assert_eq!(numbers(&web(&stage), COUNTS), [4, 4, 4, 4, 0]);
}

#[test]
fn old_sets_are_kept_as_many_as_wanted() {
    let mut stage = started(1, r#","revisionHistoryLimit":1"#);
    for number in 2..5 {
        image(&mut stage, &format!("i:{number}"));
        stage.pass(60);
    }
    assert_eq!(sets(&stage), ["i:3 3 0", "i:4 4 1"]);
}

#[test]
fn who_recreates_has_pods_of_one_template_at_a_time() {
    let mut stage = started(3, r#","strategy":{"type":"Recreate"}"#);
    image(&mut stage, "i:2");
    stage.pass_with(60, |stage| {
        let pods = stage.all(&PODS);
        let running = pods.iter().filter(|pod| !is_over(&pod.tree));
        let hashes: BTreeSet<_> = running
            .filter_map(|pod| labels(&pod.tree)?.get("pod-template-hash")?.as_str())
            .collect();
        assert!(hashes.len() < 2);
    });
    assert_eq!(sets(&stage), ["i:1 1 0", "i:2 2 3"]);
    assert_eq!(numbers(&web(&stage), COUNTS), [3, 3, 3, 3, 0]);
}

#[test]
fn a_paused_deployment_scales_and_does_not_roll() {
    let mut stage = started(2, "");
    stage.patch(&format!("{PATH}/web"), r#"{"spec":{"paused":true}}"#);
    image(&mut stage, "i:2");
    stage.patch(&format!("{PATH}/web"), r#"{"spec":{"replicas":3}}"#);
    stage.pass(30);
    assert_eq!(sets(&stage), ["i:1 1 3"]);
    assert_eq!(condition(&web(&stage), "Progressing"), "Unknown DeploymentPaused");
    stage.patch(&format!("{PATH}/web"), r#"{"spec":{"paused":false}}"#);
    stage.pass(60);
    assert_eq!(sets(&stage), ["i:1 1 0", "i:2 2 3"]);
    assert_eq!(condition(&web(&stage), "Progressing"), "True NewReplicaSetAvailable");
}

#[test]
fn sets_grow_in_proportion() {
    let limits = r#","strategy":{"rollingUpdate":{"maxSurge":3,"maxUnavailable":2}}"#;
    let mut stage = started(10, limits);
    image(&mut stage, "stuck");
    stage.pass(30);
    assert_eq!(sets(&stage), ["i:1 1 8", "stuck 2 5"]);
    stage.patch(&format!("{PATH}/web"), r#"{"spec":{"replicas":15}}"#);
    stage.pass(30);
    assert_eq!(sets(&stage), ["i:1 1 11", "stuck 2 7"]);
    stage.patch(&format!("{PATH}/web"), r#"{"spec":{"replicas":0}}"#);
    stage.pass(30);
    assert_eq!(sets(&stage), ["i:1 1 0", "stuck 2 0"]);
}

#[test]
fn what_does_not_progress_is_said_to_be_stuck() {
    let mut stage = started(2, r#","progressDeadlineSeconds":30"#);
    image(&mut stage, "stuck");
    stage.pass(20);
    assert_eq!(condition(&web(&stage), "Progressing"), "True ReplicaSetUpdated");
    stage.pass(40);
    assert_eq!(condition(&web(&stage), "Progressing"), "False ProgressDeadlineExceeded");
    assert_eq!(condition(&web(&stage), "Available"), "True MinimumReplicasAvailable");
    image(&mut stage, "i:3");
    stage.pass(60);
    assert_eq!(condition(&web(&stage), "Progressing"), "True NewReplicaSetAvailable");
}

#[test]
fn a_set_of_somebody_else_is_left_alone() {
    let stage = started(1, "");
    let name = stage.names(&REPLICA_SETS)[0].clone();
    let mut other = Stage::new();
    let body = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"replicas":0,{}}}}}"#,
        pods_of("other", "i")
    );
    other.post("/apis/apps/v1/namespaces/x/replicasets", &body);
    other.post(PATH, &deployment(1, "i:1", ""));
    other.pass(30);
    assert_eq!(other.names(&REPLICA_SETS).len(), 2);
    assert_eq!(numbers(&web(&other), &["collisionCount", "availableReplicas"]), [1, 1]);
}

#[test]
fn a_deployment_of_everything_is_refused() {
    let mut stage = Stage::new();
    let body = r#"{"metadata":{"name":"web"},"spec":{"selector":{},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[]}}}}"#;
    stage.post(PATH, body);
    stage.pass(30);
    assert!(stage.told("web")[0].starts_with("SelectingAll: "));
    assert!(stage.names(&REPLICA_SETS).is_empty());
}

/// Pods that serve, and pods that are there.
fn pods(stage: &Stage) -> (i64, i64) {
    let pods = stage.all(&PODS);
    let active: Vec<_> = pods.iter().filter(|pod| is_active(&pod.tree)).collect();
    let serve =
        active.iter().filter(|pod| readiness(&pod.tree, 0, stage.now) == Readiness::Available);
    (i64::try_from(serve.count()).unwrap(), i64::try_from(active.len()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_rollout_stays_within_its_limits(
        replicas in 1..12i64,
        surge in 0..5i64,
        unavailable in 0..5i64,
        images in proptest::collection::vec(0..4usize, 1..4),
        pauses in proptest::collection::vec(1..6i64, 4),
    ) {
        let limits = format!(r#","strategy":{{"rollingUpdate":{{"maxSurge":{surge},"maxUnavailable":{unavailable}}}}}"#);
        let mut stage = started(replicas, &limits);
        let unavailable = if surge + unavailable == 0 { 1 } else { unavailable };
        let look = |stage: &Stage| {
            let (serve, there) = pods(stage);
            assert!(serve >= replicas - unavailable, "{serve} serve");
            assert!(there <= replicas + surge, "{there} are there");
        };
        for (number, pause) in images.iter().zip(&pauses) {
            image(&mut stage, ["i:2", "stuck", "i:1", "i:3"][*number]);
            stage.pass_with(*pause, look);
        }
        image(&mut stage, "i:9");
        stage.pass_with(120, look);
        prop_assert_eq!(numbers(&web(&stage), COUNTS), [replicas, replicas, replicas, replicas, 0]);
    }

    #[test]
    fn any_changes_converge(steps in proptest::collection::vec((0..6u8, 0..8i64), 1..8)) {
        let mut stage = started(3, "");
        let mut wanted = 3;
        for (kind, number) in steps {
            match kind {
                0 | 1 => {
                    wanted = number;
                    stage.patch(&format!("{PATH}/web"), &format!(r#"{{"spec":{{"replicas":{number}}}}}"#));
                }
                2 => image(&mut stage, &format!("i:{number}")),
                3 => stage.patch(&format!("{PATH}/web"), &format!(r#"{{"spec":{{"paused":{}}}}}"#, number > 3)),
                _ => stage.pass(number),
            }
        }
        stage.patch(&format!("{PATH}/web"), r#"{"spec":{"paused":false}}"#);
        stage.pass(120);
        prop_assert_eq!(numbers(&web(&stage), COUNTS), [wanted, wanted, wanted, wanted, 0]);
        prop_assert_eq!(stage.names(&PODS).len(), usize::try_from(wanted).unwrap());
    }
}
