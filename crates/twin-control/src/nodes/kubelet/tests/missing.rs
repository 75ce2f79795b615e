//! What a pod names and is not there.

use super::{POD, expect, log, pod, seen, stage, state};

const MAPS: &str = "/api/v1/namespaces/x/configmaps";

/// Why the only container waits.
fn why(stage: &mut super::Stage) -> String {
    let message = state(stage, &["state", "waiting", "message"]);
    message.and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default()
}

#[test]
fn a_container_waits_for_what_its_environment_names() {
    for (env, message) in [
        (r#""envFrom":[{"configMapRef":{"name":"m"}}]"#, r#"configmap "m" not found"#),
        (r#""envFrom":[{"secretRef":{"name":"s"}}]"#, r#"secret "s" not found"#),
        (
            r#""env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"known","key":"b"}}}]"#,
            "couldn't find key b in ConfigMap x/known",
        ),
        (
            r#""env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"b"}}}]"#,
            r#"secret "s" not found"#,
        ),
        (r#""envFrom":[{"configMapRef":{"name":"m","optional":true}}]"#, ""),
        (
            r#""env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"known","key":"b","optional":true}}}]"#,
            "",
        ),
        (r#""env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"known","key":"a"}}}]"#, ""),
    ] {
        let mut stage = stage();
        stage.made(MAPS, r#"{"metadata":{"name":"known"},"data":{"a":"1"}}"#);
        pod(&mut stage, "", &format!(",{env}"), "");
        stage.seconds(3);
        if message.is_empty() {
            expect(&mut stage, "Running", "True", "running", 0);
            continue;
        }
        expect(&mut stage, "Pending", "False", "CreateContainerConfigError", 0);
        assert_eq!(why(&mut stage), message, "{env}");
        assert_eq!(stage.told("Failed"), [format!("Error: {message}")]);
        stage.seconds(12);
        assert_eq!(stage.told("Pulled").len(), 2, "it tries again");
    }
}

#[test]
fn it_starts_when_that_appears() {
    let mut stage = stage();
    let container = r#","command":["sh","-c","echo $A"],"env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"m","key":"a"}}}]"#;
    pod(&mut stage, "", container, "");
    stage.seconds(30);
    stage.made(MAPS, r#"{"metadata":{"name":"m"},"data":{"a":"late"}}"#);
    // A kubelet does not look before its next turn.
    stage.settle();
    expect(&mut stage, "Pending", "False", "CreateContainerConfigError", 0);
    stage.seconds(8);
    assert_eq!(log(&mut stage, ""), "200 late\n");
}

#[test]
fn who_must_not_be_root_does_not_start_as_root() {
    for (container, spec, message) in [
        (
            r#","securityContext":{"runAsNonRoot":true,"runAsUser":0}"#,
            "",
            "container's runAsUser breaks non-root policy (pod: \"a_x(",
        ),
        (
            r#","securityContext":{"runAsUser":0}"#,
            r#","securityContext":{"runAsNonRoot":true,"runAsUser":1}"#,
            "container's runAsUser breaks non-root policy",
        ),
        (r#","securityContext":{"runAsNonRoot":true,"runAsUser":1}"#, "", ""),
        (r#","securityContext":{"runAsNonRoot":true}"#, "", ""),
        (r#","securityContext":{"runAsUser":0}"#, "", ""),
    ] {
        let mut stage = stage();
        pod(&mut stage, "", container, spec);
        stage.seconds(3);
        let (_, _, state, _) = seen(&mut stage);
        let expected = if message.is_empty() { "running" } else { "CreateContainerConfigError" };
        assert_eq!(state, expected, "{container} {spec}");
        assert!(why(&mut stage).starts_with(message), "{}", why(&mut stage));
    }
}

#[test]
fn who_must_not_be_root_does_not_start_from_an_image_of_root() {
    for (image, state) in [("alpine:3", "CreateContainerConfigError"), ("web:1", "running")] {
        let mut stage = stage();
        let pod = format!(
            r#"{{"metadata":{{"name":"a"}},"spec":{{"containers":[{{"name":"c","image":"{image}","securityContext":{{"runAsNonRoot":true}}}}]}}}}"#
        );
        stage.made("/api/v1/namespaces/x/pods", &pod);
        stage.seconds(3);
        assert_eq!(seen(&mut stage).2, state, "{image}");
        let message = "container has runAsNonRoot and image will run as root (pod: \"a_x(";
        assert_eq!(why(&mut stage).starts_with(message), state != "running");
    }
}

#[test]
fn a_pod_waits_for_what_its_volumes_show() {
    for (volume, message) in [
        (r#""configMap":{"name":"m"}"#, r#"configmap "m" not found"#),
        (r#""secret":{"secretName":"s"}"#, r#"secret "s" not found"#),
        (
            r#""configMap":{"name":"known","items":[{"key":"b","path":"b"}]}"#,
            "configmap references non-existent config key: b",
        ),
        (
            r#""projected":{"sources":[{"secret":{"name":"s"}},{"configMap":{"name":"m"}}]}"#,
            r#"[secret "s" not found, configmap "m" not found]"#,
        ),
        (r#""configMap":{"name":"m","optional":true}"#, ""),
        (r#""projected":{"sources":[{"configMap":{"name":"known"}}]}"#, ""),
        (r#""emptyDir":{}"#, ""),
    ] {
        let mut stage = stage();
        stage.made(MAPS, r#"{"metadata":{"name":"known"},"data":{"a":"1"}}"#);
        pod(&mut stage, "", "", &format!(r#","volumes":[{{"name":"v",{volume}}}]"#));
        stage.seconds(3);
        if message.is_empty() {
            expect(&mut stage, "Running", "True", "running", 0);
            continue;
        }
        expect(&mut stage, "Pending", "False", "ContainerCreating", 0);
        let told = stage.told("FailedMount");
        assert_eq!(told[0], format!(r#"MountVolume.SetUp failed for volume "v" : {message}"#));
        let shown = stage.get(POD).unwrap();
        let boxed = super::condition(&shown, "PodReadyToStartContainers");
        assert_eq!(boxed, Some("False"));
        assert_eq!(shown.at(&["status", "podIP"]), None);
    }
}

#[test]
fn volumes_are_mounted_when_what_they_show_appears() {
    let mut stage = stage();
    let volume = r#","volumes":[{"name":"v","configMap":{"name":"m"}}]"#;
    pod(&mut stage, "", "", volume);
    // After half a second, 1, 2, 4, 8, 16 and 32 seconds, each.
    stage.seconds(40);
    assert_eq!(stage.told("FailedMount").len(), 7);
    stage.made(MAPS, r#"{"metadata":{"name":"m"},"data":{}}"#);
    stage.seconds(20);
    expect(&mut stage, "Pending", "False", "ContainerCreating", 0);
    stage.seconds(6);
    expect(&mut stage, "Running", "True", "running", 0);
}

#[test]
fn a_pod_that_waits_for_its_volumes_can_go() {
    let mut stage = stage();
    pod(&mut stage, "", "", r#","volumes":[{"name":"v","secret":{"secretName":"s"}}]"#);
    stage.seconds(5);
    stage.deleted(POD);
    stage.seconds(1);
    assert!(stage.get(POD).is_none());
}

#[test]
fn a_folder_of_a_volume_is_named_by_variables() {
    for (folder, found) in [
        ("$(A)", "200 v\n"),
        ("$(B)/$(C)", "missing value for B, C"),
        ("$(ABSOLUTE)", "error SubPath `/k` must not be an absolute path"),
        ("$(BACK)", "unable to provision SubPath `../k`: must not contain '..'"),
    ] {
        let mut stage = stage();
        stage.made(MAPS, r#"{"metadata":{"name":"m"},"data":{"k":"v\n"}}"#);
        let container = format!(
            r#","command":["cat","/m"],"env":[{{"name":"A","value":"k"}},{{"name":"ABSOLUTE","value":"/k"}},{{"name":"BACK","value":"../k"}},{{"name":"C","value":""}}],"volumeMounts":[{{"name":"m","mountPath":"/m","subPathExpr":"{folder}"}}]"#
        );
        let spec = r#","restartPolicy":"Never","volumes":[{"name":"m","configMap":{"name":"m"}}]"#;
        pod(&mut stage, "", &container, spec);
        stage.seconds(3);
        let why = why(&mut stage);
        let said = if why.is_empty() { log(&mut stage, "") } else { why };
        assert_eq!(said, found, "{folder}");
    }
}
