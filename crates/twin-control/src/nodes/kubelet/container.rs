//! A container: what it does, and what it does next.

use super::behaviour::{self, Behaviour, Image, Restart, Role};
use super::health::{Culprit, Health, Told};
use super::hook::Hook;
use super::resize::Pinned;
use super::words::last_words;
use crate::program::Course;
use std::time::Duration;
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// The first wait of a container that ended too often, and of a pull that failed.
pub(super) const FIRST_WAIT: Duration = Duration::from_secs(10);
const LAST_WAIT: Duration = Duration::from_mins(5);
/// Who ran this long starts without a past.
const FORGIVEN: Duration = Duration::from_mins(10);
/// How long a pull takes to find out that there is no image.
const SEARCH: Duration = Duration::from_secs(1);

/// After what failed a kubelet looks at a pod again in 10 to 15 seconds.
const LOOK: Duration = Duration::from_secs(12);

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) started: Timestamp,
    pub(super) finished: Timestamp,
    pub(super) code: i64,
    pub(super) cause: Cause,
    /// Its last words.
    pub(super) message: Option<Text>,
}

/// Why a container ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// By itself, or because it was asked to.
    Own,
    /// Its node went, and nobody saw how it ended.
    Unseen,
}

/// The exit code of what nobody saw end.
const UNSEEN: i64 = 255;

/// What a container does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It is not its turn.
    Waiting,
    Pulling {
        until: Timestamp,
    },
    /// There is no image, as the last pull found.
    NoImage {
        until: Timestamp,
    },
    /// It waits before the next pull.
    PullBackOff {
        until: Timestamp,
    },
    Creating {
        until: Timestamp,
    },
    /// It cannot be made from what the pod says, as the last look found.
    NoConfig {
        until: Timestamp,
        why: Text,
    },
    Running {
        since: Timestamp,
    },
    /// It ended too often, and waits before it starts again.
    BackOff {
        until: Timestamp,
    },
    Ended(End),
}

/// A container.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) name: Text,
    pub(super) image: Text,
    pub(super) role: Role,
    pub(super) behaviour: Behaviour,
    /// What its program does in this run, if that is plain.
    pub(super) course: Option<Box<Course>>,
    /// What must not change while it runs.
    pub(super) pinned: Option<Box<Pinned>>,
    /// What becomes of this run, if its probes and hooks say more than how long they wait.
    pub(super) health: Option<Box<Health>>,
    pub(super) phase: Phase,
    pub(super) restarts: i64,
    /// The end before the present state.
    pub(super) last: Option<End>,
    /// How long it waits when it ends the next time.
    pub(super) wait: Option<Duration>,
    pulls: u32,
}

/// What people should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    Pulling,
    Pulled(Option<Duration>),
    PullFailed,
    PullBackOff,
    NoConfig(Text),
    Started,
    Unready,
    Told(Told),
    BackOff,
    Killing,
    Resized,
}

/// News of a container, by its place.
pub(super) type Note = (usize, News);

impl Container {
    pub(super) fn new(container: &Value, role: Role, behaviour: Behaviour) -> Self {
        let text = |field: &str| Text::new(container.str_at(&[field]).unwrap_or_default());
        Self {
            name: text("name"),
            image: text("image"),
            role,
            behaviour,
            course: None,
            health: None,
            pinned: None,
            phase: Phase::Waiting,
            restarts: 0,
            last: None,
            wait: None,
            pulls: 0,
        }
    }

    /// What a pod says of it.
    pub(super) fn spec<'a>(&self, pod: &'a Value) -> Option<&'a Value> {
        let alike = pod.at(&["spec", self.role.field()])?.as_list()?;
        alike.iter().find(|it| it.str_at(&["name"]) == Some(self.name.as_str()))
    }

    /// How it ends, once it runs.
    fn end(&self) -> Option<behaviour::End> {
        self.own_end().into_iter().chain(self.kill()).min_by_key(|(time, _)| *time)
    }

    /// How it is ended, if a probe or a hook fails.
    fn kill(&self) -> Option<behaviour::End> {
        let killed = self.health.as_ref()?.killed?;
        Some((killed.ends, killed.code))
    }

    /// Its pod is asked to stop: from now on nobody asks whether it lives.
    pub(super) fn calm(&mut self, now: Timestamp, grace: Duration) {
        if let (Phase::Running { since }, Some(health)) = (&self.phase, &mut self.health) {
            health.calm(now.since(*since), grace);
        }
    }

    /// How it ends by itself.
    fn own_end(&self) -> Option<behaviour::End> {
        let own = || match &self.course {
            Some(course) => course.end.map(|end| (end.after, i64::from(end.code))),
            None => self.behaviour.usual,
        };
        let own = || own().map(|(time, code)| (time, self.behaviour.code.unwrap_or(code)));
        self.behaviour.said.or_else(own)
    }

    /// When it ends that started then.
    pub(super) fn due_at(&self, since: Timestamp) -> Option<Timestamp> {
        self.end().map(|(time, _)| since.plus(time))
    }

    /// The end of a run, with its last words.
    pub(super) fn end_of(&self, started: Timestamp, finished: Timestamp, code: i64) -> End {
        let policy = self.behaviour.message;
        let ran = finished.since(started);
        let course = self.course.as_deref();
        let message = course.and_then(|course| last_words(course, ran, code, policy));
        End { started, finished, code, cause: Cause::Own, message }
    }

    /// When it changes by itself.
    pub(super) fn due(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Waiting | Phase::Ended(_) => None,
            Phase::Pulling { until }
            | Phase::NoImage { until }
            | Phase::PullBackOff { until }
            | Phase::Creating { until }
            | Phase::NoConfig { until, .. }
            | Phase::BackOff { until } => Some(until),
            Phase::Running { since } => self.due_at(since),
        }
    }

    /// When its probes pass or fail.
    pub(super) fn passes(&self) -> impl Iterator<Item = Timestamp> {
        let since = match self.phase {
            Phase::Running { since } => Some(since),
            _ => None,
        };
        let usual = [Some(self.behaviour.started), self.behaviour.ready];
        let usual = usual.into_iter().flatten().filter(|_| self.health.is_none());
        let own = self.health.iter().flat_map(|health| health.times());
        usual.chain(own).filter_map(move |time| Some(since?.plus(time)))
    }

    /// What is told of its run by now.
    pub(super) fn news(&mut self, now: Timestamp) -> &[Told] {
        match (&self.phase, &mut self.health) {
            (Phase::Running { since }, Some(health)) => health.news(now.since(*since)),
            _ => &[],
        }
    }

    /// What it does before it stops.
    pub(super) fn farewell(&self) -> Hook {
        self.health.as_ref().map(|health| health.farewell).unwrap_or_default()
    }

    pub(super) fn is_started(&self, now: Timestamp) -> bool {
        match (&self.phase, &self.health) {
            (Phase::Running { since }, None) => since.plus(self.behaviour.started) <= now,
            (Phase::Running { since }, Some(health)) => health.is_started(now.since(*since)),
            _ => false,
        }
    }

    pub(super) fn is_ready(&self, now: Timestamp) -> bool {
        match (&self.phase, self.role) {
            (Phase::Ended(end), Role::Init) => end.code == 0,
            (_, Role::Init | Role::Ephemeral) => false,
            (Phase::Running { since }, _) => match &self.health {
                Some(health) => health.is_ready(now.since(*since)),
                None => self.behaviour.ready.is_some_and(|time| since.plus(time) <= now),
            },
            _ => false,
        }
    }

    /// Whether it waits because it failed.
    pub(super) fn is_stuck(&self) -> bool {
        matches!(
            self.phase,
            Phase::NoImage { .. }
                | Phase::PullBackOff { .. }
                | Phase::NoConfig { .. }
                | Phase::BackOff { .. }
        )
    }

    /// How long it waits now, for messages.
    pub(super) fn waits(&self) -> Duration {
        self.wait.unwrap_or(FIRST_WAIT).max(FIRST_WAIT)
    }

    pub(super) fn pull(&mut self, now: Timestamp) {
        self.phase = match self.behaviour.image {
            Image::Present => Phase::Creating { until: now.plus(self.behaviour.start) },
            Image::Pulled(time) => Phase::Pulling { until: now.plus(time) },
            Image::Missing => Phase::Pulling { until: now.plus(SEARCH) },
        };
    }

    pub(super) fn pulled(&mut self, place: usize, at: Timestamp, notes: &mut Vec<Note>) {
        notes.push((place, News::Pulling));
        match self.behaviour.image {
            Image::Missing => {
                self.pulls = self.pulls.saturating_add(1);
                self.phase = Phase::NoImage { until: at.plus(SEARCH) };
                notes.push((place, News::PullFailed));
            }
            Image::Pulled(time) => {
                notes.push((place, News::Pulled(Some(time))));
                self.phase = Phase::Creating { until: at.plus(self.behaviour.start) };
            }
            Image::Present => self.phase = Phase::Creating { until: at },
        }
    }

    /// It cannot be made.
    pub(super) fn refuse(
        &mut self,
        place: usize,
        why: String,
        at: Timestamp,
        notes: &mut Vec<Note>,
    ) {
        let why = Text::from(why);
        notes.push((place, News::NoConfig(why.clone())));
        self.phase = Phase::NoConfig { until: at.plus(LOOK), why };
    }

    /// Starts anew because of other resources, if it has to.
    pub(super) fn resize(&mut self, place: usize, pod: &Value, now: Timestamp) -> Option<Note> {
        let Phase::Running { since } = self.phase else { return None };
        self.pinned.as_ref().filter(|it| self.spec(pod).is_some_and(|spec| it.differs(spec)))?;
        self.last = Some(self.end_of(since, now, 0));
        let wait = self.behaviour.stop.saturating_add(self.behaviour.start);
        self.phase = Phase::Creating { until: now.plus(wait) };
        Some((place, News::Resized))
    }

    pub(super) fn pull_wait(&self) -> Duration {
        FIRST_WAIT.saturating_mul(1 << self.pulls.saturating_sub(1).min(10)).min(LAST_WAIT)
    }

    /// Its node starts anew: it has to start again, whatever it was doing.
    pub(super) fn reboot(&mut self, now: Timestamp) {
        let end = match &self.phase {
            Phase::Running { since } => {
                End { cause: Cause::Unseen, message: None, ..self.end_of(*since, now, UNSEEN) }
            }
            Phase::Ended(end) if self.role == Role::Init => end.clone(),
            Phase::Ended(_) => return,
            _ => {
                self.phase = Phase::Waiting;
                return;
            }
        };
        if self.role == Role::Ephemeral {
            self.phase = Phase::Ended(end);
            return;
        }
        self.last = Some(end);
        self.phase = Phase::Waiting;
    }

    /// Its node went while it ran, and it does not start again.
    pub(super) fn cut(&mut self, now: Timestamp) {
        if let Phase::Running { since } = self.phase {
            let end = self.end_of(since, now, UNSEEN);
            self.phase = Phase::Ended(End { cause: Cause::Unseen, message: None, ..end });
        }
    }

    /// Whether it ever ran.
    pub(super) fn has_begun(&self) -> bool {
        matches!(self.phase, Phase::Running { .. } | Phase::Ended(_)) || self.last.is_some()
    }

    /// Whether it is started again after an end with this code.
    pub(super) fn starts_again(&self, code: i64, restart: Restart) -> bool {
        match (self.role, restart) {
            (Role::Sidecar, _) | (Role::Main, Restart::Always) => true,
            (Role::Ephemeral, _) | (_, Restart::Never) => false,
            (Role::Init, _) | (_, Restart::OnFailure) => code != 0,
        }
    }

    /// It ends for good.
    pub(super) fn leave(&mut self, since: Timestamp, at: Timestamp) {
        let code = self.end().map_or(0, |(_, code)| code);
        self.phase = Phase::Ended(self.end_of(since, at, code));
    }

    pub(super) fn ended(
        &mut self,
        place: usize,
        since: Timestamp,
        at: Timestamp,
        restart: Restart,
        notes: &mut Vec<Note>,
    ) {
        let code = self.end().map_or(0, |(_, code)| code);
        let end = self.end_of(since, at, code);
        if !self.starts_again(code, restart) {
            self.phase = Phase::Ended(end);
            return;
        }
        let probed = self
            .health
            .as_ref()
            .and_then(|it| it.killed)
            .filter(|killed| killed.culprit == Culprit::Probe && since.plus(killed.ends) == at);
        let before = self.last.replace(end);
        if at.since(since) >= FORGIVEN {
            self.wait = None;
        }
        let wait = self.wait.map(|known| (known * 2).min(LAST_WAIT));
        // Who is ended by a probe waits by the end of the run before, which is the last that was seen.
        let seen = probed.map_or(Some(at), |_| before.map(|end| end.finished));
        if let Some(seen) = seen {
            self.wait = Some(wait.unwrap_or(FIRST_WAIT / 2));
            if let Some(wait) = wait.filter(|wait| at.since(seen) < *wait) {
                self.phase = Phase::BackOff { until: at.plus(wait) };
                notes.push((place, News::BackOff));
                return;
            }
        }
        self.phase = Phase::Creating { until: at.plus(self.behaviour.start) };
    }
}
