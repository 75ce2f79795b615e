//! Load raises the application, its end lowers it, and the database bears both.

use crate::kit::{Load, Shop, skip, within};
use serde_json::{Value, json};
use std::time::Duration;

/// The plan lets five quiet minutes pass before it lowers; a test need not.
const WINDOW: &str = r#"{"spec":{"behavior":{"scaleDown":{"stabilizationWindowSeconds":15,
    "policies":[{"type":"Percent","periodSeconds":15,"value":50}]}}}}"#;

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn load_raises_the_application_and_its_end_lowers_it() {
    let shop = Shop::serving();
    let ns = Shop::NAMESPACE;
    if !shop.place.try_kubectl(&["top", "nodes"]).stdout.contains('%') {
        return skip("scaling", "this cluster has no metrics");
    }
    let hpa = || shop.place.get(ns, "hpa/app").unwrap();
    assert_eq!(hpa()["spec"]["minReplicas"], 2);
    assert_eq!(hpa()["spec"]["maxReplicas"], 10);
    shop.place.kubectl(&["patch", "hpa/app", "-n", ns, "--type=merge", "-p", WINDOW]);
    within(Duration::from_mins(2), "the application at its least", || {
        (ready(&shop, "app") == 2).then_some(())
    });
    shop.sql_as_root("FLUSH STATUS");

    let load = Load::start(&shop, 2, Duration::from_millis(50));
    let visitors = Load::visits(&shop, 12);
    let top = within(Duration::from_mins(5), "ten replicas under load", || {
        (ready(&shop, "app") == 10).then(hpa)
    });
    println!("under load: {}", utilization(&top));
    visitors.stop().say("visits");
    let tally = load.stop();
    tally.say("on 2 to 10 replicas");
    tally.nothing_lost(&shop);

    assert_eq!(shop.place.get(ns, "statefulset/db").unwrap()["spec"]["replicas"], 1);
    assert!(shop.place.list(ns, "hpa").iter().all(|it| it["metadata"]["name"] != "db"));
    the_budget_holds(&shop);

    within(Duration::from_mins(5), "two replicas after the load", || {
        (ready(&shop, "app") == 2).then_some(())
    });
    // The window is somebody else's now, until a person says otherwise.
    shop.up("").exits(5).says("kubectl");
    shop.up("--take-over").exits(0);
    assert_eq!(hpa()["spec"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"], json!(300));
}

fn ready(shop: &Shop, deployment: &str) -> u64 {
    let live = shop.place.get(Shop::NAMESPACE, &format!("deployment/{deployment}"));
    live.and_then(|it| it["status"]["readyReplicas"].as_u64()).unwrap_or(0)
}

fn utilization(hpa: &Value) -> String {
    let metric = &hpa["status"]["currentMetrics"][0]["resource"]["current"];
    format!(
        "{} replicas at {} % CPU",
        hpa["status"]["currentReplicas"], metric["averageUtilization"]
    )
}

/// What was open at once stays within what the database accepts, and nobody was turned away.
fn the_budget_holds(shop: &Shop) {
    let status = |name: &str| -> u64 {
        let answer = shop.sql_as_root(&format!("SHOW GLOBAL STATUS LIKE '{name}'"));
        answer.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let accepts: u64 = shop.sql_as_root("SELECT @@max_connections").trim().parse().unwrap();
    let used = status("Max_used_connections");
    println!("connections at ten replicas: at most {used} of {accepts}");
    assert!(used > 2 * 8, "ten replicas with a pool each, and the worker's: {used}");
    assert!(used < accepts, "{used} of {accepts}");
    assert_eq!(status("Connection_errors_max_connections"), 0);
}
