//! What a cluster does when a node is gone, and how long that takes.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example that fails is to say so")]

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, PostParams};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::sleep;
use twin::Twin;

/// How many ready pods each node has.
async fn ready(pods: &Api<Pod>) -> BTreeMap<String, usize> {
    let mut nodes = BTreeMap::new();
    for pod in pods.list(&ListParams::default()).await.unwrap() {
        let conditions = pod.status.unwrap_or_default().conditions.unwrap_or_default();
        if conditions.iter().any(|it| it.type_ == "Ready" && it.status == "True") {
            let node = pod.spec.unwrap_or_default().node_name.unwrap_or_default();
            *nodes.entry(node).or_default() += 1;
        }
    }
    nodes
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let twin = Twin::builder().nodes(3).start();
    let deployments: Api<Deployment> = Api::default_namespaced(twin.client());
    let pods: Api<Pod> = Api::default_namespaced(twin.client());
    let web = json!({
        "metadata": { "name": "web" },
        "spec": { "replicas": 6, "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "registry.example/web:1" }] } } }
    });
    let web = serde_json::from_value(web).unwrap();
    deployments.create(&PostParams::default(), &web).await.unwrap();
    sleep(Duration::from_mins(1)).await;
    println!("before: {:?}", ready(&pods).await);
    assert_eq!(ready(&pods).await.len(), 3);

    twin.lose("node-1").unwrap();
    // 40 seconds until it counts as lost, five minutes until its pods are given up.
    sleep(Duration::from_mins(1)).await;
    println!("a minute after the loss: {:?}", ready(&pods).await);
    assert_eq!(ready(&pods).await.values().sum::<usize>(), 4);
    sleep(Duration::from_mins(6)).await;
    println!("seven minutes after it: {:?}", ready(&pods).await);
    assert_eq!(ready(&pods).await.values().sum::<usize>(), 6);
    assert!(!ready(&pods).await.contains_key("node-1"));
}

#[test]
fn it_does_what_it_says() {
    main();
}
