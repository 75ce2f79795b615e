//! A pod, a node, and a node that is emptied: what clients notice, and that no order is lost.

use crate::kit::{Load, Machines, Shop, Tally, skip, within};
use serde_json::Value;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(50);

/// Runs something while orders come in, from a little before to a little after.
fn under_load(shop: &Shop, what: &str, act: impl FnOnce(&Load)) -> Tally {
    let load = Load::start(shop, 4, PAUSE);
    std::thread::sleep(Duration::from_secs(2));
    act(&load);
    // Connections of their own time out, and what waits for the node says so late.
    std::thread::sleep(Duration::from_secs(3));
    load.recovers(Duration::from_mins(3));
    let tally = load.stop();
    tally.say(what);
    for failure in tally.failures.iter().take(3) {
        println!("  {failure}");
    }
    tally.nothing_lost(shop);
    tally
}

fn node_of(pod: &Value) -> String {
    pod["spec"]["nodeName"].as_str().unwrap().to_owned()
}

fn name_of(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn killed_pods_cost_no_order() {
    let shop = Shop::serving();
    for service in ["app", "edge", "db"] {
        let pod = name_of(&shop.place.pods(Shop::NAMESPACE, service)[0]);
        under_load(&shop, &format!("a killed pod of {service}"), |_| {
            let kill =
                ["delete", "pod", &pod, "-n", Shop::NAMESPACE, "--force", "--grace-period=0"];
            shop.place.kubectl(&kill);
        });
    }
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn the_database_comes_back_with_its_node_and_its_data() {
    let shop = Shop::serving();
    let Some(machines) = shop.place.machines() else {
        return skip("a killed node", "these machines are not ours to kill");
    };
    let node = node_of(&shop.place.pods(Shop::NAMESPACE, "db")[0]);
    under_load(&shop, &format!("power cut of {node}, where the database is"), |load| {
        cut(machines, &shop, load, &node);
        machines.start(&node);
        is_ready(&shop, &node, "True");
        let began = Instant::now();
        load.recovers(Duration::from_mins(3));
        println!("  orders go through {:.0} s after it is Ready", began.elapsed().as_secs_f64());
    });
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn the_rest_goes_on_without_a_node() {
    let shop = Shop::serving();
    let Some(machines) = shop.place.machines() else {
        return skip("a killed node", "these machines are not ours to kill");
    };
    let node = without_database(&shop);
    let tally =
        under_load(&shop, &format!("power cut of {node}, where the database is not"), |load| {
            cut(machines, &shop, load, &node);
            std::thread::sleep(Duration::from_secs(5));
        });
    machines.start(&node);
    is_ready(&shop, &node, "True");
    shop.up("").exits(0);
    assert!(tally.gap < Duration::from_mins(1), "it went on: {:?}", tally.gap);
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_drained_node_costs_no_request() {
    let shop = Shop::serving();
    let node = without_database(&shop);
    let tally = under_load(&shop, &format!("drain of {node}"), |_| {
        let drain = [
            "drain",
            &node,
            "--ignore-daemonsets",
            "--delete-emptydir-data",
            "--force",
            "--timeout=120s",
        ];
        let drained = shop.place.try_kubectl(&drain);
        shop.place.kubectl(&["uncordon", &node]);
        println!("  drained in {:.0} s", drained.took.as_secs_f64());
        drained.exits(0);
    });
    tally.nothing_failed();
    shop.up("").exits(0);
}

/// A node with some of the product on it, and not the database.
fn without_database(shop: &Shop) -> String {
    let database = node_of(&shop.place.pods(Shop::NAMESPACE, "db")[0]);
    let elsewhere = || {
        let pods = shop.place.pods(Shop::NAMESPACE, "app").into_iter();
        pods.map(|pod| node_of(&pod)).find(|node| *node != database)
    };
    elsewhere().unwrap_or_else(|| {
        // Replicas prefer to be apart; after an outage they may be together all the same.
        shop.place.kubectl(&["cordon", &database]);
        let app = ["deployment/app", "-n", Shop::NAMESPACE];
        shop.place.kubectl(&[&["rollout", "restart"], &app[..]].concat());
        shop.place.kubectl(&[&["rollout", "status"], &app[..]].concat());
        shop.place.kubectl(&["uncordon", &database]);
        elsewhere().expect("they started where the database is not")
    })
}

/// Cuts a node's power, and waits until Kubernetes knows.
fn cut(machines: &Machines, shop: &Shop, load: &Load, node: &str) {
    machines.kill(node);
    load.leave_out(node);
    is_ready(shop, node, "Unknown");
}

fn is_ready(shop: &Shop, node: &str, status: &str) {
    let path = r#"jsonpath={.status.conditions[?(@.type=="Ready")].status}"#;
    within(Duration::from_mins(2), "the node's condition", || {
        (shop.place.kubectl(&["get", "node", node, "-o", path]) == status).then_some(())
    });
}
