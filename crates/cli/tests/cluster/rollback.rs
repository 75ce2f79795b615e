//! A rollout that fails goes back when asked.

use crate::kit::Product;
use serde_json::Value;

const GOOD: &str = "
services:
  web:
    image: busybox:1.37.0
    command: [httpd, -f, -p, '8080', -h, /etc/page]
    expose: ['8080']
    configs: [{source: page, target: /etc/page/index.html}]
  store: {image: 'busybox:1.37.0', command: [sleep, infinity], volumes: ['data:/data']}
configs:
  page: {content: the old page}
volumes:
  data: {}
";

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn what_does_not_serve_goes_back_to_what_did() {
    let product = Product::new("rollback", GOOD);
    product.muster("up --yes").exits(0);
    let before = state(&product);

    let changes = [
        (
            "image: busybox:1.37.0\n    command: [httpd",
            "image: registry.invalid/no:1\n    command: [httpd",
        ),
        ("'8080', -h", "'8081', -h"),
    ];
    for (old, new) in changes {
        let broken = GOOD.replace(old, new).replace("the old page", "a new page");
        assert!(broken.contains(new), "the change must hit");
        product.services(&broken);
        let back = product.muster("up --yes --rollback --timeout 25s").exits(4);
        println!("rolled back after {:.0} s", back.took.as_secs_f64());
        product.services(GOOD);
        assert_eq!(state(&product), before, "after `{new}`");
        product.muster("diff").exits(0).says("no differences");
        product.muster("status").exits(0);
    }
}

/// What runs, and with which configuration.
fn state(product: &Product) -> (Value, Value, Vec<String>) {
    let spec = |object: &str| product.place.get(product.name, object).unwrap()["spec"].take();
    let maps = product.names("configmaps");
    (spec("deployment/web"), spec("statefulset/store"), maps)
}
