//! What users may write that makes no sense.

use super::read::list;
use super::stage::{Stage, pods_of};
use crate::tables::{DEPLOYMENTS, PODS, REPLICA_SETS};
use proptest::prelude::*;
use twin_core::api::{Act, Deed, Method};
use twin_core::store::{Key, TableName};
use twin_core::tree::{Text, Value, decode};

/// Kinds, with fields whose values come from anywhere.
const KINDS: &[(&str, &[&str])] = &[
    (
        "apps/deployments",
        &[
            "spec.minReadySeconds",
            "spec.revisionHistoryLimit",
            "spec.progressDeadlineSeconds",
            "spec.strategy.rollingUpdate.maxSurge",
            "spec.strategy.rollingUpdate.maxUnavailable",
            "metadata.annotations.a",
            "status.collisionCount",
            "status.replicas",
        ],
    ),
    ("apps/replicasets", &["spec.minReadySeconds", "status.readyReplicas"]),
    (
        "apps/statefulsets",
        &[
            "spec.ordinals.start",
            "spec.updateStrategy.rollingUpdate.partition",
            "spec.updateStrategy.rollingUpdate.maxUnavailable",
            "spec.minReadySeconds",
            "spec.revisionHistoryLimit",
            "status.collisionCount",
        ],
    ),
    (
        "apps/daemonsets",
        &[
            "spec.updateStrategy.rollingUpdate.maxSurge",
            "spec.minReadySeconds",
            "spec.updateStrategy.rollingUpdate.maxUnavailable",
            "spec.revisionHistoryLimit",
        ],
    ),
    (
        "batch/jobs",
        &[
            "spec.completions",
            "spec.backoffLimit",
            "spec.activeDeadlineSeconds",
            "spec.ttlSecondsAfterFinished",
            "status.failed",
            "status.succeeded",
            "status.completedIndexes",
            "spec.completionMode",
        ],
    ),
    (
        "batch/cronjobs",
        &[
            "spec.startingDeadlineSeconds",
            "spec.successfulJobsHistoryLimit",
            "spec.schedule",
            "spec.failedJobsHistoryLimit",
            "status.lastScheduleTime",
        ],
    ),
    (
        "policy/poddisruptionbudgets",
        &["spec.minAvailable", "spec.maxUnavailable", "status.disruptionsAllowed"],
    ),
];

fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        prop_oneof![Just(i64::MIN), Just(-1), 0..3i64, Just(i64::from(i32::MAX)), Just(i64::MAX)]
            .prop_map(Value::from),
        prop_oneof![
            Just("25%"),
            Just("-9223372036854775808%"),
            Just("%"),
            Just(""),
            Just("0-99999999999"),
            Just("Indexed"),
            Just("0000-01-01T00:00:00Z"),
            Just("* * * * *"),
            Just("9999-12-31T23:59:59Z"),
        ]
        .prop_map(Value::text),
    ]
}

/// Puts it into the store as it is: past what the API refuses today, and may not refuse tomorrow.
fn put(stage: &mut Stage, table: &str, tree: &Value) {
    let table = TableName(Text::new(table));
    let key = Key::new("x", "w");
    for deed in [Deed::Create(tree.clone()), Deed::UpdateStatus(tree.clone())] {
        let act = Act { table: table.clone(), key: key.clone(), deed };
        let _ = stage.world.act("test", &act, stage.now);
    }
}

fn base(replicas: i64) -> Value {
    let job = r#"{"spec":{"template":{"metadata":{"labels":{"app":"w"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"done"}]}}}}"#;
    let text = format!(
        r#"{{"metadata":{{"name":"w","namespace":"x"}},"spec":{{"replicas":{replicas},"parallelism":2,"schedule":"* * * * *","jobTemplate":{job},{}}}}}"#,
        pods_of("w", "i")
    );
    decode(text.as_bytes()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn odd_objects_do_no_harm(
        kind in 0..KINDS.len(),
        fields in proptest::collection::vec((any::<prop::sample::Index>(), odd()), 1..5),
        replicas in -1..3i64,
    ) {
        let (table, names) = KINDS[kind];
        let mut tree = base(replicas);
        for (at, value) in &fields {
            let path: Vec<_> = at.get(names).split('.').collect();
            tree = tree.with(&path, value.clone());
        }
        let mut stage = Stage::new();
        stage.post("/api/v1/nodes", r#"{"metadata":{"name":"n"}}"#);
        stage.patch("/api/v1/nodes/n", r#"{"spec":{"taints":null}}"#);
        put(&mut stage, table, &tree);
        stage.pass(70);
        let (plural, group) = (table.split('/').nth(1).unwrap(), table.split('/').next().unwrap());
        stage.ask(Method::Delete, &format!("/apis/{group}/v1/namespaces/x/{plural}/w"), "");
        stage.pass(70);
        prop_assert!(stage.names(&TableName(Text::new(table))).is_empty());
    }

    #[test]
    fn annotations_of_sets_may_say_anything(
        values in proptest::collection::vec(odd(), 4),
        replicas in 0..9i64,
    ) {
        let mut stage = Stage::new();
        let tree = base(5);
        put(&mut stage, "apps/deployments", &tree);
        stage.pass(10);
        let mut set = stage.all(&REPLICA_SETS)[0].tree.clone();
        for (name, value) in ["revision", "desired-replicas", "max-replicas", "revision-history"].iter().zip(&values) {
            let name = format!("deployment.kubernetes.io/{name}");
            let text = value.as_str().map_or(value.to_string(), str::to_owned);
            set = set.with(&["metadata", "annotations", &name], Value::text(text));
        }
        let key = stage.all(&REPLICA_SETS)[0].key.clone();
        let act = Act { table: REPLICA_SETS, key, deed: Deed::Update(set) };
        let _ = stage.world.act("test", &act, stage.now);
        stage.patch(
            "/apis/apps/v1/namespaces/x/deployments/w",
            &format!(r#"{{"spec":{{"replicas":{replicas},"template":{{"metadata":{{"annotations":{{"a":"b"}}}}}}}}}}"#),
        );
        stage.pass(60);
        prop_assert_eq!(i64::try_from(stage.names(&PODS).len()).unwrap(), replicas);
        prop_assert!(!list(&stage.tree(&DEPLOYMENTS, "w"), &["status", "conditions"]).is_empty());
    }
}

/// Reasons and beginnings of what is told of a workload whose pods a quota refuses, and of one pod.
fn refused(path: &str, name: &str, spec: &str) -> Vec<String> {
    let mut stage = Stage::new();
    let quota = r#"{"metadata":{"name":"q"},"spec":{"hard":{"pods":"0"}}}"#;
    stage.post("/api/v1/namespaces/x/resourcequotas", quota);
    stage.post("/api/v1/nodes", r#"{"metadata":{"name":"n"}}"#);
    stage.patch("/api/v1/nodes/n", r#"{"spec":{"taints":null}}"#);
    stage.pass(10);
    let body = format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{{{spec}}}}}"#);
    stage.post(&format!("/apis/{path}"), &body);
    stage.pass(60);
    let refused = stage.told(name);
    let quota = "/api/v1/namespaces/x/resourcequotas/q";
    stage.patch(quota, r#"{"spec":{"hard":{"pods":"9"}}}"#);
    stage.pass(60);
    assert!(!stage.names(&PODS).is_empty(), "it tries again");
    let told = stage.told(name);
    let after = told[refused.len()..].iter().find(|it| it.starts_with("SuccessfulCreate"));
    assert!(after.is_some(), "{told:?}");
    refused
}

#[test]
fn who_makes_pods_tells_that_they_are_refused() {
    let pods = pods_of("w", "i");
    let job =
        r#""template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}"#;
    let stateful = format!(r#""serviceName":"s","replicas":1,{pods}"#);
    for (path, spec, begin) in [
        ("batch/v1/namespaces/x/jobs", job, "FailedCreate: Error creating: pods \"w-"),
        ("apps/v1/namespaces/x/daemonsets", &pods, "FailedCreate: Error creating: pods \"w-"),
        ("apps/v1/namespaces/x/replicasets", &pods, "FailedCreate: Error creating: pods \"w-"),
        (
            "apps/v1/namespaces/x/statefulsets",
            &stateful,
            "FailedCreate: create Pod w-0 in StatefulSet w failed error: pods \"w-0\" is forbidden",
        ),
    ] {
        let told = refused(path, "w", spec);
        assert!(told.len() == 1 && told[0].starts_with(begin), "{path}: {told:?}");
    }
}
