//! The status of a pod, as a kubelet writes it.

use super::super::conditions::{Condition, State, condition, conditions};
use super::behaviour::Role;
use super::container::{Cause, Container, End, Phase};
use super::ending::Outcome;
use super::image::{digest, full_name, image_id};
use super::run::Run;
use twin_core::time::Timestamp;
use twin_core::tree::{Map, Text, Value};

/// The pod with its status of this moment, on a node with this address, which may be empty.
pub(super) fn with_status(run: &Run, pod: &Value, host: &str, now: Timestamp) -> Value {
    let phase = phase(run, now);
    let mut fields: Vec<(Text, Value)> = Vec::new();
    let mut set = |name: &'static str, value: Value| fields.push((Text::new_static(name), value));
    set("phase", phase.into());
    set("conditions", conditions_of(run, pod, now).into());
    set("startTime", run.since.value());
    if let Some(generation) = pod.at(&["metadata", "generation"]) {
        set("observedGeneration", generation.clone());
    }
    if !host.is_empty() {
        set("hostIP", host.into());
        set("hostIPs", vec![Value::from([("ip", host.into())])].into());
    }
    if let Some(address) = run.address.filter(|_| run.is_mounted()) {
        let address = Text::from(address.to_string());
        set("podIP", address.clone().into());
        set("podIPs", vec![Value::from([("ip", address.into())])].into());
    }
    for (field, role) in [
        ("initContainerStatuses", Role::Init),
        ("containerStatuses", Role::Main),
        ("ephemeralContainerStatuses", Role::Ephemeral),
    ] {
        let ours = run.containers.iter().filter(|it| it.role.field() == role.field());
        let statuses: Vec<_> = ours.map(|it| container_status(it, run, pod, now)).collect();
        if !statuses.is_empty() {
            set(field, statuses.into());
        }
    }
    if run.is_late(now) && phase == "Failed" {
        set("reason", "DeadlineExceeded".into());
        set("message", "Pod was active on the node longer than the specified deadline".into());
    }
    let old = pod.at(&["status"]).and_then(Value::as_map).cloned().unwrap_or_default();
    let kept = old.iter().filter(|(name, _)| !fields.iter().any(|(own, _)| own == name)).cloned();
    let status: Map = kept.collect::<Vec<_>>().into_iter().chain(fields.iter().cloned()).collect();
    pod.with(&["status"], Value::Map(status))
}

/// The phase of a pod.
pub(super) fn phase(run: &Run, now: Timestamp) -> &'static str {
    match run.outcome() {
        _ if run.is_late(now) => return "Failed",
        Some(Outcome::Succeeded) => return "Succeeded",
        Some(Outcome::Failed) => return "Failed",
        None => {}
    }
    let mut mains = run.containers.iter().filter(|container| container.role == Role::Main);
    if mains.all(Container::has_begun) { "Running" } else { "Pending" }
}

fn is_initialized(run: &Run, now: Timestamp) -> bool {
    unfinished(run, now).is_empty()
}

fn unfinished(run: &Run, now: Timestamp) -> Vec<&str> {
    let done = |container: &&Container| match container.role {
        Role::Init => matches!(container.phase, Phase::Ended(End { code: 0, .. })),
        Role::Sidecar => container.is_started(now) || container.last.is_some(),
        Role::Main | Role::Ephemeral => true,
    };
    run.containers.iter().filter(|it| !done(it)).map(|it| it.name.as_str()).collect()
}

fn unready(run: &Run, now: Timestamp) -> Vec<&str> {
    let serves = |container: &&Container| matches!(container.role, Role::Main | Role::Sidecar);
    let containers = run.containers.iter().filter(serves);
    containers.filter(|it| !it.is_ready(now)).map(|it| it.name.as_str()).collect()
}

/// The first readiness gate that is not open, as a sentence.
fn closed_gate(pod: &Value) -> Option<String> {
    let gates = pod.at(&["spec", "readinessGates"])?.as_list()?;
    gates.iter().find_map(|gate| {
        let kind = gate.str_at(&["conditionType"])?;
        match condition(pod, kind) {
            Some("True") => None,
            Some(other) => Some(format!(
                "the status of pod readiness gate {kind:?} is not \"True\", but {other}"
            )),
            None => Some(format!(
                "corresponding condition of pod readiness gate {kind:?} does not exist."
            )),
        }
    })
}

fn conditions_of(run: &Run, pod: &Value, now: Timestamp) -> Vec<Value> {
    let over = run.is_over() || run.is_late(now);
    let boxed = !over && run.is_mounted();
    let ended = match run.outcome() {
        _ if !over => "",
        Some(Outcome::Succeeded) => "PodCompleted",
        _ => "PodFailed",
    };
    let waiting = unfinished(run, now);
    let incomplete = format!("containers with incomplete status: [{}]", waiting.join(" "));
    let unready = unready(run, now);
    let idle = format!("containers with unready status: [{}]", unready.join(" "));
    let ready = !over && unready.is_empty() && waiting.is_empty();
    let gate = closed_gate(pod).filter(|_| ready);
    let why = |holds: bool, reason: &'static str| match (holds, ended) {
        (true, _) => "",
        (false, "") => reason,
        (false, ended) => ended,
    };
    let said = |holds: bool, message: &str| {
        if holds || over { String::new() } else { message.to_owned() }
    };
    let rows = [
        (
            "PodReadyToStartContainers",
            boxed,
            if boxed { "" } else { "PodSandboxNotReady" },
            if boxed { String::new() } else { "pod sandbox is not ready".to_owned() },
        ),
        (
            "Initialized",
            waiting.is_empty(),
            match (waiting.is_empty(), ended) {
                (false, _) => "ContainersNotInitialized",
                (true, "PodCompleted") => "PodCompleted",
                (true, _) => "",
            },
            if waiting.is_empty() { String::new() } else { incomplete },
        ),
        (
            "Ready",
            ready && gate.is_none(),
            if gate.is_some() {
                "ReadinessGatesNotReady"
            } else {
                why(ready, "ContainersNotReady")
            },
            gate.unwrap_or_else(|| said(ready, &idle)),
        ),
        ("ContainersReady", ready, why(ready, "ContainersNotReady"), said(ready, &idle)),
    ];
    let mut list = Vec::new();
    for (kind, holds, reason, message) in rows {
        let old = conditions(pod).iter().find(|it| it.str_at(&["type"]) == Some(kind));
        let row = Condition { kind, state: State::from(holds), reason, message: &message };
        list.extend(row.among(old.map_or(&[], std::slice::from_ref), now));
    }
    let ours = |it: &&Value| !rows_name(it, &list);
    let foreign: Vec<_> = conditions(pod).iter().filter(ours).cloned().collect();
    list.extend(foreign);
    list
}

fn rows_name(condition: &Value, list: &[Value]) -> bool {
    list.iter().any(|own| own.str_at(&["type"]) == condition.str_at(&["type"]))
}

fn container_status(container: &Container, run: &Run, pod: &Value, now: Timestamp) -> Value {
    let id = |number: i64| {
        let text = format!("{}/{}/{number}", run.uid, container.name);
        Text::from(format!("containerd://{}", digest(&text)))
    };
    let own = id(container.restarts);
    let last = container.last.as_ref();
    let (began, last) = match container.phase {
        Phase::Waiting
        | Phase::Pulling { .. }
        | Phase::NoImage { .. }
        | Phase::PullBackOff { .. }
        | Phase::NoConfig { .. }
        | Phase::BackOff { .. } => (last.is_some(), last.map(|end| (end, own.clone()))),
        Phase::Creating { .. } => (last.is_some(), None),
        Phase::Running { .. } | Phase::Ended(_) => {
            (true, last.map(|end| (end, id(container.restarts - 1))))
        }
    };
    let mut fields = vec![
        ("name", container.name.clone().into()),
        ("image", if began { full_name(&container.image) } else { container.image.clone() }.into()),
        ("imageID", if began { image_id(&container.image).into() } else { "".into() }),
        ("ready", Value::Bool(container.is_ready(now))),
        ("started", Value::Bool(container.role != Role::Init && container.is_started(now))),
        ("restartCount", container.restarts.into()),
        ("state", state(container, run, &own)),
        ("lastState", last.map_or_else(nothing, |(end, id)| terminated(end, &id))),
    ];
    if container.role == Role::Ephemeral {
        fields.retain(|(name, _)| *name != "started");
    }
    if began {
        fields.push(("containerID", own.into()));
    }
    if let Some(resources) = resources(pod, container).filter(|_| began) {
        if let Some(requests) = resources.at(&["requests"]) {
            fields.push(("allocatedResources", requests.clone()));
        }
        fields.push(("resources", resources.clone()));
    }
    Value::Map(fields.into_iter().map(|(name, value)| (Text::new_static(name), value)).collect())
}

fn resources<'a>(pod: &'a Value, container: &Container) -> Option<&'a Value> {
    let spec = container.spec(pod)?;
    spec.at(&["resources"]).filter(|resources| resources.as_map().is_some_and(|it| !it.is_empty()))
}

fn nothing() -> Value {
    Value::Map(Map::default())
}

fn state(container: &Container, run: &Run, id: &str) -> Value {
    let image = &container.image;
    let missing = || {
        format!(
            "failed to pull and unpack image {image:?}: failed to resolve reference {image:?}: \
             {image}: not found"
        )
    };
    let (reason, message) = match &container.phase {
        Phase::Running { since } => {
            return Value::from([("running", Value::from([("startedAt", since.value())]))]);
        }
        Phase::Ended(end) => return terminated(end, id),
        Phase::Creating { .. } if container.last.is_some() => {
            return container.last.as_ref().map_or_else(nothing, |end| terminated(end, id));
        }
        Phase::NoImage { .. } => ("ErrImagePull", missing()),
        Phase::PullBackOff { .. } => (
            "ImagePullBackOff",
            format!("Back-off pulling image {image:?}: ErrImagePull: {}", missing()),
        ),
        Phase::NoConfig { why, .. } => ("CreateContainerConfigError", why.to_string()),
        Phase::BackOff { .. } => ("CrashLoopBackOff", back_off(container, run)),
        Phase::Waiting | Phase::Pulling { .. } | Phase::Creating { .. } => {
            let init = run.containers.iter().any(|it| it.role.field() == Role::Init.field());
            (if init { "PodInitializing" } else { "ContainerCreating" }, String::new())
        }
    };
    let mut waiting = Value::from([("reason", reason.into())]);
    if !message.is_empty() {
        waiting = waiting.with(&["message"], Value::text(message));
    }
    Value::from([("waiting", waiting)])
}

fn back_off(container: &Container, run: &Run) -> String {
    let (wait, name) = (go_duration(container.waits().as_secs()), &container.name);
    format!("back-off {wait} restarting failed container={name} pod={}", run.title())
}

/// Seconds as Go prints them: `1m20s`.
fn go_duration(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

fn terminated(end: &End, id: &str) -> Value {
    let reason = match (end.cause, end.code) {
        (Cause::Unseen, _) => "Unknown",
        (Cause::Own, 0) => "Completed",
        (Cause::Own, _) => "Error",
    };
    let fields = Value::from([
        ("exitCode", end.code.into()),
        ("reason", reason.into()),
        ("startedAt", end.started.value()),
        ("finishedAt", end.finished.value()),
        ("containerID", Value::text(id)),
    ]);
    let fields = match &end.message {
        Some(message) => fields.with(&["message"], message.clone().into()),
        None => fields,
    };
    Value::from([("terminated", fields)])
}

/// Whether anything that people wait for is still to come.
pub(super) fn is_passing(run: &Run, now: Timestamp) -> bool {
    phase(run, now) == "Pending"
        && run.is_mounted()
        && !run.containers.iter().any(Container::is_stuck)
        && (is_initialized(run, now) || run.containers.iter().all(|it| it.last.is_none()))
}
