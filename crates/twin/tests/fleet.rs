//! Nodes of shapes, and lives from stages, as a client sees them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{Api, ListParams, PostParams};
use std::time::Duration;
use twin::{Pool, Stages, Twin};

const PODS: &str = include_str!("../../../examples/stages/pods.yaml");
const NODES: &str = include_str!("../../../examples/stages/nodes.yaml");

fn pool(text: &str) -> Pool {
    Pool::parse(text).unwrap()
}

fn stages(texts: &[&str]) -> Stages {
    let read = texts.iter().flat_map(|text| kwok::read(text, yaml::FileId(0)).unwrap());
    Stages::new(read.collect()).unwrap()
}

fn pod(name: &str, limits: &str) -> Pod {
    let text = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"containers":[{{"name":"c","image":"i:1","resources":{{"limits":{{{limits}}}}}}}]}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(start_paused = true)]
async fn pods_go_where_their_gpus_are() {
    let twin = Twin::builder()
        .nodes(2)
        .pool(pool("gpu=1:h100"))
        .pool(pool("slices=1:p4d.24xlarge,mig=1g.5gb"))
        .start();
    let client = twin.client();
    let pods = Api::<Pod>::default_namespaced(client.clone());
    for (name, limits) in [
        ("whole", r#""nvidia.com/gpu":"8""#),
        ("slice", r#""nvidia.com/mig-1g.5gb":"56""#),
        ("more", r#""nvidia.com/gpu":"1""#),
    ] {
        pods.create(&PostParams::default(), &pod(name, limits)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    let place = async |name: &str| pods.get(name).await.unwrap().spec.unwrap().node_name;
    assert_eq!(place("whole").await.as_deref(), Some("gpu-0"));
    assert_eq!(place("slice").await.as_deref(), Some("slices-0"));
    assert_eq!(place("more").await, None, "all GPUs are taken");
    let nodes = Api::<Node>::all(client);
    let found = nodes.list(&ListParams::default().labels("nvidia.com/gpu.product")).await.unwrap();
    assert_eq!(found.items.len(), 2);
    let gpu = nodes.get("gpu-0").await.unwrap();
    let labels = gpu.metadata.labels.unwrap();
    assert_eq!(labels["nvidia.com/gpu.product"], "NVIDIA-H100-80GB-HBM3");
    assert_eq!(labels["topology.kubernetes.io/zone"], "local-a");
    let allocatable = gpu.status.unwrap().allocatable.unwrap();
    assert_eq!(allocatable["nvidia.com/gpu"].0, "8");
}

#[tokio::test(start_paused = true)]
async fn nodes_and_pods_live_as_their_stages_say() {
    let twin = Twin::builder().nodes(2).stages(stages(&[NODES, PODS])).start();
    let client = twin.client();
    let nodes = Api::<Node>::all(client.clone());
    let pods = Api::<Pod>::default_namespaced(client);
    pods.create(&PostParams::default(), &pod("web", "")).await.unwrap();
    let phase = async || pods.get("web").await.unwrap().status.unwrap().phase.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(phase().await, "Pending", "no machine is up yet");
    tokio::time::sleep(Duration::from_mins(2)).await;
    let node = nodes.get("node-0").await.unwrap().status.unwrap();
    let ready = node.conditions.unwrap().into_iter().find(|it| it.type_ == "Ready").unwrap();
    assert_eq!(ready.status, "True");
    assert_eq!(node.allocatable.unwrap()["memory"].0, "64Gi", "its shape says it");
    assert_eq!(phase().await, "Running");
}
