//! Pods that end, are ended, or lose their node.

use super::{POD, Stage, expect, log, pod, seen, stage, state};
use twin_core::tree::Value;

const NODE: &str = "/api/v1/nodes/n1";

/// The status of the first container before the others.
fn first(stage: &mut Stage, path: &[&str]) -> Option<Value> {
    let pod = stage.get(POD).unwrap();
    let statuses = pod.at(&["status", "initContainerStatuses"])?.as_list()?.clone();
    statuses[0].at(path).cloned()
}

/// The power of the node is cut for a minute.
fn cut(stage: &mut Stage) {
    stage.patched(NODE, r#"{"metadata":{"annotations":{"muster.dev/lost":"true"}}}"#);
    stage.seconds(60);
    stage.patched(NODE, r#"{"metadata":{"annotations":{"muster.dev/lost":null}}}"#);
    stage.settle();
}

#[test]
fn a_sidecar_goes_with_its_pod() {
    let mut stage = stage();
    let spec = r#","restartPolicy":"Never","initContainers":[{"name":"s","image":"busybox","restartPolicy":"Always","command":["sh","-c","echo a; sleep 20; echo b; sleep 900"]}]"#;
    pod(&mut stage, "", r#","command":["sleep","5"]"#, spec);
    stage.seconds(10);
    expect(&mut stage, "Succeeded", "False", "Completed", 0);
    assert_eq!(first(&mut stage, &["state", "terminated", "exitCode"]), Some(Value::Int(0)));
    stage.seconds(30);
    assert_eq!(log(&mut stage, "?container=s"), "200 a\n");
}

#[test]
fn nothing_starts_again_in_a_pod_that_is_deleted() {
    for script in [r#""muster.dev/run-seconds.s":"6""#, r#""muster.dev/exit-code.s":"1""#] {
        let mut stage = stage();
        let sidecar = r#","initContainers":[{"name":"s","image":"i","restartPolicy":"Always"}]"#;
        pod(&mut stage, &format!(r#""muster.dev/stop-seconds":"25",{script}"#), "", sidecar);
        stage.seconds(6);
        stage.deleted(POD);
        stage.settle();
        let started = stage.told("Started").len();
        stage.seconds(20);
        assert!(stage.get(POD).is_some());
        assert_eq!(stage.told("Started").len(), started, "{script}");
        stage.seconds(6);
        assert!(stage.get(POD).is_none());
    }
}

#[test]
fn who_ends_by_itself_need_not_be_waited_for() {
    let mut stage = stage();
    let annotations = r#""muster.dev/stop-seconds":"20","muster.dev/run-seconds":"9""#;
    pod(&mut stage, annotations, "", "");
    stage.seconds(5);
    stage.deleted(POD);
    stage.seconds(4);
    assert!(stage.get(POD).is_some());
    stage.seconds(1);
    assert!(stage.get(POD).is_none());
}

#[test]
fn a_restart_counts_when_it_comes() {
    let mut stage = stage();
    pod(&mut stage, r#""muster.dev/start-seconds":"8","muster.dev/exit-code":"3""#, "", "");
    stage.seconds(10);
    expect(&mut stage, "Running", "False", "Error", 0);
    let id = state(&mut stage, &["containerID"]);
    assert_eq!(state(&mut stage, &["state", "terminated", "containerID"]), id);
    stage.seconds(7);
    assert_eq!(seen(&mut stage).3, 1);
    assert_eq!(state(&mut stage, &["lastState", "terminated", "containerID"]), id);
}

#[test]
fn what_cannot_be_made_is_no_restart() {
    const MAPS: &str = "/api/v1/namespaces/x/configmaps";
    let mut stage = stage();
    stage.made(MAPS, r#"{"metadata":{"name":"m"},"data":{}}"#);
    let container = r#","envFrom":[{"configMapRef":{"name":"m"}}]"#;
    pod(&mut stage, r#""muster.dev/exit-code":"1""#, container, "");
    stage.seconds(5);
    stage.deleted(&format!("{MAPS}/m"));
    stage.seconds(11);
    expect(&mut stage, "Running", "False", "CreateContainerConfigError", 1);
    stage.made(MAPS, r#"{"metadata":{"name":"m"},"data":{}}"#);
    stage.seconds(12);
    expect(&mut stage, "Running", "False", "CrashLoopBackOff", 2);
}

#[test]
fn who_is_not_to_start_again_fails_with_its_node() {
    let words = r#","command":["sh","-c","echo a; sleep 80; echo b; sleep 900"]"#;
    let mut never = stage();
    pod(&mut never, "", words, r#","restartPolicy":"Never""#);
    never.seconds(5);
    cut(&mut never);
    expect(&mut never, "Failed", "False", "Unknown", 0);
    assert_eq!(state(&mut never, &["state", "terminated", "exitCode"]), Some(Value::Int(255)));
    never.seconds(200);
    assert_eq!(log(&mut never, ""), "200 a\n");
    assert!(never.told("SandboxChanged").is_empty());
    let mut always = stage();
    pod(&mut always, "", words, "");
    always.seconds(5);
    cut(&mut always);
    always.seconds(50);
    expect(&mut always, "Running", "True", "running", 1);
    assert_eq!(log(&mut always, "?previous=true"), "200 a\n");
}

#[test]
fn nothing_starts_before_volumes_are_mounted_again() {
    const MAPS: &str = "/api/v1/namespaces/x/configmaps";
    let mut stage = stage();
    stage.made(MAPS, r#"{"metadata":{"name":"m"},"data":{}}"#);
    pod(&mut stage, "", "", r#","volumes":[{"name":"v","configMap":{"name":"m"}}]"#);
    stage.seconds(5);
    super::added::debug(&mut stage, r#"{"name":"d","image":"none.invalid/d:1"}"#);
    stage.seconds(5);
    stage.deleted(&format!("{MAPS}/m"));
    cut(&mut stage);
    stage.seconds(100);
    assert_eq!(seen(&mut stage).2, "ContainerCreating");
    stage.made(MAPS, r#"{"metadata":{"name":"m"},"data":{}}"#);
    stage.seconds(130);
    expect(&mut stage, "Running", "True", "running", 1);
}
