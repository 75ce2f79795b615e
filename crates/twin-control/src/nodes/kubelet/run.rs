//! A pod on its node: its containers, and what happens to them next.

use super::behaviour::{Behaviour, Image, Restart, Role, Script};
use super::config::refusal;
use super::container::{Container, End, News, Note, Phase};
use super::fields::{Site, items};
use super::health::Health;
use super::mounting::{Mounting, failures};
use super::program::course;
use super::resize::Pinned;
use super::words::log;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;
use twin_core::logs::Log;
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

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
    pub(super) mounting: Mounting,
    pub(super) address: Option<Ipv4Addr>,
    /// When it will have stopped, once it was asked to.
    pub(super) stops: Option<Timestamp>,
    /// When it has run too long.
    pub(super) deadline: Option<Timestamp>,
    /// Its node has started anew, and nobody told it yet.
    rebooted: bool,
    /// Its node went while it ran, and it is not to start again.
    pub(super) cut: bool,
    /// What was written, or is going to be, and nobody was told of yet.
    pub(super) logs: Vec<Log>,
}

impl Run {
    /// A pod that was bound at this time.
    pub(super) fn new(pod: &Value, now: Timestamp, images: &BTreeMap<Text, Script>) -> Self {
        let restart = match pod.str_at(&["spec", "restartPolicy"]) {
            Some("Never") => Restart::Never,
            Some("OnFailure") => Restart::OnFailure,
            _ => Restart::Always,
        };
        let text = |path: &[&str]| Text::new(pod.str_at(path).unwrap_or_default());
        let mut run = Self {
            uid: text(&["metadata", "uid"]),
            namespace: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"]),
            node: text(&["spec", "nodeName"]),
            since: now,
            restart,
            containers: Vec::new(),
            mounting: Mounting::Due { at: now, tries: 0 },
            address: None,
            stops: None,
            deadline: None,
            rebooted: false,
            cut: false,
            logs: Vec::new(),
        };
        for (role, container) in with_roles(pod) {
            run.add(pod, container, role, images);
        }
        run.take_over(pod, now);
        let allowed = pod.at(&["spec", "activeDeadlineSeconds"]).and_then(Value::as_int);
        run.deadline = allowed.map(|seconds| run.since.plus_seconds(seconds));
        run
    }

    fn add(&mut self, pod: &Value, container: &Value, role: Role, images: &BTreeMap<Text, Script>) {
        let behaviour = Behaviour::read(pod, container, role, self.restart, images);
        self.containers.push(Container::new(container, role, behaviour));
    }

    /// Takes in containers that were added since.
    pub(super) fn adopt(&mut self, pod: &Value, images: &BTreeMap<Text, Script>) {
        let role = Role::Ephemeral;
        for container in items(pod, &["spec", role.field()]) {
            let name = container.str_at(&["name"]);
            if !self.containers.iter().any(|it| Some(it.name.as_str()) == name) {
                self.add(pod, container, role, images);
            }
        }
    }

    /// Its node lost its power and is back: what ran starts again, from its first container on.
    pub(super) fn reboot(&mut self, now: Timestamp) {
        if self.is_over() {
            return;
        }
        for container in &self.containers {
            if let Phase::Running { since } = container.phase {
                self.logs.extend(log(&self.uid, container, since, Some(now)));
            }
        }
        if self.restart == Restart::Never && self.containers.iter().any(Container::has_begun) {
            self.containers.iter_mut().for_each(|container| container.cut(now));
            self.cut = true;
            return;
        }
        self.containers.iter_mut().for_each(|container| container.reboot(now));
        self.rebooted = true;
        self.mounting = Mounting::Due { at: now, tries: 0 };
    }

    /// Mounts its volumes, if that is due, after which the containers may start. Says what fails.
    pub(super) fn mount(&mut self, now: Timestamp, site: &Site<'_>) -> Vec<String> {
        let Mounting::Due { at, tries } = self.mounting else { return Vec::new() };
        if at > now || self.stops.is_some() {
            return Vec::new();
        }
        let failures = failures(site);
        if failures.is_empty() {
            self.mounting = Mounting::Done;
            self.begin(at);
        } else {
            self.mounting = Mounting::later(tries, now);
        }
        failures
    }

    pub(super) fn is_mounted(&self) -> bool {
        self.mounting == Mounting::Done
    }

    /// Whether it was started anew since somebody asked.
    pub(super) fn was_rebooted(&mut self) -> bool {
        std::mem::take(&mut self.rebooted)
    }

    /// Finds out what the programs do that run already.
    pub(super) fn recall(&mut self, site: &Site<'_>) {
        for place in 0..self.containers.len() {
            if let Phase::Running { since } = self.containers[place].phase {
                self.started(place, since, site);
                // What was told before is not told again.
                self.containers[place].news(site.view.now);
            }
        }
    }

    /// A program starts: what it does follows from its surroundings of this moment.
    fn started(&mut self, place: usize, since: Timestamp, site: &Site<'_>) {
        let container = &mut self.containers[place];
        let spec = container.spec(&site.pod.tree);
        container.course = spec.and_then(|spec| course(spec, site)).map(Box::new);
        container.pinned = spec.and_then(Pinned::of);
        let (behaviour, own) = (&container.behaviour, container.course.as_deref());
        container.health =
            spec.and_then(|spec| Health::of(spec, behaviour, own, self.restart, site));
        let end = container.due_at(since);
        self.logs.extend(log(&self.uid, &self.containers[place], since, end));
    }

    /// Lets everything happen that is due, and tells it.
    pub(super) fn advance(&mut self, now: Timestamp, site: &Site<'_>) -> Vec<Note> {
        let mut notes = Vec::new();
        if self.stops.is_none() {
            self.resize(now, site, &mut notes);
        }
        while let Some((at, place)) = self.due().filter(|(at, _)| *at <= now) {
            if self.is_over() {
                break;
            }
            self.tell(at, &mut notes);
            self.step(place, at, site, &mut notes);
            self.begin(at);
        }
        self.tell(now, &mut notes);
        if self.is_over() {
            self.part(now, patience(&site.pod.tree));
        } else {
            // Who waits for a probe to pass has no step of its own.
            self.begin(now);
        }
        notes
    }

    /// Starts those anew that cannot take in their new resources.
    fn resize(&mut self, now: Timestamp, site: &Site<'_>, notes: &mut Vec<Note>) {
        for (place, container) in self.containers.iter_mut().enumerate() {
            let Phase::Running { since } = container.phase else { continue };
            if let Some(note) = container.resize(place, &site.pod.tree, now) {
                self.logs.extend(log(&self.uid, container, since, Some(now)));
                notes.push(note);
            }
        }
    }

    /// Tells what is known of runs by this time.
    pub(super) fn tell(&mut self, now: Timestamp, notes: &mut Vec<Note>) {
        for (place, container) in self.containers.iter_mut().enumerate() {
            let news = container.news(now).iter().cloned();
            notes.extend(news.map(|told| (place, News::Told(told))));
        }
    }

    /// What happens next to which container.
    fn due(&self) -> Option<(Timestamp, usize)> {
        let places = self.containers.iter().enumerate();
        // Nothing starts any more in a pod that is asked to stop.
        let goes_on =
            |it: &Container| self.stops.is_none() || matches!(it.phase, Phase::Running { .. });
        let places = places.filter(|(_, container)| goes_on(container));
        places.filter_map(|(place, container)| Some((container.due()?, place))).min()
    }

    /// When something happens, or is seen to have happened.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let seen = self.containers.iter().flat_map(Container::passes).filter(|at| *at > now);
        let own = self.due().map(|(at, _)| at).into_iter().chain(seen).chain(self.deadline);
        let mounting = self.mounting.due().filter(|_| self.stops.is_none());
        let own = own.chain(mounting).min();
        if self.is_over() { self.stops } else { own.into_iter().chain(self.stops).min() }
    }

    /// Starts those whose turn it is.
    pub(super) fn begin(&mut self, now: Timestamp) {
        if !self.is_mounted() || self.stops.is_some() {
            return;
        }
        let mut turn = true;
        for container in &mut self.containers {
            // Who looks at others waits for none of them.
            if container.phase == Phase::Waiting && (turn || container.role == Role::Ephemeral) {
                container.pull(now);
            }
            // The next has to wait for this one.
            turn &= match container.role {
                Role::Init => matches!(container.phase, Phase::Ended(End { code: 0, .. })),
                Role::Sidecar => container.is_started(now),
                Role::Main | Role::Ephemeral => true,
            };
        }
    }

    fn step(&mut self, place: usize, at: Timestamp, site: &Site<'_>, notes: &mut Vec<Note>) {
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
            Phase::Creating { .. } | Phase::NoConfig { .. } | Phase::BackOff { .. } => {
                self.create(place, at, site, notes);
            }
            Phase::Running { since } if self.stops.is_some() => container.leave(since, at),
            Phase::Running { since } => container.ended(place, since, at, restart, notes),
        }
    }

    /// Makes a container and starts it, if it can be made.
    fn create(&mut self, place: usize, at: Timestamp, site: &Site<'_>, notes: &mut Vec<Note>) {
        let spec = self.containers[place].spec(&site.pod.tree);
        let refusal = spec.and_then(|spec| refusal(spec, site, self));
        let container = &mut self.containers[place];
        let again = container.last.is_some() || matches!(container.phase, Phase::NoConfig { .. });
        if again || container.behaviour.image == Image::Present {
            notes.push((place, News::Pulled(None)));
        }
        if let Some(why) = refusal {
            container.refuse(place, why, at, notes);
            return;
        }
        container.restarts += i64::from(container.last.is_some());
        container.phase = Phase::Running { since: at };
        notes.push((place, News::Started));
        if container.behaviour.ready.is_none() {
            notes.push((place, News::Unready));
        }
        self.started(place, at, site);
    }

    /// How kubelets name it in messages.
    pub(super) fn title(&self) -> String {
        format!("{}_{}({})", self.name, self.namespace, self.uid)
    }
}

/// How long the containers of a pod may take to stop.
fn patience(pod: &Value) -> Duration {
    let seconds = pod.at(&["spec", "terminationGracePeriodSeconds"]).and_then(Value::as_int);
    Duration::from_secs(seconds.and_then(|it| u64::try_from(it).ok()).unwrap_or(30))
}

/// The containers of a pod with what they are for.
fn with_roles(pod: &Value) -> impl Iterator<Item = (Role, &Value)> {
    let first = items(pod, &["spec", "initContainers"]).map(|container| {
        let stays = container.str_at(&["restartPolicy"]) == Some("Always");
        (if stays { Role::Sidecar } else { Role::Init }, container)
    });
    let main = items(pod, &["spec", "containers"]).map(|it| (Role::Main, it));
    let added = items(pod, &["spec", "ephemeralContainers"]).map(|it| (Role::Ephemeral, it));
    first.chain(main).chain(added)
}
