//! A pod on its node: its containers, and what happens to them next.

use super::behaviour::{Behaviour, Image, Restart, Role, Script};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// The first wait of a container that ended too often, and of a pull that failed.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LAST_WAIT: Duration = Duration::from_secs(300);
/// Who ran this long starts without a past.
const FORGIVEN: Duration = Duration::from_secs(600);
/// How long a pull takes to find out that there is no image.
const SEARCH: Duration = Duration::from_secs(1);

/// How a container ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) started: Timestamp,
    pub(super) finished: Timestamp,
    pub(super) code: i64,
}

/// What a container does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    behaviour: Behaviour,
    pub(super) phase: Phase,
    pub(super) restarts: i64,
    /// The end before the present state.
    pub(super) last: Option<End>,
    /// How long it waits when it ends the next time.
    wait: Option<Duration>,
    pulls: u32,
}

/// What people should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    Pulling,
    Pulled(Option<Duration>),
    PullFailed,
    PullBackOff,
    Started,
    Unready,
    BackOff,
    Killing,
}

/// News of a container, by its place.
pub(super) type Note = (usize, News);

/// A pod on its node.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) uid: Text,
    namespace: Text,
    name: Text,
    pub(super) node: Text,
    pub(super) since: Timestamp,
    pub(super) restart: Restart,
    pub(super) containers: Vec<Container>,
    pub(super) address: Option<Ipv4Addr>,
    /// When it will have stopped, once it was asked to.
    pub(super) stops: Option<Timestamp>,
    /// When it has run too long.
    pub(super) deadline: Option<Timestamp>,
}

impl Run {
    /// A pod that was bound at this time.
    pub(super) fn new(pod: &Value, now: Timestamp, images: &BTreeMap<Text, Script>) -> Self {
        let restart = match pod.str_at(&["spec", "restartPolicy"]) {
            Some("Never") => Restart::Never,
            Some("OnFailure") => Restart::OnFailure,
            _ => Restart::Always,
        };
        let mut containers = Vec::new();
        for field in ["initContainers", "containers"] {
            let list = pod.at(&["spec", field]).and_then(Value::as_list);
            for container in list.into_iter().flat_map(|list| list.iter()) {
                let role = match (field, container.str_at(&["restartPolicy"])) {
                    ("containers", _) => Role::Main,
                    (_, Some("Always")) => Role::Sidecar,
                    _ => Role::Init,
                };
                let behaviour = Behaviour::read(pod, container, role, restart, images);
                containers.push(Container::new(container, role, behaviour));
            }
        }
        let text = |path: &[&str]| Text::new(pod.str_at(path).unwrap_or_default());
        let deadline = pod.at(&["spec", "activeDeadlineSeconds"]).and_then(Value::as_int);
        let mut run = Self {
            uid: text(&["metadata", "uid"]),
            namespace: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"]),
            node: text(&["spec", "nodeName"]),
            since: now,
            restart,
            containers,
            address: None,
            stops: None,
            deadline: deadline.map(|seconds| now.plus_seconds(seconds)),
        };
        if pod.str_at(&["status", "phase"]) == Some("Running") {
            run.resume(pod);
        }
        run.begin(now);
        run
    }

    /// Takes over a pod that was running before anybody looked.
    fn resume(&mut self, pod: &Value) {
        let start = pod.str_at(&["status", "startTime"]).and_then(Timestamp::parse);
        self.since = start.unwrap_or(self.since);
        let since = self.since;
        for container in &mut self.containers {
            container.phase = match container.role {
                Role::Init => Phase::Ended(End { started: since, finished: since, code: 0 }),
                Role::Sidecar | Role::Main => Phase::Running { since },
            };
        }
    }

    /// Lets everything happen that is due, and tells it.
    pub(super) fn advance(&mut self, now: Timestamp) -> Vec<Note> {
        let mut notes = Vec::new();
        if self.is_over() {
            return notes;
        }
        while let Some((at, place)) = self.due().filter(|(at, _)| *at <= now) {
            self.step(place, at, &mut notes);
            self.begin(at);
        }
        notes
    }

    /// What happens next to which container.
    fn due(&self) -> Option<(Timestamp, usize)> {
        let places = self.containers.iter().enumerate();
        places.filter_map(|(place, container)| Some((container.due()?, place))).min()
    }

    /// When something happens, or is seen to have happened.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let seen = self.containers.iter().flat_map(Container::passes).filter(|at| *at > now);
        let own = self.due().map(|(at, _)| at).into_iter().chain(seen).chain(self.deadline).min();
        if self.is_over() { self.stops } else { own.into_iter().chain(self.stops).min() }
    }

    /// Starts those whose turn it is.
    fn begin(&mut self, now: Timestamp) {
        for place in 0..self.containers.len() {
            let container = &mut self.containers[place];
            if container.phase == Phase::Waiting {
                container.pull(now);
            }
            // The next has to wait for this one.
            let done = match container.role {
                Role::Init => matches!(container.phase, Phase::Ended(End { code: 0, .. })),
                Role::Sidecar => container.is_started(now),
                Role::Main => true,
            };
            if !done {
                return;
            }
        }
    }

    fn step(&mut self, place: usize, at: Timestamp, notes: &mut Vec<Note>) {
        let restart = self.restart;
        let container = &mut self.containers[place];
        match container.phase {
            Phase::Waiting | Phase::Ended(_) => {}
            Phase::Pulling { .. } => container.pulled(place, at, notes),
            Phase::NoImage { .. } => {
                container.phase = Phase::PullBackOff { until: at.plus(container.pull_wait()) };
                notes.push((place, News::PullBackOff));
            }
            Phase::PullBackOff { .. } => container.pull(at),
            Phase::Creating { .. } | Phase::BackOff { .. } => {
                if let Phase::BackOff { .. } = container.phase {
                    container.restarts += 1;
                }
                container.phase = Phase::Running { since: at };
                if container.restarts > 0 || container.behaviour.image == Image::Present {
                    notes.push((place, News::Pulled(None)));
                }
                notes.push((place, News::Started));
                if container.behaviour.ready.is_none() {
                    notes.push((place, News::Unready));
                }
            }
            Phase::Running { since } => container.ended(place, since, at, restart, notes),
        }
    }

    /// Asks everything to stop, within the grace period.
    pub(super) fn stop(&mut self, now: Timestamp, grace: Duration) -> Vec<Note> {
        let running = |container: &&Container| matches!(container.phase, Phase::Running { .. });
        let longest =
            self.containers.iter().filter(running).map(|container| container.behaviour.stop).max();
        let stops = now.plus(longest.unwrap_or_default().min(grace));
        let first = self.stops.is_none();
        self.stops = Some(self.stops.map_or(stops, |known| known.min(stops)));
        let places = self.containers.iter().enumerate();
        let killed = places.filter(|(_, container)| first && running(container));
        killed.map(|(place, _)| (place, News::Killing)).collect()
    }

    /// Ends everything that runs. Who took longer to stop than it was given was killed.
    pub(super) fn end_all(&mut self, now: Timestamp, grace: Duration) {
        for container in &mut self.containers {
            if let Phase::Running { since } = container.phase {
                let code = if container.behaviour.stop > grace { 137 } else { 0 };
                container.phase = Phase::Ended(End { started: since, finished: now, code });
            }
        }
    }

    /// How kubelets name it in messages.
    pub(super) fn title(&self) -> String {
        format!("{}_{}({})", self.name, self.namespace, self.uid)
    }

    /// Whether it ran longer than it may.
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// Whether no container will run again.
    pub(super) fn is_over(&self) -> bool {
        self.outcome().is_some()
    }

    /// How it ended, if it did.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        let failed = |container: &Container| match container.phase {
            Phase::Ended(end) => end.code != 0,
            _ => false,
        };
        let of = |role: Role| self.containers.iter().filter(move |it| it.role == role);
        if of(Role::Init).any(failed) {
            return Some(Outcome::Failed);
        }
        let ended = |container: &Container| matches!(container.phase, Phase::Ended(_));
        match of(Role::Main).all(ended) {
            true if of(Role::Main).any(failed) => Some(Outcome::Failed),
            true => Some(Outcome::Succeeded),
            false => None,
        }
    }
}

/// How a pod ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeded,
    Failed,
}

impl Container {
    fn new(container: &Value, role: Role, behaviour: Behaviour) -> Self {
        let text = |field: &str| Text::new(container.str_at(&[field]).unwrap_or_default());
        Self {
            name: text("name"),
            image: text("image"),
            role,
            behaviour,
            phase: Phase::Waiting,
            restarts: 0,
            last: None,
            wait: None,
            pulls: 0,
        }
    }

    /// When it changes by itself.
    fn due(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Waiting | Phase::Ended(_) => None,
            Phase::Pulling { until }
            | Phase::NoImage { until }
            | Phase::PullBackOff { until }
            | Phase::Creating { until }
            | Phase::BackOff { until } => Some(until),
            Phase::Running { since } => self.behaviour.end.map(|(time, _)| since.plus(time)),
        }
    }

    /// When its probes pass.
    fn passes(&self) -> impl Iterator<Item = Timestamp> {
        let since = match self.phase {
            Phase::Running { since } => Some(since),
            _ => None,
        };
        let times = [Some(self.behaviour.started), self.behaviour.ready];
        times.into_iter().flatten().filter_map(move |time| Some(since?.plus(time)))
    }

    pub(super) fn is_started(&self, now: Timestamp) -> bool {
        matches!(self.phase, Phase::Running { since } if since.plus(self.behaviour.started) <= now)
    }

    pub(super) fn is_ready(&self, now: Timestamp) -> bool {
        match (self.phase, self.role) {
            (Phase::Ended(end), Role::Init) => end.code == 0,
            (_, Role::Init) => false,
            (Phase::Running { since }, _) => {
                self.behaviour.ready.is_some_and(|time| since.plus(time) <= now)
            }
            _ => false,
        }
    }

    /// Whether it waits because it failed.
    pub(super) fn is_stuck(&self) -> bool {
        matches!(
            self.phase,
            Phase::NoImage { .. } | Phase::PullBackOff { .. } | Phase::BackOff { .. }
        )
    }

    /// How long it waits now, for messages.
    pub(super) fn waits(&self) -> Duration {
        self.wait.unwrap_or(FIRST_WAIT)
    }

    fn pull(&mut self, now: Timestamp) {
        self.phase = match self.behaviour.image {
            Image::Present => Phase::Creating { until: now.plus(self.behaviour.start) },
            Image::Pulled(time) => Phase::Pulling { until: now.plus(time) },
            Image::Missing => Phase::Pulling { until: now.plus(SEARCH) },
        };
    }

    fn pulled(&mut self, place: usize, at: Timestamp, notes: &mut Vec<Note>) {
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

    fn pull_wait(&self) -> Duration {
        FIRST_WAIT.saturating_mul(1 << self.pulls.saturating_sub(1).min(10)).min(LAST_WAIT)
    }

    fn ended(
        &mut self,
        place: usize,
        since: Timestamp,
        at: Timestamp,
        restart: Restart,
        notes: &mut Vec<Note>,
    ) {
        let code = self.behaviour.end.map_or(0, |(_, code)| code);
        let end = End { started: since, finished: at, code };
        let again = match (self.role, restart) {
            (Role::Sidecar, _) | (Role::Main, Restart::Always) => true,
            (_, Restart::Never) => false,
            (Role::Init, _) | (_, Restart::OnFailure) => code != 0,
        };
        if !again {
            self.phase = Phase::Ended(end);
            return;
        }
        self.last = Some(end);
        if at.since(since) >= FORGIVEN {
            self.wait = None;
        }
        let wait = self.wait.map(|known| (known * 2).min(LAST_WAIT));
        // The first time it starts again at once.
        match self.wait {
            None => {
                self.restarts += 1;
                self.phase = Phase::Creating { until: at.plus(self.behaviour.start) };
                self.wait = Some(FIRST_WAIT / 2);
            }
            Some(_) => {
                let wait = wait.unwrap_or(FIRST_WAIT);
                self.phase = Phase::BackOff { until: at.plus(wait) };
                self.wait = Some(wait);
                notes.push((place, News::BackOff));
            }
        }
    }
}
