//! Pod Security *restricted*, enforced by the API server.

use crate::kit::{Product, Shop};
use serde_json::Value;

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

fn level(place: &crate::kit::Place, namespace: &str) -> Value {
    let namespace = place.get("default", &format!("namespace/{namespace}")).unwrap();
    namespace["metadata"]["labels"][ENFORCE].clone()
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn the_shop_is_admitted_under_restricted() {
    let shop = Shop::serving();
    assert_eq!(level(shop.place, Shop::NAMESPACE), "restricted");
    let pods = shop.place.list(Shop::NAMESPACE, "pods");
    assert!(pods.len() >= 7, "all of the shop runs there: {}", pods.len());
    // It is enforced: a pod that asks for more is refused.
    let root = ["run", "root", "-n", Shop::NAMESPACE, "--image=busybox:1.37.0", "--privileged"];
    let refused = shop.place.try_kubectl(&root);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("violates PodSecurity \"restricted"), "{}", refused.stderr);
}

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn an_exemption_is_visible() {
    let product = Product::new(
        "exempt",
        "
services:
  web: {image: 'busybox:1.37.0', command: [sleep, infinity]}
  net: {image: 'busybox:1.37.0', command: [sleep, infinity], cap_add: [NET_ADMIN]}
",
    );
    product.muster("up --yes").exits(0);
    assert_ne!(level(product.place, "exempt"), "restricted");
    product.muster("plan").exits(0).says("NET_ADMIN");
    let explained = product.muster("explain net").exits(0);
    assert!(explained.said().contains("NET_ADMIN"), "{}", explained.said());
    // Who needs no exemption has none.
    let spec = &product.place.pods("exempt", "web")[0]["spec"];
    assert_eq!(spec["containers"][0]["securityContext"]["capabilities"]["drop"][0], "ALL");
    assert_eq!(spec["securityContext"]["runAsNonRoot"], true);
}
