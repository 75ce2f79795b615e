//! Pods of a job: started, paused, ended.

use super::counting::{INDEX, index, is_indexed};
use super::per_index::{self, told};
use super::{Condition, Run, TRACKING, limits};
use crate::tables::PODS;
use crate::workloads::conditions;
use crate::workloads::owner::Owned;
use crate::workloads::pods::ready_since;
use crate::workloads::read::{count, created, list, without_finalizer};
use crate::workloads::telling::{Telling, normal};
use crate::workloads::template::{Names, pod};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;
use twin_core::api::Deletion;
use twin_core::store::Key;
use twin_core::tree::{Text, Value};

/// Not more pods than this are made or ended in one look.
const BURST: usize = 500;

/// Notes when a job starts, is suspended and goes on.
pub(super) fn pause_or_start(run: &mut Run<'_>) {
    let now = run.view.now;
    let known = conditions::get(&run.status, "Suspended");
    let paused = known.and_then(|it| it.str_at(&["status"])) == Some("True");
    match (run.is_suspended(), paused) {
        (true, false) => {
            run.status = run.status.without(&["startTime"]);
            mark(run, "True", "JobSuspended", "Suspended", "Job suspended");
        }
        (false, true) => {
            run.status = run.status.with(&["startTime"], now.value());
            mark(run, "False", "JobResumed", "Resumed", "Job resumed");
        }
        (false, false) if run.status.at(&["startTime"]).is_none() => {
            run.status = run.status.with(&["startTime"], now.value());
        }
        _ => {}
    }
}

fn mark(run: &mut Run<'_>, status: &'static str, reason: &'static str, event: &str, message: &str) {
    run.note(&Condition { kind: "Suspended", status, reason, message: message.to_owned() });
    normal(run.job, event, message, &mut run.outcome);
}

/// Ends all pods, because the job is over; they count as failed.
pub(super) fn end_all(run: &mut Run<'_>) {
    let active: Vec<_> = run.active().cloned().collect();
    let mut telling = Telling::new(run.job, "SuccessfulDelete");
    for pod in active {
        run.outcome.delete(PODS, &pod.key, Deletion::default());
        telling.tell(format!("Deleted pod: {}", pod.key.name()), &mut run.outcome);
    }
    telling.end(&mut run.outcome);
}

/// Makes the pods that are missing, or ends those that are too many.
pub(super) fn manage(run: &mut Run<'_>) {
    let mut active: Vec<_> = run.active().cloned().collect();
    let wanted = if run.is_suspended() { 0 } else { limits::wanted(run) };
    let wanted = usize::try_from(wanted).unwrap_or(0);
    if active.len() > wanted {
        active.sort_by_key(|pod| usefulness(&pod.tree));
        active.truncate((active.len() - wanted).min(BURST));
        release(run, active);
        return;
    }
    let patient = run.job.tree.str_at(&["spec", "podReplacementPolicy"]) == Some("Failed");
    let leaving = if patient { run.terminating().count() } else { 0 };
    let missing = wanted.saturating_sub(active.len() + leaving).min(BURST);
    if missing == 0 {
        return;
    }
    let pause = limits::pause(run);
    if pause.is_zero() {
        create(run, missing, &active);
    } else {
        run.outcome.again(pause);
    }
}

/// The least useful first: the least ready, of the highest index, the youngest.
fn usefulness(pod: &Value) -> impl Ord + use<> {
    (ready_since(pod).is_some(), Reverse(index(pod)), Reverse(created(pod)))
}

/// Ends pods that are not wanted any more: they do not count as failed.
fn release(run: &mut Run<'_>, pods: Vec<Owned>) {
    let mut telling = Telling::new(run.job, "SuccessfulDelete");
    for pod in pods {
        run.outcome.update(PODS, &pod.key, without_finalizer(&pod.tree, TRACKING));
        run.outcome.delete(PODS, &pod.key, Deletion::default());
        telling.tell(format!("Deleted pod: {}", pod.key.name()), &mut run.outcome);
    }
    telling.end(&mut run.outcome);
}

fn create(run: &mut Run<'_>, missing: usize, active: &[Owned]) {
    let Some(template) = run.job.tree.at(&["spec", "template"]) else { return };
    let mut finalizers = list(template, &["metadata", "finalizers"]).to_vec();
    finalizers.push(TRACKING.into());
    let like = pod(template, &run.job.tree).with(&["metadata", "finalizers"], finalizers.into());
    let namespace = run.job.key.namespace();
    let indexes = match free_indexes(run, missing, active).map(|free| turns(run, free)).transpose()
    {
        Ok(indexes) => indexes,
        Err(pause) => {
            run.outcome.again(pause);
            return;
        }
    };
    let number = indexes.as_ref().map_or(missing, Vec::len);
    let mut names = Names::new(run.view.store, &run.job.tree);
    let mut telling = Telling::new(run.job, "SuccessfulCreate");
    for at in 0..number {
        let index = indexes.as_ref().and_then(|indexes| indexes.get(at));
        let (tree, name) = if let Some(index) = index {
            let like = match per_index::limit(&run.job.tree) {
                Some(_) => told(&like, &run.job.tree, run.counts.waiting.get(index)),
                None => like.clone(),
            };
            indexed(&like, run.job.key.name(), *index, &names.ending())
        } else {
            let name = names.pick();
            (like.with(&["metadata", "generateName"], names.stem().into()), name)
        };
        let tree = tree.with(&["metadata", "name"], name.as_str().into());
        run.outcome.create(PODS, namespace, tree);
        telling.tell_made(&Key::new(namespace, &name), &mut run.outcome);
    }
    telling.end(&mut run.outcome);
}

/// Of free indexes those that may be tried now, or how long none may.
fn turns(run: &Run<'_>, free: Vec<i64>) -> Result<Vec<i64>, Duration> {
    per_index::ready(free, &run.counts.waiting, run.view.now)
}

/// The lowest indexes that are neither done nor running.
fn free_indexes(run: &Run<'_>, missing: usize, active: &[Owned]) -> Option<Vec<i64>> {
    if !is_indexed(&run.job.tree) {
        return None;
    }
    let done = run.counts.indexes.clone().unwrap_or_default();
    let lost = run.counts.failed_indexes.clone().unwrap_or_default();
    let over = |index: i64| done.contains(index) || lost.contains(index);
    let patient = run.job.tree.str_at(&["spec", "podReplacementPolicy"]) == Some("Failed");
    let leaving = run.terminating().filter(|_| patient);
    let busy: BTreeSet<_> = active.iter().chain(leaving).filter_map(|it| index(&it.tree)).collect();
    let all = 0..count(&run.job.tree, &["spec", "completions"]);
    let free = all.filter(|index| !over(*index) && !busy.contains(index));
    Some(free.take(missing).collect())
}

fn indexed(like: &Value, job: &str, index: i64, ending: &str) -> (Value, String) {
    let text = Text::from(index.to_string());
    let stem: String = format!("{job}-{index}-").chars().take(58).collect();
    let mut tree = like
        .with(&["metadata", "generateName"], stem.as_str().into())
        .with(&["metadata", "annotations", INDEX], text.clone().into())
        .with(&["metadata", "labels", INDEX], text.into())
        .with(&["spec", "hostname"], Text::from(format!("{job}-{index}")).into());
    for field in ["containers", "initContainers"] {
        let containers = list(&tree, &["spec", field]);
        if !containers.is_empty() {
            let told: Vec<_> = containers.iter().map(with_index).collect();
            tree = tree.with(&["spec", field], told.into());
        }
    }
    (tree, format!("{stem}{ending}"))
}

/// A container that is told its index.
fn with_index(container: &Value) -> Value {
    const NAME: &str = "JOB_COMPLETION_INDEX";
    let mut env = list(container, &["env"]).to_vec();
    if env.iter().any(|it| it.str_at(&["name"]) == Some(NAME)) {
        return container.clone();
    }
    let path = Text::from(format!("metadata.labels['{INDEX}']"));
    let field = Value::from([("fieldPath", path.into())]);
    let source = Value::from([("fieldRef", field)]);
    env.push(Value::from([("name", NAME.into()), ("valueFrom", source)]));
    container.with(&["env"], env.into())
}
