//! `CronJob`s: a job at each time of a schedule.

mod schedule;

use super::failure::{self, Failures, Refused};
use super::job::finished;
use super::owner::{is_controlled, reference};
use super::pods::is_true;
use super::read::{annotation, created, entries, int, is_ending, list, meta, time};
use super::telling::{normal, once_there, warning};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{CRON_JOBS, JOBS};
use schedule::Schedule;
use std::sync::Arc;
use twin_core::api::{Act, Deletion};
use twin_core::status::{Reason, Status};
use twin_core::store::{Change, Key, Object, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};
use twin_core::zones::Zone;

const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// Who missed more times than this is told.
const MISSED: usize = 100;

#[derive(Debug, Default)]
pub(super) struct CronJobs {
    failures: Failures,
}

impl Controller for CronJobs {
    fn name(&self) -> &'static str {
        "cronjob-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        if *table == CRON_JOBS {
            wake.key(change.object.key.clone());
        } else if *table == JOBS {
            wake.controller(&change.object, "CronJob");
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let failure = self.failures.news(key);
        let Some(object) = view.get(&CRON_JOBS, key) else { return Outcome::default() };
        let uid = meta(&object.tree, "uid");
        let owned = view.owned(&JOBS, key.namespace(), uid);
        let jobs = owned.filter(|job| is_controlled(&job.tree, uid)).collect();
        let mut cron = Cron {
            object,
            jobs,
            status: object.tree.at(&["status"]).cloned().unwrap_or_default(),
            now: view.now,
            outcome: Outcome::default(),
        };
        if let Some(Refused { message, .. }) = failure {
            let message = format!("Error creating job: {message}");
            warning(object, failure::REASON, message, &mut cron.outcome);
        }
        cron.note_started();
        cron.note_active();
        if !is_ending(&object.tree) {
            cron.forget_old();
            cron.start_due();
        }
        let tree = object.tree.with(&["status"], cron.status);
        cron.outcome.update_status(CRON_JOBS, key, tree);
        cron.outcome
    }

    fn refused(&mut self, key: &Key, act: &Act, why: &Status) {
        // Of a name that somebody else was faster with nothing is told.
        if why.reason != Reason::AlreadyExists {
            self.failures.note(key, act, why);
        }
    }
}

/// A schedule in its zone.
#[derive(Debug)]
struct Times {
    schedule: Schedule,
    zone: Zone,
}

impl Times {
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.schedule.next(after, &self.zone)
    }

    fn last(&self, from: Timestamp, until: Timestamp) -> Option<Timestamp> {
        self.schedule.last(from, until, &self.zone)
    }
}

/// A `CronJob`, read, with what was decided so far.
#[derive(Debug)]
struct Cron<'a> {
    object: &'a Object,
    jobs: Vec<&'a Arc<Object>>,
    status: Value,
    now: Timestamp,
    outcome: Outcome,
}

impl<'a> Cron<'a> {
    fn spec(&self, field: &str) -> Option<&'a Value> {
        let object: &'a Object = self.object;
        object.tree.at(&["spec", field])
    }

    /// The jobs that the status lists.
    fn active(&self) -> Vec<&'a Arc<Object>> {
        let listed = list(&self.status, &["active"]);
        let is_listed = |job: &&Arc<Object>| {
            let uid = meta(&job.tree, "uid");
            listed.iter().any(|known| known.str_at(&["uid"]) == Some(uid))
        };
        self.jobs.iter().copied().filter(is_listed).collect()
    }

    fn list_active(&mut self, active: Vec<Value>) {
        self.status = if active.is_empty() {
            self.status.without(&["active"])
        } else {
            self.status.with(&["active"], active.into())
        };
    }

    /// The time of the last job that could be made.
    fn note_started(&mut self) {
        let known = time(&self.status, &["lastScheduleTime"]);
        let due = |job: &&Arc<Object>| {
            let due = Timestamp::parse(annotation(&job.tree, SCHEDULED)?)?;
            (self.name_of(due) == job.key.name()).then_some(due)
        };
        let last = self.jobs.iter().filter_map(due).max();
        if let Some(last) = last.filter(|last| known.is_none_or(|known| known < *last)) {
            self.status = self.status.with(&["lastScheduleTime"], last.value());
        }
    }

    /// Lists the jobs that run, and tells what became of those that ran.
    fn note_active(&mut self) {
        let mut active = self.still_active();
        self.find_new(&mut active);
        self.list_active(active);
        let ends = self.jobs.iter().filter(|job| is_true(&job.tree, "Complete").is_some());
        let last = ends.filter_map(|job| time(&job.tree, &["status", "completionTime"])).max();
        let known = time(&self.status, &["lastSuccessfulTime"]);
        if let Some(last) = last.max(known) {
            self.status = self.status.with(&["lastSuccessfulTime"], last.value());
        }
    }

    /// What the status lists and still runs.
    fn still_active(&mut self) -> Vec<Value> {
        let object = self.object;
        let mut active = Vec::new();
        for known in list(&object.tree, &["status", "active"]) {
            let uid = known.str_at(&["uid"]).unwrap_or_default();
            let name = known.str_at(&["name"]).unwrap_or_default();
            let Some(job) = self.jobs.iter().find(|job| meta(&job.tree, "uid") == uid) else {
                let message = format!("Active job went missing: {name}");
                normal(object, "MissingJob", message, &mut self.outcome);
                continue;
            };
            let Some(end) = finished(&job.tree) else {
                active.push(known.clone());
                continue;
            };
            let end = end.str_at(&["type"]).unwrap_or_default();
            let message = format!("Saw completed job: {name}, condition: {end}");
            normal(object, "SawCompletedJob", message, &mut self.outcome);
        }
        active
    }

    /// Adds the job that was started last, and tells of others that nobody started here.
    fn find_new(&mut self, active: &mut Vec<Value>) {
        let last = time(&self.status, &["lastScheduleTime"]).map(|last| self.name_of(last));
        for job in &self.jobs {
            let uid = meta(&job.tree, "uid");
            let known = active.iter().any(|known| known.str_at(&["uid"]) == Some(uid));
            if known || finished(&job.tree).is_some() || is_ending(&job.tree) {
                continue;
            }
            if last.as_deref() == Some(job.key.name()) {
                active.push(named(job));
                continue;
            }
            let name = job.key.name();
            let message = format!("Saw a job that the controller did not create or forgot: {name}");
            warning(self.object, "UnexpectedJob", message, &mut self.outcome);
        }
    }

    /// What the job of a time is called.
    fn name_of(&self, due: Timestamp) -> String {
        format!("{}-{}", self.object.key.name(), due.seconds() / 60)
    }

    /// Deletes the oldest of the jobs that are over, down to as many as are to be kept.
    fn forget_old(&mut self) {
        for (end, limit) in
            [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")]
        {
            let Some(limit) = self.spec(limit).and_then(Value::as_int) else { continue };
            let over = |job: &&&Arc<Object>| is_true(&job.tree, end).is_some();
            let mut over: Vec<_> = self.jobs.iter().filter(over).copied().collect();
            over.sort_by_key(|job| (time(&job.tree, &["status", "startTime"]), job.key.clone()));
            let surplus = over.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
            over.into_iter().take(surplus).for_each(|job| self.delete(job));
        }
    }

    fn delete(&mut self, job: &Object) {
        if is_ending(&job.tree) {
            return;
        }
        let uid = Text::new(meta(&job.tree, "uid"));
        let listed = list(&self.status, &["active"]).iter();
        let rest = listed.filter(|known| known.str_at(&["uid"]) != Some(uid.as_str()));
        self.list_active(rest.cloned().collect());
        self.outcome.delete(JOBS, &job.key, Deletion { uid, ..Deletion::default() });
        let message = format!("Deleted job {}", job.key.name());
        normal(self.object, "SuccessfulDelete", message, &mut self.outcome);
    }

    /// Starts the job of the last time that has passed.
    fn start_due(&mut self) {
        let suspended = self.spec("suspend").and_then(Value::as_bool) == Some(true);
        let Some(schedule) = self.schedule().filter(|_| !suspended) else { return };
        let since = self.since();
        let last = schedule.last(since, self.now).unwrap_or(since);
        if let Some(next) = schedule.next(last) {
            self.outcome.again(next.since(self.now));
        }
        if let Some(due) = self.due(&schedule) {
            self.start(due);
        }
    }

    fn schedule(&mut self) -> Option<Times> {
        let name = self.spec("timeZone").and_then(Value::as_str).unwrap_or("UTC");
        let Some(zone) = Zone::named(name) else {
            let message = format!("invalid timeZone: {name:?}: unknown time zone {name}");
            warning(self.object, "UnknownTimeZone", message, &mut self.outcome);
            return None;
        };
        let text = self.spec("schedule").and_then(Value::as_str).unwrap_or_default();
        let parsed = Schedule::parse(text);
        if let Err(why) = &parsed {
            let message = format!("unparseable schedule: {text:?} : {why}");
            warning(self.object, "UnparseableSchedule", message, &mut self.outcome);
        }
        Some(Times { schedule: parsed.ok()?, zone })
    }

    /// After which time jobs are due.
    fn since(&self) -> Timestamp {
        let last = time(&self.status, &["lastScheduleTime"]);
        last.unwrap_or_else(|| created(&self.object.tree))
    }

    /// The time whose job should start now.
    fn due(&mut self, schedule: &Times) -> Option<Timestamp> {
        let since = self.since();
        let patience = int(&self.object.tree, &["spec", "startingDeadlineSeconds"]);
        let from = patience
            .map_or(since, |seconds| since.max(self.now.plus_seconds(seconds.saturating_neg())));
        let due = schedule.last(from, self.now);
        let Some(due) = due else {
            if patience.is_some() {
                self.tell_missed(schedule, since);
            }
            return None;
        };
        let mut at = from;
        let passed = std::iter::from_fn(|| {
            at = schedule.next(at).filter(|next| *next <= self.now)?;
            Some(at)
        });
        if passed.take(MISSED + 1).count() > MISSED {
            let message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            warning(self.object, "TooManyMissedTimes", message, &mut self.outcome);
        }
        Some(due)
    }

    /// A time that passed while nothing could start, and is too long ago now.
    fn tell_missed(&mut self, schedule: &Times, since: Timestamp) {
        if let Some(missed) = schedule.last(since, self.now) {
            let message = format!("Missed scheduled time to start a job: {missed}");
            warning(self.object, "MissSchedule", message, &mut self.outcome);
        }
    }

    fn start(&mut self, due: Timestamp) {
        let name = self.name_of(due);
        if self.jobs.iter().any(|job| job.key.name() == name) {
            return;
        }
        let active = self.active();
        match self.spec("concurrencyPolicy").and_then(Value::as_str) {
            Some("Forbid") if !active.is_empty() => {
                let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
                normal(self.object, "JobAlreadyActive", message, &mut self.outcome);
                return;
            }
            Some("Replace") => active.into_iter().for_each(|job| self.delete(job)),
            _ => {}
        }
        let job = self.job(&name, due);
        self.outcome.create(JOBS, self.object.key.namespace(), job);
        let message = format!("Created job {name}");
        normal(self.object, "SuccessfulCreate", message, &mut self.outcome);
        once_there(&Key::new(self.object.key.namespace(), &name), &mut self.outcome);
    }

    fn job(&self, name: &str, due: Timestamp) -> Value {
        let template = self.spec("jobTemplate").cloned().unwrap_or_default();
        let mut metadata = Value::from([
            ("name", name.into()),
            ("ownerReferences", vec![reference(&self.object.tree)].into()),
        ]);
        for field in ["labels", "annotations"] {
            for (key, value) in entries(&template, &["metadata", field]) {
                metadata = metadata.with(&[field, key], value.clone());
            }
        }
        let metadata = metadata.with(&["annotations", SCHEDULED], due.value());
        let spec = template.at(&["spec"]).cloned().unwrap_or_default();
        Value::from([("metadata", metadata), ("spec", spec)])
    }
}

/// A job, as the status names it.
fn named(job: &Object) -> Value {
    let part = |path: &[&str]| job.tree.at(path).cloned().unwrap_or_default();
    Value::from([
        ("kind", "Job".into()),
        ("apiVersion", "batch/v1".into()),
        ("name", job.key.name().into()),
        ("namespace", job.key.namespace().into()),
        ("uid", part(&["metadata", "uid"])),
        ("resourceVersion", part(&["metadata", "resourceVersion"])),
    ])
}

#[cfg(test)]
mod tests;
