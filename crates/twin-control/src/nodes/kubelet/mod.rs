//! What happens to pods on nodes that have no containers.
//!
//! A `Run` knows what each container does and when that ends; the status follows from it.
//! Each pod has one timer. A state of a starting pod that lasts no longer than a second is not
//! written: a healthy pod costs one write, or two if it gets ready later than it starts.

mod addresses;
mod behaviour;
mod config;
mod container;
mod ending;
mod environment;
mod fields;
mod health;
mod hook;
mod image;
mod mounting;
mod probe;
mod program;
mod resize;
mod resume;
mod run;
mod status;
mod volumes;
mod words;

pub(crate) use addresses::{Addresses, Range};
pub use behaviour::Script;

use crate::controller::{Controller, Outcome, View, Wake};
use crate::events::{Event, Severity};
use crate::nodes::lifecycle::is_lost;
use crate::tables::{NODES, PODS};
use container::{News, Note};
use fields::Site;
use run::Run;
use status::{is_passing, phase, with_status};
use std::collections::BTreeMap;
use std::time::Duration;
use twin_core::api::Deletion;
use twin_core::store::{Change, ChangeKind, Key, Lookup, Object, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// A state of a starting pod that lasts no longer is not written.
const QUIET: Duration = Duration::from_secs(1);

/// The kubelets of all nodes.
#[derive(Debug, Default)]
pub struct Kubelet {
    runs: Lookup<Key, Run>,
    addresses: Addresses,
    images: BTreeMap<Text, Script>,
}

impl Kubelet {
    /// Kubelets whose images behave as the scripts say.
    pub fn with_images(images: BTreeMap<Text, Script>) -> Self {
        Self { images, ..Self::default() }
    }

    fn forget(&mut self, key: &Key) {
        let Some(run) = self.runs.remove(key) else { return };
        if let Some(address) = run.address {
            self.addresses.release(&run.node, address);
        }
    }

    /// Makes sure that the pod runs.
    fn start(&mut self, pod: &Object, node: &Object, view: &View<'_>) {
        let uid = pod.tree.str_at(&["metadata", "uid"]).unwrap_or_default();
        if self.runs.get(&pod.key).is_some_and(|run| run.uid == uid) {
            return;
        }
        self.forget(&pod.key);
        let mut run = Run::new(&pod.tree, view.now, &self.images);
        let known = pod.tree.str_at(&["status", "podIP"]).and_then(|text| text.parse().ok());
        let host = pod.tree.at(&["spec", "hostNetwork"]).and_then(Value::as_bool) == Some(true);
        run.address = match known {
            _ if host => None,
            Some(address) => {
                self.addresses.take(&run.node, address);
                Some(address)
            }
            None => {
                let range = node.tree.str_at(&["spec", "podCIDR"]).and_then(Range::parse);
                range.and_then(|range| self.addresses.give(&run.node, range))
            }
        };
        run.recall(&Site { pod, node, view: *view, address: run.address });
        self.runs.insert(pod.key.clone(), run);
    }

    /// A node whose power was cut starts again.
    fn reboot(&mut self, node: &str, view: &View<'_>) {
        for pod in view.on_node(node) {
            if let Some(run) = self.runs.get_mut(&pod.key) {
                run.reboot(view.now);
            }
        }
    }

    fn look(&mut self, pod: &Object, node: &Object, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        self.start(pod, node, view);
        let Some(run) = self.runs.get_mut(&pod.key) else { return outcome };
        run.adopt(&pod.tree, &self.images);
        if run.was_rebooted() {
            let message = "Pod sandbox changed, it will be killed and re-created.";
            let changed = Event::new(pod, Severity::Normal, "SandboxChanged", message);
            outcome.events.push(changed);
        }
        let site = Site { pod, node, view: *view, address: run.address };
        let failed = |message| Event::new(pod, Severity::Warning, "FailedMount", message);
        outcome.events.extend(run.mount(view.now, &site).into_iter().map(failed));
        let mut notes = run.advance(view.now, &site);
        let grace = grace(pod);
        if let Some(grace) = grace {
            notes.extend(run.stop(view.now, grace));
        }
        // Who ends by itself meanwhile need not be waited for.
        let idle = grace.is_some() && run.is_over();
        let stopped = idle || run.stops.is_some_and(|stops| stops <= view.now);
        if stopped || run.is_late(view.now) {
            run.end_all(view.now, grace.unwrap_or_default());
        }
        outcome.logs.append(&mut run.logs);
        outcome.events.extend(notes.iter().flat_map(|note| events(note, run, pod)));
        let next = run.next(view.now);
        let brief = next.is_some_and(|next| next.since(view.now) <= QUIET);
        let over = phase_is_over(run, view.now);
        // What a deleted pod became matters to nobody, unless somebody has to let it go.
        let unseen = stopped && pod.tree.at(&["metadata", "finalizers"]).is_none();
        let passing = brief && is_passing(run, view.now);
        if !(unseen || passing) {
            let site = Site { pod, node, view: *view, address: run.address };
            if site.is_on_host() {
                run.address = site.host().parse().ok();
            }
            let new = with_status(run, &pod.tree, site.host(), view.now);
            if new.at(&["status"]) != pod.tree.at(&["status"]) {
                outcome.update_status(PODS, &pod.key, new);
            }
        }
        if stopped {
            let uid = run.uid.clone();
            let deletion = Deletion { grace: Some(0), uid, ..Deletion::default() };
            outcome.delete(PODS, &pod.key, deletion);
        } else if let Some(next) = next.filter(|_| !over || grace.is_some()) {
            outcome.again(next.since(view.now));
        }
        outcome
    }
}

fn phase_is_over(run: &Run, now: Timestamp) -> bool {
    matches!(phase(run, now), "Succeeded" | "Failed")
}

impl Controller for Kubelet {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake) {
        let object = &change.object;
        if *table == NODES {
            let was_lost = change.previous.as_ref().is_none_or(|old| is_lost(&old.tree));
            if was_lost && !is_lost(&object.tree) {
                if change.previous.is_some() {
                    self.reboot(object.key.name(), view);
                }
                view.on_node(object.key.name()).for_each(|pod| wake.key(pod.key.clone()));
            }
        } else if *table == PODS && object.tree.at(&["spec", "nodeName"]).is_some() {
            if change.kind == ChangeKind::Deleted {
                self.forget(&object.key);
            } else if change.previous.as_ref().is_none_or(|old| concerns(object, old)) {
                wake.key(object.key.clone());
            }
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let Some(pod) = view.get(&PODS, key) else { return Outcome::default() };
        let node = pod.tree.str_at(&["spec", "nodeName"]).unwrap_or_default();
        if matches!(pod.tree.str_at(&["status", "phase"]), Some("Succeeded" | "Failed")) {
            self.forget(key);
            return last_word(pod);
        }
        match view.get(&NODES, &Key::new("", node)) {
            Some(node) if !is_lost(&node.tree) => self.look(pod, node, view),
            _ => Outcome::default(),
        }
    }
}

/// Lets a pod go that ended by itself after it was asked to.
fn last_word(pod: &Object) -> Outcome {
    let mut outcome = Outcome::default();
    if grace(pod).is_some_and(|grace| !grace.is_zero()) {
        outcome.delete(PODS, &pod.key, Deletion { grace: Some(0), ..Deletion::default() });
    }
    outcome
}

/// Whether a kubelet has to look at a change: it knows what it wrote itself.
fn concerns(pod: &Object, old: &Object) -> bool {
    let metadata = ["deletionTimestamp", "annotations", "finalizers"];
    let gates = pod.tree.at(&["spec", "readinessGates"]).is_some();
    gates
        || pod.tree.at(&["spec"]) != old.tree.at(&["spec"])
        || metadata
            .iter()
            .any(|field| pod.tree.at(&["metadata", field]) != old.tree.at(&["metadata", field]))
}

/// How long a pod that is asked to stop may take.
fn grace(pod: &Object) -> Option<Duration> {
    pod.tree.str_at(&["metadata", "deletionTimestamp"])?;
    let seconds = pod.tree.at(&["metadata", "deletionGracePeriodSeconds"]).and_then(Value::as_int);
    Some(Duration::from_secs(seconds.and_then(|it| u64::try_from(it).ok()).unwrap_or(0)))
}

/// What is told of a container, in the words of a kubelet.
fn events((place, news): &Note, run: &Run, pod: &Object) -> Vec<Event> {
    let Some(container) = run.containers.get(*place) else { return Vec::new() };
    let (name, image) = (&container.name, &container.image);
    let part = format!("spec.{}{{{name}}}", container.role.field());
    let told = |severity: Severity, reason: &str, message: String| {
        Event::new(pod, severity, reason, message).of_part(&part)
    };
    let normal = |reason: &str, message: String| told(Severity::Normal, reason, message);
    let warning = |reason: &str, message: String| told(Severity::Warning, reason, message);
    match news {
        News::Pulling => vec![normal("Pulling", format!("Pulling image {image:?}"))],
        News::Pulled(None) => {
            let message = format!(
                "Container image {image:?} already present on machine and can be accessed by the pod"
            );
            vec![normal("Pulled", message)]
        }
        News::Pulled(Some(time)) => {
            let time = format!("{}s", time.as_secs_f64());
            let message = format!(
                "Successfully pulled image {image:?} in {time} ({time} including waiting)."
            );
            vec![normal("Pulled", message)]
        }
        News::PullFailed => vec![
            warning(
                "Failed",
                format!(
                    "Failed to pull image {image:?}: failed to resolve reference {image:?}: not found"
                ),
            ),
            warning("Failed", "Error: ErrImagePull".to_owned()),
        ],
        News::PullBackOff => vec![
            normal("BackOff", format!("Back-off pulling image {image:?}")),
            warning("Failed", "Error: ImagePullBackOff".to_owned()),
        ],
        News::NoConfig(why) => vec![warning("Failed", format!("Error: {why}"))],
        News::Started => vec![
            normal("Created", "Container created".to_owned()),
            normal("Started", "Container started".to_owned()),
        ],
        News::Told(it) => vec![told(it.severity, it.reason, it.message.to_string())],
        News::Unready => {
            vec![warning("Unhealthy", format!("Readiness probe failed: {name} is not ready"))]
        }
        News::BackOff => {
            let message =
                format!("Back-off restarting failed container {name} in pod {}", run.title());
            vec![warning("BackOff", message)]
        }
        News::Resized => {
            vec![normal("Killing", format!("Container {name} resize requires restart"))]
        }
        News::Killing => vec![normal("Killing", format!("Stopping container {name}"))],
    }
}

#[cfg(test)]
mod tests;
