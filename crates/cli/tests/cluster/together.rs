//! Two people at once, and one who changes their mind.

use crate::kit::{Product, within};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// It never serves: whoever starts it is at work for a while.
const STUCK: &str = "
services:
  web:
    image: busybox:1.37.0
    command: [sleep, infinity]
    depends_on: {db: {condition: service_healthy}}
  db:
    image: busybox:1.37.0
    command: [sleep, infinity]
    healthcheck: {test: [CMD, 'false'], interval: 2s, retries: 2}
";

/// `muster up`, at work and in possession of the lease.
fn at_work(product: &Product) -> Child {
    let mut up = product.command("up --yes --timeout 2m");
    let child =
        up.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    within(Duration::from_secs(20), "the lease is taken", || {
        let lease = product.place.list("together", "leases").pop()?;
        lease["spec"]["holderIdentity"].as_str().filter(|it| !it.is_empty()).map(drop)
    });
    child
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn the_second_is_told_and_the_first_may_stop() {
    let product = Product::new("together", STUCK);
    // Leases are looked for in a namespace that is there.
    product.place.apply("{apiVersion: v1, kind: Namespace, metadata: {name: together}}");
    for signal in ["INT", "TERM"] {
        let mut first = at_work(&product);
        product.services(&STUCK.replace("interval: 2s", "interval: 3s"));
        product.muster("up --yes").exits(5).says("is changing this product");
        product.services(STUCK);

        let pid = first.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        assert_eq!(first.wait().unwrap().code(), Some(130), "after {signal}");
    }
    // It goes on from there.
    product.services(&STUCK.replace("'false'", "'true'"));
    product.muster("up --yes").exits(0);
}
