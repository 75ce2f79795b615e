//! `cargo xtask bench https`: `muster twin` as a process, loaded over HTTPS: its start, KWOK's own benchmark
//! steps, and one large Deployment. Each figure stands beside its bar; on a busy machine the seconds of a
//! processor say more than the clock.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod child;
mod loader;
#[path = "../meter/mod.rs"]
mod meter;
#[path = "../../tests/oracle/mod.rs"]
#[allow(dead_code, reason = "tests want more of it")]
mod oracle;

use child::Served;
use kube::Client;
use loader::{Told, Watching, ask, ask_all};
use meter::Process;
use oracle::{Accounts, Oracle};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

const NODES: u32 = 5_000;
const PODS: u32 = 10_000;
/// How often each is done; the best counts.
const RUNS: usize = 3;

const NODE_LIST: &str = "/api/v1/nodes";
const POD_LIST: &str = "/api/v1/namespaces/default/pods";

/// What a step has cost.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    seconds: f64,
    /// Of a processor, by the twin and by who loads it.
    twin: f64,
    loader: f64,
}

/// A step, what it may take, and what it took each time.
#[derive(Debug)]
struct Step {
    what: &'static str,
    bar: f64,
    costs: Vec<Cost>,
}

impl Step {
    fn new(what: &'static str, bar: f64) -> Self {
        Self { what, bar, costs: Vec::new() }
    }

    fn print(&self) {
        let best = self.costs.iter().min_by(|a, b| a.seconds.total_cmp(&b.seconds)).copied();
        let best = best.unwrap_or_default();
        let all: Vec<_> = self.costs.iter().map(|cost| format!("{:.3}", cost.seconds)).collect();
        println!(
            "{}: {:.3} s, bar {} s, {:.2} of it; CPU of the twin {:.2} s, of the loader {:.2} s; all runs: {}",
            self.what,
            best.seconds,
            self.bar,
            best.seconds / self.bar,
            best.twin,
            best.loader,
            all.join(", ")
        );
    }
}

fn main() {
    let muster = std::env::args().skip(1).find(|word| !word.starts_with('-')).map(PathBuf::from);
    let muster = muster.expect("the first argument is the path of muster");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime needs no more than memory").block_on(run(muster));
}

async fn run(muster: PathBuf) {
    let folder = std::env::temp_dir();
    let start = || Served::start(&muster, &folder);
    let mut starts = Step::new("start to the first answered request", 0.050);
    for _ in 0..3 * RUNS {
        starts.costs.push(first_answer(&start()).await);
    }
    starts.print();
    let mut steps = [
        Step::new("5,000 nodes Ready", 1.0),
        Step::new("10,000 bare pods Running", 2.0),
        Step::new("10,000 pods deleted one by one", 2.0),
        Step::new("a Deployment of 10,000 bound and Running", 3.0),
    ];
    let mut peaks = Vec::new();
    for _ in 0..RUNS {
        let served = start();
        let client = served.client().await;
        steps[0].costs.push(measured(&served, nodes(&client)).await);
        steps[1].costs.push(measured(&served, pods(&client)).await);
        steps[2].costs.push(measured(&served, deletions(&client)).await);
        drop(served);
        let served = start();
        let client = served.client().await;
        nodes(&client).await;
        steps[3].costs.push(measured(&served, deployment(&client)).await);
        peaks.push(served.process().peak() / 1_000_000);
    }
    steps.iter().for_each(Step::print);
    println!("most memory of the twin with that Deployment: {peaks:?} MB, bar 500 MB");
    peer().await;
}

/// What kube-apiserver and etcd take for the writes alone, with nobody behind them that makes nodes ready or pods run.
async fn peer() {
    let started = Instant::now();
    let Some(oracle) = Oracle::start(Accounts::None).await else {
        println!("peer: no kube-apiserver and etcd; run `cargo xtask cluster up` once");
        return;
    };
    let said = |what, since: Instant| {
        println!("peer, kube-apiserver and etcd: {what} {:.2} s", since.elapsed().as_secs_f64());
    };
    said("start until ready, looked at each 0.2 s:", started);
    for (what, count, request) in [
        ("5,000 nodes written:", NODES, node as fn(u32) -> Asked),
        ("10,000 pods written, none runs:", PODS, pod),
        ("10,000 pods deleted:", PODS, deletion),
    ] {
        let begun = Instant::now();
        ask_all(&oracle.client, count, request).await;
        said(what, begun);
    }
}

/// A method, a path and a body.
type Asked = (&'static str, String, String);

fn node(at: u32) -> Asked {
    let amounts = json!({ "cpu": "4", "memory": "32Gi", "pods": "110" });
    let node = json!({ "metadata": { "name": format!("node-{at}") },
        "status": { "capacity": amounts, "allocatable": amounts } });
    ("POST", NODE_LIST.to_owned(), node.to_string())
}

fn pod(at: u32) -> Asked {
    let metadata = json!({ "name": format!("pod-{at}"), "annotations": at_once() });
    let pod = json!({ "metadata": metadata, "spec": spec() });
    ("POST", POD_LIST.to_owned(), pod.to_string())
}

fn deletion(at: u32) -> Asked {
    ("DELETE", format!("{POD_LIST}/pod-{at}"), r#"{"gracePeriodSeconds":0}"#.to_owned())
}

async fn measured(served: &Served, work: impl Future<Output = ()>) -> Cost {
    let (twin, loader) = (served.process(), Process::own());
    let before = (twin.used(), loader.used());
    let started = Instant::now();
    work.await;
    let seconds = started.elapsed().as_secs_f64();
    Cost { seconds, twin: twin.used() - before.0, loader: loader.used() - before.1 }
}

async fn first_answer(served: &Served) -> Cost {
    let client = served.client().await;
    ask(&client, "GET", "/api/v1/namespaces/default", String::new()).await;
    Cost { seconds: served.age().as_secs_f64(), twin: served.process().used(), loader: 0.0 }
}

async fn nodes(client: &Client) {
    let watching = Watching::start(client, NODE_LIST).await;
    tokio::join!(watching.until(NODES, Told::is_ready), ask_all(client, NODES, node));
}

async fn pods(client: &Client) {
    let watching = Watching::start(client, POD_LIST).await;
    tokio::join!(watching.until(PODS, Told::runs), ask_all(client, PODS, pod));
}

async fn deletions(client: &Client) {
    let watching = Watching::start(client, POD_LIST).await;
    tokio::join!(watching.until(PODS, Told::is_gone), ask_all(client, PODS, deletion));
}

async fn deployment(client: &Client) {
    let labels = json!({ "app": "big" });
    let deployment = json!({ "metadata": { "name": "big" },
        "spec": { "replicas": PODS, "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels, "annotations": at_once() }, "spec": spec() } } });
    let path = "/apis/apps/v1/namespaces/default/deployments";
    let watching = Watching::start(client, POD_LIST).await;
    tokio::join!(
        watching.until(PODS, Told::runs),
        ask(client, "POST", path, deployment.to_string())
    );
}

/// Containers start as soon as their pod is bound, as with KWOK's fast stages; without this, a second
/// of the twin's time later.
fn at_once() -> serde_json::Value {
    json!({ "muster.dev/start-seconds": "0" })
}

fn spec() -> serde_json::Value {
    json!({ "containers": [{ "name": "main", "image": "registry.k8s.io/pause:3.10",
        "resources": { "requests": { "cpu": "100m", "memory": "500Mi" } } }] })
}
