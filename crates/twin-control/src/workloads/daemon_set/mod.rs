//! `DaemonSet`s: a pod on each node that it fits.

mod back_off;
mod fit;
mod rolling;

use super::failure::{self, Failures};
use super::owner::{Claimant, Owned, wake};
use super::pace::Pace;
use super::pods::{Readiness, is_over, node, phase, readiness};
use super::read::{count, created, is_ending, labels, list, meta, with_count};
use super::revisions::{POD_REVISION, Revisions};
use super::share::{Rounding, Share};
use super::telling::{Telling, normal, warning};
use super::template::{Names, pod};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{DAEMON_SETS, NODES, PODS};
use back_off::BackOff;
use fit::{Fit, fit, with_tolerations};
use std::collections::{BTreeMap, BTreeSet};
use twin_core::api::{Act, Deletion};
use twin_core::status::Status;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::{Text, Value};

/// Not more pods than this are made or ended in one look.
const BURST: usize = 5_000;

#[derive(Debug, Default)]
pub(super) struct DaemonSets {
    pace: Pace,
    failures: Failures,
    back_off: BackOff,
}

impl Controller for DaemonSets {
    fn name(&self) -> &'static str {
        "daemonset-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, found: &mut Wake) {
        if *table == DAEMON_SETS {
            found.key(change.object.key.clone());
        } else if *table == PODS {
            wake(change, "DaemonSet", &DAEMON_SETS, view, found);
        } else if *table == NODES && matters(change) {
            view.all(&DAEMON_SETS, "").for_each(|set| found.key(set.key.clone()));
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(wait) = self.pace.wait(key, view.now) {
            outcome.again(wait);
            return outcome;
        }
        let failure = self.failures.news(key);
        let Some(object) = view.get(&DAEMON_SETS, key) else { return outcome };
        failure::tell(object, failure.as_ref(), &mut outcome);
        let Some(claimant) = Claimant::new(object) else { return outcome };
        let pods = claimant.claim(view, &PODS, &mut outcome);
        let revisions = Revisions::sync(object, POD_REVISION, view, &mut outcome);
        let mut set = Set::new(object, pods, &revisions, *view, outcome);
        self.pace.looked(key, set.places.len(), view.now);
        let status = status(&mut set);
        if !is_ending(&object.tree) {
            manage(&mut set, &mut self.back_off);
            rolling::advance(&mut set);
            carry_out(&mut set);
        }
        let limit = count(&object.tree, &["spec", "revisionHistoryLimit"]);
        let live =
            set.places.values().flat_map(|place| &place.pods).map(|it| revision_of(&it.tree));
        revisions.clean_up(limit, &live.collect(), &mut set.outcome);
        set.outcome.update_status(DAEMON_SETS, key, object.tree.with(&["status"], status));
        set.outcome
    }

    fn refused(&mut self, key: &Key, act: &Act, why: &Status) {
        self.failures.note(key, act, why);
    }
}

/// Whether a node changed in what decides which pods fit it.
fn matters(change: &Change) -> bool {
    let Some(previous) = change.previous.as_ref().filter(|_| change.kind == ChangeKind::Modified)
    else {
        return true;
    };
    let part = |tree: &Value| (tree.at(&["spec"]).cloned(), labels(tree).cloned());
    part(&previous.tree) != part(&change.object.tree)
}

fn revision_of(pod: &Value) -> &str {
    labels(pod).and_then(|labels| labels.get(POD_REVISION)?.as_str()).unwrap_or_default()
}

/// A node, and the set's pods on it.
#[derive(Debug)]
struct Place {
    fit: Fit,
    /// The oldest first.
    pods: Vec<Owned>,
}

/// A set, read, with what was decided so far.
#[derive(Debug)]
struct Set<'a> {
    object: &'a Object,
    places: BTreeMap<Text, Place>,
    /// The hash of the template.
    hash: Text,
    collisions: i64,
    min_ready: i64,
    view: View<'a>,
    /// Nodes that get a pod, and pods that go.
    create: BTreeSet<Text>,
    delete: BTreeSet<Key>,
    outcome: Outcome,
}

impl<'a> Set<'a> {
    fn new(
        object: &'a Object,
        pods: Vec<Owned>,
        revisions: &Revisions,
        view: View<'a>,
        outcome: Outcome,
    ) -> Self {
        let template = object.tree.at(&["spec", "template", "spec"]).cloned().unwrap_or_default();
        let wanted = with_tolerations(&template);
        let place = |node: &Object| Place { fit: fit(&wanted, node), pods: Vec::new() };
        let nodes = view.all(&NODES, "");
        let mut places: BTreeMap<_, _> =
            nodes.map(|node| (Text::new(node.key.name()), place(node))).collect();
        let mut delete = BTreeSet::new();
        for pod in pods {
            let name =
                if node(&pod.tree).is_empty() { fit::target(&pod.tree) } else { node(&pod.tree) };
            match places.get_mut(name) {
                Some(place) => place.pods.push(pod),
                // It waits for a node that is gone.
                None if node(&pod.tree).is_empty() && !is_ending(&pod.tree) => {
                    delete.insert(pod.key);
                }
                None => {}
            }
        }
        for place in places.values_mut() {
            place.pods.sort_by_key(|pod| (created(&pod.tree), pod.key.clone()));
        }
        Self {
            object,
            places,
            hash: Text::new(revisions.update.label(POD_REVISION)),
            collisions: revisions.collisions,
            min_ready: count(&object.tree, &["spec", "minReadySeconds"]),
            view,
            create: BTreeSet::new(),
            delete,
            outcome,
        }
    }

    fn is_new(&self, pod: &Owned) -> bool {
        revision_of(&pod.tree) == self.hash
    }

    fn is_available(&self, pod: &Owned) -> bool {
        readiness(&pod.tree, self.min_ready, self.view.now) == Readiness::Available
    }

    /// A number of the rolling update, for so many nodes.
    fn share(&self, field: &str, nodes: i64) -> i64 {
        let path = ["spec", "updateStrategy", "rollingUpdate", field];
        Share::read(self.object.tree.at(&path)).of(nodes, Rounding::Up)
    }

    /// How many nodes should have a pod.
    fn desired(&self) -> i64 {
        let runs = self.places.values().filter(|place| place.fit == Fit::Runs).count();
        i64::try_from(runs).unwrap_or(i64::MAX)
    }
}

/// Decides which nodes lack a pod, and which pods are in the wrong place or have ended.
fn manage(set: &mut Set<'_>, back_off: &mut BackOff) {
    let surges = set.share("maxSurge", set.desired()) > 0;
    let mut over = Vec::new();
    let (mut create, mut delete) = (Vec::new(), Vec::new());
    for (node, place) in &set.places {
        if place.fit == Fit::Runs && place.pods.is_empty() {
            create.push(node.clone());
        }
        let here: Vec<_> = place.pods.iter().filter(|pod| !is_ending(&pod.tree)).collect();
        if place.fit == Fit::No {
            delete.extend(here.into_iter().map(|pod| pod.key.clone()));
            continue;
        }
        let (ended, running): (Vec<_>, Vec<_>) = here.into_iter().partition(|it| is_over(&it.tree));
        over.extend(ended.into_iter().map(|pod| (node.clone(), pod.clone())));
        // One pod is enough; in a rollout that surges one of each template.
        let (new, old): (Vec<_>, Vec<_>) =
            running.into_iter().partition(|pod| !surges || set.is_new(pod));
        let surplus = new.iter().skip(1).chain(old.iter().skip(1));
        delete.extend(surplus.map(|pod| pod.key.clone()));
    }
    set.create.extend(create);
    set.delete.extend(delete);
    if !over.is_empty() {
        back_off.forget_stale(set.view.now);
    }
    for (node, pod) in over {
        end_over(set, &node, &pod, back_off);
    }
}

fn end_over(set: &mut Set<'_>, node: &str, pod: &Owned, back_off: &mut BackOff) {
    if phase(&pod.tree) == "Failed" {
        let (uid, seen) = (meta(&set.object.tree, "uid"), ["status", "observedGeneration"]);
        let spot = (Text::new(uid), count(&set.object.tree, &seen), Text::new(node));
        if let Err(wait) = back_off.turn(spot, set.view.now) {
            set.outcome.again(wait);
            return;
        }
    }
    let shown = format!("{}/{} on node {node}", pod.key.namespace(), pod.key.name());
    if phase(&pod.tree) == "Failed" {
        let message = format!("Found failed daemon pod {shown}, will try to kill it");
        warning(set.object, "FailedDaemonPod", message, &mut set.outcome);
    } else {
        let message = format!("Found succeeded daemon pod {shown}, will try to delete it");
        normal(set.object, "SucceededDaemonPod", message, &mut set.outcome);
    }
    set.delete.insert(pod.key.clone());
}

fn carry_out(set: &mut Set<'_>) {
    let Some(template) = set.object.tree.at(&["spec", "template"]) else { return };
    let mut names = Names::new(set.view.store, &set.object.tree);
    let like = pod(template, &set.object.tree);
    let spec = with_tolerations(like.at(&["spec"]).unwrap_or(&Value::Null));
    let like = like
        .with(&["metadata", "generateName"], names.stem().into())
        .with(&["metadata", "labels", POD_REVISION], set.hash.clone().into())
        .with(&["spec"], spec);
    let mut telling = Telling::new(set.object, "SuccessfulCreate");
    for node in set.create.iter().take(BURST) {
        let name = names.pick();
        let tree = fit::only_on(&like, node).with(&["metadata", "name"], name.as_str().into());
        set.outcome.create(PODS, set.object.key.namespace(), tree);
        telling.tell_made(&Key::new(set.object.key.namespace(), &name), &mut set.outcome);
    }
    telling.end(&mut set.outcome);
    let mut telling = Telling::new(set.object, "SuccessfulDelete");
    for key in set.delete.iter().take(BURST) {
        set.outcome.delete(PODS, key, Deletion::default());
        telling.tell(format!("Deleted pod: {}", key.name()), &mut set.outcome);
    }
    telling.end(&mut set.outcome);
}

fn status(set: &mut Set<'_>) -> Value {
    let (mut current, mut misplaced, mut ready, mut available, mut updated) = (0, 0, 0, 0, 0);
    for place in set.places.values() {
        let Some(pod) = place.pods.first() else { continue };
        if place.fit != Fit::Runs {
            misplaced += 1;
            continue;
        }
        current += 1;
        updated += i64::from(revision_of(&pod.tree) == set.hash);
        match readiness(&pod.tree, set.min_ready, set.view.now) {
            Readiness::NotReady => {}
            Readiness::Ready(wait) => {
                ready += 1;
                set.outcome.again(wait);
            }
            Readiness::Available => {
                ready += 1;
                available += 1;
            }
        }
    }
    let desired = set.desired();
    let mut status = set.object.tree.at(&["status"]).cloned().unwrap_or_default();
    for (field, number) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", available),
        ("numberUnavailable", desired - available),
        ("collisionCount", set.collisions),
        ("observedGeneration", count(&set.object.tree, &["metadata", "generation"])),
    ] {
        status = with_count(&status, field, number);
    }
    status
        .with(&["desiredNumberScheduled"], desired.into())
        .with(&["currentNumberScheduled"], current.into())
        .with(&["numberMisscheduled"], misplaced.into())
        .with(&["numberReady"], ready.into())
}

/// Nodes that a pod spec is about, as its affinity lists them.
fn required(spec: &Value) -> &[Value] {
    let path = [
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ];
    list(spec, &path)
}

#[cfg(test)]
mod tests;
