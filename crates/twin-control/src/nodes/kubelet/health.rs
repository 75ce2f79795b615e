//! What becomes of a run of a container by its probes and hooks, as far as that is known when it starts.
//!
//! A program whose words are plain says what its files hold at each time; so a probe that reads them has
//! its results known beforehand, and nothing has to be asked while time goes on.

use super::behaviour::{Behaviour, Readiness, Restart};
use super::fields::Site;
use super::hook::{Hook, HookEnd, is_timed};
use super::probe::{Kind, Probe, Streak};
use super::program::{Room, may_be_known};
use crate::events::Severity;
use crate::program::Course;
use std::time::Duration;
use twin_core::tree::{Text, Value};

/// So many failures of a probe are told one by one.
const TOLD: u32 = 10;
const GRACE: Duration = Duration::from_secs(30);

/// What is told at a time from the start on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) at: Duration,
    pub(super) severity: Severity,
    pub(super) reason: &'static str,
    pub(super) message: Text,
}

/// What ended a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Culprit {
    Probe,
    Hook,
}

/// The exit code of what was asked to stop and did not expect it.
const ASKED: i64 = 143;

/// A container is stopped, because a probe or a hook failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Killed {
    pub(super) culprit: Culprit,
    /// When it is asked to stop.
    from: Duration,
    /// When it has stopped.
    pub(super) ends: Duration,
    pub(super) code: i64,
}

/// All times are from the start of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Health {
    /// When its startup probe passes; never, if it does not.
    pub(super) started: Option<Duration>,
    /// When it gets ready, and when it stops being that, in turn.
    turns: Vec<Duration>,
    pub(super) killed: Option<Killed>,
    told: Vec<Told>,
    /// How much of that was told.
    heard: usize,
    /// What comes before its end.
    pub(super) farewell: Hook,
}

/// Whether there is more to know of a container than how long its probes wait.
fn matters(container: &Value, behaviour: &Behaviour) -> bool {
    let asks = |kind: &str| container.at(&[kind, "exec"]).is_some();
    behaviour.live.is_some()
        || ["livenessProbe", "readinessProbe", "startupProbe"].into_iter().any(asks)
        || is_timed(container)
}

/// Whether a probe or a hook runs a program that may be known.
fn asks_known(container: &Value) -> bool {
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"];
    let probes = probes.into_iter().filter_map(|kind| container.at(&[kind]));
    let hooks = ["postStart", "preStop"];
    let hooks = hooks.into_iter().filter_map(|kind| container.at(&["lifecycle", kind]));
    probes.chain(hooks).any(|asks| {
        let words = asks.at(&["exec", "command"]).and_then(Value::as_list);
        words.and_then(|words| words.first()?.as_str()).is_some_and(may_be_known)
    })
}

/// A run of a container, of which not all is known yet.
struct Outlook<'a> {
    name: &'a str,
    behaviour: &'a Behaviour,
    restart: Restart,
    grace: Duration,
    health: Health,
}

impl Health {
    /// Of a run whose program does this; none, if there is nothing to know.
    pub(super) fn of(
        container: &Value,
        behaviour: &Behaviour,
        own: Option<&Course>,
        restart: Restart,
        site: &Site<'_>,
    ) -> Option<Box<Self>> {
        if !matters(container, behaviour) {
            return None;
        }
        let room = if asks_known(container) { Room::of(container, site) } else { None };
        let hook = |name| Hook::of(container, name, room.as_ref());
        let probe = |kind| Probe::of(container, kind, room.as_ref(), own);
        let grace = site.pod.tree.at(&["spec", "terminationGracePeriodSeconds"]);
        let grace = grace.and_then(Value::as_int).and_then(|it| u64::try_from(it).ok());
        let mut outlook = Outlook {
            name: container.str_at(&["name"]).unwrap_or_default(),
            behaviour,
            restart,
            grace: grace.map_or(GRACE, Duration::from_secs),
            health: Self { farewell: hook("preStop"), ..Self::default() },
        };
        let welcome = hook("postStart");
        if welcome.end == HookEnd::Failed {
            outlook.fail_to_start(welcome.takes);
        } else {
            outlook.start(welcome.takes, probe(Kind::Startup).as_ref());
        }
        if let Some(started) = outlook.health.started {
            outlook.live(started, probe(Kind::Liveness));
            outlook.serve(started, probe(Kind::Readiness).as_ref());
        }
        let mut health = outlook.health;
        health.told.sort_by_key(|told| told.at);
        Some(Box::new(health))
    }

    /// What is told by then and was not yet.
    pub(super) fn news(&mut self, ran: Duration) -> &[Told] {
        let end = self.told.partition_point(|told| told.at <= ran);
        let start = self.heard.min(end);
        self.heard = self.heard.max(end);
        self.told.get(start..end).unwrap_or_default()
    }

    /// From then on nobody asks whether it lives, as it is asked to stop.
    pub(super) fn calm(&mut self, ran: Duration, grace: Duration) {
        self.killed = self.killed.filter(|killed| killed.from <= ran);
        self.told.retain(|told| told.at <= ran);
        if self.farewell.end == HookEnd::Failed && self.farewell.takes < grace {
            let at = ran.saturating_add(self.farewell.takes);
            let (severity, message) = (Severity::Warning, Text::new_static("PreStopHook failed"));
            self.told.push(Told { at, severity, reason: "FailedPreStopHook", message });
        }
    }

    /// Whether its startup probe has passed by then.
    pub(super) fn is_started(&self, ran: Duration) -> bool {
        self.started.is_some_and(|started| started <= ran)
    }

    /// Whether it is ready by then.
    pub(super) fn is_ready(&self, ran: Duration) -> bool {
        self.turns.partition_point(|turn| *turn <= ran) % 2 == 1
    }

    /// When something is to be seen.
    pub(super) fn times(&self) -> impl Iterator<Item = Duration> {
        let told = self.told.iter().map(|told| told.at);
        self.started.into_iter().chain(self.turns.iter().copied()).chain(told)
    }
}

impl Outlook<'_> {
    fn fail_to_start(&mut self, after: Duration) {
        const REASON: &str = "FailedPostStartHook";
        self.tell(after, Severity::Warning, REASON, "PostStartHook failed");
        self.kill(after, self.grace, Culprit::Hook, REASON);
    }

    fn start(&mut self, from: Duration, probe: Option<&Probe>) {
        let Some(probe) = probe else {
            self.health.started = Some(from);
            return;
        };
        for streak in probe.streaks(from) {
            match streak.verdict {
                Ok(()) => {
                    self.health.started = Some(streak.at);
                    return;
                }
                Err(_) if self.fails(probe, &streak) => return,
                Err(_) => {}
            }
        }
    }

    fn live(&mut self, from: Duration, probe: Option<Probe>) {
        let Some(mut probe) = probe else { return };
        if let Some(lives) = self.behaviour.live {
            probe.fail_from(lives);
        }
        let mut failing = probe.streaks(from).into_iter().filter(|it| it.verdict.is_err());
        failing.find(|streak| self.fails(&probe, streak));
    }

    /// Tells of failures. Says whether they are enough to end the container.
    fn fails(&mut self, probe: &Probe, streak: &Streak) -> bool {
        let times = streak.count.unwrap_or(u32::MAX).min(probe.failures).min(TOLD);
        (0..times).for_each(|time| self.complain(probe, streak, time));
        let Some(at) = streak.reaches(probe.failures, probe.period) else { return false };
        let again = if self.restart == Restart::Never { "" } else { ", will be restarted" };
        let kind = probe.kind.title().to_lowercase();
        let why = format!("Container {} failed {kind} probe{again}", self.name);
        self.kill(at, probe.grace.unwrap_or(self.grace), Culprit::Probe, &why);
        true
    }

    fn serve(&mut self, from: Duration, probe: Option<&Probe>) {
        let asked = self.behaviour.readiness == Readiness::Asked;
        let Some(probe) = probe.filter(|_| asked) else {
            let ready = self.behaviour.ready.map(|ready| ready.max(from));
            self.health.turns.extend(ready);
            return;
        };
        for streak in probe.streaks(from) {
            let ready = self.health.turns.len() % 2 == 1;
            let count = match streak.verdict {
                Ok(()) => probe.successes,
                Err(_) => probe.failures,
            };
            self.complain(probe, &streak, 0);
            if streak.verdict.is_ok() != ready {
                self.health.turns.extend(streak.reaches(count, probe.period));
            }
        }
    }

    /// Tells of one failure of a streak.
    fn complain(&mut self, probe: &Probe, streak: &Streak, time: u32) {
        let Err(output) = &streak.verdict else { return };
        let at = streak.at.saturating_add(probe.period.saturating_mul(time));
        let message = format!("{} probe failed: {output}", probe.kind.title());
        self.tell(at, Severity::Warning, "Unhealthy", &message);
    }

    fn tell(&mut self, at: Duration, severity: Severity, reason: &'static str, message: &str) {
        self.health.told.push(Told { at, severity, reason, message: Text::new(message) });
    }

    fn kill(&mut self, at: Duration, grace: Duration, culprit: Culprit, why: &str) {
        let (takes, code) = self.health.farewell.stop(self.behaviour.stop, grace);
        let code = if code == 0 { ASKED } else { code };
        let ends = at.saturating_add(takes);
        self.health.killed = Some(Killed { culprit, from: at, ends, code });
        self.tell(at, Severity::Normal, "Killing", why);
    }
}
