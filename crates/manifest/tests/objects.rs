//! What a plan becomes.

mod common;

use manifest::{Object, Secrets, leaves, objects, plain, yaml};
use model::plan::Plan;
use serde_json::{Value, json};

fn find<'a>(all: &'a [Object], origin: &str) -> &'a Object {
    all.iter().find(|object| object.origin == origin).expect("the plan has it")
}

#[test]
fn every_kind() {
    insta::assert_snapshot!("manifests", yaml(&objects(&common::plan()), Secrets::Masked));
}

#[test]
fn objects_are_applied_after_what_they_need() {
    let all = objects(&common::plan());
    let place = |origin: &str| all.iter().position(|it| it.origin == origin).unwrap();
    for (first, then) in [
        ("Namespace/shop", "ServiceAccount/shop"),
        ("ServiceAccount/shop", "Secret/db-credentials"),
        ("Secret/db-credentials", "ConfigMap/web-config-1a2b3c4d"),
        ("PersistentVolumeClaim/uploads", "Service/web"),
        ("Service/web", "NetworkPolicy/front"),
        ("NetworkPolicy/front", "PodGroup/train"),
        ("PodGroup/train", "Job/train"),
        ("StatefulSet/db", "Job/migrate"),
        ("Job/migrate", "Deployment/web"),
        ("Deployment/web", "HorizontalPodAutoscaler/web"),
        ("HTTPRoute/web", "ServiceMonitor/web"),
    ] {
        assert!(place(first) < place(then), "{first} before {then}");
    }
    let names: Vec<_> = plain(&common::plan()).into_iter().map(|file| file.path).collect();
    let stages: Vec<_> = names.iter().filter_map(|name| name.split_once('-')).collect();
    assert!(stages.is_sorted_by_key(|(stage, _)| stage), "{names:?}");
}

#[test]
fn circles_end() {
    let mut plan = common::plan();
    for workload in &mut plan.workloads {
        workload.after = vec!["web".to_owned(), "db".to_owned()];
    }
    assert_eq!(objects(&plan).len(), objects(&common::plan()).len());
}

#[test]
fn fields_that_matter() {
    let all = objects(&common::plan());
    for (origin, pointer, expected) in [
        ("Deployment/web", "/spec/replicas", json!(null)),
        ("Deployment/web", "/spec/template/spec/os/name", json!("linux")),
        ("Deployment/web", "/spec/template/spec/enableServiceLinks", json!(false)),
        (
            "Deployment/web",
            "/metadata/annotations",
            json!({
                "checkov.io/skip1": "CKV_K8S_43=tags are pinned by `muster lock`"
            }),
        ),
        (
            "StatefulSet/db",
            "/spec/persistentVolumeClaimRetentionPolicy/whenDeleted",
            json!("Retain"),
        ),
        ("DaemonSet/agent", "/spec/template/spec/hostUsers", json!(false)),
        ("Job/train", "/spec/completionMode", json!("Indexed")),
        (
            "Job/train",
            "/spec/template/metadata/labels/scheduling.x-k8s.io~1pod-group",
            json!("train"),
        ),
        ("CronJob/nightly", "/spec/concurrencyPolicy", json!("Forbid")),
        ("Service/old-name", "/spec/selector", json!(null)),
        ("Service/web", "/metadata/labels/muster.dev~1scrape", json!("true")),
        ("ServiceMonitor/web", "/spec/endpoints/0/port", json!("telemetry")),
        ("ConfigMap/web-config-1a2b3c4d", "/immutable", json!(true)),
        ("Secret/db-credentials", "/stringData/root-password", json!("")),
        (
            "Secret/db-credentials",
            "/metadata/annotations/muster.dev~1fill-in",
            json!("root-password"),
        ),
    ] {
        let value = find(&all, origin).value.pointer(pointer).cloned().unwrap_or(Value::Null);
        assert_eq!(value, expected, "{origin} {pointer}");
    }
}

#[test]
fn a_job_is_named_by_what_it_runs() {
    let plan = common::plan();
    let mut changed = plan.clone();
    let migrate = changed.workloads.iter_mut().find(|it| it.name == "migrate").unwrap();
    migrate.pod.containers[0].image = "acme/tasks:8".to_owned();
    let name = |plan: &Plan| find(&objects(plan), "Job/migrate").name.clone();
    assert_eq!(name(&plan), name(&common::plan()));
    assert_ne!(name(&plan), name(&changed));
    assert_eq!(name(&plan).len(), "migrate-12345678".len());
}

#[test]
fn leaves_name_their_place_and_hide_secrets() {
    let all = objects(&common::plan());
    let of = |origin: &str, path: &str| {
        let found = leaves(find(&all, origin)).into_iter().find(|(at, _)| at == path);
        found.map(|(_, value)| value)
    };
    for (origin, path, expected) in [
        ("Deployment/web", "spec.template.spec.containers[web].resources.requests.cpu", "100m"),
        ("Deployment/web", "spec.template.spec.containers[web].env[DEBUG].value", "off"),
        ("Deployment/web", "spec.template.spec.containers[web].args[0]", "serve"),
        ("Secret/db-credentials", "stringData.password", "********"),
    ] {
        assert_eq!(of(origin, path), Some(json!(expected)), "{path}");
    }
}

#[test]
fn secret_values_are_in_secret_files_only() {
    let plan = common::plan();
    let secret = "MIIB";
    assert!(!yaml(&objects(&plan), Secrets::Masked).contains(secret));
    assert!(yaml(&objects(&plan), Secrets::Shown).contains(secret));
    let files = [plain(&plan), manifest::kustomize(&plan), manifest::helm(&plan)].concat();
    for file in files {
        assert!(file.secret || !file.text.contains(secret), "{}", file.path);
    }
}
