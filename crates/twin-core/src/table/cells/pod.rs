//! Pods: what their containers are doing, in one word.

use super::super::{Row, human};
use super::{entries, has_condition, is_ending, items, number, said};
use crate::tree::Value;

/// What is known of a pod's containers together.
struct Summary {
    ready: usize,
    all: usize,
    restarts: i64,
    /// When a container ended last, if one was started again.
    last_end: Option<String>,
    word: String,
}

pub(in crate::table) fn ready(row: &Row<'_>) -> String {
    let pod = Summary::of(row.object);
    format!("{}/{}", pod.ready, pod.all)
}

pub(in crate::table) fn status(row: &Row<'_>) -> String {
    let unreachable = row.object.str_at(&["status", "reason"]) == Some("NodeLost");
    let over = matches!(row.object.str_at(&["status", "phase"]), Some("Succeeded" | "Failed"));
    match is_ending(row.object) {
        true if unreachable => "Unknown".to_owned(),
        true if !over => "Terminating".to_owned(),
        _ => Summary::of(row.object).word,
    }
}

pub(in crate::table) fn restarts(row: &Row<'_>) -> String {
    let pod = Summary::of(row.object);
    match pod.last_end.filter(|_| pod.restarts != 0) {
        Some(end) => {
            format!("{} ({} ago)", pod.restarts, human::since(Some(&Value::text(end)), row.now))
        }
        None => pod.restarts.to_string(),
    }
}

pub(in crate::table) fn address(row: &Row<'_>) -> String {
    let first = items(row.object, &["status", "podIPs"]).first();
    first.and_then(|first| said(first, &["ip"])).unwrap_or("<none>").to_owned()
}

pub(in crate::table) fn gates(row: &Row<'_>) -> String {
    let gates = items(row.object, &["spec", "readinessGates"]);
    let open = |gate: &&Value| {
        gate.str_at(&["conditionType"]).is_some_and(|name| has_condition(row.object, name))
    };
    match gates.len() {
        0 => "<none>".to_owned(),
        all => format!("{}/{all}", gates.iter().filter(open).count()),
    }
}

/// A row of a pod that is over says so, for programs that hide it.
pub(in crate::table) fn end(row: &Row<'_>) -> Option<Value> {
    if row.object.str_at(&["kind"]) != Some("Pod") {
        return None;
    }
    let (reason, message) = match row.object.str_at(&["status", "phase"])? {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(Value::from([
        ("type", "Completed".into()),
        ("status", "True".into()),
        ("reason", reason.into()),
        ("message", message.into()),
    ]))
}

impl Summary {
    fn of(pod: &Value) -> Self {
        let sidecars = items(pod, &["spec", "initContainers"]).iter().filter(|it| is_sidecar(it));
        let mut summary = Self {
            ready: 0,
            all: items(pod, &["spec", "containers"]).len() + sidecars.count(),
            restarts: 0,
            last_end: None,
            word: word_of_pod(pod),
        };
        let sidecars = summary.starting(pod);
        if let Some((restarts, last_end)) = sidecars {
            (summary.restarts, summary.last_end) = (restarts, last_end);
            summary.running(pod);
        }
        summary
    }

    /// Looks at the containers that come first. Once they are through, only the restarts of those
    /// that stay count: these are given back.
    fn starting(&mut self, pod: &Value) -> Option<(i64, Option<String>)> {
        let (mut restarts, mut last_end) = (0, None);
        let all = items(pod, &["spec", "initContainers"]);
        for (at, status) in items(pod, &["status", "initContainerStatuses"]).iter().enumerate() {
            let name = status.str_at(&["name"]);
            let stays = all.iter().any(|it| it.str_at(&["name"]) == name && is_sidecar(it));
            count(status, &mut self.restarts, &mut self.last_end);
            if stays {
                count(status, &mut restarts, &mut last_end);
            }
            if ended(status).is_some_and(|end| number(end, &["exitCode"]) == 0) {
                continue;
            }
            if stays && flag(status, "started") {
                self.ready += usize::from(flag(status, "ready"));
                continue;
            }
            self.word = first_word(status, at, all.len());
            return has_condition(pod, "Initialized").then_some((restarts, last_end));
        }
        Some((restarts, last_end))
    }

    fn running(&mut self, pod: &Value) {
        let (mut runs, mut failure) = (false, None);
        for status in items(pod, &["status", "containerStatuses"]).iter().rev() {
            count(status, &mut self.restarts, &mut self.last_end);
            if let Some(reason) = said(status, &["state", "waiting", "reason"]) {
                reason.clone_into(&mut self.word);
            } else if let Some(end) = ended(status) {
                self.word = ending(end);
                if number(end, &["exitCode"]) != 0 {
                    failure = Some(self.word.clone());
                }
            } else if flag(status, "ready") && status.at(&["state", "running"]).is_some() {
                runs = true;
                self.ready += 1;
            }
        }
        if self.word == "Completed" {
            self.word = match failure {
                _ if runs && has_condition(pod, "Ready") => "Running".to_owned(),
                Some(failure) => failure,
                None if runs => "NotReady".to_owned(),
                None => return,
            };
        }
    }
}

fn word_of_pod(pod: &Value) -> String {
    let gated = |condition: &Value| {
        condition.str_at(&["type"]) == Some("PodScheduled")
            && condition.str_at(&["reason"]) == Some("SchedulingGated")
    };
    if items(pod, &["status", "conditions"]).iter().any(gated) {
        return "SchedulingGated".to_owned();
    }
    let said = said(pod, &["status", "reason"]).or(said(pod, &["status", "phase"]));
    said.unwrap_or_default().to_owned()
}

/// Why a pod is not past its first containers.
fn first_word(status: &Value, at: usize, all: usize) -> String {
    if let Some(end) = ended(status) {
        return format!("Init:{}", ending(end));
    }
    match said(status, &["state", "waiting", "reason"]) {
        Some(reason) if reason != "PodInitializing" => format!("Init:{reason}"),
        _ => format!("Init:{at}/{all}"),
    }
}

fn ending(end: &Value) -> String {
    let (signal, code) = (number(end, &["signal"]), number(end, &["exitCode"]));
    match said(end, &["reason"]) {
        Some(reason) => reason.to_owned(),
        None if signal != 0 => format!("Signal:{signal}"),
        None => format!("ExitCode:{code}"),
    }
}

fn ended(status: &Value) -> Option<&Value> {
    status.at(&["state", "terminated"])
}

fn flag(status: &Value, field: &str) -> bool {
    status.at(&[field]).and_then(Value::as_bool).unwrap_or(false)
}

fn is_sidecar(container: &Value) -> bool {
    container.str_at(&["restartPolicy"]) == Some("Always")
}

fn count(status: &Value, restarts: &mut i64, last_end: &mut Option<String>) {
    *restarts += number(status, &["restartCount"]);
    let last = entries(status, &["lastState", "terminated"]);
    let end = last.get("finishedAt").and_then(Value::as_str).map(str::to_owned);
    *last_end = last_end.take().max(end);
}
