//! Jobs: pods that run to their end, as often as it takes.
//!
//! A pod has the finalizer `batch.kubernetes.io/job-tracking` until it is counted, so that each is
//! counted once. The count and the finalizer are written in one look; so no list of pods between the
//! two is needed, and `uncountedTerminatedPods` is always empty.

mod counting;
mod indexes;
mod limits;
mod orphans;
mod per_index;
mod policy;
mod running;
mod verdict;

use super::conditions::{self, Condition};
use super::failure::{self, Failures};
use super::owner::{Claimant, Owned, wake};
use super::pods::{is_active, is_terminating, is_true, ready_since};
use super::read::{counted, int, is_ending, meta, time, with_count};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{JOBS, PODS};
use counting::Counts;
pub(super) use orphans::OrphanPods;
use twin_core::api::{Act, Deletion, Propagation};
use twin_core::status::Status;
use twin_core::store::{Change, Key, Object, TableName};
use twin_core::tree::{Map, Text, Value};

/// What a pod has until it is counted.
const TRACKING: &str = "batch.kubernetes.io/job-tracking";

#[derive(Debug, Default)]
pub(super) struct Jobs {
    failures: Failures,
}

impl Controller for Jobs {
    fn name(&self) -> &'static str {
        "job-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, found: &mut Wake) {
        if *table == JOBS {
            found.key(change.object.key.clone());
        } else if *table == PODS {
            wake(change, "Job", &JOBS, view, found);
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let failure = self.failures.news(key);
        let Some(job) = view.get(&JOBS, key) else { return outcome };
        failure::tell(job, failure.as_ref(), &mut outcome);
        if let Some(end) = finished(&job.tree) {
            expire(job, end, view, &mut outcome);
            return outcome;
        }
        let Some(claimant) = Claimant::new(job) else { return outcome };
        let pods = claimant.claim(view, &PODS, &mut outcome);
        let mut run = Run::new(job, pods, *view, outcome);
        running::pause_or_start(&mut run);
        let verdict = verdict::reach(&mut run);
        if verdict.is_some() {
            run.counts.let_go(&job.tree, &mut run.outcome);
            running::end_all(&mut run);
        } else if !is_ending(&job.tree) {
            running::manage(&mut run);
        }
        verdict::conclude(&mut run, verdict);
        write(run)
    }

    fn refused(&mut self, key: &Key, act: &Act, why: &Status) {
        self.failures.note(key, act, why);
    }
}

/// The condition by which a job is over.
pub(super) fn finished(job: &Value) -> Option<&Value> {
    is_true(job, "Complete").or_else(|| is_true(job, "Failed"))
}

/// Deletes a job that has been over for long enough.
fn expire(job: &Object, end: &Value, view: &View<'_>, outcome: &mut Outcome) {
    let Some(seconds) = int(&job.tree, &["spec", "ttlSecondsAfterFinished"]) else { return };
    if is_ending(&job.tree) {
        return;
    }
    let since = time(end, &["lastTransitionTime"]).unwrap_or(view.now);
    let left = since.plus_seconds(seconds).since(view.now);
    if !left.is_zero() {
        outcome.again(left);
        return;
    }
    let uid = Text::new(meta(&job.tree, "uid"));
    let propagation = Propagation::Foreground;
    outcome.delete(JOBS, &job.key, Deletion { uid, propagation, ..Deletion::default() });
}

/// A job, read, with what was decided so far.
#[derive(Debug)]
struct Run<'a> {
    job: &'a Object,
    pods: Vec<Owned>,
    counts: Counts,
    status: Value,
    view: View<'a>,
    outcome: Outcome,
}

impl<'a> Run<'a> {
    fn new(job: &'a Object, pods: Vec<Owned>, view: View<'a>, mut outcome: Outcome) -> Self {
        let counts = Counts::new(&job.tree, &pods, &mut outcome);
        let status = job.tree.at(&["status"]).cloned().unwrap_or_default();
        Self { job, pods, counts, status, view, outcome }
    }

    fn spec(&self, field: &str) -> Option<i64> {
        int(&self.job.tree, &["spec", field])
    }

    fn is_suspended(&self) -> bool {
        self.job.tree.at(&["spec", "suspend"]).and_then(Value::as_bool) == Some(true)
    }

    fn active(&self) -> impl Iterator<Item = &Owned> {
        self.pods.iter().filter(|pod| is_active(&pod.tree))
    }

    fn terminating(&self) -> impl Iterator<Item = &Owned> {
        self.pods.iter().filter(|pod| is_terminating(&pod.tree))
    }

    /// Adds a condition to the status.
    fn note(&mut self, condition: &Condition<'_>) {
        let known = conditions::get(&self.status, condition.kind);
        let new =
            condition.since(known, self.view.now).with(&["lastProbeTime"], self.view.now.value());
        self.status = conditions::with(&self.status, new);
    }
}

fn write(run: Run<'_>) -> Outcome {
    let ready = run.active().filter(|pod| ready_since(&pod.tree).is_some()).count();
    let number = |count: usize| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
    let active: Vec<_> = run.active().collect();
    let mut status = with_count(&run.status, "active", counted(&active));
    status = with_count(&status, "succeeded", run.counts.succeeded);
    status = with_count(&status, "failed", run.counts.failed);
    if let Some(indexes) = run.counts.indexes.as_ref().filter(|indexes| !indexes.is_empty()) {
        status = status.with(&["completedIndexes"], Text::from(indexes.to_string()).into());
    }
    if let Some(indexes) = &run.counts.failed_indexes {
        status = status.with(&["failedIndexes"], Text::from(indexes.to_string()).into());
    }
    status = status
        .with(&["ready"], number(ready))
        .with(&["terminating"], number(run.terminating().count()))
        .with(&["uncountedTerminatedPods"], Value::Map(Map::default()));
    let mut outcome = run.outcome;
    outcome.update_status(JOBS, &run.job.key, run.job.tree.with(&["status"], status));
    outcome
}

#[cfg(test)]
mod tests;
