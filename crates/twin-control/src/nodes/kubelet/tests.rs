//! Pods on nodes, in virtual time.

use super::super::conditions::condition;
use super::super::kit::Stage;
use super::{Kubelet, Script};
use crate::nodes::stages::Stages;
use std::collections::BTreeMap;
use twin_core::tree::{Text, Value};

mod added;
mod ending;
mod health;
mod missing;
mod restored;

const POD: &str = "/api/v1/namespaces/x/pods/a";

fn stage() -> Stage {
    let mut stage = Stage::new(crate::nodes::controllers(&Stages::default(), 1));
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
    let failed = failing.get(POD).unwrap();
    let list = super::super::conditions::conditions(&failed).to_vec();
    let initialized = list.iter().find(|it| it.str_at(&["type"]) == Some("Initialized")).unwrap();
    assert_eq!(initialized.str_at(&["reason"]), Some("ContainersNotInitialized"));
    let message = Some("containers with incomplete status: [one]");
    assert_eq!(initialized.str_at(&["message"]), message);
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
    let mut controllers = crate::nodes::controllers(&Stages::default(), 1);
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

/// The log of a pod's container.
fn log(stage: &mut Stage, query: &str) -> String {
    let (code, answer) = stage.text(&format!("{POD}/log{query}"));
    format!("{code} {answer}")
}

/// A field of the state of the only container.
fn state(stage: &mut Stage, path: &[&str]) -> Option<Value> {
    let pod = stage.get(POD).unwrap();
    let statuses = pod.at(&["status", "containerStatuses"]).unwrap().as_list().unwrap().clone();
    statuses[0].at(path).cloned()
}

#[test]
fn programs_end_as_their_words_say() {
    for (words, policy, after, phase, restarts) in [
        (r#"["sleep","300"]"#, "Never", 290, "Running", 0),
        (r#"["sleep","300"]"#, "Never", 310, "Succeeded", 0),
        (r#"["sleep","infinity"]"#, "Never", 10_000, "Running", 0),
        (r#"["false"]"#, "Never", 3, "Failed", 0),
        (r#"["sh","-c","sleep 2; exit 3"]"#, "OnFailure", 8, "Running", 1),
        (r#"["sh","-c","exit $CODE"]"#, "Never", 3, "Failed", 0),
        (r#"["sh","-c","test $(CODE) -eq 4"]"#, "Never", 3, "Succeeded", 0),
        (r#"["sh","-c","while true; do :; done"]"#, "Never", 10, "Succeeded", 0),
    ] {
        let mut stage = stage();
        let words = format!(r#","command":{words},"env":[{{"name":"CODE","value":"4"}}]"#);
        pod(&mut stage, "", &words, &format!(r#","restartPolicy":"{policy}""#));
        stage.seconds(after);
        let (found, _, _, count) = seen(&mut stage);
        assert_eq!((found.as_str(), count), (phase, restarts), "{words} {policy}");
    }
}

#[test]
fn annotations_go_before_words() {
    let mut stage = stage();
    let annotations = r#""muster.dev/run-seconds":"3","muster.dev/exit-code":"9""#;
    let words = r#","command":["sh","-c","echo a; sleep 5; echo b"]"#;
    pod(&mut stage, annotations, words, r#","restartPolicy":"Never""#);
    stage.seconds(20);
    assert_eq!(state(&mut stage, &["state", "terminated", "exitCode"]), Some(Value::Int(9)));
    assert_eq!(log(&mut stage, ""), "200 a\n");
}

#[test]
fn what_programs_write_is_there_when_they_wrote_it() {
    let mut stage = stage();
    let words = r#","command":["sh","-c","echo a; sleep 10; echo b >&2; exit 1"]"#;
    pod(&mut stage, "", words, "");
    stage.seconds(5);
    assert_eq!(log(&mut stage, ""), "200 a\n");
    assert!(log(&mut stage, "?previous=true").starts_with("400"));
    assert_eq!(log(&mut stage, "?follow=true"), "200 ", "it goes on");
    stage.seconds(10);
    assert_eq!(log(&mut stage, ""), "200 a\n");
    assert_eq!(log(&mut stage, "?previous=true"), "200 a\nb\n");
    assert_eq!(log(&mut stage, "?previous=true&tailLines=1"), "200 b\n");
    assert_eq!(log(&mut stage, "?limitBytes=1"), "200 a");
    assert_eq!(log(&mut stage, "?previous=true&sinceSeconds=4"), "200 b\n");
    let timed = log(&mut stage, "?timestamps=true");
    assert!(timed.ends_with(":52.000000000Z a\n"), "{timed}");
    stage.deleted(POD);
    stage.seconds(3);
    assert!(log(&mut stage, "").starts_with("404"));
}

#[test]
fn last_words_are_in_the_status() {
    for (words, fields, message) in [
        ("echo -n DONE > /dev/termination-log", "", Some("DONE")),
        ("echo -n DONE > /dev/last", r#","terminationMessagePath":"/dev/last""#, Some("DONE")),
        ("echo -n DONE; false", "", None),
        ("echo -n DONE; false", FALLBACK, Some("DONE")),
        ("echo -n DONE; true", FALLBACK, None),
        ("echo -n OK > /dev/termination-log; echo DONE; false", FALLBACK, Some("OK")),
    ] {
        let mut stage = stage();
        let container = format!(r#","command":["/bin/sh","-c"],"args":["{words}"]{fields}"#);
        pod(&mut stage, "", &container, r#","restartPolicy":"Never""#);
        stage.seconds(3);
        let found = state(&mut stage, &["state", "terminated", "message"]);
        assert_eq!(found.as_ref().and_then(Value::as_str), message, "{words} {fields}");
    }
}

const FALLBACK: &str = r#","terminationMessagePolicy":"FallbackToLogsOnError""#;

#[test]
fn programs_find_their_surroundings() {
    let mut stage = stage();
    stage.made("/api/v1/namespaces/x/configmaps", r#"{"metadata":{"name":"m"},"data":{"k":"v1"}}"#);
    let secret = r#"{"metadata":{"name":"s"},"data":{"p":"c2VjcmV0"}}"#;
    stage.made("/api/v1/namespaces/x/secrets", secret);
    let container = r#","command":["sh","-c","echo $A $B $C $NODE $ME $IP $CPU $(cat /all/name) $(cat /all/p) $(cat /m/k)"],
        "resources":{"limits":{"cpu":"1500m"}},
        "envFrom":[{"prefix":"P_","configMapRef":{"name":"m"}},{"secretRef":{"name":"none","optional":true}}],
        "env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"m","key":"k"}}},
        {"name":"B","valueFrom":{"secretKeyRef":{"name":"s","key":"p"}}},{"name":"C","value":"<$(P_k)>"},
        {"name":"NODE","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}},
        {"name":"ME","valueFrom":{"fieldRef":{"fieldPath":"metadata.annotations['a/b']"}}},
        {"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
        {"name":"CPU","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}}],
        "volumeMounts":[{"name":"all","mountPath":"/all"},{"name":"m","mountPath":"/m"}]"#;
    let spec = r#","restartPolicy":"Never","volumes":[{"name":"m","configMap":{"name":"m"}},
        {"name":"all","projected":{"sources":[{"secret":{"name":"s"}},
        {"downwardAPI":{"items":[{"path":"name","fieldRef":{"fieldPath":"metadata.name"}}]}}]}}]"#;
    pod(&mut stage, r#""a/b":"me""#, container, spec);
    stage.seconds(3);
    assert_eq!(log(&mut stage, ""), "200 v1 secret <v1> n1 me 10.128.0.2 2 a secret v1\n");
}

#[test]
fn services_are_in_the_environment() {
    let mut stage = stage();
    let service = r#"{"metadata":{"name":"my-web"},"spec":{"clusterIP":"10.96.0.9","ports":[{"name":"http","port":80}]}}"#;
    stage.made("/api/v1/namespaces/x/services", service);
    pod(&mut stage, "", r#","command":["env"]"#, r#","restartPolicy":"Never""#);
    stage.seconds(3);
    let found = log(&mut stage, "");
    for line in [
        "HOSTNAME=a",
        "MY_WEB_SERVICE_HOST=10.96.0.9",
        "MY_WEB_SERVICE_PORT=80",
        "MY_WEB_SERVICE_PORT_HTTP=80",
        "MY_WEB_PORT=tcp://10.96.0.9:80",
        "MY_WEB_PORT_80_TCP_ADDR=10.96.0.9",
    ] {
        assert!(found.lines().any(|it| it.trim_start_matches("200 ") == line), "{line}: {found}");
    }
}
