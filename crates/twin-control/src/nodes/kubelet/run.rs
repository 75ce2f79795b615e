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
    mounting: Mounting,
    pub(super) address: Option<Ipv4Addr>,
    /// When it will have stopped, once it was asked to.
    pub(super) stops: Option<Timestamp>,
    /// When it has run too long.
    pub(super) deadline: Option<Timestamp>,
    /// Its node has started anew, and nobody told it yet.
    rebooted: bool,
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
        let deadline = pod.at(&["spec", "activeDeadlineSeconds"]).and_then(Value::as_int);
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
            deadline: deadline.map(|seconds| now.plus_seconds(seconds)),
            rebooted: false,
            logs: Vec::new(),
        };
        for (role, container) in with_roles(pod) {
            run.add(pod, container, role, images);
        }
        if pod.str_at(&["status", "phase"]) == Some("Running") {
            run.resume(pod);
            run.mounting = Mounting::Done;
            run.begin(now);
        }
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
        self.containers.iter_mut().for_each(|container| container.reboot(now));
        self.rebooted = true;
        self.mounting = Mounting::Due { at: now, tries: 0 };
    }

    /// Mounts its volumes, if that is due, after which the containers may start. Says what fails.
    pub(super) fn mount(&mut self, now: Timestamp, site: &Site<'_>) -> Vec<String> {
        let Mounting::Due { at, tries } = self.mounting else { return Vec::new() };
        if at > now {
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

    /// Takes over a pod that was running before anybody looked.
    fn resume(&mut self, pod: &Value) {
        let start = pod.str_at(&["status", "startTime"]).and_then(Timestamp::parse);
        self.since = start.unwrap_or(self.since);
        let fields = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
        let lists = fields.iter().filter_map(|field| pod.at(&["status", field])?.as_list());
        let known: Vec<_> = lists.flat_map(|list| list.iter()).collect();
        for container in &mut self.containers {
            let own = |it: &&&Value| it.str_at(&["name"]) == Some(&container.name);
            let status = known.iter().find(own).map_or(&Value::Null, |status| *status);
            container.resume(status, self.since);
        }
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
        if self.is_over() {
            return notes;
        }
        self.resize(now, site, &mut notes);
        while let Some((at, place)) = self.due().filter(|(at, _)| *at <= now) {
            self.tell(at, &mut notes);
            self.step(place, at, site, &mut notes);
            self.begin(at);
        }
        self.tell(now, &mut notes);
        if self.is_over() {
            self.part(now);
        } else if self.is_mounted() {
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
    fn tell(&mut self, now: Timestamp, notes: &mut Vec<Note>) {
        for (place, container) in self.containers.iter_mut().enumerate() {
            let news = container.news(now).iter().cloned();
            notes.extend(news.map(|told| (place, News::Told(told))));
        }
    }

    /// What happens next to which container.
    fn due(&self) -> Option<(Timestamp, usize)> {
        let places = self.containers.iter().enumerate();
        places.filter_map(|(place, container)| Some((container.due()?, place))).min()
    }

    /// When something happens, or is seen to have happened.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let seen = self.containers.iter().flat_map(Container::passes).filter(|at| *at > now);
        let own = self.due().map(|(at, _)| at).into_iter().chain(seen).chain(self.deadline);
        let own = own.chain(self.mounting.due()).min();
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
                Role::Main | Role::Ephemeral => true,
            };
            if !done {
                return;
            }
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
            Phase::Running { since } => container.ended(place, since, at, restart, notes),
        }
    }

    /// Makes a container and starts it, if it can be made.
    fn create(&mut self, place: usize, at: Timestamp, site: &Site<'_>, notes: &mut Vec<Note>) {
        let spec = self.containers[place].spec(&site.pod.tree);
        let refusal = spec.and_then(|spec| refusal(spec, site, self));
        let container = &mut self.containers[place];
        if let Phase::BackOff { .. } = container.phase {
            container.restarts += 1;
        }
        let again = container.restarts > 0 || matches!(container.phase, Phase::NoConfig { .. });
        if again || container.behaviour.image == Image::Present {
            notes.push((place, News::Pulled(None)));
        }
        if let Some(why) = refusal {
            container.refuse(place, why, at, notes);
            return;
        }
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
