//! Pods that go on where an earlier kubelet left them.

use super::{POD, Stage, expect, pod, stage, state};
use crate::nodes::stages::Stages;
use twin_core::tree::Value;

/// Everything starts again, with what was kept.
fn restarted(stage: &Stage) -> Stage {
    stage.restarted(crate::nodes::controllers(&Stages::default(), 1))
}

#[test]
fn what_was_about_to_start_again_does() {
    let mut stage = stage();
    pod(&mut stage, r#""muster.dev/start-seconds":"8","muster.dev/run-seconds":"5""#, "", "");
    stage.seconds(15);
    expect(&mut stage, "Running", "False", "Completed", 0);
    let mut stage = restarted(&stage);
    stage.seconds(5);
    expect(&mut stage, "Running", "False", "Completed", 0);
    stage.seconds(2);
    expect(&mut stage, "Running", "True", "running", 1);
}

#[test]
fn what_backs_off_says_so() {
    let mut stage = stage();
    pod(&mut stage, r#""muster.dev/exit-code":"1""#, "", "");
    stage.seconds(6);
    let mut stage = restarted(&stage);
    stage.seconds(1);
    expect(&mut stage, "Running", "False", "CrashLoopBackOff", 1);
    let message = state(&mut stage, &["state", "waiting", "message"]).unwrap();
    assert!(message.as_str().unwrap().starts_with("back-off 10s "), "{message}");
    stage.seconds(7);
    assert_eq!(state(&mut stage, &["restartCount"]), Some(Value::Int(2)));
}

#[test]
fn a_pod_has_as_long_as_it_had() {
    let mut stage = stage();
    pod(&mut stage, "", "", r#","activeDeadlineSeconds":60"#);
    stage.seconds(30);
    let mut stage = restarted(&stage);
    stage.seconds(29);
    expect(&mut stage, "Running", "True", "running", 0);
    stage.seconds(2);
    let shown = stage.get(POD).unwrap();
    assert_eq!(shown.str_at(&["status", "reason"]), Some("DeadlineExceeded"));
}

#[test]
fn what_was_done_before_the_start_is_not_done_again() {
    let mut stage = stage();
    let init = r#","initContainers":[{"name":"one","image":"i"},{"name":"two","image":"i"}]"#;
    pod(&mut stage, r#""muster.dev/run-seconds.two":"20""#, "", init);
    stage.seconds(10);
    let shown = stage.get(POD).unwrap();
    assert_eq!(shown.str_at(&["status", "phase"]), Some("Pending"));
    let started = stage.told("Started").len();
    let mut stage = restarted(&stage);
    stage.seconds(1);
    let now = stage.get(POD).unwrap();
    for field in ["startTime", "initContainerStatuses"] {
        assert_eq!(now.at(&["status", field]), shown.at(&["status", field]), "{field}");
    }
    stage.seconds(30);
    expect(&mut stage, "Running", "True", "running", 0);
    assert_eq!(stage.told("Started").len(), started + 1);
}

#[test]
fn what_nothing_was_told_of_has_not_started() {
    let mut stage = stage();
    pod(&mut stage, "", "", "");
    stage.seconds(5);
    let body = r#"{"spec":{"ephemeralContainers":[{"name":"d","image":"busybox"}]}}"#;
    stage.ask(
        twin_core::api::Method::Patch,
        &format!("{POD}/ephemeralcontainers"),
        "application/strategic-merge-patch+json",
        body,
    );
    let started = stage.told("Started").len();
    let mut stage = restarted(&stage);
    stage.seconds(3);
    assert_eq!(stage.told("Started").len(), started + 1);
    expect(&mut stage, "Running", "True", "running", 0);
}
