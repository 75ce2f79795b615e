//! How long and how often a job may try.

use super::Run;
use super::indexes::Indexes;
use super::per_index;
use crate::workloads::pods::{is_over, phase, restarts};
use crate::workloads::read::{count, created, list, time};
use std::time::Duration;
use twin_core::time::Timestamp;
use twin_core::tree::Value;

/// The wait after the first failure; it doubles with each one.
const FIRST: u64 = 10;
/// The longest wait.
const LONGEST: u64 = 600;

/// Whether too many pods, or too many restarts of their containers, have failed.
pub(super) fn is_past_retries(run: &Run<'_>) -> bool {
    let limit = run.spec("backoffLimit").unwrap_or(6);
    if run.counts.failed > limit {
        return true;
    }
    let template = ["spec", "template", "spec", "restartPolicy"];
    if run.job.tree.str_at(&template) != Some("OnFailure") {
        return false;
    }
    let running = run.pods.iter().filter(|pod| matches!(phase(&pod.tree), "Running" | "Pending"));
    let again: i64 = running.map(|pod| restarts(&pod.tree)).sum();
    if limit == 0 { again > 0 } else { again >= limit }
}

/// The time until the deadline; nothing without one.
pub(super) fn left(run: &Run<'_>) -> Option<Duration> {
    let seconds = run.spec("activeDeadlineSeconds").filter(|_| !run.is_suspended())?;
    let start = time(&run.status, &["startTime"])?;
    Some(start.plus_seconds(seconds).since(run.view.now))
}

/// How long to wait before the next pod, because of those that failed since the last success.
pub(super) fn pause(run: &Run<'_>) -> Duration {
    if per_index::limit(&run.job.tree).is_some() {
        return Duration::ZERO;
    }
    let mut ends: Vec<_> = run
        .pods
        .iter()
        .filter(|pod| is_over(&pod.tree))
        .map(|pod| (ended(&pod.tree), phase(&pod.tree) == "Failed"))
        .collect();
    ends.sort_unstable();
    let failures = ends.iter().rev().take_while(|(_, failed)| *failed).count();
    let Some((last, true)) = ends.last() else {
        return Duration::ZERO;
    };
    after_failures(*last, failures, run.view.now)
}

/// How long to wait after so many failures, the last of which was then.
pub(super) fn after_failures(last: Timestamp, failures: usize, now: Timestamp) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10));
    last.plus(Duration::from_secs(doubled.min(LONGEST))).since(now)
}

/// When the last container of a pod ended.
pub(super) fn ended(pod: &Value) -> Timestamp {
    let statuses = list(pod, &["status", "containerStatuses"]).iter();
    let ends = statuses.filter_map(|it| time(it, &["state", "terminated", "finishedAt"]));
    ends.max()
        .or_else(|| time(pod, &["metadata", "deletionTimestamp"]))
        .unwrap_or_else(|| created(pod))
}

/// How many pods may run now, for what is still to be done.
pub(super) fn wanted(run: &Run<'_>) -> i64 {
    let parallel = run.spec("parallelism").unwrap_or(1).clamp(0, i64::from(i32::MAX));
    match run.spec("completions") {
        // Of pods that share a queue none starts once one has found it empty.
        None if run.counts.succeeded > 0 => {
            i64::try_from(run.active().count()).unwrap_or(i64::MAX).min(parallel)
        }
        None => parallel,
        Some(_) => {
            let all = count(&run.job.tree, &["spec", "completions"]);
            let lost = run.counts.failed_indexes.as_ref().map_or(0, Indexes::len);
            (all - run.counts.succeeded - lost).max(0).min(parallel)
        }
    }
}
