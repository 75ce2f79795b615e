use crate::tables::{POD_DISRUPTION_BUDGETS, PODS};
use crate::workloads::stage::{Stage, condition, numbers, pods_of};
use proptest::prelude::*;
use twin_core::api::Method;
use twin_core::tree::Value;

const PATH: &str = "/apis/policy/v1/namespaces/x/poddisruptionbudgets";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/x/deployments";

fn running(replicas: i64, image: &str, budget: &str) -> Stage {
    let mut stage = Stage::new();
    let body = format!(
        r#"{{"metadata":{{"name":"web"}},"spec":{{"replicas":{replicas},{}}}}}"#,
        pods_of("web", image)
    );
    stage.post(DEPLOYMENTS, &body);
    let budget = format!(
        r#"{{"metadata":{{"name":"b"}},"spec":{{"selector":{{"matchLabels":{{"app":"web"}}}},{budget}}}}}"#
    );
    stage.post(PATH, &budget);
    stage.pass(10);
    stage
}

fn evict(stage: &mut Stage, name: &str) -> (u16, Value) {
    let body =
        format!(r#"{{"apiVersion":"policy/v1","kind":"Eviction","metadata":{{"name":"{name}"}}}}"#);
    stage.ask(Method::Post, &format!("/api/v1/namespaces/x/pods/{name}/eviction"), &body)
}

const COUNTS: &[&str] = &["expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed"];

#[test]
fn budgets_are_counted() {
    for (replicas, image, budget, counts, said) in [
        (4, "i", r#""minAvailable":3"#, [4, 4, 3, 1], "True SufficientPods"),
        (4, "i", r#""minAvailable":"60%""#, [4, 4, 3, 1], "True SufficientPods"),
        (4, "i", r#""maxUnavailable":"30%""#, [4, 4, 2, 2], "True SufficientPods"),
        (4, "i", r#""maxUnavailable":0"#, [4, 4, 4, 0], "False InsufficientPods"),
        (4, "stuck", r#""maxUnavailable":1"#, [4, 0, 3, 0], "False InsufficientPods"),
        (0, "i", r#""minAvailable":0"#, [0, 0, 0, 0], "False InsufficientPods"),
    ] {
        let stage = running(replicas, image, budget);
        let tree = stage.tree(&POD_DISRUPTION_BUDGETS, "b");
        assert_eq!(numbers(&tree, COUNTS), counts, "{budget}");
        assert_eq!(condition(&tree, "DisruptionAllowed"), said, "{budget}");
        assert_eq!(numbers(&tree, &["observedGeneration"]), [1]);
    }
}

#[test]
fn pods_of_who_has_no_scale_may_not_go() {
    let mut stage = Stage::new();
    stage.post(
        "/apis/batch/v1/namespaces/x/jobs",
        r#"{"metadata":{"name":"j"},"spec":{"template":{"metadata":{"labels":{"app":"j"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}"#,
    );
    stage.post(
        PATH,
        r#"{"metadata":{"name":"b"},"spec":{"selector":{"matchLabels":{"app":"j"}},"maxUnavailable":1}}"#,
    );
    stage.pass(10);
    let tree = stage.tree(&POD_DISRUPTION_BUDGETS, "b");
    assert_eq!(condition(&tree, "DisruptionAllowed"), "False SyncFailed");
}

#[test]
fn an_eviction_respects_the_budget() {
    let mut stage = running(3, "i", r#""minAvailable":2"#);
    let names = stage.names(&PODS);
    assert_eq!(evict(&mut stage, &names[0]).0, 201);
    let (code, status) = evict(&mut stage, &names[1]);
    assert_eq!((code, status.str_at(&["reason"])), (429, Some("TooManyRequests")));
    assert_eq!(
        status.str_at(&["message"]),
        Some("Cannot evict pod as it would violate the pod's disruption budget.")
    );
    let text = status.to_string();
    assert!(text.contains(r#""reason":"DisruptionBudget""#), "{text}");
    assert!(
        text.contains("The disruption budget b needs 2 healthy pods and has 3 currently"),
        "{text}"
    );
    stage.pass(10);
    assert_eq!(stage.names(&PODS).len(), 3);
    assert_eq!(evict(&mut stage, &names[1]).0, 201);
    assert_eq!(evict(&mut stage, "none").0, 404);
}

#[test]
fn a_broken_pod_may_go_if_others_serve() {
    let mut stage = running(3, "i", r#""minAvailable":3"#);
    stage.post(
        "/api/v1/namespaces/x/pods",
        r#"{"metadata":{"name":"odd","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"stuck"}]}}"#,
    );
    stage.pass(10);
    let ready = stage.names(&PODS)[1].clone();
    assert_eq!(evict(&mut stage, &ready).0, 429);
    assert_eq!(evict(&mut stage, "odd").0, 201);
    let mut stage = running(3, "stuck", r#""minAvailable":2"#);
    let first = stage.names(&PODS)[0].clone();
    assert_eq!(evict(&mut stage, &first).0, 429);
}

#[test]
fn a_budget_that_was_not_counted_yet_says_so() {
    let mut stage = running(2, "i", r#""minAvailable":0"#);
    stage.patch(&format!("{PATH}/b"), r#"{"spec":{"minAvailable":1}}"#);
    let first = stage.names(&PODS)[0].clone();
    let (code, status) = evict(&mut stage, &first);
    assert_eq!(code, 429);
    assert!(
        status
            .to_string()
            .contains("The disruption budget b is still being processed by the server.")
    );
    stage.pass(1);
    assert_eq!(evict(&mut stage, &first).0, 201);
}

#[test]
fn two_budgets_are_one_too_many() {
    let mut stage = running(2, "i", r#""minAvailable":0"#);
    stage.post(PATH, r#"{"metadata":{"name":"c"},"spec":{"selector":{},"minAvailable":0}}"#);
    stage.pass(1);
    let first = stage.names(&PODS)[0].clone();
    assert_eq!(evict(&mut stage, &first).0, 500);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn evictions_never_break_the_budget(
        replicas in 1..6i64,
        least in 0..6i64,
        tries in proptest::collection::vec((0..6usize, 0..3i64), 1..12),
    ) {
        let mut stage = running(replicas, "i", &format!(r#""minAvailable":{least}"#));
        for (at, pause) in tries {
            if let Some(name) = stage.names(&PODS).get(at) {
                evict(&mut stage, name);
            }
            stage.pass_with(pause, |stage| {
                let tree = stage.tree(&POD_DISRUPTION_BUDGETS, "b");
                let healthy = numbers(&tree, &["currentHealthy"])[0];
                assert!(healthy >= least.min(replicas));
            });
        }
    }
}
