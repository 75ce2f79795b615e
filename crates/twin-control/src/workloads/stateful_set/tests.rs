use crate::tables::{CLAIMS, PODS, REVISIONS, STATEFUL_SETS};
use crate::workloads::read::{labels, list};
use crate::workloads::stage::{Stage, numbers, pods_of};
use proptest::prelude::*;
use twin_core::api::Method;

const PATH: &str = "/apis/apps/v1/namespaces/x/statefulsets";

fn set(replicas: i64, image: &str, more: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"db"}},"spec":{{"serviceName":"s","replicas":{replicas},{}{more}}}}}"#,
        pods_of("db", image)
    )
}

fn started(replicas: i64, more: &str) -> Stage {
    let mut stage = Stage::new();
    stage.post(PATH, &set(replicas, "i:1", more));
    stage.pass(30);
    stage
}

fn image(stage: &mut Stage, image: &str) {
    let body = format!(
        r#"{{"spec":{{"template":{{"spec":{{"containers":[{{"name":"c","image":"{image}"}}]}}}}}}}}"#
    );
    stage.patch(&format!("{PATH}/db"), &body);
}

fn scale(stage: &mut Stage, replicas: usize) {
    stage.patch(&format!("{PATH}/db"), &format!(r#"{{"spec":{{"replicas":{replicas}}}}}"#));
}

fn images(stage: &Stage) -> Vec<String> {
    let image = |pod: &twin_core::tree::Value| {
        list(pod, &["spec", "containers"])[0].str_at(&["image"]).unwrap().to_owned()
    };
    stage.all(&PODS).iter().map(|pod| image(&pod.tree)).collect()
}

const COUNTS: &[&str] =
    &["replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"];

const DISK: &str = r#","volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]"#;

#[test]
fn pods_come_in_order_and_keep_their_names_and_claims() {
    let mut stage = Stage::new();
    stage.post(PATH, &set(3, "i:1", DISK));
    stage.pass_with(30, |stage| {
        let pods = stage.all(&PODS);
        let ready =
            pods.iter().filter(|it| crate::workloads::pods::ready_since(&it.tree).is_some());
        assert!(pods.len() <= ready.count() + 1, "one at a time");
    });
    assert_eq!(stage.names(&PODS), ["db-0", "db-1", "db-2"]);
    assert_eq!(stage.names(&CLAIMS), ["data-db-0", "data-db-1", "data-db-2"]);
    let tree = stage.tree(&STATEFUL_SETS, "db");
    assert_eq!(numbers(&tree, COUNTS), [3; 5]);
    let pod = stage.tree(&PODS, "db-1");
    let revision = tree.str_at(&["status", "currentRevision"]);
    let label = |name| labels(&pod).unwrap().get(name).unwrap().as_str();
    assert_eq!(label("statefulset.kubernetes.io/pod-name"), Some("db-1"));
    assert_eq!(label("apps.kubernetes.io/pod-index"), Some("1"));
    assert_eq!(label("controller-revision-hash"), revision);
    assert_eq!(pod.str_at(&["spec", "hostname"]), Some("db-1"));
    assert_eq!(pod.str_at(&["spec", "subdomain"]), Some("s"));
    let volume = &list(&pod, &["spec", "volumes"])[0];
    assert_eq!(volume.str_at(&["persistentVolumeClaim", "claimName"]), Some("data-db-1"));
    assert_eq!(
        stage.told("db")[..2],
        [
            "SuccessfulCreate: create Claim data-db-0 Pod db-0 in StatefulSet db success",
            "SuccessfulCreate: create Pod db-0 in StatefulSet db successful",
        ]
    );
}

#[test]
fn a_broken_pod_holds_up_the_next() {
    let mut stage = Stage::new();
    stage.post(PATH, &set(3, "stuck", ""));
    stage.pass(30);
    assert_eq!(stage.names(&PODS), ["db-0"]);
    let mut stage = Stage::new();
    stage.post(PATH, &set(3, "stuck", r#","podManagementPolicy":"Parallel""#));
    stage.pass(30);
    assert_eq!(stage.names(&PODS).len(), 3);
}

#[test]
fn a_failed_pod_is_made_again() {
    let mut stage = Stage::new();
    stage.post(PATH, &set(1, "fails", ""));
    stage.pass(3);
    let told = stage.told("db");
    let expected = "RecreatingFailedPod: StatefulSet x/db is recreating failed Pod db-0";
    assert!(told.iter().any(|it| it == expected), "{told:?}");
}

#[test]
fn numbers_may_start_elsewhere() {
    let stage = started(2, r#","ordinals":{"start":5}"#);
    assert_eq!(stage.names(&PODS), ["db-5", "db-6"]);
}

#[test]
fn templates_roll_out_from_the_top_down_to_the_partition() {
    let mut stage =
        started(3, r#","updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":1}}"#);
    image(&mut stage, "i:2");
    stage.pass(60);
    assert_eq!(images(&stage), ["i:1", "i:2", "i:2"]);
    let tree = stage.tree(&STATEFUL_SETS, "db");
    assert_eq!(numbers(&tree, COUNTS), [3, 3, 3, 1, 2]);
    assert_eq!(stage.names(&REVISIONS).len(), 2);
    // A pod below the partition comes back as it was.
    stage.delete("/api/v1/namespaces/x/pods/db-0");
    stage.pass(30);
    assert_eq!(images(&stage), ["i:1", "i:2", "i:2"]);
    stage.patch(
        &format!("{PATH}/db"),
        r#"{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}"#,
    );
    stage.pass(30);
    assert_eq!(images(&stage), ["i:2", "i:2", "i:2"]);
    let tree = stage.tree(&STATEFUL_SETS, "db");
    assert_eq!(numbers(&tree, COUNTS), [3; 5]);
    let status = |field| tree.str_at(&["status", field]);
    assert_eq!(status("currentRevision"), status("updateRevision"));
}

#[test]
fn on_delete_waits_for_people() {
    let mut stage = started(2, r#","updateStrategy":{"type":"OnDelete"}"#);
    image(&mut stage, "i:2");
    stage.pass(30);
    assert_eq!(images(&stage), ["i:1", "i:1"]);
    stage.delete("/api/v1/namespaces/x/pods/db-0");
    stage.pass(30);
    assert_eq!(images(&stage), ["i:2", "i:1"]);
}

#[test]
fn going_back_makes_no_new_revision() {
    let mut stage = started(1, "");
    image(&mut stage, "i:2");
    stage.pass(30);
    image(&mut stage, "i:1");
    stage.pass(30);
    assert_eq!(images(&stage), ["i:1"]);
    let mut numbers: Vec<_> = stage
        .all(&REVISIONS)
        .iter()
        .map(|it| crate::workloads::read::int(&it.tree, &["revision"]))
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [Some(2), Some(3)]);
}

#[test]
fn claims_end_as_their_policy_says() {
    let policy =
        r#","persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Delete","whenScaled":"Delete"}"#;
    let mut stage = started(3, &format!("{DISK}{policy}"));
    scale(&mut stage, 1);
    stage.pass(30);
    assert_eq!(stage.names(&PODS), ["db-0"]);
    assert_eq!(stage.names(&CLAIMS), ["data-db-0"]);
    stage.delete(&format!("{PATH}/db"));
    stage.pass(30);
    assert!(stage.names(&CLAIMS).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_sequence_converges(
        parallel in any::<bool>(),
        steps in proptest::collection::vec((0..4u8, 0..6usize), 1..8),
    ) {
        let policy = if parallel { "Parallel" } else { "OrderedReady" };
        let mut stage = started(3, &format!(r#","podManagementPolicy":"{policy}""#));
        let mut wanted = 3;
        for (kind, number) in steps {
            match kind {
                0 => {
                    wanted = number;
                    scale(&mut stage, number);
                }
                1 => drop(stage.ask(Method::Delete, &format!("/api/v1/namespaces/x/pods/db-{number}"), "")),
                2 => image(&mut stage, &format!("i:{number}")),
                _ => stage.pass(i64::try_from(number).unwrap()),
            }
        }
        stage.pass(200);
        let names: Vec<_> = (0..wanted).map(|at| format!("db-{at}")).collect();
        prop_assert_eq!(stage.names(&PODS), names);
        let wanted = i64::try_from(wanted).unwrap();
        prop_assert_eq!(numbers(&stage.tree(&STATEFUL_SETS, "db"), COUNTS), vec![wanted; 5]);
    }
}
