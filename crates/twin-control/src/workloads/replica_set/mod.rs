//! `ReplicaSets`, and `ReplicationControllers` before them: as many pods of a template as are wanted.

mod order;

use super::conditions::{self, Condition};
use super::failure::{self, Failures, Refused};
use super::owner::{Claimant, Owned, wake};
use super::pace::Pace;
use super::pods::{Readiness, is_active, is_terminating, readiness};
use super::read::{count, counted, is_ending, labels, meta, replicas, with_count};
use super::telling::Telling;
use super::template::{Names, pod};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{PODS, REPLICA_SETS, REPLICATION_CONTROLLERS};
use twin_core::api::{Act, Deletion};
use twin_core::status::Status;
use twin_core::store::{Change, Key, Object, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Map, Value};

/// Not more pods than this are made or ended in one look.
const BURST: usize = 25_000;
/// So many are made in the first look; then as many as there are, so that pods are placed and told of
/// while others are made.
const FIRST_BURST: usize = 1_000;

/// Kinds that do the same.
#[derive(Debug)]
struct Sort {
    writer: &'static str,
    kind: &'static str,
    table: TableName,
}

#[derive(Debug)]
pub(super) struct ReplicaSets {
    sort: Sort,
    pace: Pace,
    failures: Failures,
}

impl ReplicaSets {
    pub(super) fn new() -> Self {
        let writer = "replicaset-controller";
        Self::of(Sort { writer, kind: "ReplicaSet", table: REPLICA_SETS })
    }

    pub(super) fn replication_controllers() -> Self {
        let (writer, kind) = ("replication-controller", "ReplicationController");
        Self::of(Sort { writer, kind, table: REPLICATION_CONTROLLERS })
    }

    fn of(sort: Sort) -> Self {
        Self { sort, pace: Pace::default(), failures: Failures::default() }
    }
}

impl Controller for ReplicaSets {
    fn name(&self) -> &'static str {
        self.sort.writer
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, found: &mut Wake) {
        if *table == self.sort.table {
            found.key(change.object.key.clone());
        } else if *table == PODS {
            wake(change, self.sort.kind, &self.sort.table, view, found);
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(wait) = self.pace.wait(key, view.now) {
            outcome.again(wait);
            return outcome;
        }
        let failure = self.failures.take(key);
        let Some(set) = view.get(&self.sort.table, key) else { return outcome };
        let Some(claimant) = Claimant::new(set) else { return outcome };
        let pods = claimant.claim(view, &PODS, &mut outcome);
        let ending = pods.iter().filter(|pod| is_terminating(&pod.tree)).count();
        let active: Vec<_> = pods.into_iter().filter(|pod| is_active(&pod.tree)).collect();
        let mut status = status(set, &active, view.now, &mut outcome);
        if self.sort.kind == "ReplicaSet" {
            let ending = i64::try_from(ending).unwrap_or(i64::MAX);
            status = status.with(&["terminatingReplicas"], ending.into());
        }
        let short = counted(&active) < replicas(&set.tree);
        let failure = failure.filter(|_| short);
        status = with_failure(set, &status, failure, view.now, &mut outcome);
        let looked = active.len() + ending;
        let wants_more = !is_ending(&set.tree) && manage(set, active, view, &mut outcome);
        if !wants_more {
            self.pace.looked(key, looked, view.now);
        }
        outcome.update_status(self.sort.table.clone(), key, set.tree.with(&["status"], status));
        outcome
    }

    fn refused(&mut self, key: &Key, act: &Act, why: &Status) {
        self.failures.note(key, act, why);
    }
}

/// Makes or ends pods; says whether more have to be made.
fn manage(set: &Object, active: Vec<Owned>, view: &View<'_>, outcome: &mut Outcome) -> bool {
    let wanted = usize::try_from(replicas(&set.tree)).unwrap_or(usize::MAX);
    if active.len() < wanted {
        let missing = wanted - active.len();
        let burst = active.len().clamp(FIRST_BURST, BURST);
        create(set, missing.min(burst), view, outcome);
        return missing > burst;
    }
    if active.len() > wanted {
        let surplus = (active.len() - wanted).min(BURST);
        let mut telling = Telling::new(set, "SuccessfulDelete");
        for gone in order::first_to_go(set, active, surplus, view) {
            telling.tell(format!("Deleted pod: {}", gone.name()), outcome);
            outcome.delete(PODS, &gone, Deletion::default());
        }
        telling.end(outcome);
    }
    false
}

fn create(set: &Object, missing: usize, view: &View<'_>, outcome: &mut Outcome) {
    let Some(template) = set.tree.at(&["spec", "template"]) else { return };
    let mut names = Names::new(view.store, &set.tree);
    let like = pod(template, &set.tree).with(&["metadata", "generateName"], names.stem().into());
    let mut telling = Telling::new(set, "SuccessfulCreate");
    for _ in 0..missing {
        let name = names.pick();
        outcome.create(
            PODS,
            set.key.namespace(),
            like.with(&["metadata", "name"], name.as_str().into()),
        );
        telling.tell_made(&Key::new(set.key.namespace(), &name), outcome);
    }
    telling.end(outcome);
}

fn status(set: &Object, active: &[Owned], now: Timestamp, outcome: &mut Outcome) -> Value {
    let min_ready = count(&set.tree, &["spec", "minReadySeconds"]);
    let template = set.tree.at(&["spec", "template"]).and_then(labels);
    let (mut ready, mut available, mut labelled) = (0, 0, 0);
    for pod in active {
        labelled += i64::from(has_all(labels(&pod.tree), template));
        match readiness(&pod.tree, min_ready, now) {
            Readiness::NotReady => {}
            Readiness::Ready(wait) => {
                ready += 1;
                outcome.again(wait);
            }
            Readiness::Available => {
                ready += 1;
                available += 1;
            }
        }
    }
    let mut status = set.tree.at(&["status"]).cloned().unwrap_or_default();
    status = status
        .with(&["replicas"], counted(active).into())
        .with(&["observedGeneration"], count(&set.tree, &["metadata", "generation"]).into());
    status = with_count(&status, "fullyLabeledReplicas", labelled);
    status = with_count(&status, "readyReplicas", ready);
    with_count(&status, "availableReplicas", available)
}

/// The status with the failure, or without one that is over. It is told once.
fn with_failure(
    set: &Object,
    status: &Value,
    failure: Option<Refused>,
    now: Timestamp,
    outcome: &mut Outcome,
) -> Value {
    const KIND: &str = "ReplicaFailure";
    let Some(refused) = failure else { return conditions::without(status, KIND) };
    let known = conditions::get(status, KIND);
    if known.is_some_and(|known| known.str_at(&["reason"]) == Some(failure::REASON)) {
        return status.clone();
    }
    failure::tell(set, Some(&refused), outcome);
    let (reason, message) = (failure::REASON, refused.message);
    let condition = Condition { kind: KIND, status: "True", reason, message };
    conditions::with(status, condition.since(None, now))
}

fn has_all(labels: Option<&Map>, wanted: Option<&Map>) -> bool {
    let has = |key: &str, value: &Value| labels.and_then(|map| map.get(key)) == Some(value);
    wanted.map(Map::iter).into_iter().flatten().all(|(key, value)| has(key, value))
}

/// Whether two sets belong to the same owner, whose uid this is.
fn is_sibling(other: &Value, owner: &str) -> bool {
    super::owner::is_controlled(other, owner) && !meta(other, "uid").is_empty()
}

#[cfg(test)]
mod tests;
