//! What `up` and `down` leave on a cluster, compared with what they should.

use crate::kit::{Machines, Place, Product, Shop, within};
use serde_json::Value;
use std::time::Duration;

/// Requests of `muster` in the audit log that change something.
fn writes(place: &Place) -> Vec<String> {
    let log = place.machines().map(Machines::audit_log).unwrap_or_default();
    let entries = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ours =
        entries.filter(|it| !it["userAgent"].as_str().unwrap_or_default().contains("kubectl"));
    let changing = ours.filter(|it| {
        matches!(
            it["verb"].as_str(),
            Some("create" | "update" | "patch" | "delete" | "deletecollection")
        )
    });
    changing.map(|it| format!("{} {}", it["verb"], it["requestURI"])).collect()
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn a_second_up_writes_nothing() {
    let shop = Shop::serving();
    let before = writes(shop.place).len();
    let again = shop.up("").exits(0).says("nothing to change");
    println!("second up: {:.2} s", again.took.as_secs_f64());
    let written = writes(shop.place).split_off(before);
    assert!(written.is_empty(), "{written:#?}");
    if shop.place.machines().is_some() {
        assert!(before > 0, "the audit log sees what is written");
    }
}

const TWO: &str = "
services:
  web:
    image: busybox:1.37.0
    command: [httpd, -f, -p, '8080', -h, /etc]
    expose: ['8080']
    configs: [{source: page, target: /etc/page}]
  store:
    image: busybox:1.37.0
    command: [sleep, infinity]
    volumes: ['data:/data']
configs:
  page: {content: hello}
volumes:
  data: {}
";

const ONE: &str = "
services:
  store:
    image: busybox:1.37.0
    command: [sleep, infinity]
    volumes: ['data:/data']
volumes:
  data: {}
";

/// Everything in the namespace that did not come by itself.
fn things(product: &Product) -> Vec<String> {
    let mut found = Vec::new();
    for kind in KINDS {
        for name in product.names(kind) {
            if !GIVEN.contains(&name.as_str()) {
                found.push(format!("{kind}/{name}"));
            }
        }
    }
    found
}

const KINDS: [&str; 11] = [
    "deployments",
    "statefulsets",
    "jobs",
    "cronjobs",
    "services",
    "configmaps",
    "secrets",
    "networkpolicies",
    "hpa",
    "pdb",
    "pvc",
];
const GIVEN: [&str; 2] = ["kube-root-ca.crt", "muster-inventory"];

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn what_leaves_the_file_leaves_the_cluster_and_data_goes_when_asked() {
    let product = Product::new("traces", TWO);
    product.muster("up --yes").exits(0);
    let full = things(&product);
    let of_web = |it: &&String| it.contains("/web") || it.contains("page");
    assert!(full.iter().any(|it| it == "deployments/web"), "{full:?}");
    product.place.apply(FOREIGN);

    product.services(ONE);
    product.muster("up --yes").exits(0).says("web");
    let less = things(&product);
    let mut wanted: Vec<_> = full.iter().filter(|it| !of_web(it)).cloned().collect();
    wanted.push("configmaps/web-of-somebody-else".to_owned());
    wanted.sort();
    let mut sorted = less.clone();
    sorted.sort();
    assert_eq!(sorted, wanted, "what is not ours stays, whatever its name");

    product.muster("down --yes").exits(0);
    settle(&product, &["configmaps/web-of-somebody-else", "pvc/data"]);
    product.place.kubectl(&["delete", "configmap", "web-of-somebody-else", "-n", product.name]);

    product.muster("up --yes").exits(0);
    product.muster("down --yes --delete-data").exits(0);
    within(Duration::from_mins(1), "the namespace is gone", || {
        product.place.get("default", "namespace/traces").is_none().then_some(())
    });
}

const FOREIGN: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: web-of-somebody-else, namespace: traces, labels: {app.kubernetes.io/name: web}}
";

/// Exactly these are left; their names may go on with a hyphen.
fn settle(product: &Product, wanted: &[&str]) {
    within(Duration::from_mins(1), "only what should stay is left", || {
        let left = things(product);
        let is_wanted = |it: &String| wanted.iter().any(|wanted| it.starts_with(wanted));
        (left.len() == wanted.len() && left.iter().all(is_wanted)).then_some(())
    });
}
