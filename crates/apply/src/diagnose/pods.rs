//! What a pod waits for.

use super::cause::{Cause, Reason};
use super::failures::missing;
use super::workload::condition;
use crate::id::Id;
use crate::observed::{Observed, text};
use serde_json::Value;

pub(super) fn causes(pod: &Value, observed: &Observed) -> Vec<Cause> {
    if pod.pointer("/metadata/deletionTimestamp").is_some() || condition(pod, "Ready").is_some() {
        return Vec::new();
    }
    let object = format!("Pod/{}", text(&pod["metadata"], "name"));
    let cause =
        |(reason, evidence): (Reason, String)| Cause { reason, object: object.clone(), evidence };
    if let Some(found) = unscheduled(pod, observed) {
        return vec![cause(found)];
    }
    let found: Vec<_> = containers(pod).filter_map(|it| of_container(pod, it, observed)).collect();
    if found.is_empty()
        && let Some(found) = without_sandbox(pod, observed)
    {
        return vec![cause(found)];
    }
    if found.is_empty() {
        let evidence = text(&pod["status"], "phase").to_owned();
        return vec![cause((Reason::Starting, evidence))];
    }
    found.into_iter().map(cause).collect()
}

/// A pod that is ready, but was so before and crashed: it has yet to show that it stays.
pub(super) fn crashed_before(pod: &Value) -> Option<Cause> {
    let (reason, evidence) = containers(pod).find_map(ended_badly)?;
    Some(Cause { reason, object: format!("Pod/{}", text(&pod["metadata"], "name")), evidence })
}

/// What holds a pod back before any of its containers: a runtime or a network that refuses it.
fn without_sandbox(pod: &Value, observed: &Observed) -> Option<(Reason, String)> {
    let ready = condition(pod, "PodReadyToStartContainers").is_some();
    let events = observed.events_of(pod);
    let (_, said) = events.iter().rfind(|(reason, _)| *reason == "FailedCreatePodSandBox")?;
    (!ready).then(|| (Reason::NodeRefuses, (*said).to_owned()))
}

/// Statuses of init containers first: the others wait for them.
fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let list = |field: &str| pod["status"][field].as_array().into_iter().flatten();
    list("initContainerStatuses").chain(list("containerStatuses"))
}

fn unscheduled(pod: &Value, observed: &Observed) -> Option<(Reason, String)> {
    let conditions = pod.pointer("/status/conditions")?.as_array()?;
    let scheduled = conditions.iter().find(|it| it["type"] == "PodScheduled")?;
    if scheduled["status"] == "True" {
        return None;
    }
    let message = text(scheduled, "message");
    if message.to_lowercase().contains("persistentvolumeclaim") {
        let (claim, evidence) = unbound(pod, observed);
        return Some((Reason::ClaimUnbound { claim }, evidence.unwrap_or(message.to_owned())));
    }
    Some((Reason::Unschedulable { lacks: lacks(message) }, message.to_owned()))
}

/// "0/3 nodes are available: 3 Insufficient cpu. preemption: …" without what nobody needs.
fn lacks(message: &str) -> String {
    let tail = message.split_once(": ").map_or(message, |(_, tail)| tail);
    let end = tail.find(" preemption:").or_else(|| tail.find(". no new claims"));
    tail[..end.unwrap_or(tail.len())].trim_end_matches(['.', ',', ' ']).to_owned()
}

/// The first claim of a pod that is not bound, and what its events say.
fn unbound(pod: &Value, observed: &Observed) -> (Option<String>, Option<String>) {
    let namespace = pod.pointer("/metadata/namespace").and_then(Value::as_str);
    let volumes = pod.pointer("/spec/volumes").and_then(Value::as_array);
    let names = volumes
        .into_iter()
        .flatten()
        .filter_map(|volume| volume.pointer("/persistentVolumeClaim/claimName")?.as_str());
    for name in names {
        let id = Id {
            api_version: "v1".to_owned(),
            kind: "PersistentVolumeClaim".to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        };
        let Some(claim) = observed.get(&id) else {
            return (Some(name.to_owned()), Some(format!("there is no claim {name}")));
        };
        if claim["status"]["phase"] != "Bound" {
            let events = observed.events_of(claim);
            return (Some(name.to_owned()), events.last().map(|(_, it)| (*it).to_owned()));
        }
    }
    (None, None)
}

fn of_container(pod: &Value, status: &Value, observed: &Observed) -> Option<(Reason, String)> {
    let state = &status["state"];
    if let Some(waiting) = state.get("waiting") {
        return of_waiting(pod, status, waiting, observed);
    }
    let ended = state.get("terminated").filter(|it| it["exitCode"] != 0);
    if let Some(ended) = ended {
        return Some(crash(status, ended));
    }
    if state.get("running").is_none() || status["ready"] == true {
        return None;
    }
    let name = text(status, "name");
    if let Some(service) = name.strip_prefix("wait-for-") {
        let evidence = format!("{name} waits until it answers");
        return Some((Reason::DependencyNotReady { service: service.to_owned() }, evidence));
    }
    if let Some(found) = probe(pod, name, observed) {
        return Some(found);
    }
    // It runs again, and nothing says yet that it goes better this time.
    ended_badly(status)
}

/// How the container ended the last time, if that was a failure.
fn ended_badly(status: &Value) -> Option<(Reason, String)> {
    let ended = status["lastState"].get("terminated").filter(|it| it["exitCode"] != 0)?;
    Some(crash(status, ended))
}

fn of_waiting(
    pod: &Value,
    status: &Value,
    waiting: &Value,
    observed: &Observed,
) -> Option<(Reason, String)> {
    let (word, message) = (text(waiting, "reason"), text(waiting, "message"));
    let said = || {
        if message.is_empty() { word.to_owned() } else { format!("{word}: {message}") }
    };
    match word {
        "ErrImagePull"
        | "ImagePullBackOff"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable" => {
            let image = text(status, "image").to_owned();
            Some((Reason::ImageMissing { image }, pull_error(pod, observed).unwrap_or(said())))
        }
        "CrashLoopBackOff" => Some(crash(status, &status["lastState"]["terminated"])),
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            Some((missing(message).unwrap_or(Reason::CannotStart), said()))
        }
        // Volumes come first; what hinders them is only told by events.
        "ContainerCreating" | "PodInitializing" => {
            let events = observed.events_of(pod);
            let (_, message) = events.iter().rfind(|(reason, _)| *reason == "FailedMount")?;
            Some((missing(message)?, (*message).to_owned()))
        }
        _ => None,
    }
}

/// The back-off hides what the registry said; the event has it.
fn pull_error(pod: &Value, observed: &Observed) -> Option<String> {
    let events = observed.events_of(pod);
    let (_, said) = events.iter().rfind(|(reason, message)| {
        *reason == "Failed" && message.starts_with("Failed to pull image")
    })?;
    Some((*said).to_owned())
}

fn crash(status: &Value, ended: &Value) -> (Reason, String) {
    let exit_code = ended["exitCode"].as_i64().unwrap_or_default();
    let container = text(status, "name").to_owned();
    let restarts = status["restartCount"].as_u64().unwrap_or_default();
    // Containers of ours end their message with the last lines of their log.
    let said = [text(ended, "message"), text(ended, "reason")];
    let evidence = said.iter().find(|said| !said.is_empty()).copied().unwrap_or_default();
    (Reason::CrashLoop { exit_code, container, restarts }, evidence.trim_end().to_owned())
}

/// What the newest event about a probe of the container says.
fn probe(pod: &Value, container: &str, observed: &Observed) -> Option<(Reason, String)> {
    let events = observed.events_of(pod);
    let (_, message) = events.iter().rfind(|(reason, _)| *reason == "Unhealthy")?;
    let (probe, _) = message.split_once(" probe ")?;
    let many = containers(pod).count() > 1;
    let evidence = if many { format!("{container}: {message}") } else { (*message).to_owned() };
    Some((Reason::ProbeFailing { probe: probe.to_owned() }, evidence))
}
