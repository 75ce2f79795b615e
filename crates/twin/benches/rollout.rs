//! `cargo xtask bench rollout`: nodes and one large Deployment to Running, then gone; in process, in paused time.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "meter/mod.rs"]
mod meter;

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Client};
use meter::Process;
use serde_json::json;
use std::time::{Duration, Instant};
use twin::Twin;

fn main() {
    let words: Vec<u32> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let (nodes, replicas) = match words[..] {
        [nodes, replicas] => (nodes, replicas),
        _ => (5_000, 10_000),
    };
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime needs no more than memory");
    runtime.block_on(run(nodes, replicas));
}

async fn run(nodes: u32, replicas: u32) {
    let started = Instant::now();
    let twin = Twin::builder().nodes(nodes).start();
    tokio::time::sleep(Duration::from_mins(1)).await;
    println!(
        "{nodes} nodes after {:.2} s, {:.2} s of CPU",
        started.elapsed().as_secs_f64(),
        Process::own().used()
    );
    let client = twin.client();
    let (begun, before) = (Instant::now(), Process::own().used());
    create(client.clone(), replicas).await;
    let deployments: Api<Deployment> = Api::default_namespaced(client);
    let simulated = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let live = deployments.get("big").await.expect("it was made");
        let ready = live.status.and_then(|it| it.ready_replicas).unwrap_or_default();
        if u32::try_from(ready) == Ok(replicas) {
            break;
        }
        assert!(simulated.elapsed() < Duration::from_hours(2), "{ready} of {replicas} are ready");
    }
    let took = begun.elapsed().as_secs_f64();
    println!(
        "{replicas} replicas ready after {took:.2} s ({:.0}/s), {:.2} s of CPU, {:.0} s of the twin's time",
        f64::from(replicas) / took,
        Process::own().used() - before,
        simulated.elapsed().as_secs_f64()
    );
    println!("resident: {} MB", Process::own().resident() / 1_000_000);
    let (begun, before) = (Instant::now(), Process::own().used());
    deployments.delete("big", &DeleteParams::background()).await.expect("it is there");
    tokio::time::sleep(Duration::from_mins(2)).await;
    let took = begun.elapsed().as_secs_f64();
    println!("deleted after {took:.2} s, {:.2} s of CPU", Process::own().used() - before);
}

async fn create(client: Client, replicas: u32) {
    let deployment: Deployment = serde_json::from_value(json!({
        "metadata": { "name": "big" },
        "spec": { "replicas": replicas, "selector": { "matchLabels": { "app": "big" } },
            "template": { "metadata": { "labels": { "app": "big" } },
                "spec": { "containers": [{ "name": "c", "image": "registry.example/big:1",
                    "resources": { "requests": { "cpu": "100m", "memory": "128Mi" } } }] } } }
    }))
    .expect("it is a Deployment");
    let deployments: Api<Deployment> = Api::default_namespaced(client);
    deployments.create(&PostParams::default(), &deployment).await.expect("a twin takes it");
}
