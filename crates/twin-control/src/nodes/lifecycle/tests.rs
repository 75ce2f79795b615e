//! Nodes in a world with all that concerns them.

use super::super::conditions::condition;
use super::super::kit::Stage;
use crate::nodes::stages::Stages;
use twin_core::tree::Value;

const NODE: &str = "/api/v1/nodes/n1";
const POD: &str = "/api/v1/namespaces/x/pods/a";

fn stage() -> Stage {
    let mut stage = Stage::new(crate::nodes::controllers(&Stages::default(), 1));
    stage.made("/api/v1/nodes", r#"{"metadata":{"name":"n1"}}"#);
    stage.settle();
    stage
}

fn keys(node: &Value) -> Vec<String> {
    let taints = node.at(&["spec", "taints"]).and_then(Value::as_list);
    let text = |taint: &Value, field: &str| taint.str_at(&[field]).unwrap_or_default().to_owned();
    let named = |taint: &Value| format!("{}:{}", text(taint, "key"), text(taint, "effect"));
    taints.into_iter().flat_map(|list| list.iter().map(named)).collect()
}

#[test]
fn a_new_node_gets_ready() {
    let mut stage = stage();
    let node = stage.get(NODE).unwrap();
    assert_eq!(condition(&node, "Ready"), Some("True"));
    assert_eq!(keys(&node), [""; 0]);
    assert_eq!(node.str_at(&["spec", "podCIDR"]), Some("10.128.0.0/24"));
    assert_eq!(node.str_at(&["status", "nodeInfo", "kubeletVersion"]), Some("v1.37.2"));
    assert_eq!(node.str_at(&["status", "allocatable", "pods"]), Some("110"));
    stage.made(
        "/api/v1/nodes",
        r#"{"metadata":{"name":"n2"},"status":{"capacity":{"cpu":"2","nvidia.com/gpu":"8"}}}"#,
    );
    stage.settle();
    let node = stage.get("/api/v1/nodes/n2").unwrap();
    assert_eq!(node.str_at(&["status", "allocatable", "nvidia.com/gpu"]), Some("8"));
    assert_eq!(node.str_at(&["spec", "podCIDR"]), Some("10.128.1.0/24"));
}

#[test]
fn a_cordoned_node_is_tainted() {
    let mut stage = stage();
    stage.patched(NODE, r#"{"spec":{"unschedulable":true}}"#);
    stage.settle();
    assert_eq!(keys(&stage.get(NODE).unwrap()), ["node.kubernetes.io/unschedulable:NoSchedule"]);
    stage.patched(NODE, r#"{"spec":{"unschedulable":null}}"#);
    stage.settle();
    assert_eq!(keys(&stage.get(NODE).unwrap()), [""; 0]);
    for reason in ["NodeNotSchedulable", "NodeSchedulable"] {
        assert_eq!(stage.told(reason).len(), 1, "{reason}");
    }
}

#[test]
fn a_lost_node_is_noticed_and_its_pods_are_moved() {
    let mut stage = stage();
    stage.pod("a", "", "");
    stage.seconds(5);
    assert_eq!(condition(&stage.get(POD).unwrap(), "Ready"), Some("True"));
    stage.patched(NODE, r#"{"metadata":{"annotations":{"muster.dev/lost":"true"}}}"#);
    stage.seconds(39);
    assert_eq!(condition(&stage.get(NODE).unwrap(), "Ready"), Some("True"));
    stage.seconds(2);
    let node = stage.get(NODE).unwrap();
    assert_eq!(condition(&node, "Ready"), Some("Unknown"));
    assert_eq!(
        keys(&node),
        ["node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"]
    );
    let pod = stage.get(POD).unwrap();
    assert_eq!(condition(&pod, "Ready"), Some("False"));
    assert_eq!(pod.str_at(&["status", "phase"]), Some("Running"));
    stage.seconds(290);
    assert_eq!(stage.get(POD).unwrap().at(&["metadata", "deletionTimestamp"]), None);
    stage.seconds(20);
    let pod = stage.get(POD).unwrap();
    assert!(pod.at(&["metadata", "deletionTimestamp"]).is_some());
    assert_eq!(condition(&pod, "DisruptionTarget"), Some("True"));
    // Nobody on the node can let it go, until the node returns.
    stage.seconds(1_000);
    assert!(stage.get(POD).is_some());
    stage.patched(NODE, r#"{"metadata":{"annotations":{"muster.dev/lost":null}}}"#);
    stage.seconds(60);
    assert!(stage.get(POD).is_none());
    let node = stage.get(NODE).unwrap();
    assert_eq!((condition(&node, "Ready"), keys(&node).len()), (Some("True"), 0));
}

#[test]
fn a_node_that_returns_in_time_keeps_its_pods() {
    let mut stage = stage();
    stage.pod("a", "", "");
    stage.seconds(5);
    stage.patched(NODE, r#"{"metadata":{"annotations":{"muster.dev/lost":"true"}}}"#);
    stage.seconds(100);
    assert_eq!(condition(&stage.get(POD).unwrap(), "Ready"), Some("False"));
    stage.patched(NODE, r#"{"metadata":{"annotations":{"muster.dev/lost":null}}}"#);
    stage.seconds(400);
    let pod = stage.get(POD).unwrap();
    assert_eq!(condition(&pod, "Ready"), Some("True"));
    // Its power was cut: what ran there had to start again.
    let container = &pod.at(&["status", "containerStatuses"]).unwrap().as_list().unwrap()[0];
    assert_eq!(container.at(&["restartCount"]), Some(&Value::Int(1)));
    assert_eq!(container.str_at(&["lastState", "terminated", "reason"]), Some("Unknown"));
    assert_eq!(container.at(&["lastState", "terminated", "exitCode"]), Some(&Value::Int(255)));
    for reason in ["SandboxChanged", "TaintManagerEviction", "NodeReady", "NodeNotReady"] {
        assert!(!stage.told(reason).is_empty(), "{reason}");
    }
}

#[test]
fn pods_of_a_deleted_node_end() {
    let mut stage = stage();
    stage.pod("a", "", "");
    stage.seconds(5);
    stage.deleted(NODE);
    stage.seconds(39);
    assert!(stage.get(POD).is_some());
    stage.seconds(2);
    assert!(stage.get(POD).is_none());
}

#[test]
fn nodes_without_a_control_plane_say_that_they_are_alive() {
    const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1";
    let mut stage = Stage::new(crate::nodes::kubelets(&Stages::default(), 1));
    stage.made("/api/v1/namespaces", r#"{"metadata":{"name":"kube-node-lease"}}"#);
    stage.made("/api/v1/nodes", r#"{"metadata":{"name":"n1"}}"#);
    stage.settle();
    let renewed = |stage: &mut Stage| {
        let lease = stage.get(LEASE).unwrap();
        lease.str_at(&["spec", "renewTime"]).unwrap().to_owned()
    };
    let first = renewed(&mut stage);
    stage.seconds(11);
    let second = renewed(&mut stage);
    assert!(first < second, "{first} {second}");
    stage.patched(NODE, r#"{"metadata":{"annotations":{"muster.dev/lost":"true"}}}"#);
    stage.seconds(60);
    assert_eq!(renewed(&mut stage), second);
    stage.patched(NODE, r#"{"metadata":{"annotations":{"muster.dev/lost":null}}}"#);
    stage.settle();
    assert!(second < renewed(&mut stage));
    stage.deleted(NODE);
    stage.settle();
    assert_eq!(stage.get(LEASE), None);
}
