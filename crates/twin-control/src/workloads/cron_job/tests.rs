use crate::tables::{CRON_JOBS, JOBS};
use crate::workloads::read::{annotation, list, meta};
use crate::workloads::stage::{Stage, condition};

const PATH: &str = "/apis/batch/v1/namespaces/x/cronjobs";

fn after(seconds: i64, image: &str, schedule: &str, more: &str) -> Stage {
    let mut stage = Stage::new();
    stage.post(
        PATH,
        &format!(
            r#"{{"metadata":{{"name":"c"}},"spec":{{"schedule":"{schedule}"{more},"jobTemplate":{{"metadata":{{"labels":{{"l":"v"}}}},"spec":{{"template":{{"spec":{{"restartPolicy":"Never","containers":[{{"name":"c","image":"{image}"}}]}}}}}}}}}}}}"#
        ),
    );
    stage.pass(seconds);
    stage
}

#[test]
fn jobs_start_when_they_should() {
    let mut stage = after(59, "done", "*/2 * * * *", "");
    assert!(stage.names(&JOBS).is_empty());
    stage.pass(62);
    // Minutes since 1970.
    assert_eq!(stage.names(&JOBS), ["c-29926802"]);
    let job = stage.all(&JOBS)[0].clone();
    let noted = annotation(&job.tree, "batch.kubernetes.io/cronjob-scheduled-timestamp");
    assert_eq!(noted, Some("2026-11-25T12:02:00Z"));
    assert_eq!(job.tree.str_at(&["metadata", "labels", "l"]), Some("v"));
    stage.pass(20);
    let tree = stage.tree(&CRON_JOBS, "c");
    assert_eq!(tree.str_at(&["status", "lastScheduleTime"]), Some("2026-11-25T12:02:00Z"));
    assert_eq!(tree.str_at(&["status", "lastSuccessfulTime"]), Some("2026-11-25T12:02:01Z"));
    assert!(list(&tree, &["status", "active"]).is_empty());
    assert_eq!(
        stage.told("c"),
        [
            "SuccessfulCreate: Created job c-29926802",
            "SawCompletedJob: Saw completed job: c-29926802, condition: Complete",
        ]
    );
}

#[test]
fn what_is_over_is_kept_as_long_as_wanted() {
    let stage = after(600, "done", "* * * * *", r#","successfulJobsHistoryLimit":2"#);
    assert_eq!(stage.names(&JOBS).len(), 3, "two, and the one that has just started");
    let stage = after(610, "done", "* * * * *", r#","successfulJobsHistoryLimit":2"#);
    assert_eq!(stage.names(&JOBS).len(), 2);
}

#[test]
fn who_runs_may_be_joined_waited_for_or_replaced() {
    for (policy, jobs, told) in [
        ("Allow", 3, "SuccessfulCreate"),
        ("Forbid", 1, "JobAlreadyActive"),
        ("Replace", 1, "SuccessfulDelete"),
    ] {
        let more = format!(r#","concurrencyPolicy":"{policy}""#);
        let stage = after(190, "i", "* * * * *", &more);
        let running = stage.all(&JOBS);
        assert_eq!(running.len(), jobs, "{policy}");
        assert!(running.iter().all(|job| condition(&job.tree, "Complete").is_empty()));
        assert!(stage.told("c").iter().any(|event| event.starts_with(told)), "{policy}");
        let tree = stage.tree(&CRON_JOBS, "c");
        assert_eq!(list(&tree, &["status", "active"]).len(), jobs);
    }
}

#[test]
fn who_is_replaced_is_not_listed_any_more() {
    let mut stage = after(119, "i", "* * * * *", r#","concurrencyPolicy":"Replace""#);
    stage.pass_with(3, |stage| {
        let tree = stage.tree(&CRON_JOBS, "c");
        let listed = list(&tree, &["status", "active"]);
        assert!(listed.len() <= 1, "{listed:?}");
    });
    let told = stage.told("c");
    let odd = |event: &&String| event.starts_with("MissingJob") || event.starts_with("Unexpected");
    assert_eq!(told.iter().find(odd), None);
    assert_eq!(stage.names(&JOBS), ["c-29926802"]);
}

#[test]
fn a_job_that_somebody_else_made_is_told_about() {
    let mut stage = after(5, "i", "0 0 1 1 *", "");
    let uid = meta(&stage.tree(&CRON_JOBS, "c"), "uid").to_owned();
    stage.post(
        "/apis/batch/v1/namespaces/x/jobs",
        &format!(
            r#"{{"metadata":{{"name":"by-hand","ownerReferences":[{{"apiVersion":"batch/v1","kind":"CronJob","name":"c","uid":"{uid}","controller":true}}]}},"spec":{{"template":{{"spec":{{"restartPolicy":"Never","containers":[{{"name":"c","image":"i"}}]}}}}}}}}"#
        ),
    );
    stage.pass(5);
    assert!(list(&stage.tree(&CRON_JOBS, "c"), &["status", "active"]).is_empty());
    assert!(stage.told("c")[0].starts_with("UnexpectedJob"));
}

#[test]
fn a_suspended_one_catches_up_once() {
    let mut stage = after(600, "done", "* * * * *", r#","suspend":true"#);
    assert!(stage.names(&JOBS).is_empty());
    stage.pass(5);
    stage.patch(&format!("{PATH}/c"), r#"{"spec":{"suspend":false}}"#);
    stage.pass(5);
    assert_eq!(stage.names(&JOBS), ["c-29926810"]);
}

#[test]
fn what_is_too_late_is_not_started() {
    let mut stage =
        after(3_590, "done", "0 * * * *", r#","suspend":true,"startingDeadlineSeconds":30"#);
    stage.pass(100);
    stage.patch(&format!("{PATH}/c"), r#"{"spec":{"suspend":false}}"#);
    stage.pass(5);
    assert!(stage.names(&JOBS).is_empty());
    assert!(
        stage.told("c")[0]
            .starts_with("MissSchedule: Missed scheduled time to start a job: 2026-11-25T13:00:00")
    );
    stage.pass(3_600);
    assert_eq!(stage.names(&JOBS).len(), 1);
}

#[test]
fn a_schedule_is_that_of_its_zone() {
    // It is 12:00 in UTC, and 13:00 there.
    let mut stage = after(60, "done", "30 13 * * *", r#","timeZone":"Europe/Berlin""#);
    assert!(stage.names(&JOBS).is_empty());
    stage.pass(1_800);
    let tree = stage.tree(&CRON_JOBS, "c");
    assert_eq!(tree.str_at(&["status", "lastScheduleTime"]), Some("2026-11-25T12:30:00Z"));
}

#[test]
fn odd_schedules_are_told_about() {
    for (schedule, more, told) in [
        ("61 * * * *", "", "UnparseableSchedule: unparseable schedule"),
        ("@every 5", "", "UnparseableSchedule: unparseable schedule"),
        ("0 0 30 2 *", "", ""),
    ] {
        let stage = after(600, "done", schedule, more);
        assert!(stage.names(&JOBS).is_empty());
        let said = stage.told("c").join("\n");
        assert!(said.starts_with(told), "{said}");
    }
}

#[test]
fn a_job_that_is_refused_is_tried_again() {
    let mut stage = Stage::new();
    let quota = r#"{"metadata":{"name":"q"},"spec":{"hard":{"count/jobs.batch":"0"}}}"#;
    stage.post("/api/v1/namespaces/x/resourcequotas", quota);
    stage.pass(1);
    stage.post(
        PATH,
        r#"{"metadata":{"name":"c"},"spec":{"schedule":"*/2 * * * *","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}}}"#,
    );
    stage.pass(135);
    let told = stage.told("c");
    assert_eq!(told.len(), 1, "{told:?}");
    let start = "FailedCreate: Error creating job: jobs.batch \"c-29926802\" is forbidden: exceeded quota: q";
    assert!(told[0].starts_with(start), "{told:?}");
    assert_eq!(stage.tree(&CRON_JOBS, "c").str_at(&["status", "lastScheduleTime"]), None);
    stage.delete("/api/v1/namespaces/x/resourcequotas/q");
    stage.pass(6);
    assert_eq!(stage.names(&JOBS), ["c-29926802"]);
    let tree = stage.tree(&CRON_JOBS, "c");
    assert_eq!(tree.str_at(&["status", "lastScheduleTime"]), Some("2026-11-25T12:02:00Z"));
    assert_eq!(list(&tree, &["status", "active"]).len(), 1);
    assert_eq!(stage.told("c")[1..], ["SuccessfulCreate: Created job c-29926802"]);
}

#[test]
fn a_pause_lies_between_jobs() {
    let mut stage = after(299, "done", "@every 5m", "");
    assert!(stage.names(&JOBS).is_empty());
    stage.pass(20);
    // Somebody makes it look in between.
    stage.patch(&format!("{PATH}/c"), r#"{"metadata":{"labels":{"a":"b"}}}"#);
    stage.pass(590);
    let tree = stage.tree(&CRON_JOBS, "c");
    assert_eq!(tree.str_at(&["status", "lastScheduleTime"]), Some("2026-11-25T12:15:00Z"));
    assert_eq!(stage.names(&JOBS), ["c-29926805", "c-29926810", "c-29926815"]);
}
