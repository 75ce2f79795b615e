//! Claims and volumes in a world with a scheduler.

use crate::nodes::kit::Stage;
use crate::nodes::stages::Stages;
use twin_core::tree::Value;

const CLAIMS: &str = "/api/v1/namespaces/x/persistentvolumeclaims";
const VOLUMES: &str = "/api/v1/persistentvolumes";
const CLASSES: &str = "/apis/storage.k8s.io/v1/storageclasses";

fn stage() -> Stage {
    let mut controllers = super::controllers();
    controllers.extend(crate::nodes::controllers(&Stages::default(), 1));
    let mut stage = Stage::new(controllers);
    for name in ["n1", "n2"] {
        let node = format!(
            r#"{{"metadata":{{"name":"{name}","labels":{{"kubernetes.io/hostname":"{name}"}}}}}}"#
        );
        stage.made("/api/v1/nodes", &node);
    }
    stage.settle();
    stage
}

fn claim(stage: &mut Stage, name: &str, more: &str) {
    let claim = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"accessModes":["ReadWriteOnce"],"resources":{{"requests":{{"storage":"5Gi"}}}}{more}}}}}"#
    );
    stage.made(CLAIMS, &claim);
    stage.settle();
}

fn volume(stage: &mut Stage, name: &str, size: &str, class: &str, node: &str) {
    let affinity = format!(
        r#""nodeAffinity":{{"required":{{"nodeSelectorTerms":[{{"matchExpressions":[{{"key":"kubernetes.io/hostname","operator":"In","values":["{node}"]}}]}}]}}}}"#
    );
    let volume = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"capacity":{{"storage":"{size}"}},"accessModes":["ReadWriteOnce"],"storageClassName":"{class}","local":{{"path":"/d"}},{affinity}}}}}"#
    );
    stage.made(VOLUMES, &volume);
    stage.settle();
}

fn phase(stage: &mut Stage, path: &str) -> String {
    let object = stage.get(path).unwrap_or_default();
    object.str_at(&["status", "phase"]).unwrap_or("none").to_owned()
}

const USES: &str = r#","volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"data"}}]"#;

#[test]
fn a_claim_waits_for_a_pod_and_gets_a_volume() {
    let mut stage = stage();
    claim(&mut stage, "data", "");
    let path = format!("{CLAIMS}/data");
    let made = stage.get(&path).unwrap();
    assert_eq!(made.str_at(&["spec", "storageClassName"]), Some("standard"));
    assert_eq!(phase(&mut stage, &path), "Pending");
    stage.pod("a", "", USES);
    stage.seconds(5);
    assert_eq!(phase(&mut stage, &path), "Bound");
    assert_eq!(phase(&mut stage, "/api/v1/namespaces/x/pods/a"), "Running");
    let bound = stage.get(&path).unwrap();
    let node = stage.place("a");
    let annotation = ["metadata", "annotations", super::SELECTED_NODE];
    assert_eq!(bound.str_at(&annotation), Some(node.as_str()));
    assert_eq!(bound.str_at(&["status", "capacity", "storage"]), Some("5Gi"));
    let volume = format!("{VOLUMES}/{}", bound.str_at(&["spec", "volumeName"]).unwrap());
    assert_eq!(phase(&mut stage, &volume), "Bound");
    // It is in use, so it stays until the pod is gone; and then the volume goes with it.
    stage.deleted(&path);
    stage.seconds(1);
    assert!(stage.get(&path).is_some());
    stage.deleted("/api/v1/namespaces/x/pods/a");
    stage.seconds(5);
    assert!(stage.get(&path).is_none());
    assert!(stage.get(&volume).is_none());
}

#[test]
fn a_class_that_binds_at_once_does_and_a_volume_may_be_kept() {
    let mut stage = stage();
    let class = r#"{"metadata":{"name":"fast"},"provisioner":"muster.dev/simulated","reclaimPolicy":"Retain"}"#;
    stage.made(CLASSES, class);
    claim(&mut stage, "data", r#","storageClassName":"fast""#);
    let path = format!("{CLAIMS}/data");
    assert_eq!(phase(&mut stage, &path), "Bound");
    let name = stage.get(&path).unwrap().str_at(&["spec", "volumeName"]).unwrap().to_owned();
    stage.deleted(&path);
    stage.settle();
    assert_eq!(phase(&mut stage, &format!("{VOLUMES}/{name}")), "Released");
    stage.deleted(&format!("{VOLUMES}/{name}"));
    stage.settle();
    assert!(stage.get(&format!("{VOLUMES}/{name}")).is_none());
}

#[test]
fn the_smallest_volume_that_fits_is_taken() {
    let mut stage = stage();
    for (name, size) in [("small", "1Gi"), ("large", "100Gi"), ("right", "6Gi")] {
        volume(&mut stage, name, size, "", "n1");
    }
    claim(&mut stage, "data", r#","storageClassName":"""#);
    let bound = stage.get(&format!("{CLAIMS}/data")).unwrap();
    assert_eq!(bound.str_at(&["spec", "volumeName"]), Some("right"));
    assert_eq!(phase(&mut stage, &format!("{VOLUMES}/large")), "Available");
    stage.pod("a", "", USES);
    stage.seconds(3);
    assert_eq!(stage.place("a"), "n1");
    stage.pod("b", "", &format!(r#"{USES},"nodeSelector":{{"kubernetes.io/hostname":"n2"}}"#));
    stage.settle();
    assert_eq!(stage.place("b"), "");
    let told = stage.told("FailedScheduling").join(" ");
    assert!(told.contains("1 node(s) didn't match PersistentVolume's node affinity"), "{told}");
}

#[test]
fn local_volumes_choose_the_node() {
    let mut stage = stage();
    let class = r#"{"metadata":{"name":"local"},"provisioner":"kubernetes.io/no-provisioner","volumeBindingMode":"WaitForFirstConsumer"}"#;
    stage.made(CLASSES, class);
    claim(&mut stage, "data", r#","storageClassName":"local""#);
    stage.pod("a", "", USES);
    stage.settle();
    assert_eq!(stage.place("a"), "");
    let told = stage.told("FailedScheduling").join(" ");
    assert!(told.contains("2 node(s) didn't find available persistent volumes to bind"), "{told}");
    volume(&mut stage, "disk", "10Gi", "local", "n2");
    stage.seconds(12);
    assert_eq!(stage.place("a"), "n2");
    assert_eq!(phase(&mut stage, &format!("{CLAIMS}/data")), "Bound");
}

#[test]
fn a_pod_waits_for_a_claim_that_nobody_serves() {
    let mut stage = stage();
    claim(&mut stage, "data", r#","storageClassName":"nobody""#);
    stage.pod("a", "", USES);
    stage.settle();
    let told = stage.told("FailedScheduling").join(" ");
    let expected = "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    assert!(told.starts_with(expected), "{told}");
}

#[test]
fn a_pod_gets_the_claims_of_its_own_volumes() {
    let mut stage = stage();
    let own = r#","volumes":[{"name":"v","ephemeral":{"volumeClaimTemplate":{"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}}}]"#;
    stage.pod("a", "", own);
    stage.seconds(20);
    assert_eq!(phase(&mut stage, "/api/v1/namespaces/x/pods/a"), "Running");
    let claim = stage.get(&format!("{CLAIMS}/a-v")).unwrap();
    let owners = claim.at(&["metadata", "ownerReferences"]).and_then(Value::as_list).unwrap();
    assert_eq!(owners[0].str_at(&["kind"]), Some("Pod"));
}

#[test]
fn a_claim_without_its_volume_is_lost() {
    let mut stage = stage();
    volume(&mut stage, "disk", "10Gi", "", "n1");
    claim(&mut stage, "data", r#","storageClassName":"""#);
    stage.deleted(&format!("{VOLUMES}/disk"));
    stage.settle();
    assert!(stage.get(&format!("{VOLUMES}/disk")).is_some());
    stage.patched(&format!("{VOLUMES}/disk"), r#"{"metadata":{"finalizers":null}}"#);
    stage.settle();
    assert_eq!(phase(&mut stage, &format!("{CLAIMS}/data")), "Lost");
}

#[test]
fn a_claim_says_who_is_asked_and_whether_it_is_used() {
    let mut stage = stage();
    claim(&mut stage, "data", "");
    stage.pod("a", "", USES);
    stage.seconds(5);
    let path = format!("{CLAIMS}/data");
    let unused = |stage: &mut Stage| {
        let claim = stage.get(&path).unwrap();
        let list = claim.at(&["status", "conditions"]).and_then(Value::as_list).unwrap();
        let found = list.iter().find(|it| it.str_at(&["type"]) == Some("Unused")).unwrap();
        found.str_at(&["status"]).unwrap().to_owned()
    };
    let annotation = ["metadata", "annotations", "volume.kubernetes.io/storage-provisioner"];
    assert!(stage.get(&path).unwrap().at(&annotation).is_some());
    assert_eq!(stage.told("ExternalProvisioning").len(), 1);
    assert_eq!(unused(&mut stage), "False");
    stage.deleted("/api/v1/namespaces/x/pods/a");
    stage.seconds(5);
    assert_eq!(unused(&mut stage), "True");
    let volume = &stage.list(VOLUMES)[0];
    assert!(volume.at(&["status", "lastPhaseTransitionTime"]).is_some());
}
