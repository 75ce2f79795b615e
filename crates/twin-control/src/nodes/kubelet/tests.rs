//! Pods on nodes, in virtual time.

use super::super::conditions::condition;
use super::super::kit::Stage;
use super::{Kubelet, Script};
use std::collections::BTreeMap;
use twin_core::tree::{Text, Value};

const POD: &str = "/api/v1/namespaces/x/pods/a";

fn stage() -> Stage {
    let mut stage = Stage::new(crate::nodes::controllers());
    stage.made("/api/v1/nodes", r#"{"metadata":{"name":"n1"}}"#);
    stage.settle();
    stage
}

/// A pod with annotations and more fields of the spec.
fn pod(stage: &mut Stage, annotations: &str, container: &str, spec: &str) {
    let pod = format!(
        r#"{{"metadata":{{"name":"a","annotations":{{{annotations}}}}},"spec":{{"containers":[{{"name":"c","image":"web:1"{container}}}]{spec}}}}}"#
    );
    stage.made("/api/v1/namespaces/x/pods", &pod);
    stage.settle();
}

/// The phase, whether it is ready, the reason or state of the container, and its restarts.
fn seen(stage: &mut Stage) -> (String, String, String, i64) {
    let pod = stage.get(POD).unwrap();
    let phase = pod.str_at(&["status", "phase"]).unwrap().to_owned();
    let ready = condition(&pod, "Ready").unwrap_or("none").to_owned();
    let statuses = pod.at(&["status", "containerStatuses"]).and_then(Value::as_list).cloned();
    let Some(status) = statuses.as_ref().and_then(|list| list.first()) else {
        return (phase, ready, String::new(), 0);
    };
    let (kind, state) =
        &status.at(&["state"]).unwrap().as_map().unwrap().iter().next().unwrap().clone();
    let reason = state.str_at(&["reason"]).unwrap_or(kind).to_owned();
    (phase, ready, reason, status.at(&["restartCount"]).unwrap().as_int().unwrap())
}

fn expect(stage: &mut Stage, phase: &str, ready: &str, state: &str, restarts: i64) {
    let expected = (phase.to_owned(), ready.to_owned(), state.to_owned(), restarts);
    assert_eq!(seen(stage), expected);
}

#[test]
fn a_pod_lives_from_nothing_to_the_end() {
    let mut stage = stage();
    pod(&mut stage, "", "", "");
    expect(&mut stage, "Pending", "none", "", 0);
    stage.seconds(2);
    expect(&mut stage, "Running", "True", "running", 0);
    let shown = stage.get(POD).unwrap();
    assert_eq!(shown.str_at(&["status", "podIP"]), Some("10.128.0.2"));
    assert_eq!(shown.str_at(&["status", "hostIP"]), Some("172.16.0.2"));
    assert_eq!(shown.str_at(&["status", "qosClass"]), Some("BestEffort"));
    for kind in ["PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady"] {
        assert_eq!(condition(&shown, kind), Some("True"), "{kind}");
    }
    let status = &shown.at(&["status", "containerStatuses"]).unwrap().as_list().unwrap()[0];
    assert!(status.str_at(&["imageID"]).unwrap().starts_with("docker.io/library/web@sha256:"));
    assert!(status.str_at(&["containerID"]).unwrap().starts_with("containerd://"));
    assert_eq!(status.at(&["started"]), Some(&Value::Bool(true)));
    stage.deleted(POD);
    stage.settle();
    assert!(stage.get(POD).unwrap().at(&["metadata", "deletionTimestamp"]).is_some());
    stage.seconds(2);
    assert!(stage.get(POD).is_none());
    for reason in ["Scheduled", "Pulled", "Created", "Started", "Killing"] {
        assert_eq!(stage.told(reason).len(), 1, "{reason}");
    }
}

#[test]
fn a_healthy_pod_costs_one_write_and_no_timer() {
    let mut stage = stage();
    pod(&mut stage, "", "", "");
    let version = |stage: &mut Stage| {
        let pod = stage.get(POD).unwrap();
        let fields = pod.at(&["metadata", "managedFields"]).unwrap().as_list().unwrap().len();
        (pod.str_at(&["metadata", "resourceVersion"]).unwrap().to_owned(), fields)
    };
    stage.seconds(2);
    let (first, _) = version(&mut stage);
    assert_eq!(stage.world.settle(stage.now), None);
    stage.seconds(10_000);
    assert_eq!(version(&mut stage).0, first);
}

#[test]
fn probes_delay_readiness() {
    let mut stage = stage();
    let probes = r#","startupProbe":{"tcpSocket":{"port":1},"initialDelaySeconds":5},"readinessProbe":{"tcpSocket":{"port":1},"initialDelaySeconds":10}"#;
    pod(&mut stage, "", probes, "");
    stage.seconds(2);
    expect(&mut stage, "Running", "False", "running", 0);
    stage.seconds(8);
    expect(&mut stage, "Running", "False", "running", 0);
    stage.seconds(2);
    expect(&mut stage, "Running", "True", "running", 0);
}

#[test]
fn what_is_scripted_happens() {
    for (annotations, after, phase, ready, state, restarts) in [
        (r#""muster.dev/start-seconds":"8""#, 4, "Pending", "False", "ContainerCreating", 0),
        (r#""muster.dev/start-seconds":"8""#, 9, "Running", "True", "running", 0),
        (r#""muster.dev/pull-seconds":"5""#, 7, "Running", "True", "running", 0),
        (r#""muster.dev/ready-seconds":"never""#, 5_000, "Running", "False", "running", 0),
        (r#""muster.dev/ready-seconds":"20""#, 10, "Running", "False", "running", 0),
        (r#""muster.dev/ready-seconds":"20""#, 30, "Running", "True", "running", 0),
        (r#""muster.dev/image":"missing""#, 1, "Pending", "False", "ErrImagePull", 0),
        (r#""muster.dev/image":"missing""#, 5, "Pending", "False", "ImagePullBackOff", 0),
        (r#""muster.dev/exit-code":"3""#, 6, "Running", "False", "CrashLoopBackOff", 1),
        (r#""muster.dev/image.other":"missing""#, 5, "Running", "True", "running", 0),
        (
            r#""muster.dev/pull-seconds":"x","muster.dev/exit-code":"""#,
            5,
            "Running",
            "True",
            "running",
            0,
        ),
    ] {
        let mut stage = stage();
        pod(&mut stage, annotations, "", "");
        stage.seconds(after);
        let expected = (phase.to_owned(), ready.to_owned(), state.to_owned(), restarts);
        assert_eq!(seen(&mut stage), expected, "{annotations} after {after}");
    }
}

#[test]
fn a_crash_waits_twice_as_long_each_time_up_to_five_minutes() {
    let mut stage = stage();
    pod(&mut stage, r#""muster.dev/exit-code":"1""#, "", "");
    // The first restart comes at once; then the waits of 10, 20, 40, 80, 160, 300 and 300 seconds.
    stage.seconds(3_600);
    let (_, _, _, restarts) = seen(&mut stage);
    let spent = 10 + 20 + 40 + 80 + 160;
    assert_eq!(restarts, 1 + 5 + (3_600 - spent) / 301);
    let pod = stage.get(POD).unwrap();
    let status = &pod.at(&["status", "containerStatuses"]).unwrap().as_list().unwrap()[0];
    assert_eq!(status.at(&["lastState", "terminated", "exitCode"]), Some(&Value::Int(1)));
    let message = status.str_at(&["state", "waiting", "message"]).unwrap();
    assert!(
        message.starts_with("back-off 5m0s restarting failed container=c pod=a_x("),
        "{message}"
    );
    assert_eq!(stage.told("BackOff").len(), usize::try_from(restarts).unwrap());
}

#[test]
fn a_missing_image_is_looked_for_again() {
    let mut stage = stage();
    pod(&mut stage, r#""muster.dev/image":"missing""#, "", "");
    stage.seconds(100);
    assert_eq!(stage.told("Failed").len(), 3 * 4);
    assert_eq!(stage.told("BackOff")[0], r#"Back-off pulling image "web:1""#);
    assert_eq!(condition(&stage.get(POD).unwrap(), "Initialized"), Some("True"));
}

#[test]
fn what_is_meant_to_end_ends() {
    for (annotations, policy, phase, restarts) in [
        ("", "Never", "Succeeded", 0),
        ("", "OnFailure", "Succeeded", 0),
        (r#""muster.dev/exit-code":"2""#, "Never", "Failed", 0),
        (r#""muster.dev/exit-code":"2""#, "OnFailure", "Running", 2),
        (r#""muster.dev/run-seconds":"100""#, "Never", "Running", 0),
    ] {
        let mut stage = stage();
        pod(&mut stage, annotations, "", &format!(r#","restartPolicy":"{policy}""#));
        stage.seconds(15);
        let (found, _, _, count) = seen(&mut stage);
        assert_eq!((found.as_str(), count), (phase, restarts), "{annotations} {policy}");
    }
}

#[test]
fn a_pod_that_ran_too_long_fails() {
    let mut stage = stage();
    pod(&mut stage, "", "", r#","activeDeadlineSeconds":60"#);
    stage.seconds(59);
    expect(&mut stage, "Running", "True", "running", 0);
    stage.seconds(2);
    let pod = stage.get(POD).unwrap();
    assert_eq!(pod.str_at(&["status", "phase"]), Some("Failed"));
    assert_eq!(pod.str_at(&["status", "reason"]), Some("DeadlineExceeded"));
}

#[test]
fn init_containers_come_in_order() {
    let mut stage = stage();
    let init = r#","initContainers":[{"name":"one","image":"i"},{"name":"side","image":"i","restartPolicy":"Always"},{"name":"two","image":"i"}]"#;
    pod(&mut stage, r#""muster.dev/run-seconds.two":"10""#, "", init);
    stage.seconds(6);
    let pod_now = stage.get(POD).unwrap();
    assert_eq!(pod_now.str_at(&["status", "phase"]), Some("Pending"));
    stage.seconds(14);
    expect(&mut stage, "Running", "True", "running", 0);
    let pod_now = stage.get(POD).unwrap();
    let list = pod_now.at(&["status", "initContainerStatuses"]).unwrap().as_list().unwrap();
    let states: Vec<_> = list
        .iter()
        .map(|it| it.at(&["state"]).unwrap().as_map().unwrap().iter().next().unwrap().0.to_string())
        .collect();
    assert_eq!(states, ["terminated", "running", "terminated"]);
    let mut failing = stage_with_failing_init();
    expect(&mut failing, "Failed", "False", "PodInitializing", 0);
}

fn stage_with_failing_init() -> Stage {
    let mut stage = stage();
    let init = r#","restartPolicy":"Never","initContainers":[{"name":"one","image":"i"}]"#;
    pod(&mut stage, r#""muster.dev/exit-code.one":"1""#, "", init);
    stage.seconds(10);
    stage
}

#[test]
fn a_pod_that_waits_for_a_finalizer_says_how_it_ended() {
    let mut stage = stage();
    let pod = r#"{"metadata":{"name":"a","finalizers":["a.b/c"]},"spec":{"containers":[{"name":"c","image":"i"}]}}"#;
    stage.made("/api/v1/namespaces/x/pods", pod);
    stage.seconds(5);
    stage.deleted(POD);
    stage.seconds(5);
    assert_eq!(stage.get(POD).unwrap().str_at(&["status", "phase"]), Some("Succeeded"));
    stage.patched(POD, r#"{"metadata":{"finalizers":null}}"#);
    assert!(stage.get(POD).is_none());
}

#[test]
fn images_have_scripts() {
    let script: Script = [("exit-code", "1")].map(|(k, v)| (Text::new(k), Text::new(v))).into();
    let images = BTreeMap::from([(Text::new("web:1"), script)]);
    let mut controllers = crate::nodes::controllers();
    controllers.retain(|it| format!("{it:?}").split(' ').next() != Some("Kubelet"));
    controllers.push(Box::new(Kubelet::with_images(images)));
    let mut stage = Stage::new(controllers);
    stage.made("/api/v1/nodes", r#"{"metadata":{"name":"n1"}}"#);
    stage.settle();
    pod(&mut stage, "", "", "");
    stage.seconds(6);
    expect(&mut stage, "Running", "False", "CrashLoopBackOff", 1);
}

#[test]
fn a_gate_keeps_a_pod_from_being_ready() {
    let mut stage = stage();
    pod(&mut stage, "", "", r#","readinessGates":[{"conditionType":"a.b/c"}]"#);
    stage.seconds(5);
    expect(&mut stage, "Running", "False", "running", 0);
    let shown = stage.get(POD).unwrap();
    let mut list = super::super::conditions::conditions(&shown).to_vec();
    list.push(twin_core::tree::decode(br#"{"type":"a.b/c","status":"True"}"#).unwrap());
    let patch = Value::from([("status", Value::from([("conditions", list.into())]))]);
    stage.patched(&format!("{POD}/status"), &patch.to_string());
    stage.settle();
    expect(&mut stage, "Running", "True", "running", 0);
}
