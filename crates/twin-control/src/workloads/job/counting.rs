//! Pods that have ended, each counted once.

use super::TRACKING;
use super::indexes::Indexes;
use super::per_index::{self, Waiting};
use super::policy::{Action, judge};
use crate::controller::Outcome;
use crate::tables::PODS;
use crate::workloads::owner::Owned;
use crate::workloads::pods::phase;
use crate::workloads::read::{annotation, count, has_finalizer, is_ending, without_finalizer};
use twin_core::tree::Value;

/// Where a pod notes its index.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// How many pods have ended, and how.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) succeeded: i64,
    pub(super) failed: i64,
    /// Indexes that are done, if pods have some.
    pub(super) indexes: Option<Indexes>,
    /// Indexes that have no tries left, if each has its own.
    pub(super) failed_indexes: Option<Indexes>,
    /// Pods that failed and are not counted before they are replaced.
    pub(super) waiting: Waiting,
    /// Why the job should fail at once.
    pub(super) fatal: Option<String>,
}

/// The index of a pod.
pub(super) fn index(pod: &Value) -> Option<i64> {
    annotation(pod, INDEX)?.parse::<i32>().ok().map(i64::from)
}

/// Whether pods have indexes.
pub(super) fn is_indexed(job: &Value) -> bool {
    job.str_at(&["spec", "completionMode"]) == Some("Indexed")
}

impl Counts {
    /// What the status says, and what has ended since; that loses its finalizer.
    pub(super) fn new(job: &Value, pods: &[Owned], outcome: &mut Outcome) -> Self {
        let completions = count(job, &["spec", "completions"]);
        let said = |field: &str| job.str_at(&["status", field]).unwrap_or_default();
        let (known, lost) = (said("completedIndexes"), said("failedIndexes"));
        let mut counts = Self {
            succeeded: count(job, &["status", "succeeded"]),
            failed: count(job, &["status", "failed"]),
            indexes: is_indexed(job).then(|| Indexes::read(known, completions)),
            failed_indexes: per_index::limit(job).map(|_| Indexes::read(lost, completions)),
            waiting: Waiting::default(),
            fatal: None,
        };
        for pod in pods.iter().filter(|pod| has_finalizer(&pod.tree, TRACKING)) {
            if counts.add(job, pod, pods) {
                outcome.update(PODS, &pod.key, without_finalizer(&pod.tree, TRACKING));
            }
        }
        counts
    }

    /// Counts a pod, if it has ended.
    fn add(&mut self, job: &Value, pod: &Owned, pods: &[Owned]) -> bool {
        let completions = count(job, &["spec", "completions"]);
        if phase(&pod.tree) == "Succeeded" {
            match (&mut self.indexes, index(&pod.tree)) {
                (None, _) => self.succeeded += 1,
                (Some(indexes), Some(index)) if (0..completions).contains(&index) => {
                    indexes.insert(index);
                    self.succeeded = indexes.len();
                }
                (Some(_), _) => {}
            }
            return true;
        }
        if !has_failed(job, &pod.tree) {
            return false;
        }
        if self.is_kept(job, pod, pods) {
            return false;
        }
        match judge(job, pod) {
            Action::Ignore => {}
            Action::Count | Action::FailIndex => self.failed += 1,
            Action::Fail(message) => {
                self.failed += 1;
                self.fatal.get_or_insert(message);
            }
        }
        true
    }
}

impl Counts {
    /// Whether a pod that failed is kept until the next of its index is there.
    fn is_kept(&mut self, job: &Value, pod: &Owned, pods: &[Owned]) -> bool {
        let (Some(limit), Some(index)) = (per_index::limit(job), index(&pod.tree)) else {
            return false;
        };
        if per_index::is_last(job, pod, limit) {
            self.failed_indexes.get_or_insert_default().insert(index);
        }
        let lost = self.failed_indexes.as_ref().is_some_and(|it| it.contains(index));
        let done = self.indexes.as_ref().is_some_and(|it| it.contains(index));
        let fatal = matches!(judge(job, pod), Action::Fail(_));
        if lost || done || fatal || per_index::is_replaced(job, pod, pods) {
            return false;
        }
        self.waiting.insert(index, pod.clone());
        true
    }

    /// Counts the pods that nobody is going to replace, because the job is over.
    pub(super) fn let_go(&mut self, job: &Value, outcome: &mut Outcome) {
        for pod in std::mem::take(&mut self.waiting).into_values() {
            self.failed += i64::from(judge(job, &pod) != Action::Ignore);
            outcome.update(PODS, &pod.key, without_finalizer(&pod.tree, TRACKING));
        }
    }
}

/// A pod that was deleted counts as failed, unless the job replaces only those that really did.
fn has_failed(job: &Value, pod: &Value) -> bool {
    let patient = job.str_at(&["spec", "podReplacementPolicy"]) == Some("Failed");
    phase(pod) == "Failed" || (is_ending(pod) && !patient)
}
