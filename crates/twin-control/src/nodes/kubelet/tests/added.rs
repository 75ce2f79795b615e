//! What is added to pods that run, or changed of them: containers to look at others, and resources.

use super::{POD, Stage, expect, pod, stage, state};
use twin_core::api::Method;
use twin_core::tree::Value;

const STRATEGIC: &str = "application/strategic-merge-patch+json";

fn part(stage: &mut Stage, name: &str, body: &str) -> (u16, Value) {
    let answer = stage.ask(Method::Patch, &format!("{POD}/{name}"), STRATEGIC, body);
    stage.settle();
    answer
}

pub(super) fn debug(stage: &mut Stage, container: &str) {
    let body = format!(r#"{{"spec":{{"ephemeralContainers":[{container}]}}}}"#);
    let (code, answer) = part(stage, "ephemeralcontainers", &body);
    assert_eq!(code, 200, "{answer}");
}

/// The states of the containers that were added.
fn added(stage: &mut Stage) -> Vec<String> {
    let pod = stage.get(POD).unwrap();
    let statuses = pod.at(&["status", "ephemeralContainerStatuses"]).and_then(Value::as_list);
    let state = |status: &Value| {
        let (kind, state) = status.at(&["state"]).unwrap().as_map().unwrap().iter().next().unwrap();
        let code = state.at(&["exitCode"]).and_then(Value::as_int);
        format!("{kind}{}", code.map(|code| format!(" {code}")).unwrap_or_default())
    };
    statuses.map(|list| list.iter().map(state).collect()).unwrap_or_default()
}

#[test]
fn a_container_can_be_added_to_look_at_others() {
    let mut stage = stage();
    pod(&mut stage, "", "", "");
    stage.seconds(5);
    let debugger =
        r#"{"name":"d","image":"busybox","targetContainerName":"c","stdin":true,"tty":true}"#;
    debug(&mut stage, debugger);
    stage.seconds(2);
    assert_eq!(added(&mut stage), ["running"]);
    expect(&mut stage, "Running", "True", "running", 0);
    debug(
        &mut stage,
        r#"{"name":"e","image":"busybox","command":["sh","-c","echo hello; sleep 3; exit 4"]}"#,
    );
    stage.seconds(2);
    assert_eq!(added(&mut stage), ["running", "running"]);
    assert_eq!(stage.text(&format!("{POD}/log?container=e")), (200, "hello\n".to_owned()));
    stage.seconds(300);
    assert_eq!(added(&mut stage), ["running", "terminated 4"], "it is not started again");
    expect(&mut stage, "Running", "True", "running", 0);
    stage.deleted(POD);
    stage.seconds(2);
    assert!(stage.get(POD).is_none());
}

#[test]
fn who_looks_at_a_pod_goes_with_it() {
    let mut stage = stage();
    pod(&mut stage, "", r#","command":["sleep","20"]"#, r#","restartPolicy":"Never""#);
    stage.seconds(5);
    debug(
        &mut stage,
        r#"{"name":"d","image":"busybox","command":["sh","-c","echo a; sleep 30; echo b"]}"#,
    );
    stage.seconds(20);
    assert_eq!(added(&mut stage), ["terminated 137"]);
    assert_eq!(stage.get(POD).unwrap().str_at(&["status", "phase"]), Some("Succeeded"));
    stage.seconds(60);
    assert_eq!(stage.text(&format!("{POD}/log?container=d")), (200, "a\n".to_owned()));
}

#[test]
fn who_looks_at_a_pod_waits_for_nobody() {
    let mut stage = stage();
    let init = r#","initContainers":[{"name":"i","image":"busybox","command":["sleep","600"]}]"#;
    pod(&mut stage, "", "", init);
    stage.seconds(5);
    debug(&mut stage, r#"{"name":"d","image":"busybox"}"#);
    stage.seconds(2);
    assert_eq!(added(&mut stage), ["running"]);
    expect(&mut stage, "Pending", "False", "PodInitializing", 0);
}

#[test]
fn added_containers_stay_as_they_are() {
    let mut stage = stage();
    pod(&mut stage, "", "", "");
    debug(&mut stage, r#"{"name":"d","image":"busybox"}"#);
    for container in [
        r#"{"name":"d","image":"other"}"#,
        r#"{"name":"c","image":"busybox"}"#,
        r#"{"name":"e","image":"busybox","targetContainerName":"none"}"#,
        r#"{"name":"e","image":"busybox","ports":[{"containerPort":80}]}"#,
    ] {
        let body = format!(r#"{{"spec":{{"ephemeralContainers":[{container}]}}}}"#);
        let (code, answer) = part(&mut stage, "ephemeralcontainers", &body);
        assert_eq!(code, 422, "{container} {answer}");
    }
    let body = r#"{"metadata":{"labels":{"a":"b"}},"spec":{"activeDeadlineSeconds":5}}"#;
    let (_, answer) = part(&mut stage, "ephemeralcontainers", body);
    assert_eq!(answer.at(&["spec", "activeDeadlineSeconds"]), None);
}

#[test]
fn resources_of_a_running_pod_can_be_changed() {
    let mut stage = stage();
    let resources = r#","resources":{"requests":{"cpu":"100m"},"limits":{"cpu":"200m"}}"#;
    pod(&mut stage, "", resources, "");
    stage.seconds(5);
    let body = r#"{"spec":{"activeDeadlineSeconds":5,"containers":[{"name":"c","image":"x","resources":{"requests":{"cpu":"150m"}}}]}}"#;
    let (code, answer) = part(&mut stage, "resize", body);
    assert_eq!((code, answer.at(&["spec", "activeDeadlineSeconds"])), (200, None), "{answer}");
    stage.seconds(2);
    let text = |text: &str| Some(Value::text(text));
    assert_eq!(state(&mut stage, &["resources", "requests", "cpu"]), text("150m"));
    assert_eq!(state(&mut stage, &["resources", "limits", "cpu"]), text("200m"));
    assert_eq!(state(&mut stage, &["allocatedResources", "cpu"]), text("150m"));
    let shown = stage.get(POD).unwrap();
    let image = shown.at(&["spec", "containers"]).unwrap().as_list().unwrap()[0].str_at(&["image"]);
    assert_eq!(image, Some("web:1"));
    expect(&mut stage, "Running", "True", "running", 0);
}

#[test]
fn a_container_starts_anew_where_it_asks_for_that() {
    let mut stage = stage();
    let resources = r#","resources":{"requests":{"cpu":"100m","memory":"1Gi"}},"resizePolicy":[{"resourceName":"memory","restartPolicy":"RestartContainer"},{"resourceName":"cpu","restartPolicy":"NotRequired"}]"#;
    pod(&mut stage, "", resources, "");
    for (requests, restarts) in [(r#""cpu":"150m""#, 0), (r#""memory":"2Gi""#, 1)] {
        stage.seconds(5);
        let body = format!(
            r#"{{"spec":{{"containers":[{{"name":"c","resources":{{"requests":{{{requests}}}}}}}]}}}}"#
        );
        let (code, answer) = part(&mut stage, "resize", &body);
        assert_eq!(code, 200, "{answer}");
        stage.seconds(4);
        expect(&mut stage, "Running", "True", "running", restarts);
    }
    assert_eq!(stage.told("Killing"), ["Container c resize requires restart"]);
    stage.seconds(100);
    expect(&mut stage, "Running", "True", "running", 1);
}
