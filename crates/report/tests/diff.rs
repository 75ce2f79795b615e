//! Differences between plans of Compose texts.

mod common;

use report::{Color, Diff, Layout, NotAPlan};
use serde_json::{Value, json};

const LAYOUT: Layout = Layout { width: 100, color: Color::Plain };

fn json_of(compose: &str) -> Value {
    report::json(&common::text(compose).view())
}

fn between(old: &str, new: &str) -> Diff {
    report::diff(&json_of(old), &json_of(new)).expect("both are plans")
}

/// A document with these objects: origin, name, and fields.
fn document(objects: &[(&str, &str, Value)]) -> Value {
    let objects: Vec<_> = objects
        .iter()
        .map(|(origin, name, fields)| {
            let kind = origin.split('/').next();
            json!({ "kind": kind, "name": name, "origin": origin, "service": null, "fields": fields })
        })
        .collect();
    json!({
        "apiVersion": "muster.dev/plan/v1",
        "plan": { "app": "shop", "namespace": "shop" },
        "objects": objects,
        "decisions": [],
    })
}

/// The difference between two versions of one object, as JSON.
fn change(origin: &str, old: Value, new: Value) -> Value {
    let name = origin.split('/').nth(1).expect("an origin is Kind/name");
    let (old, new) = (document(&[(origin, name, old)]), document(&[(origin, name, new)]));
    report::diff(&old, &new).expect("both are plans").json()
}

const SHOP: &str = r#"
name: shop
services:
  web:
    image: ghcr.io/acme/web:1.4
    ports: ["80:8080"]
    environment: { GREETING: hello }
  cache:
    image: redis:7.4
  db:
    image: postgres:17.2
    environment: { POSTGRES_PASSWORD: hunter2 }
    volumes: [data:/var/lib/postgresql/data]
    x-muster: { database: { storage: 20Gi } }
volumes: { data: {} }
"#;

#[test]
fn equal_plans_differ_in_nothing() {
    let diff = between(SHOP, SHOP);
    assert!(diff.is_empty());
    assert_eq!(diff.terminal(LAYOUT), "shop   nothing changes\n");
}

#[test]
fn differences_read_well() {
    let new = SHOP
        .replace("web:1.4", "web:1.5")
        .replace("hello", "welcome")
        .replace("20Gi", "50Gi")
        .replace("cache:", "queue:");
    let diff = between(SHOP, &new);
    assert!(!diff.is_empty());
    let text = diff.terminal(LAYOUT);
    for expected in [
        "- Deployment/cache",
        "+ Deployment/queue",
        "~ Deployment/web",
        "ghcr.io/acme/web:1.4 → ghcr.io/acme/web:1.5",
        "hello → welcome",
        "What an apply leaves behind",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
}

#[test]
fn what_kubernetes_refuses_is_named() {
    let refused: [(&str, Value, Value, &[&str]); 9] = [
        (
            "Deployment/a",
            json!({"spec.selector.x": 1}),
            json!({"spec.selector.x": 2}),
            &["spec.selector.x"],
        ),
        ("Deployment/a", json!({"spec.replicas": 1}), json!({"spec.replicas": 2}), &[]),
        (
            "StatefulSet/a",
            json!({"spec.serviceName": "a", "spec.template.x": 1}),
            json!({"spec.serviceName": "b", "spec.template.x": 2}),
            &["spec.serviceName"],
        ),
        (
            "StatefulSet/a",
            json!({"spec.podManagementPolicy": "OrderedReady"}),
            json!({}),
            &["spec.podManagementPolicy"],
        ),
        ("Service/a", json!({"spec.clusterIP": "None"}), json!({}), &["spec.clusterIP"]),
        (
            "PersistentVolumeClaim/a",
            json!({"spec.resources.requests.storage": "5Gi"}),
            json!({"spec.resources.requests.storage": "10Gi"}),
            &[],
        ),
        (
            "PersistentVolumeClaim/a",
            json!({"spec.resources.requests.storage": "5Gi", "spec.storageClassName": "a"}),
            json!({"spec.resources.requests.storage": "1Gi", "spec.storageClassName": "b"}),
            &["spec.resources.requests.storage", "spec.storageClassName"],
        ),
        (
            "Job/a",
            json!({"spec.template.x": 1}),
            json!({"spec.template.x": 2}),
            &["spec.template.x"],
        ),
        (
            "ConfigMap/a",
            json!({"immutable": true, "data.x": "1"}),
            json!({"immutable": true, "data.x": "2"}),
            &["data.x"],
        ),
    ];
    for (origin, old, new, expected) in refused {
        let diff = change(origin, old, new);
        let fields: Vec<_> = diff["refused"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|it| it["fields"].as_array().cloned().unwrap_or_default())
            .collect();
        assert_eq!(fields, expected, "{origin}");
        let steps = diff["refused"][0]["steps"].as_array().map_or(0, Vec::len);
        assert_eq!(steps > 0, !expected.is_empty(), "{origin}");
    }
}

#[test]
fn templates_of_claims_grow_without_losing_a_pod() {
    let field = "spec.volumeClaimTemplates[data].spec.resources.requests.storage";
    let diff = change(
        "StatefulSet/db",
        json!({ field: "20Gi", "spec.replicas": 3 }),
        json!({ field: "50Gi", "spec.replicas": 3 }),
    );
    let steps: Vec<_> = diff["refused"][0]["steps"].as_array().into_iter().flatten().collect();
    let steps: Vec<_> = steps.iter().filter_map(|it| it.as_str()).collect();
    assert!(steps[0].starts_with("kubectl -n shop patch pvc data-db-{0..2} "), "{steps:?}");
    assert!(steps[1].contains("delete statefulset/db --cascade=orphan"), "{steps:?}");
}

#[test]
fn names_that_end_in_a_hash_stay_the_same_object() {
    let old = document(&[
        ("ConfigMap/edge-1a2b3c4d", "edge-1a2b3c4d", json!({"data.x": "1"})),
        ("Job/migrate", "migrate-11aa22bb", json!({"spec.template.x": 1})),
    ]);
    let new = document(&[
        ("ConfigMap/edge-5e6f7a8b", "edge-5e6f7a8b", json!({"data.x": "2"})),
        ("Job/migrate", "migrate-33cc44dd", json!({"spec.template.x": 2})),
    ]);
    let diff = report::diff(&old, &new).expect("both are plans").json();
    assert_eq!(diff["changed"].as_array().map(Vec::len), Some(2));
    assert_eq!((&diff["added"], &diff["removed"]), (&json!([]), &json!([])));
    assert_eq!(diff["refused"], json!([]), "another name is another object");
}

#[test]
fn what_becomes_another_kind_is_a_matter_of_care() {
    let old = document(&[
        ("Deployment/db", "db", json!({})),
        ("PersistentVolumeClaim/data", "data", json!({})),
    ]);
    let new = document(&[("StatefulSet/db", "db", json!({}))]);
    let diff = report::diff(&old, &new).expect("both are plans").json();
    let objects: Vec<_> =
        diff["careful"].as_array().into_iter().flatten().map(|it| it["object"].clone()).collect();
    assert_eq!(objects, ["Deployment/db", "PersistentVolumeClaim/data"]);
}

#[test]
fn what_is_no_plan_is_refused() {
    let cases = [
        (json!(null), "`apiVersion` is missing or of another type"),
        (json!({"apiVersion": "v1"}), "its apiVersion is `v1`, not `muster.dev/plan/v1`"),
        (json!({"apiVersion": "muster.dev/plan/v1"}), "`plan` is missing or of another type"),
    ];
    for (document, expected) in cases {
        let error = report::diff(&document, &json_of(SHOP));
        assert_eq!(error, Err(NotAPlan(expected.to_owned())));
    }
}

#[test]
fn a_difference_with_everything() {
    let size = "spec.volumeClaimTemplates[data].spec.resources.requests.storage";
    let script = "spec.jobTemplate.spec.template.spec.containers[backup].args[0]";
    let mut old = document(&[
        ("ConfigMap/edge-1a2b3c4d", "edge-1a2b3c4d", json!({"data.x": "1"})),
        ("CronJob/db-backup", "db-backup", json!({ script: "set -eu\nkeep 7\ndone" })),
        ("Deployment/cache", "cache", json!({"spec.replicas": 1})),
        ("Deployment/web", "web", json!({"spec.replicas": 2, "spec.paused": true})),
        ("StatefulSet/db", "db", json!({ size: "20Gi", "spec.replicas": 1 })),
    ]);
    let mut new = document(&[
        ("ConfigMap/edge-5e6f7a8b", "edge-5e6f7a8b", json!({"data.x": "2"})),
        ("CronJob/db-backup", "db-backup", json!({ script: "set -eu\nkeep 14\ndone" })),
        ("Deployment/web", "web", json!({"spec.replicas": 3, "spec.minReadySeconds": 5})),
        ("StatefulSet/cache", "cache", json!({"spec.replicas": 1})),
        ("StatefulSet/db", "db", json!({ size: "50Gi", "spec.replicas": 1 })),
    ]);
    let decision = |chosen: &str| {
        json!([{
            "object": "Deployment/web", "field": "spec.replicas", "chosen": chosen,
            "why": "the file says so",
        }])
    };
    old["decisions"] = decision("2");
    new["decisions"] = decision("3");
    let diff = report::diff(&old, &new).expect("both are plans");
    insta::assert_snapshot!(diff.terminal(LAYOUT));
}
