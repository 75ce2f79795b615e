//! A secret is in its Secret, and nowhere else: no object, no event, no log, no output of ours.

use crate::kit::{Product, Run};
use serde_json::Value;

const LITERAL: &str = "hunter2-in-the-environment";
const FILE: &str = "hunter2-in-a-file";
const URL: &str = "hunter2-in-a-url";

const SERVICES: &str = "
services:
  web:
    image: busybox:1.37.0
    command: [sh, -c, 'test -s /run/secrets/token && sleep infinity']
    environment:
      API_PASSWORD: hunter2-in-the-environment
      DATABASE_URL: mysql://shop:hunter2-in-a-url@db:3306/shop
    secrets: [token]
  crasher:
    image: busybox:1.37.0
    command: [sh, -c, 'exit 1']
    environment: {API_PASSWORD: hunter2-in-the-environment}
secrets:
  token: {file: ./token.txt}
";

#[test]
#[ignore = "needs a cluster: cargo xtask test"]
fn no_secret_is_anywhere_else() {
    let product = Product::new("secretive", SERVICES);
    product.write("token.txt", FILE);
    let up = product.muster("up --yes --timeout 60s").exits(4);
    silent("up", &up);
    let calm = SERVICES.replace("'exit 1'", "'sleep infinity'");
    product.services(&calm);
    silent("up --json", &product.muster("up --yes --json").exits(0));

    product.services(&calm.replace("hunter2-in-the-environment", "hunter2-in-the-environment-2"));
    for line in [
        "diff",
        "up --dry-run",
        "status",
        "doctor",
        "plan",
        "plan --format json",
        "plan --format html",
        "explain web",
    ] {
        silent(line, &product.muster(line));
    }
    product.services(&calm);

    let kinds =
        product.place.kubectl(&["api-resources", "--verbs=list", "--namespaced", "-o", "name"]);
    let mut seen = 0;
    for kind in kinds.lines().filter(|kind| *kind != "secrets" && !kind.ends_with("metrics.k8s.io"))
    {
        for object in product.place.list(product.name, kind) {
            seen += 1;
            let text = object.to_string();
            assert!(!has_secret(&text), "{kind}/{}", object["metadata"]["name"]);
        }
    }
    assert!(seen > 10, "objects were looked at: {seen}");
    for pod in product.place.list(product.name, "pods") {
        let name = pod["metadata"]["name"].as_str().unwrap();
        let logs =
            product.place.try_kubectl(&["logs", "-n", product.name, name, "--all-containers"]);
        silent(&format!("the log of {name}"), &logs);
    }
    let secrets = product.place.list(product.name, "secrets");
    let stored: Vec<_> = secrets.iter().flat_map(values).collect();
    for value in [LITERAL, FILE, URL] {
        assert!(stored.iter().any(|it| it.contains(value)), "{value} is in a Secret");
    }
}

fn has_secret(text: &str) -> bool {
    text.contains("hunter2") || text.contains(&encoded("hunter2-in-the-environment"))
}

fn silent(what: &str, run: &Run) {
    assert!(!has_secret(&run.said()), "{what} tells a secret:\n{}", run.said());
}

/// The values of a Secret, decoded.
fn values(secret: &Value) -> Vec<String> {
    let data = secret["data"].as_object();
    data.into_iter().flatten().filter_map(|(_, value)| decoded(value.as_str()?)).collect()
}

fn decoded(text: &str) -> Option<String> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    String::from_utf8(bytes).ok()
}

fn encoded(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}
