//! Jobs and `CronJobs`.

use super::count;
use crate::labels::Scope;
use crate::object::Object;
use crate::pods::{Owner, template};
use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, Job, JobSpec, JobTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use model::plan::{Completions, Workload};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Seconds by which a run of a `CronJob` may be late before it is given up.
const STARTING_DEADLINE: i64 = 300;
/// Successful and failed runs of a `CronJob` that are kept.
const KEPT: (i32, i32) = (1, 3);
/// Digits of the hash in the name of a Job.
const HASH_DIGITS: usize = 8;
/// The longest name of a Job: its pods carry it as a label.
const NAME_MAX: usize = 63;

/// The Job. Its template cannot be changed, so its name ends in a hash of it: a new version is a
/// new Job.
pub(crate) fn job(scope: &Scope<'_>, workload: &Workload, completions: &Completions) -> Object {
    let spec = spec(scope, workload, completions);
    let name = name(&workload.name, &spec);
    let metadata = scope.workload_meta(workload, &name);
    let job = Job { metadata, spec: Some(spec), ..Job::default() };
    let origin = format!("Job/{}", workload.name);
    Object { origin, ..Object::new(0, Some(&workload.service), &job) }
}

/// The `CronJob`. A run that still runs when the next is due is left alone.
pub(crate) fn cron_job(
    scope: &Scope<'_>,
    workload: &Workload,
    schedule: &str,
    completions: &Completions,
) -> Object {
    let job_template = JobTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(scope.workload_labels(workload)),
            ..ObjectMeta::default()
        }),
        spec: Some(spec(scope, workload, completions)),
    };
    let spec = CronJobSpec {
        schedule: schedule.to_owned(),
        time_zone: Some("Etc/UTC".to_owned()),
        concurrency_policy: Some("Forbid".to_owned()),
        starting_deadline_seconds: Some(STARTING_DEADLINE),
        successful_jobs_history_limit: Some(KEPT.0),
        failed_jobs_history_limit: Some(KEPT.1),
        job_template,
        suspend: None,
    };
    let metadata = scope.workload_meta(workload, &workload.name);
    let object = CronJob { metadata, spec: Some(spec), ..CronJob::default() };
    Object::new(0, Some(&workload.service), &object)
}

fn spec(scope: &Scope<'_>, workload: &Workload, completions: &Completions) -> JobSpec {
    let all = Some(count(completions.count));
    JobSpec {
        completions: all,
        parallelism: all,
        completion_mode: completions.indexed.then(|| "Indexed".to_owned()),
        backoff_limit: Some(count(completions.backoff_limit)),
        ttl_seconds_after_finished: completions.ttl_seconds.map(count),
        template: template(scope, workload, Owner::Other),
        ..JobSpec::default()
    }
}

fn name(workload: &str, spec: &JobSpec) -> String {
    let text = serde_json::to_string(spec).expect("a Job's spec is plain data");
    let hash = Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
        hex
    });
    let room = NAME_MAX - HASH_DIGITS - 1;
    let base: String = workload.chars().take(room).collect();
    format!("{}-{}", base.trim_end_matches('-'), &hash[..HASH_DIGITS])
}
