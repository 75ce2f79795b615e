//! When a job is over, and why.

use super::indexes::Indexes;
use super::{Condition, Run, limits};
use crate::workloads::conditions;
use crate::workloads::pods::is_true;
use crate::workloads::read::{count, int, list};
use crate::workloads::telling::{normal, warning};
use twin_core::tree::Value;

/// How a job ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Success { reason: String, message: String },
    Failure { reason: String, message: String },
}

impl Verdict {
    fn success(reason: &str, message: impl Into<String>) -> Self {
        Self::Success { reason: reason.to_owned(), message: message.into() }
    }

    fn failure(reason: &str, message: impl Into<String>) -> Self {
        Self::Failure { reason: reason.to_owned(), message: message.into() }
    }
}

/// The verdict, if there is one: that of an earlier look stands.
pub(super) fn reach(run: &mut Run<'_>) -> Option<Verdict> {
    let said =
        |condition: &Value, field: &str| condition.str_at(&[field]).unwrap_or_default().to_owned();
    if let Some(known) = is_true(&run.job.tree, "FailureTarget") {
        return Some(Verdict::failure(&said(known, "reason"), said(known, "message")));
    }
    if let Some(known) = is_true(&run.job.tree, "SuccessCriteriaMet") {
        return Some(Verdict::success(&said(known, "reason"), said(known, "message")));
    }
    if let Some(message) = run.counts.fatal.take() {
        return Some(Verdict::failure("PodFailurePolicy", message));
    }
    if limits::is_past_retries(run) {
        let message = "Job has reached the specified backoff limit";
        return Some(Verdict::failure("BackoffLimitExceeded", message));
    }
    match limits::left(run) {
        Some(left) if left.is_zero() => {
            let message = "Job was active longer than specified deadline";
            return Some(Verdict::failure("DeadlineExceeded", message));
        }
        Some(left) => run.outcome.again(left),
        None => {}
    }
    lost_indexes(run).or_else(|| success(run))
}

/// The verdict, if too many indexes have no tries left.
fn lost_indexes(run: &Run<'_>) -> Option<Verdict> {
    let lost = run.counts.failed_indexes.as_ref().filter(|it| !it.is_empty())?.len();
    if run.spec("maxFailedIndexes").is_some_and(|most| lost > most) {
        let message = "Job has exceeded the specified maximal number of failed indexes";
        return Some(Verdict::failure("MaxFailedIndexesExceeded", message));
    }
    let done = run.counts.indexes.as_ref().map_or(0, Indexes::len);
    let all = count(&run.job.tree, &["spec", "completions"]);
    (lost + done >= all).then(|| Verdict::failure("FailedIndexes", "Job has failed indexes"))
}

fn success(run: &Run<'_>) -> Option<Verdict> {
    let rules = list(&run.job.tree, &["spec", "successPolicy", "rules"]);
    if let Some(indexes) = &run.counts.indexes {
        let completions = count(&run.job.tree, &["spec", "completions"]);
        if let Some(at) = rules.iter().position(|rule| is_enough(rule, indexes, completions)) {
            return Some(Verdict::success("SuccessPolicy", format!("Matched rules at index {at}")));
        }
    }
    let reached = match run.spec("completions") {
        None => run.counts.succeeded > 0 && run.active().next().is_none(),
        Some(completions) => run.counts.succeeded >= completions,
    };
    let message = "Reached expected number of succeeded pods";
    (reached && !run.is_suspended()).then(|| Verdict::success("CompletionsReached", message))
}

/// Whether the indexes that are done are enough for a rule of the success policy.
fn is_enough(rule: &Value, done: &Indexes, completions: i64) -> bool {
    let named = rule.str_at(&["succeededIndexes"]).map(|text| Indexes::read(text, completions));
    let found = match &named {
        Some(named) => named.iter().filter(|index| done.contains(*index)).count(),
        None => done.iter().count(),
    };
    let found = i64::try_from(found).unwrap_or(i64::MAX);
    match (int(rule, &["succeededCount"]), named) {
        (Some(wanted), _) => found >= wanted,
        (None, Some(named)) => found == named.len() && !named.is_empty(),
        (None, None) => false,
    }
}

/// Writes the verdict down: first that it is reached, and once no pod is left that it is carried out.
pub(super) fn conclude(run: &mut Run<'_>, verdict: Option<Verdict>) {
    let Some(verdict) = verdict else { return };
    let (target, end, reason, message) = match &verdict {
        Verdict::Success { reason, message } => ("SuccessCriteriaMet", "Complete", reason, message),
        Verdict::Failure { reason, message } => ("FailureTarget", "Failed", reason, message),
    };
    let condition = |kind| Condition { kind, status: "True", reason, message: message.clone() };
    if conditions::get(&run.status, target).is_none() {
        run.note(&condition(target));
    }
    let quiet = run.active().next().is_none() && run.terminating().next().is_none();
    if !quiet {
        return;
    }
    run.note(&condition(end));
    match verdict {
        Verdict::Success { .. } => {
            run.status = run.status.with(&["completionTime"], run.view.now.value());
            normal(run.job, "Completed", "Job completed", &mut run.outcome);
        }
        Verdict::Failure { reason, message } => {
            warning(run.job, &reason, message, &mut run.outcome);
        }
    }
}
