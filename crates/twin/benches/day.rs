//! `cargo xtask bench day`: a day of a cluster with churn in paused time, twice from one seed.
//!
//! Fifty Deployments of forty replicas on all nodes; each ten minutes one gets another image, and another
//! one another size; each hour a node is lost, and comes back half an hour later; a `CronJob` runs each
//! five minutes. The histories of both days are compared: each change of a pod, an event, a node, a
//! Job and a Deployment, as watches tell it.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use futures::{StreamExt, TryStreamExt};
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams, WatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;
use tokio::time::sleep;
use twin::Twin;

const DEPLOYMENTS: u64 = 50;
const REPLICAS: u64 = 40;
const STEP: Duration = Duration::from_mins(10);

/// What was told: how much, and a number that depends on all of it.
#[derive(Clone, Debug, Default)]
struct History {
    changes: u64,
    digest: DefaultHasher,
}

fn main() {
    let words: Vec<u32> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let (nodes, hours) = match words[..] {
        [nodes, hours] => (nodes, hours),
        _ => (1_000, 24),
    };
    let days: Vec<_> = (0..2).map(|_| day(nodes, hours)).collect();
    println!("the same seed gave the same history: {}", days[0] == days[1]);
    assert_eq!(days[0], days[1], "equal seeds give equal histories");
}

fn day(nodes: u32, hours: u32) -> (u64, u64) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime needs no more than memory");
    let started = Instant::now();
    let history = LocalSet::new().block_on(&runtime, run(nodes, hours));
    println!(
        "{hours} h of {nodes} nodes: {:.1} s, {} changes, digest {:016x}",
        started.elapsed().as_secs_f64(),
        history.changes,
        history.digest.finish()
    );
    (history.changes, history.digest.finish())
}

async fn run(nodes: u32, hours: u32) -> History {
    let origin = Duration::from_hours(500_000);
    let twin = Twin::builder().nodes(nodes).seed(7).origin(origin).start();
    let history = Rc::new(RefCell::new(History::default()));
    for (group, kind) in
        [("", "Pod"), ("", "Event"), ("", "Node"), ("batch", "Job"), ("apps", "Deployment")]
    {
        tokio::task::spawn_local(told(twin.client(), group, kind, history.clone()));
    }
    let deployments = api(&twin.client(), "apps", "Deployment");
    for at in 0..DEPLOYMENTS {
        create(&deployments, deployment(at)).await;
    }
    create(&api(&twin.client(), "batch", "CronJob"), cron_job()).await;
    let steps = u64::from(hours) * 6;
    for step in 0..steps {
        sleep(STEP).await;
        churn(&twin, &deployments, step, u64::from(nodes)).await;
    }
    sleep(STEP).await;
    history.take()
}

/// What happens each ten minutes.
async fn churn(twin: &Twin, deployments: &Api<DynamicObject>, step: u64, nodes: u64) {
    let image = json!({ "spec": { "template": { "spec": { "containers": [
        { "name": "c", "image": format!("registry.example/app:{step}") }] } } } });
    let size = json!({ "spec": { "replicas": REPLICAS / 2 + step * 7 % REPLICAS } });
    for (at, patch) in [(step * 13 % DEPLOYMENTS, image), (step * 29 % DEPLOYMENTS, size)] {
        let (name, params) = (format!("d{at}"), PatchParams::default());
        let patched = deployments.patch(&name, &params, &Patch::Strategic(patch)).await;
        patched.expect("it is there");
    }
    let node = format!("node-{}", step / 6 * 17 % nodes);
    let moved = match step % 6 {
        0 => twin.lose(&node),
        3 => twin.bring_back(&node),
        _ => Ok(()),
    };
    moved.expect("it is there");
}

fn api(client: &Client, group: &str, kind: &str) -> Api<DynamicObject> {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind));
    Api::default_namespaced_with(client.clone(), &kind)
}

async fn create(api: &Api<DynamicObject>, object: Value) {
    let object = serde_json::from_value(object).expect("it is an object");
    api.create(&PostParams::default(), &object).await.expect("a twin takes it");
}

/// Listens for as long as there is a twin.
async fn told(client: Client, group: &str, kind: &str, history: Rc<RefCell<History>>) {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind));
    let api: Api<DynamicObject> = Api::all_with(client, &kind);
    let mut version = "0".to_owned();
    loop {
        let params = WatchParams { bookmarks: false, ..WatchParams::default() };
        let Ok(watch) = api.watch(&params, &version).await else { return };
        let mut watch = watch.boxed();
        while let Ok(Some(event)) = watch.try_next().await {
            use kube::core::WatchEvent::{Added, Deleted, Modified};
            let (Added(object) | Modified(object) | Deleted(object)) = event else { return };
            version = object.resource_version().unwrap_or_default();
            let mut history = history.borrow_mut();
            history.changes += 1;
            (&version, object.uid(), object.name_any()).hash(&mut history.digest);
            object.data.to_string().hash(&mut history.digest);
        }
    }
}

fn pod(command: &str) -> Value {
    json!({ "containers": [{ "name": "c", "image": format!("registry.example/{command}:1"),
        "resources": { "requests": { "cpu": "100m", "memory": "128Mi" } } }] })
}

fn deployment(at: u64) -> Value {
    let labels = json!({ "app": format!("d{at}") });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": format!("d{at}") },
        "spec": { "replicas": REPLICAS, "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": pod("app") } }
    })
}

fn cron_job() -> Value {
    let mut spec = pod("job");
    spec["restartPolicy"] = "Never".into();
    json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "often" },
        "spec": { "schedule": "*/5 * * * *",
            "jobTemplate": { "spec": { "template": { "spec": spec } } } }
    })
}
