//! Who may not is told all that is missing, and the Role that it takes.

use crate::kit::{Product, Run};

const SERVICES: &str = "
services:
  web: {image: 'busybox:1.37.0', command: [sleep, infinity], environment: {API_PASSWORD: of-a-test}}
  store: {image: 'busybox:1.37.0', command: [sleep, infinity], volumes: ['data:/data']}
volumes:
  data: {}
";

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn the_printed_role_is_enough() {
    let product = Product::new("rightless", SERVICES);
    product.place.apply(
        "{apiVersion: v1, kind: Namespace, metadata: {name: rightless}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: somebody, namespace: rightless}}",
    );
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, somebody(&product)).unwrap();
    let muster = |line: &str| Run::of(product.command(line).env("KUBECONFIG", &kubeconfig));

    let refused = muster("up --yes").exits(6);
    assert!(refused.stderr.contains("create"), "{}", refused.stderr);
    assert!(refused.stderr.contains("deployments.apps"), "{}", refused.stderr);
    assert!(product.names("deployments").is_empty(), "nothing was written");

    assert!(refused.stdout.contains("kind: Role"), "{}", refused.stdout);
    product.place.apply(&for_somebody(&refused.stdout));
    for line in ["up --yes", "status", "diff", "logs", "down --yes"] {
        muster(line).exits(0);
    }
}

/// Whom the printed binding is for is the administrator's to say.
fn for_somebody(role: &str) -> String {
    let subject = "\nsubjects:\n  - {kind: ServiceAccount, name: somebody, namespace: rightless}\n";
    let end = role.find("\nsubjects:").expect("the binding has subjects");
    let rest = &role[end + 1..];
    let after = rest.find("\n---").map_or("", |at| &rest[at..]);
    format!("{}{subject}{after}", &role[..end])
}

/// The kubeconfig of the tests with the token of a service account.
fn somebody(product: &Product) -> String {
    let token = product.place.kubectl(&["create", "token", "somebody", "-n", product.name]);
    let view = ["config", "view", "--raw", "--minify", "--flatten", "-o"];
    let path =
        "jsonpath={.clusters[0].cluster.server} {.clusters[0].cluster.certificate-authority-data}";
    let cluster = product.place.kubectl(&[&view[..], &[path]].concat());
    let (server, authority) = cluster.split_once(' ').unwrap();
    format!(
        "{{apiVersion: v1, kind: Config, current-context: it, \
         clusters: [{{name: it, cluster: {{server: '{server}', certificate-authority-data: {authority}}}}}], \
         users: [{{name: it, user: {{token: {}}}}}], \
         contexts: [{{name: it, context: {{cluster: it, user: it}}}}]}}",
        token.trim()
    )
}
