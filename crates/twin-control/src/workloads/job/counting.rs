//! Pods that have ended, each counted once.

use super::TRACKING;
use super::indexes::Indexes;
use super::policy::{Action, judge};
use crate::controller::Outcome;
use crate::tables::PODS;
use crate::workloads::owner::Owned;
use crate::workloads::pods::phase;
use crate::workloads::read::{annotation, count, has_finalizer, int, is_ending, without_finalizer};
use twin_core::tree::Value;

/// Where a pod notes its index.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// Where a pod notes how often its index has failed before.
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";

/// How many pods have ended, and how.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) succeeded: i64,
    pub(super) failed: i64,
    /// Indexes that are done, if pods have some.
    pub(super) indexes: Option<Indexes>,
    /// Indexes that failed for good, if each has a limit of its own.
    pub(super) failed_indexes: Option<Indexes>,
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
        let known = job.str_at(&["status", "completedIndexes"]).unwrap_or_default();
        let mut counts = Self {
            succeeded: count(job, &["status", "succeeded"]),
            failed: count(job, &["status", "failed"]),
            indexes: is_indexed(job).then(|| Indexes::read(known, completions)),
            failed_indexes: None,
            fatal: None,
        };
        if limit_per_index(job).is_some() {
            let known = job.str_at(&["status", "failedIndexes"]).unwrap_or_default();
            counts.failed_indexes = Some(Indexes::read(known, completions));
        }
        for pod in pods.iter().filter(|pod| has_finalizer(&pod.tree, TRACKING)) {
            if counts.add(job, pod, completions) {
                outcome.update(PODS, &pod.key, without_finalizer(&pod.tree, TRACKING));
            }
        }
        counts
    }

    /// Counts a pod, if it has ended.
    fn add(&mut self, job: &Value, pod: &Owned, completions: i64) -> bool {
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
        match judge(job, pod) {
            Action::Ignore => {}
            Action::FailIndex => {
                self.failed += 1;
                self.fail_index(&pod.tree);
            }
            Action::Count => {
                self.failed += 1;
                if limit_per_index(job).is_some_and(|most| failures(job, pod) > most) {
                    self.fail_index(&pod.tree);
                }
            }
            Action::Fail(message) => {
                self.failed += 1;
                self.fatal.get_or_insert(message);
            }
        }
        true
    }

    fn fail_index(&mut self, pod: &Value) {
        if let (Some(failed), Some(index)) = (&mut self.failed_indexes, index(pod)) {
            failed.insert(index);
        }
    }

    /// How many indexes failed for good.
    pub(super) fn failed_for_good(&self) -> i64 {
        self.failed_indexes.as_ref().map_or(0, Indexes::len)
    }
}

/// How often each index may fail, if that is said.
pub(super) fn limit_per_index(job: &Value) -> Option<i64> {
    int(job, &["spec", "backoffLimitPerIndex"]).filter(|_| is_indexed(job))
}

/// How often the index of a pod that failed has failed with it.
pub(super) fn failures(job: &Value, pod: &Owned) -> i64 {
    let before = annotation(&pod.tree, FAILURES).and_then(|it| it.parse::<i32>().ok());
    let counts = i64::from(judge(job, pod) == Action::Count);
    i64::from(before.unwrap_or(0)).saturating_add(counts)
}

/// A pod that was deleted counts as failed, unless the job replaces only those that really did.
pub(super) fn has_failed(job: &Value, pod: &Value) -> bool {
    let patient = job.str_at(&["spec", "podReplacementPolicy"]) == Some("Failed");
    phase(pod) == "Failed" || (is_ending(pod) && !patient)
}
