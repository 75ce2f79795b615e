//! `cargo xtask bench twin`: start, writes, applies, and bytes for a pod.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "meter/mod.rs"]
mod meter;

use meter::Process;
use std::time::{Duration, Instant};
use twin::Twin;
use twin_core::api::{Api, Method, Moment, Request};
use twin_core::time::Timestamp;

const PODS: u32 = 200_000;
const APPLIES: u32 = 20_000;

fn main() {
    let started = Instant::now();
    let twin = Twin::builder().nodes(1).motion(twin::Motion::Still).start();
    println!("start, one node, in process: {:?}", started.elapsed());
    drop(twin);
    let mut api = Api::default();
    ask(&mut api, Method::Post, "/api/v1/namespaces", "", r#"{"metadata":{"name":"x"}}"#, 0);
    pods(&mut api);
    applies(&mut api);
}

fn pods(api: &mut Api) {
    let body = r#"{"metadata":{"generateName":"web-","labels":{"app":"web","pod-template-hash":"5d4f8c7b9"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"0a1b2c3d-0000-4000-8000-000000000000","controller":true}]},"spec":{"containers":[{"name":"web","image":"registry.example/shop/web:1.4","ports":[{"containerPort":8080}],"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"resources":{"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"memory":"256Mi"}},"readinessProbe":{"httpGet":{"path":"/ready","port":8080}}}]}}"#;
    let before = Process::own().resident();
    let started = Instant::now();
    for seed in 1..=PODS {
        ask(api, Method::Post, "/api/v1/namespaces/x/pods", "", body, u64::from(seed));
    }
    rate("pods created", PODS, started.elapsed());
    let shared = api.store().footprint();
    println!("bytes for a pod: {} of tree", shared / PODS as usize);
    let after = Process::own().resident();
    println!(
        "bytes for a pod: {} resident, with indices and history",
        after.saturating_sub(before) / u64::from(PODS)
    );
}

fn applies(api: &mut Api) {
    let started = Instant::now();
    for at in 0..APPLIES {
        let body = format!(
            r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"a"}},"data":{{"a":"{at}","b":"x"}}}}"#
        );
        ask(
            api,
            Method::Patch,
            "/api/v1/namespaces/x/configmaps/a",
            "fieldManager=me",
            &body,
            u64::from(at),
        );
    }
    rate("applies", APPLIES, started.elapsed());
}

fn rate(what: &str, count: u32, took: Duration) {
    println!("{what}: {count} in {took:?}, {:.0}/s", f64::from(count) / took.as_secs_f64());
}

fn ask(api: &mut Api, method: Method, path: &str, query: &str, body: &str, seed: u64) {
    let content_type =
        if method == Method::Patch { "application/apply-patch+yaml" } else { "application/json" };
    let request = Request {
        method,
        path,
        query,
        content_type,
        accept: "",
        user_agent: "bench",
        user: None,
        body: body.as_bytes(),
    };
    let moment = Moment { now: Timestamp::from_micros(1_800_000_000_000_000), seed };
    let response = api.handle(&request, moment);
    assert!(response.code < 300, "{response:?}");
}
