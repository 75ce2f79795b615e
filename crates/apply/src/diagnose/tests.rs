use super::*;
use crate::id::Stage;
use serde_json::{Value, json};

fn desired(kind: &str, service: &str) -> Desired {
    let api_version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    let object = json!({"apiVersion": api_version, "kind": kind,
        "metadata": {"name": service, "namespace": "shop"}});
    Desired::new(object, Stage(700), Some(service.to_owned())).unwrap()
}

fn meta(name: &str, owner: Option<&str>) -> Value {
    let owners = owner.map(|uid| json!([{"uid": uid, "controller": true}]));
    json!({"name": name, "namespace": "shop", "uid": name, "generation": 1,
        "ownerReferences": owners})
}

fn deployment(status: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta("web", None),
        "spec": {"replicas": 2}, "status": status})
}

fn replica_set(name: &str, revision: &str) -> Value {
    let mut metadata = meta(name, Some("web"));
    metadata["annotations"] = json!({"deployment.kubernetes.io/revision": revision});
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata})
}

fn pod(owner: &str, status: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta("web-1-x", Some(owner)),
        "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}, "status": status})
}

fn event(uid: &str, reason: &str, message: &str, at: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Event",
        "metadata": {"name": format!("{uid}.{at}"), "namespace": "shop"},
        "involvedObject": {"uid": uid}, "reason": reason, "message": message, "lastTimestamp": at})
}

fn state(objects: &[Value]) -> ServiceState {
    let mut observed = Observed::default();
    for object in objects {
        observed.apply(object.clone());
    }
    let kind = objects[0]["kind"].as_str().unwrap();
    diagnose(&[desired(kind, "web")], &observed).remove(0)
}

fn waiting_pod(pod_status: &Value, others: &[Value]) -> ServiceState {
    let status = json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2});
    let mut objects =
        vec![deployment(&status), replica_set("web-1", "1"), pod("web-1", pod_status)];
    objects.extend_from_slice(others);
    state(&objects)
}

fn container(state: &Value) -> Value {
    json!({"conditions": [{"type": "PodScheduled", "status": "True"}], "phase": "Pending",
        "containerStatuses": [{"name": "web", "image": "acme/web:1", "ready": false,
            "restartCount": 4, "state": state,
            "lastState": {"terminated": {"exitCode": 3, "message": "no config\n"}}}]})
}

#[test]
fn ready_deployments_serve() {
    let ready = json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2,
        "availableReplicas": 2});
    assert!(state(&[deployment(&ready)]).serves());
    for (field, value) in [("observedGeneration", 0), ("replicas", 3), ("availableReplicas", 1)] {
        let mut status = ready.clone();
        status[field] = json!(value);
        assert!(!state(&[deployment(&status)]).serves(), "{field}");
    }
}

#[test]
fn a_node_that_refuses_a_pod_is_named() {
    let status = json!({"conditions": [{"type": "PodScheduled", "status": "True"},
        {"type": "PodReadyToStartContainers", "status": "False"}], "phase": "Pending",
        "containerStatuses": [{"name": "web", "image": "acme/web:1", "ready": false,
            "restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}]});
    let said = "Failed to create pod sandbox: runtime does not support user namespaces";
    let event = event("web-1-x", "FailedCreatePodSandBox", said, "2026-01-01T00:00:00Z");
    let Phase::Waiting(causes) = waiting_pod(&status, &[event]).phase else {
        panic!("it may yet start");
    };
    assert_eq!(causes[0].reason, Reason::NodeRefuses);
    assert_eq!(causes[0].evidence, said);
}

#[test]
fn reasons_of_containers() {
    let image = || Reason::ImageMissing { image: "acme/web:1".into() };
    let crash = || Reason::CrashLoop { exit_code: 3, container: "web".into(), restarts: 4 };
    let secret = || Reason::SecretMissing { name: "key".into() };
    let table = [
        (json!({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}}), image(), true),
        (json!({"waiting": {"reason": "ErrImagePull", "message": "x"}}), image(), true),
        (json!({"waiting": {"reason": "CrashLoopBackOff"}}), crash(), true),
        (json!({"terminated": {"exitCode": 3, "message": "no config"}}), crash(), true),
        (
            json!({"waiting": {"reason": "CreateContainerConfigError",
                "message": "secret \"key\" not found"}}),
            secret(),
            true,
        ),
        (
            json!({"waiting": {"reason": "CreateContainerConfigError",
                "message": "couldn't find key password in Secret shop/key"}}),
            secret(),
            true,
        ),
        (
            json!({"waiting": {"reason": "RunContainerError", "message": "exec: no such file"}}),
            Reason::CannotStart,
            true,
        ),
        (json!({"waiting": {"reason": "ContainerCreating"}}), Reason::Starting, false),
        (json!({"running": {}}), crash(), true),
    ];
    for (container_state, reason, failed) in table {
        let state = waiting_pod(&container(&container_state), &[]);
        assert_eq!(state.causes()[0].reason, reason, "{container_state}");
        assert_eq!(matches!(state.phase, Phase::Failed(_)), failed, "{container_state}");
    }
}

#[test]
fn ready_again_after_a_crash_is_no_start() {
    let mut pod = container(&json!({"running": {}}));
    pod["containerStatuses"][0]["ready"] = json!(true);
    pod["conditions"] = json!([{"type": "Ready", "status": "True"}]);
    let Phase::Waiting(causes) = waiting_pod(&pod, &[]).phase else {
        panic!("it may stay this time");
    };
    assert_eq!(causes[0].reason.word(), "crash-loop");
}

#[test]
fn events_say_what_statuses_do_not() {
    let creating = container(&json!({"waiting": {"reason": "ContainerCreating"}}));
    let mount = "MountVolume.SetUp failed for volume \"s\" : secret \"key\" not found";
    let state = waiting_pod(&creating, &[event("web-1-x", "FailedMount", mount, "1")]);
    assert_eq!(state.causes()[0].reason, Reason::SecretMissing { name: "key".into() });

    let mut running = container(&json!({"running": {}}));
    running["containerStatuses"][0]["lastState"] = json!({});
    let failed = "Readiness probe failed: HTTP probe failed with statuscode: 503";
    let state = waiting_pod(&running, &[event("web-1-x", "Unhealthy", failed, "1")]);
    assert_eq!(state.causes()[0].reason, Reason::ProbeFailing { probe: "Readiness".into() });
    assert_eq!(state.causes()[0].evidence, failed);
    assert!(matches!(state.phase, Phase::Waiting(_)));
}

fn unscheduled(message: &str) -> Value {
    json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
        "reason": "Unschedulable", "message": message}]})
}

#[test]
fn no_node_takes_it() {
    let message = "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are \
                   available: 3 No preemption victims found for incoming pod.";
    let state = waiting_pod(&unscheduled(message), &[]);
    assert_eq!(
        state.causes()[0].reason,
        Reason::Unschedulable { lacks: "3 Insufficient cpu".into() }
    );
}

#[test]
fn a_claim_without_a_volume() {
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": meta("data", None), "status": {"phase": "Pending"}});
    let why = "no persistent volumes available for this claim and no storage class is set";
    let message = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    let others = [claim, event("data", "FailedBinding", why, "1")];
    let state = waiting_pod(&unscheduled(message), &others);
    assert_eq!(state.causes()[0].reason, Reason::ClaimUnbound { claim: Some("data".into()) });
    assert_eq!(state.causes()[0].evidence, why);
}

#[test]
fn pods_that_are_refused() {
    let refused = |message: &str| {
        let status = json!({"observedGeneration": 1, "conditions": [
            {"type": "ReplicaFailure", "status": "True", "message": message}]});
        state(&[deployment(&status)]).causes()[0].reason.clone()
    };
    let quota = "pods \"web-1-x\" is forbidden: exceeded quota: q, requested: cpu=1, used: cpu=2";
    assert_eq!(refused(quota), Reason::QuotaExceeded);
    let policy = "pods \"web-1-x\" is forbidden: violates PodSecurity \"restricted:latest\": …";
    assert_eq!(refused(policy), Reason::AdmissionDenied);

    let mut set =
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta("web", None)});
    set["status"] = json!({"observedGeneration": 1});
    let state = state(&[set, event("web", "FailedCreate", quota, "1")]);
    assert_eq!(state.causes()[0].reason, Reason::QuotaExceeded);
}

#[test]
fn the_newest_version_counts() {
    let broken = container(&json!({"waiting": {"reason": "ImagePullBackOff"}}));
    let status = json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 1});
    let state = state(&[
        deployment(&status),
        replica_set("web-1", "9"),
        replica_set("web-2", "10"),
        pod("web-1", &broken),
    ]);
    assert_eq!(state.causes()[0].reason, Reason::Starting);
}

#[test]
fn jobs_complete_or_fail() {
    let job = |condition: &str| {
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": meta("web", None),
            "status": {"conditions": [{"type": condition, "status": "True",
                "message": "Job has reached the specified backoff limit"}]}})
    };
    assert!(state(&[job("Complete")]).serves());
    let failed = state(&[job("Failed")]);
    assert_eq!(failed.causes()[0].reason, Reason::JobFailed);
    assert!(matches!(failed.phase, Phase::Failed(_)));
}

#[test]
fn waiting_for_another_service() {
    let status = json!({"conditions": [{"type": "PodScheduled", "status": "True"}],
        "initContainerStatuses": [{"name": "wait-for-db", "ready": false, "state": {"running": {}}}],
        "containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "PodInitializing"}}}]});
    let state = waiting_pod(&status, &[]);
    assert_eq!(state.causes()[0].reason, Reason::DependencyNotReady { service: "db".into() });
}
