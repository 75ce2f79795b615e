//! A webhook that adds a sidecar to pods, and what becomes of pods while it is not there.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example that fails is to say so")]

use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::{Api, ListParams, PostParams};
use kube::core::admission::{AdmissionRequest, AdmissionResponse};
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;
use twin::{Backend, Twin};

/// The webhook, as it is deployed: only its socket is missing here.
fn inject(request: &AdmissionRequest<Pod>) -> AdmissionResponse {
    let proxy = json!({ "name": "proxy", "image": "registry.example/proxy:1" });
    let patch = json!([{ "op": "add", "path": "/spec/containers/-", "value": proxy }]);
    let patch = serde_json::from_value(patch).unwrap();
    AdmissionResponse::from(request).with_patch(patch).unwrap()
}

/// The containers of each pod.
async fn containers(pods: &Api<Pod>) -> Vec<Vec<String>> {
    let pods = pods.list(&ListParams::default()).await.unwrap();
    let specs = pods.into_iter().filter_map(|pod| pod.spec);
    specs.map(|spec| spec.containers.into_iter().map(|it| it.name).collect()).collect()
}

async fn create<K>(objects: &Api<K>, object: serde_json::Value)
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    let object = serde_json::from_value(object).unwrap();
    objects.create(&PostParams::default(), &object).await.unwrap();
}

/// What is deployed beside the program: who is asked, and about what.
async fn configure(twin: &Twin) {
    let services: Api<Service> = Api::default_namespaced(twin.client());
    let service =
        json!({ "metadata": { "name": "injector" }, "spec": { "ports": [{ "port": 443 }] } });
    create(&services, service).await;
    let configurations: Api<MutatingWebhookConfiguration> = Api::all(twin.client());
    let rule = json!({ "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"] });
    let webhook = json!({
        "name": "inject.proxy.example", "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "clientConfig": { "service": { "namespace": "default", "name": "injector" } },
        "rules": [rule],
    });
    create(&configurations, json!({ "metadata": { "name": "injector" }, "webhooks": [webhook] }))
        .await;
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let twin = Twin::builder().nodes(3).start();
    configure(&twin).await;
    let deployments: Api<Deployment> = Api::default_namespaced(twin.client());
    let pods: Api<Pod> = Api::default_namespaced(twin.client());
    let web = json!({
        "metadata": { "name": "web" },
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "registry.example/web:1" }] } } }
    });
    create(&deployments, web).await;
    sleep(Duration::from_mins(1)).await;
    println!("nobody answers for the webhook: {:?}", containers(&pods).await);
    assert!(containers(&pods).await.is_empty());

    twin.serve_service("default", "injector", 443, Backend::reviews(inject));
    sleep(Duration::from_mins(1)).await;
    println!("a minute after it has come: {:?}", containers(&pods).await);
    assert_eq!(containers(&pods).await, [["web", "proxy"], ["web", "proxy"]]);
}

#[test]
fn it_does_what_it_says() {
    main();
}
