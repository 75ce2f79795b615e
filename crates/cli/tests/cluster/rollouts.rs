//! A new release and a new configuration under load: nobody notices.

use crate::kit::{Load, Shop, Tally, place};
use std::time::Duration;

fn during(shop: &Shop, what: &str, more: &str) -> Tally {
    let load = Load::start(shop, 4, Duration::from_millis(20));
    std::thread::sleep(Duration::from_secs(1));
    let up = shop.up(more).exits(0);
    std::thread::sleep(Duration::from_secs(8));
    let tally = load.stop();
    tally.say(&format!("{what}, {:.0} s", up.took.as_secs_f64()));
    tally.nothing_failed();
    tally.nothing_lost(shop);
    tally
}

fn generation(shop: &Shop, deployment: &str) -> u64 {
    let live = shop.place.get(Shop::NAMESPACE, &format!("deployment/{deployment}")).unwrap();
    let annotation = &live["metadata"]["annotations"]["deployment.kubernetes.io/revision"];
    annotation.as_str().unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_new_release_fails_no_request() {
    let shop = Shop::serving();
    let before = generation(&shop, "app");
    during(&shop, "a new release of the application", "--image app=local/shop-app:1.0.1");
    assert_eq!(generation(&shop, "app"), before + 1);
    during(&shop, "back to the old one", "");
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_new_configuration_fails_no_request() {
    Shop::serving();
    let shop = Shop::changed(place(), "edge/nginx.conf", |text| {
        text.replace("client_max_body_size 64k;", "client_max_body_size 32k;")
    });
    let (edge, app) = (generation(&shop, "edge"), generation(&shop, "app"));
    during(&shop, "a new configuration of the edge", "");
    assert!(generation(&shop, "edge") > edge, "pods of the edge must roll");
    assert_eq!(generation(&shop, "app"), app, "others need not");
    let maps = shop.place.list(Shop::NAMESPACE, "configmaps");
    let names: Vec<_> = maps.iter().filter_map(|it| it["metadata"]["name"].as_str()).collect();
    let of_edge = names.iter().filter(|name| name.starts_with("edge-"));
    assert_eq!(of_edge.count(), 1, "the old configuration goes: {names:?}");
    Shop::serving();
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn fewer_replicas_fail_no_request() {
    let shop = Shop::serving();
    let scale = |deployment: &str, replicas: &str| {
        let (deployment, replicas) =
            (format!("deployment/{deployment}"), format!("--replicas={replicas}"));
        shop.place.kubectl(&["scale", &deployment, "-n", Shop::NAMESPACE, &replicas]);
        shop.place.kubectl(&["rollout", "status", &deployment, "-n", Shop::NAMESPACE]);
    };
    for deployment in ["edge", "app"] {
        scale(deployment, "6");
        let load = Load::start(&shop, 4, Duration::from_millis(20));
        std::thread::sleep(Duration::from_secs(1));
        scale(deployment, "2");
        std::thread::sleep(Duration::from_secs(15));
        let tally = load.stop();
        tally.say(&format!("from six replicas of {deployment} to two"));
        tally.nothing_failed();
        tally.nothing_lost(&shop);
    }
}
