use crate::tables::{PODS, REPLICA_SETS, REPLICATION_CONTROLLERS, RESOURCE_QUOTAS};
use crate::workloads::stage::{Stage, numbers, pods_of};
use proptest::prelude::*;
use std::collections::BTreeSet;
use twin_core::api::Method;
use twin_core::tree::Value;

const SETS: &str = "/apis/apps/v1/namespaces/x/replicasets";
const POD_PATH: &str = "/api/v1/namespaces/x/pods";

fn set(replicas: i64, more: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"web"}},"spec":{{"replicas":{replicas},{}{more}}}}}"#,
        pods_of("web", "i")
    )
}

const COUNTS: &[&str] = &["replicas", "readyReplicas", "availableReplicas", "fullyLabeledReplicas"];

#[test]
fn pods_are_made_and_counted() {
    let mut stage = Stage::new();
    stage.post(SETS, &set(3, r#","minReadySeconds":10"#));
    stage.pass(5);
    let tree = stage.tree(&REPLICA_SETS, "web");
    assert_eq!(numbers(&tree, COUNTS), [3, 3, 0, 3]);
    stage.pass(10);
    let tree = stage.tree(&REPLICA_SETS, "web");
    assert_eq!(numbers(&tree, COUNTS), [3, 3, 3, 3]);
    assert_eq!(numbers(&tree, &["observedGeneration"]), [1]);
    let pod = stage.all(&PODS)[0].clone();
    assert_eq!(pod.tree.str_at(&["metadata", "generateName"]), Some("web-"));
    assert!(
        stage.told("web").contains(&format!("SuccessfulCreate: Created pod: {}", pod.key.name()))
    );
}

#[test]
fn the_least_useful_pod_goes_first() {
    let mut stage = Stage::new();
    stage.post(SETS, &set(3, ""));
    stage.pass(60);
    let cheap = stage.names(&PODS)[1].clone();
    stage.patch(
        &format!("{POD_PATH}/{cheap}"),
        r#"{"metadata":{"annotations":{"controller.kubernetes.io/pod-deletion-cost":"-5"}}}"#,
    );
    let before: BTreeSet<_> = stage.names(&PODS).into_iter().collect();
    stage.patch(&format!("{SETS}/web"), r#"{"spec":{"replicas":2}}"#);
    stage.pass(5);
    let after: BTreeSet<_> = stage.names(&PODS).into_iter().collect();
    assert_eq!(before.difference(&after).collect::<Vec<_>>(), [&cheap]);
    assert!(stage.told("web").contains(&format!("SuccessfulDelete: Deleted pod: {cheap}")));
}

#[test]
fn pods_are_adopted_and_let_go() {
    let mut stage = Stage::new();
    let pod = r#"{"metadata":{"name":"own","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}}"#;
    stage.post(POD_PATH, pod);
    stage.post(SETS, &set(2, ""));
    stage.pass(5);
    assert_eq!(stage.names(&PODS).len(), 2);
    let own = stage.tree(&PODS, "own");
    assert_eq!(own.at(&["metadata", "ownerReferences"]).unwrap().as_list().unwrap().len(), 1);
    stage.patch(&format!("{POD_PATH}/own"), r#"{"metadata":{"labels":{"app":"other"}}}"#);
    stage.pass(5);
    assert_eq!(stage.names(&PODS).len(), 3);
    assert_eq!(stage.tree(&PODS, "own").at(&["metadata", "ownerReferences"]), None);
}

#[test]
fn a_quota_is_kept_and_told() {
    let mut stage = Stage::new();
    let quota =
        r#"{"metadata":{"name":"q"},"spec":{"hard":{"pods":"2","count/replicasets.apps":"5"}}}"#;
    stage.post("/api/v1/namespaces/x/resourcequotas", quota);
    stage.pass(1);
    stage.post(SETS, &set(3, ""));
    stage.pass(20);
    assert_eq!(stage.names(&PODS).len(), 2);
    let used = |stage: &Stage| stage.tree(&RESOURCE_QUOTAS, "q").at(&["status", "used"]).cloned();
    let wanted = [("count/replicasets.apps", "1".into()), ("pods", "2".into())];
    assert_eq!(used(&stage), Some(Value::from(wanted)));
    let tree = stage.tree(&REPLICA_SETS, "web");
    let condition = &tree.at(&["status", "conditions"]).unwrap().as_list().unwrap()[0];
    assert_eq!(condition.str_at(&["type"]), Some("ReplicaFailure"));
    let message = condition.str_at(&["message"]).unwrap();
    let end = "is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2";
    assert!(message.ends_with(end), "{message}");
    stage.patch(&format!("{SETS}/web"), r#"{"spec":{"replicas":1}}"#);
    stage.pass(20);
    let wanted = [("count/replicasets.apps", "1".into()), ("pods", "1".into())];
    assert_eq!(used(&stage), Some(Value::from(wanted)));
    assert_eq!(stage.tree(&REPLICA_SETS, "web").at(&["status", "conditions"]), None);
}

#[test]
fn replication_controllers_do_the_same() {
    let mut stage = Stage::new();
    let body = r#"{"metadata":{"name":"old"},"spec":{"replicas":2,"selector":{"app":"old"},"template":{"metadata":{"labels":{"app":"old"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}"#;
    stage.post("/api/v1/namespaces/x/replicationcontrollers", body);
    stage.pass(5);
    let tree = stage.tree(&REPLICATION_CONTROLLERS, "old");
    assert_eq!(numbers(&tree, COUNTS), [2, 2, 2, 2]);
    assert_eq!(tree.at(&["status", "terminatingReplicas"]), None);
    let (_, scale) =
        stage.ask(Method::Get, "/api/v1/namespaces/x/replicationcontrollers/old/scale", "");
    assert_eq!(scale.str_at(&["status", "selector"]), Some("app=old"));
    stage.delete("/api/v1/namespaces/x/replicationcontrollers/old");
    stage.pass(10);
    assert!(stage.names(&PODS).is_empty());
}

#[test]
fn odd_sets_do_nothing() {
    for spec in [
        r#"{"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"b"}}}}"#,
        r#"{"replicas":-3,"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}}}}"#,
        r#"{"selector":{},"template":{"metadata":{"labels":{"app":"b"}}}}"#,
        r#"{"selector":{"matchExpressions":[{"key":"a","operator":"?"}]},"template":{}}"#,
    ] {
        let mut stage = Stage::new();
        let body = format!(r#"{{"metadata":{{"name":"web"}},"spec":{spec}}}"#);
        stage.plant(&REPLICA_SETS, "web", &body);
        stage.pass(60);
        assert!(stage.names(&PODS).is_empty(), "{spec}");
    }
}

#[test]
fn many_pods_cost_a_look_each_and_not_more() {
    let mut stage = Stage::new();
    stage.post(SETS, &set(3_000, ""));
    let began = std::time::Instant::now();
    stage.pass(30);
    let tree = stage.tree(&REPLICA_SETS, "web");
    assert_eq!(numbers(&tree, COUNTS), [3_000; 4]);
    // One after the other would be 3,000 times 3,000 looks at pods.
    assert!(began.elapsed().as_secs() < 60);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_sequence_converges(steps in proptest::collection::vec((0..3u8, 0..9usize), 1..8)) {
        let mut stage = Stage::new();
        stage.post(SETS, &set(3, ""));
        let mut wanted = 3;
        for (kind, number) in steps {
            match kind {
                0 => {
                    wanted = number;
                    stage.patch(&format!("{SETS}/web/scale"), &format!(r#"{{"spec":{{"replicas":{number}}}}}"#));
                }
                1 => {
                    if let Some(name) = stage.names(&PODS).get(number) {
                        stage.ask(Method::Delete, &format!("{POD_PATH}/{name}"), "");
                    }
                }
                _ => stage.pass(i64::try_from(number).unwrap()),
            }
        }
        stage.pass(30);
        prop_assert_eq!(stage.names(&PODS).len(), wanted);
        let tree = stage.tree(&REPLICA_SETS, "web");
        let ready = tree.at(&["status", "readyReplicas"]).and_then(Value::as_int).unwrap_or(0);
        prop_assert_eq!(usize::try_from(ready).unwrap(), wanted);
    }
}
