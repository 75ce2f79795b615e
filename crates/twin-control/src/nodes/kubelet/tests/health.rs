//! Probes and hooks.

use super::{POD, Stage, expect, pod, seen, stage, state};
use twin_core::tree::Value;

const HEALTHY: &str =
    r#","command":["sh","-c","touch /tmp/healthy; sleep 30; rm -rf /tmp/healthy; sleep 600"]"#;

fn with(probe: &str) -> String {
    format!("{HEALTHY},{probe}")
}

/// Who is told of a reason by then.
fn count(stage: &mut Stage, reason: &str) -> usize {
    stage.told(reason).len()
}

#[test]
fn a_file_that_goes_ends_a_container() {
    let mut stage = stage();
    let probe = r#""livenessProbe":{"exec":{"command":["cat","/tmp/healthy"]},"initialDelaySeconds":5,"periodSeconds":5}"#;
    pod(&mut stage, "", &with(probe), "");
    stage.seconds(31);
    expect(&mut stage, "Running", "True", "running", 0);
    assert_eq!(count(&mut stage, "Unhealthy"), 1);
    // It fails at 30, 35 and 40 seconds.
    stage.seconds(13);
    expect(&mut stage, "Running", "True", "running", 1);
    let told = stage.told("Unhealthy");
    let why = "Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n";
    assert_eq!(told, [why, why, why]);
    assert_eq!(stage.told("Killing"), ["Container c failed liveness probe, will be restarted"]);
    // It waits once the end of the run before is not as long ago as it would have to wait.
    stage.seconds(42);
    expect(&mut stage, "Running", "True", "running", 2);
    assert_eq!(state(&mut stage, &["lastState", "terminated", "exitCode"]), Some(Value::Int(143)));
    stage.seconds(214);
    expect(&mut stage, "Running", "False", "CrashLoopBackOff", 5);
    stage.seconds(33);
    expect(&mut stage, "Running", "True", "running", 6);
}

#[test]
fn nobody_asks_whether_a_pod_lives_that_is_to_stop() {
    let mut stage = stage();
    let probe = r#""livenessProbe":{"exec":{"command":["cat","/tmp/healthy"]},"periodSeconds":5}"#;
    pod(&mut stage, r#""muster.dev/stop-seconds":"25""#, &with(probe), "");
    stage.seconds(34);
    stage.deleted(POD);
    stage.seconds(24);
    assert!(stage.get(POD).is_some());
    assert_eq!(stage.told("Killing"), ["Stopping container c"]);
    assert_eq!(count(&mut stage, "Unhealthy"), 1);
}

#[test]
fn a_hook_that_fails_is_told_when_it_has_failed() {
    let mut stage = stage();
    let hook = r#","lifecycle":{"preStop":{"exec":{"command":["sh","-c","sleep 4; false"]}}}"#;
    pod(&mut stage, "", hook, "");
    stage.seconds(5);
    stage.deleted(POD);
    stage.seconds(3);
    assert_eq!(count(&mut stage, "FailedPreStopHook"), 0);
    stage.seconds(1);
    assert_eq!(count(&mut stage, "FailedPreStopHook"), 1);
}

#[test]
fn commands_say_whether_a_container_lives() {
    for (command, restarts) in [
        (r#"["true"]"#, 0),
        (r#"["/bin/false"]"#, 1),
        (r#"["sh","-c","exit 1"]"#, 1),
        (r#"["test","-f","/tmp/healthy"]"#, 0),
        (r#"["test","!","-e","/tmp/healthy"]"#, 1),
        (r#"["sh","-c","[ -s /tmp/healthy ]"]"#, 1),
        (r#"["sh","-c","sleep 5"]"#, 1),
        // Nobody knows whether it is there, or what the program does.
        (r#"["cat","/tmp/other"]"#, 0),
        (r#"["/bin/check"]"#, 0),
    ] {
        let mut stage = stage();
        let probe = format!(
            r#""livenessProbe":{{"exec":{{"command":{command}}},"periodSeconds":2,"failureThreshold":2}}"#
        );
        pod(&mut stage, "", &with(&probe), "");
        stage.seconds(7);
        assert_eq!(seen(&mut stage).3, restarts, "{command}");
    }
}

#[test]
fn readiness_comes_and_goes() {
    let mut stage = stage();
    let words = r#","command":["sh","-c","sleep 10; touch /tmp/ready; sleep 20; rm /tmp/ready; sleep 600"]"#;
    let probe = r#","readinessProbe":{"exec":{"command":["cat","/tmp/ready"]},"periodSeconds":5,"successThreshold":2}"#;
    pod(&mut stage, "", &format!("{words}{probe}"), "");
    stage.seconds(14);
    expect(&mut stage, "Running", "False", "running", 0);
    // Asked at 10 and 15 seconds of its life.
    stage.seconds(3);
    expect(&mut stage, "Running", "True", "running", 0);
    // It fails at 30, 35 and 40.
    stage.seconds(23);
    expect(&mut stage, "Running", "True", "running", 0);
    stage.seconds(3);
    expect(&mut stage, "Running", "False", "running", 0);
    assert_eq!(count(&mut stage, "Unhealthy"), 2);
    stage.seconds(1_000);
    assert_eq!(count(&mut stage, "Killing"), 0);
}

#[test]
fn who_is_never_ready_is_not_restarted() {
    let mut stage = stage();
    let probe = r#""readinessProbe":{"exec":{"command":["false"]}}"#;
    pod(&mut stage, "", &with(probe), "");
    stage.seconds(500);
    expect(&mut stage, "Running", "False", "running", 0);
    assert_eq!(stage.told("Unhealthy"), ["Readiness probe failed: "]);
}

#[test]
fn a_startup_probe_holds_the_others() {
    let probes = |startup: &str| {
        format!(
            r#""startupProbe":{{"exec":{{"command":{startup}}},"periodSeconds":5,"failureThreshold":10}},"livenessProbe":{{"exec":{{"command":["false"]}},"periodSeconds":5,"failureThreshold":1}},"readinessProbe":{{"exec":{{"command":["cat","/tmp/healthy"]}},"initialDelaySeconds":20}}"#
        )
    };
    let mut stage = stage();
    pod(&mut stage, "", &with(&probes(r#"["false"]"#)), "");
    stage.seconds(45);
    expect(&mut stage, "Running", "False", "running", 0);
    assert_eq!(state(&mut stage, &["started"]), Some(Value::Bool(false)));
    stage.seconds(5);
    assert_eq!(seen(&mut stage).3, 1);
    assert_eq!(stage.told("Killing"), ["Container c failed startup probe, will be restarted"]);
    let mut stage = super::stage();
    pod(&mut stage, "", &with(&probes(r#"["true"]"#)), "");
    stage.seconds(4);
    assert_eq!(seen(&mut stage).3, 1);
    let told = stage.told("Killing");
    assert_eq!(told[0], "Container c failed liveness probe, will be restarted");
}

#[test]
fn an_annotation_ends_a_life() {
    for (annotations, policy, after, phase, restarts) in [
        (r#""muster.dev/live-seconds":"20""#, "Always", 45, "Running", 1),
        (r#""muster.dev/live-seconds":"20""#, "OnFailure", 45, "Running", 1),
        (
            r#""muster.dev/live-seconds":"20","muster.dev/stop-seconds":"99""#,
            "Never",
            80,
            "Failed",
            0,
        ),
        (r#""muster.dev/live-seconds":"20""#, "Never", 80, "Failed", 0),
        (r#""muster.dev/live-seconds":"100""#, "Always", 90, "Running", 0),
    ] {
        let mut stage = stage();
        let probe = r#","command":["sleep","1000"],"livenessProbe":{"httpGet":{"port":80}}"#;
        pod(&mut stage, annotations, probe, &format!(r#","restartPolicy":"{policy}""#));
        stage.seconds(after);
        let (found, _, _, count) = seen(&mut stage);
        assert_eq!((found.as_str(), count), (phase, restarts), "{annotations} {policy}");
        for told in stage.told("Unhealthy") {
            assert_eq!(told, "Liveness probe failed: HTTP probe failed with statuscode: 503");
        }
    }
}

#[test]
fn a_hook_before_the_end_takes_its_time() {
    for (hook, grace, gone) in [
        (r#""exec":{"command":["sleep","10"]}"#, 30, 11),
        (r#""sleep":{"seconds":5}"#, 30, 6),
        (r#""exec":{"command":["sleep","100"]}"#, 20, 21),
        (r#""exec":{"command":["false"]}"#, 30, 1),
        (r#""httpGet":{"port":80}"#, 30, 1),
    ] {
        let mut stage = stage();
        let hook = format!(r#","lifecycle":{{"preStop":{{{hook}}}}}"#);
        let grace = format!(r#","terminationGracePeriodSeconds":{grace}"#);
        pod(&mut stage, "", &hook, &grace);
        stage.seconds(5);
        stage.deleted(POD);
        stage.seconds(gone - 1);
        assert!(stage.get(POD).is_some(), "{hook}");
        stage.seconds(1);
        assert!(stage.get(POD).is_none(), "{hook}");
        let failed = count(&mut stage, "FailedPreStopHook");
        assert_eq!(failed, usize::from(hook.contains("false")));
    }
}

#[test]
fn a_hook_that_fails_ends_a_container_at_its_start() {
    let mut stage = stage();
    let hook = r#","lifecycle":{"postStart":{"exec":{"command":["sh","-c","sleep 1; exit 3"]}}}"#;
    pod(&mut stage, "", hook, "");
    stage.seconds(4);
    assert_eq!(seen(&mut stage).3, 1);
    assert_eq!(stage.told("FailedPostStartHook"), ["PostStartHook failed"]);
    assert_eq!(stage.told("Killing"), ["FailedPostStartHook"]);
    let mut stage = super::stage();
    let hook = r#","lifecycle":{"postStart":{"exec":{"command":["sleep","10"]}}}"#;
    pod(&mut stage, "", hook, "");
    stage.seconds(10);
    expect(&mut stage, "Running", "False", "running", 0);
    stage.seconds(2);
    expect(&mut stage, "Running", "True", "running", 0);
}

#[test]
fn a_sidecar_that_starts_late_holds_the_others() {
    let mut stage = stage();
    let sidecar = r#","initContainers":[{"name":"s","image":"i","restartPolicy":"Always","command":["sh","-c","sleep 8; touch /tmp/up; sleep 900"],"startupProbe":{"exec":{"command":["cat","/tmp/up"]},"periodSeconds":2,"failureThreshold":9}}]"#;
    pod(&mut stage, "", "", sidecar);
    stage.seconds(8);
    expect(&mut stage, "Pending", "False", "PodInitializing", 0);
    stage.seconds(3);
    expect(&mut stage, "Running", "True", "running", 0);
}
