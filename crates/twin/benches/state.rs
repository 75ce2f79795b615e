//! `cargo xtask bench state`: writes that are acknowledged in a second, in memory and on the disk.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, PostParams};
use serde_json::json;
use std::path::Path;
use std::time::Instant;
use tokio::task::JoinSet;
use twin::{Builder, Motion, Twin};

const WRITES: u32 = 20_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime needs no more than memory");
    let file = Path::new("target").join("bench.state");
    runtime.block_on(async {
        for writers in [1, 8, 64] {
            let builder = || Twin::builder().motion(Motion::Still);
            write("in memory", &builder().start(), writers).await;
            kept(builder(), &file, writers).await;
        }
    });
}

async fn kept(builder: Builder, file: &Path, writers: u32) {
    // One that is not there does not have to go.
    let _ = std::fs::remove_file(file);
    let twin = builder.clone().open(file).expect("the folder of builds is ours");
    write("on the disk", &twin, writers).await;
    twin.close().await.expect("the disk has room");
    let bytes = std::fs::metadata(file).map_or(0, |it| it.len());
    let started = Instant::now();
    let twin = builder.open(file).expect("it was written just now");
    println!("  {} MB, read in {:.2} s", bytes / 1_000_000, started.elapsed().as_secs_f64());
    twin.close().await.expect("the disk has room");
    let _ = std::fs::remove_file(file);
}

async fn write(what: &str, twin: &Twin, writers: u32) {
    let client = twin.client();
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for writer in 0..writers {
        let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
        tasks.spawn(async move {
            for at in 0..WRITES / writers {
                let map = json!({ "metadata": { "name": format!("m{writer}-{at}") },
                    "data": { "ballast": "x".repeat(1_000) } });
                let map = serde_json::from_value(map).expect("it is a ConfigMap");
                maps.create(&PostParams::default(), &map).await.expect("a twin takes it");
            }
        });
    }
    while tasks.join_next().await.is_some() {}
    let rate = f64::from(WRITES / writers * writers) / started.elapsed().as_secs_f64();
    println!("{what}, {writers} writers: {rate:.0} writes in a second");
}
