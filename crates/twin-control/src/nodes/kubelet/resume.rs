//! Pods that somebody has looked after before: what their status tells of them, they go on with.

use super::super::conditions::condition;
use super::behaviour::{Restart, Role};
use super::container::{Cause, Container, End, FIRST_WAIT, Phase};
use super::mounting::Mounting;
use super::run::Run;
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

impl Run {
    /// Takes over a pod, if somebody else has looked after it.
    pub(super) fn take_over(&mut self, pod: &Value, now: Timestamp) {
        let start = pod.str_at(&["status", "startTime"]).and_then(Timestamp::parse);
        let running = pod.str_at(&["status", "phase"]) == Some("Running");
        if start.is_none() && !running {
            return;
        }
        self.since = start.unwrap_or(now);
        let fields = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
        let lists = fields.iter().filter_map(|field| pod.at(&["status", field])?.as_list());
        let known: Vec<_> = lists.flat_map(|list| list.iter()).collect();
        for container in &mut self.containers {
            let own = |it: &&&Value| it.str_at(&["name"]) == Some(&container.name);
            match known.iter().find(own) {
                Some(status) => container.resume(status, self.restart, self.since, now),
                None if known.is_empty() && running => container.assume(self.since),
                None => {}
            }
        }
        if running || condition(pod, "PodReadyToStartContainers") == Some("True") {
            self.mounting = Mounting::Done;
            self.begin(now);
        }
    }
}

impl Container {
    /// Goes on from what was told of it.
    fn resume(&mut self, status: &Value, restart: Restart, since: Timestamp, now: Timestamp) {
        self.restarts = status.at(&["restartCount"]).and_then(Value::as_int).unwrap_or(0);
        self.last = ended(status.at(&["lastState", "terminated"]));
        self.phase = if let Some(end) = ended(status.at(&["state", "terminated"])) {
            if self.starts_again(end.code, restart) {
                let until = end.finished.plus(self.behaviour.start).max(now);
                self.last = Some(end);
                Phase::Creating { until }
            } else {
                Phase::Ended(end)
            }
        } else if let Some(running) = status.at(&["state", "running"]) {
            let started = running.str_at(&["startedAt"]).and_then(Timestamp::parse);
            Phase::Running { since: started.unwrap_or(since) }
        } else {
            let backs_off =
                status.str_at(&["state", "waiting", "reason"]) == Some("CrashLoopBackOff");
            match self.last.as_ref().filter(|_| backs_off) {
                Some(last) => Phase::BackOff { until: last.finished.plus(FIRST_WAIT).max(now) },
                None => Phase::Waiting,
            }
        };
        self.wait = self.last.as_ref().map(|_| FIRST_WAIT / 2);
    }

    /// Goes on where nothing was told of it, but that its pod has run since then.
    fn assume(&mut self, since: Timestamp) {
        self.phase = match self.role {
            Role::Init => Phase::Ended(self.end_of(since, since, 0)),
            Role::Sidecar | Role::Main | Role::Ephemeral => Phase::Running { since },
        };
    }
}

/// How it ended, as its status tells.
fn ended(terminated: Option<&Value>) -> Option<End> {
    let terminated = terminated?;
    let time = |field: &str| terminated.str_at(&[field]).and_then(Timestamp::parse);
    let code = terminated.at(&["exitCode"]).and_then(Value::as_int).unwrap_or(0);
    let cause = match terminated.str_at(&["reason"]) {
        Some("Unknown") => Cause::Unseen,
        _ => Cause::Own,
    };
    let message = terminated.str_at(&["message"]).map(Text::new);
    Some(End { started: time("startedAt")?, finished: time("finishedAt")?, code, cause, message })
}
