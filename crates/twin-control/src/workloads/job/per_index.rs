//! `backoffLimitPerIndex`: each index has tries of its own.
//!
//! How often an index failed stands in an annotation of its pods. A pod that failed keeps its finalizer
//! until the next of its index is there, so that the number is not lost.

use super::counting::index;
use super::limits::{after_failures, ended};
use super::policy::{Action, judge};
use crate::workloads::owner::Owned;
use crate::workloads::read::{annotation, int};
use std::collections::BTreeMap;
use std::time::Duration;
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// How often pods of this index failed before.
const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
/// How often they did without being counted.
const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// Pods that wait to be replaced, by their index.
pub(super) type Waiting = BTreeMap<i64, Owned>;

/// The tries that each index has after its first; nothing, if all share them.
pub(super) fn limit(job: &Value) -> Option<i64> {
    int(job, &["spec", "backoffLimitPerIndex"])
}

/// How often the index of a pod failed before, counted and not.
fn past(pod: &Value) -> (i64, i64) {
    let number = |name| annotation(pod, name).and_then(|text| text.parse::<i64>().ok());
    (number(FAILURES).unwrap_or(0).max(0), number(IGNORED).unwrap_or(0).max(0))
}

/// What the pod after one that failed is told.
fn next(job: &Value, failed: &Owned) -> (i64, i64) {
    let (counted, ignored) = past(&failed.tree);
    match judge(job, failed) {
        Action::Ignore => (counted, ignored.saturating_add(1)),
        Action::Count | Action::FailIndex | Action::Fail(_) => (counted.saturating_add(1), ignored),
    }
}

/// Whether the failure of this pod is the last of its index.
pub(super) fn is_last(job: &Value, pod: &Owned, limit: i64) -> bool {
    match judge(job, pod) {
        Action::FailIndex => true,
        Action::Ignore => false,
        Action::Count | Action::Fail(_) => past(&pod.tree).0 >= limit,
    }
}

/// Whether another pod of the index of this one came after it.
pub(super) fn is_replaced(job: &Value, failed: &Owned, pods: &[Owned]) -> bool {
    let (counted, ignored) = next(job, failed);
    pods.iter().any(|pod| {
        let (more, less) = past(&pod.tree);
        index(&pod.tree) == index(&failed.tree) && more + less >= counted + ignored
    })
}

/// The indexes whose turn it is; if it is that of none, the time until then.
pub(super) fn ready(
    indexes: Vec<i64>,
    waiting: &Waiting,
    now: Timestamp,
) -> Result<Vec<i64>, Duration> {
    let pause = |index: &i64| {
        waiting.get(index).map_or(Duration::ZERO, |pod| {
            let (counted, ignored) = past(&pod.tree);
            let failures = usize::try_from(counted.saturating_add(ignored)).unwrap_or(usize::MAX);
            after_failures(ended(&pod.tree), failures.saturating_add(1), now)
        })
    };
    let first = indexes.iter().map(pause).min().unwrap_or_default();
    if !first.is_zero() {
        return Err(first);
    }
    Ok(indexes.into_iter().filter(|index| pause(index).is_zero()).collect())
}

/// A pod that is told how often its index failed.
pub(super) fn told(pod: &Value, job: &Value, failed: Option<&Owned>) -> Value {
    let (counted, ignored) = failed.map(|failed| next(job, failed)).unwrap_or_default();
    let note = |pod: &Value, name: &str, number: i64| {
        pod.with(&["metadata", "annotations", name], Text::from(number.to_string()).into())
    };
    let pod = note(pod, FAILURES, counted);
    if ignored > 0 { note(&pod, IGNORED, ignored) } else { pod }
}
