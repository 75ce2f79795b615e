use crate::tables::{JOBS, PODS};
use crate::workloads::pods::is_active;
use crate::workloads::read::{has_finalizer, labels, list, meta};
use crate::workloads::stage::{Stage, condition, numbers};
use proptest::prelude::*;
use twin_core::tree::Value;

const PATH: &str = "/apis/batch/v1/namespaces/x/jobs";

fn job(image: &str, more: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"j"}},"spec":{{{more}"template":{{"spec":{{"restartPolicy":"Never","containers":[{{"name":"c","image":"{image}"}}]}}}}}}}}"#
    )
}

fn after(seconds: i64, image: &str, more: &str) -> Stage {
    let mut stage = Stage::new();
    stage.post(PATH, &job(image, more));
    stage.pass(seconds);
    stage
}

fn tree(stage: &Stage) -> Value {
    stage.tree(&JOBS, "j")
}

const COUNTS: &[&str] = &["active", "succeeded", "failed", "ready", "terminating"];

#[test]
fn a_job_completes() {
    let mut stage = after(0, "done", r#""completions":3,"parallelism":2,"#);
    assert_eq!(numbers(&tree(&stage), COUNTS), [2, 0, 0, 0, 0]);
    let pod = stage.all(&PODS)[0].clone();
    assert!(has_finalizer(&pod.tree, super::TRACKING));
    for label in ["job-name", "batch.kubernetes.io/job-name"] {
        assert_eq!(labels(&pod.tree).unwrap().get(label).unwrap().as_str(), Some("j"));
    }
    let uid = meta(&tree(&stage), "uid").to_owned();
    for label in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
        assert_eq!(labels(&pod.tree).unwrap().get(label).unwrap().as_str(), Some(&*uid));
    }
    stage.pass(10);
    let tree = tree(&stage);
    assert_eq!(numbers(&tree, COUNTS), [0, 3, 0, 0, 0]);
    assert_eq!(condition(&tree, "SuccessCriteriaMet"), "True CompletionsReached");
    assert_eq!(condition(&tree, "Complete"), "True CompletionsReached");
    assert_eq!(tree.str_at(&["status", "startTime"]), Some("2026-11-25T12:00:00Z"));
    assert_eq!(tree.str_at(&["status", "completionTime"]), Some("2026-11-25T12:00:02Z"));
    assert!(stage.all(&PODS).iter().all(|pod| !has_finalizer(&pod.tree, super::TRACKING)));
    assert_eq!(stage.told("j").last().unwrap(), "Completed: Job completed");
}

#[test]
fn a_job_gives_up_with_longer_and_longer_pauses() {
    let stage = after(25, "fails", r#""backoffLimit":2,"#);
    assert_eq!(numbers(&tree(&stage), COUNTS), [0, 0, 2, 0, 0]);
    let mut stage = stage;
    stage.pass(30);
    let tree = tree(&stage);
    assert_eq!(numbers(&tree, COUNTS), [0, 0, 3, 0, 0]);
    assert_eq!(condition(&tree, "FailureTarget"), "True BackoffLimitExceeded");
    assert_eq!(condition(&tree, "Failed"), "True BackoffLimitExceeded");
    assert_eq!(tree.at(&["status", "completionTime"]), None);
    let told = "BackoffLimitExceeded: Job has reached the specified backoff limit";
    assert_eq!(stage.told("j").last().unwrap(), told);
}

#[test]
fn policies_decide_what_a_failure_means() {
    let rule = |action: &str, values: &str| {
        format!(
            r#""backoffLimit":1,"podFailurePolicy":{{"rules":[{{"action":"{action}","onExitCodes":{{"operator":"In","values":[{values}]}}}}]}},"#
        )
    };
    let stage = after(15, "fails", &rule("FailJob", "1"));
    assert_eq!(condition(&tree(&stage), "Failed"), "True PodFailurePolicy");
    let message = stage.told("j").pop().unwrap();
    assert!(
        message.ends_with("failed with exit code 1 matching FailJob rule at index 0"),
        "{message}"
    );
    let stage = after(100, "fails", &rule("Ignore", "1"));
    assert_eq!(numbers(&tree(&stage), &["failed"]), [0]);
    assert!(stage.names(&PODS).len() > 3);
    let stage = after(100, "fails", &rule("FailJob", "2"));
    assert_eq!(condition(&tree(&stage), "Failed"), "True BackoffLimitExceeded");
    let stage = after(
        100,
        "fails",
        r#""podFailurePolicy":{"rules":[{"action":"FailJob","onPodConditions":[{"type":"Ready","status":"False"}]}]},"#,
    );
    assert_eq!(condition(&tree(&stage), "Failed"), "True PodFailurePolicy");
}

#[test]
fn indexes_are_done_once_each() {
    let mut stage =
        after(0, "done", r#""completionMode":"Indexed","completions":4,"parallelism":2,"#);
    let pod = stage.all(&PODS)[1].clone();
    assert!(pod.key.name().starts_with("j-1-"));
    assert_eq!(pod.tree.str_at(&["spec", "hostname"]), Some("j-1"));
    let env = &list(&list(&pod.tree, &["spec", "containers"])[0], &["env"])[0];
    assert_eq!(env.str_at(&["name"]), Some("JOB_COMPLETION_INDEX"));
    stage.pass(10);
    assert_eq!(tree(&stage).str_at(&["status", "completedIndexes"]), Some("0-3"));
    assert_eq!(condition(&tree(&stage), "Complete"), "True CompletionsReached");
    assert_eq!(stage.names(&PODS).len(), 4);
}

#[test]
fn some_indexes_can_be_enough() {
    let policy = r#""completionMode":"Indexed","completions":5,"parallelism":1,"successPolicy":{"rules":[{"succeededIndexes":"0-2","succeededCount":2}]},"#;
    let stage = after(20, "done", policy);
    assert_eq!(condition(&tree(&stage), "Complete"), "True SuccessPolicy");
    assert_eq!(tree(&stage).str_at(&["status", "completedIndexes"]), Some("0,1"));
}

#[test]
fn a_deadline_ends_it() {
    let stage = after(40, "i", r#""activeDeadlineSeconds":20,"#);
    assert_eq!(condition(&tree(&stage), "Failed"), "True DeadlineExceeded");
    assert_eq!(numbers(&tree(&stage), COUNTS), [0, 0, 1, 0, 0]);
    assert!(stage.names(&PODS).is_empty());
}

#[test]
fn a_job_can_be_suspended() {
    let mut stage = after(5, "i", r#""suspend":true,"parallelism":2,"completions":2,"#);
    assert!(stage.names(&PODS).is_empty());
    assert_eq!(condition(&tree(&stage), "Suspended"), "True JobSuspended");
    stage.patch(&format!("{PATH}/j"), r#"{"spec":{"suspend":false}}"#);
    stage.pass(5);
    assert_eq!(condition(&tree(&stage), "Suspended"), "False JobResumed");
    assert_eq!(numbers(&tree(&stage), COUNTS), [2, 0, 0, 2, 0]);
    stage.patch(&format!("{PATH}/j"), r#"{"spec":{"suspend":true}}"#);
    stage.pass(5);
    assert_eq!(numbers(&tree(&stage), COUNTS), [0, 0, 0, 0, 0]);
    assert_eq!(tree(&stage).at(&["status", "startTime"]), None);
}

#[test]
fn who_is_done_goes_after_its_time() {
    let mut stage = after(20, "done", r#""ttlSecondsAfterFinished":30,"#);
    assert_eq!(stage.names(&PODS).len(), 1);
    stage.pass(40);
    assert_eq!(stage.names(&PODS).len() + stage.names(&JOBS).len(), 0);
}

#[test]
fn pods_of_a_deleted_job_can_end() {
    for policy in ["Background", "Foreground"] {
        let mut stage = after(5, "i", r#""parallelism":2,"#);
        stage.delete(&format!("{PATH}/j?propagationPolicy={policy}"));
        stage.pass(10);
        assert_eq!(stage.names(&PODS).len() + stage.names(&JOBS).len(), 0, "{policy}");
    }
}

#[test]
fn pods_that_no_job_counts_can_end() {
    let mut stage = Stage::new();
    let pod = |name: &str, owner: &str| {
        format!(
            r#"{{"metadata":{{"name":"{name}","finalizers":["{}"]{owner}}},"spec":{{"containers":[{{"name":"c","image":"i"}}]}}}}"#,
            super::TRACKING
        )
    };
    let owner = |api: &str| {
        format!(
            r#","ownerReferences":[{{"apiVersion":"{api}","kind":"Job","name":"gone","uid":"u","controller":true}}]"#
        )
    };
    let pods = "/api/v1/namespaces/x/pods";
    stage.post(pods, &pod("alone", ""));
    stage.pass(5);
    assert!(!has_finalizer(&stage.tree(&PODS, "alone"), super::TRACKING));
    // Whose owner is gone is collected: its end begins.
    stage.post(pods, &pod("orphan", &owner("batch/v1")));
    stage.post(pods, &pod("other", &owner("example.dev/v1")));
    stage.pass(5);
    stage.delete(&format!("{pods}/other"));
    stage.pass(10);
    assert_eq!(stage.names(&PODS), ["alone", "other"]);
    stage.delete("/api/v1/namespaces/x");
    stage.patch(&format!("{pods}/other"), r#"{"metadata":{"finalizers":null}}"#);
    stage.pass(60);
    assert!(stage.names(&PODS).is_empty());
    let (code, _) = stage.ask(twin_core::api::Method::Get, "/api/v1/namespaces/x", "");
    assert_eq!(code, 404);
}

#[test]
fn a_queue_is_done_when_one_says_so() {
    let stage = after(20, "done", r#""parallelism":3,"#);
    assert_eq!(condition(&tree(&stage), "Complete"), "True CompletionsReached");
    assert_eq!(numbers(&tree(&stage), COUNTS), [0, 3, 0, 0, 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_job_comes_to_its_end(
        completions in 0..6i64,
        parallelism in 1..4i64,
        indexed in any::<bool>(),
        deletes in proptest::collection::vec(0..5usize, 0..4),
    ) {
        let mode = if indexed { "Indexed" } else { "NonIndexed" };
        let more = format!(r#""completionMode":"{mode}","completions":{completions},"parallelism":{parallelism},"backoffLimit":9,"#);
        let mut stage = Stage::new();
        stage.post(PATH, &job("done", &more));
        for at in deletes {
            stage.pass_with(1, |stage| {
                let active = stage.all(&PODS).iter().filter(|pod| is_active(&pod.tree)).count();
                assert!(i64::try_from(active).unwrap() <= parallelism);
            });
            if let Some(name) = stage.names(&PODS).get(at) {
                stage.ask(twin_core::api::Method::Delete, &format!("/api/v1/namespaces/x/pods/{name}"), "");
            }
        }
        stage.pass(300);
        prop_assert_eq!(condition(&tree(&stage), "Complete"), "True CompletionsReached");
        prop_assert_eq!(numbers(&tree(&stage), &["active", "succeeded"]), [0, completions]);
    }
}

const PER_INDEX: &str =
    r#""completionMode":"Indexed","completions":2,"parallelism":2,"backoffLimitPerIndex":1,"#;

#[test]
fn each_index_has_tries_of_its_own() {
    let mut stage = after(5, "fails", PER_INDEX);
    let counts = |stage: &Stage| numbers(&tree(stage), COUNTS);
    let told = |stage: &Stage| {
        let name = "batch.kubernetes.io/job-index-failure-count";
        let mut all: Vec<_> = stage
            .all(&PODS)
            .iter()
            .map(|pod| {
                pod.tree.str_at(&["metadata", "annotations", name]).unwrap_or("none").to_owned()
            })
            .collect();
        all.sort();
        all
    };
    assert_eq!(counts(&stage), [0, 0, 0, 0, 0]);
    assert_eq!(told(&stage), ["0", "0"]);
    stage.pass(10);
    assert_eq!(told(&stage), ["0", "0", "1", "1"]);
    stage.pass(10);
    let tree = tree(&stage);
    assert_eq!(counts(&stage), [0, 0, 4, 0, 0]);
    assert_eq!(tree.str_at(&["status", "failedIndexes"]), Some("0,1"));
    assert_eq!(condition(&tree, "Failed"), "True FailedIndexes");
    assert!(stage.all(&PODS).iter().all(|pod| !has_finalizer(&pod.tree, super::TRACKING)));
}

#[test]
fn failed_indexes_may_be_too_many() {
    let more = format!(r#"{PER_INDEX}"maxFailedIndexes":0,"parallelism":1,"#)
        .replacen(r#""parallelism":2,"#, "", 1)
        .replace(r#"Index":1"#, r#"Index":0"#);
    let stage = after(10, "fails", &more);
    let tree = tree(&stage);
    assert_eq!(numbers(&tree, COUNTS), [0, 0, 1, 0, 0]);
    assert_eq!(tree.str_at(&["status", "failedIndexes"]), Some("0"));
    assert_eq!(condition(&tree, "Failed"), "True MaxFailedIndexesExceeded");
}

#[test]
fn a_policy_can_fail_an_index_at_once() {
    let policy = r#""podFailurePolicy":{"rules":[{"action":"FailIndex","onExitCodes":{"operator":"NotIn","values":[77]}}]},"#;
    let stage = after(10, "fails", &format!("{PER_INDEX}{policy}"));
    let tree = tree(&stage);
    assert_eq!(numbers(&tree, COUNTS), [0, 0, 2, 0, 0]);
    assert_eq!(tree.str_at(&["status", "failedIndexes"]), Some("0,1"));
}
