//! `cargo xtask bench fanout`: what many watchers are told when a node is lost, with Endpoints and with
//! `EndpointSlices`; and how many events a second they get. In process: the frames are those of a socket.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(clippy::cast_precision_loss, reason = "figures are rounded")]

mod asking;
mod crowd;
mod joined;
#[path = "../meter/mod.rs"]
mod meter;

use asking::Asking;
use crowd::Crowd;
use joined::{Row, SLICES};
use meter::Process;
use serde_json::json;
use std::time::{Duration, Instant};
use twin::Twin;

/// Changes of one object that all watch.
const CHANGES: u32 = 200;

fn main() {
    let words: Vec<u32> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let (nodes, watchers) = match words[..] {
        [nodes, watchers] => (nodes, watchers),
        _ => (7_500, 7_500),
    };
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime needs no more than memory");
    runtime.block_on(run(nodes, watchers));
}

async fn run(nodes: u32, watchers: u32) {
    let twin = joined::joined(nodes).await;
    println!("a Service that {nodes} nodes join, {watchers} watchers, one node is lost:");
    println!("  formula (KEP-752): watchers x entries sent again x bytes of an entry");
    let rows = joined::lose_one(&twin, watchers).await;
    for row in &rows {
        print(row);
    }
    let [old, today, slices] = rows.map(|row| row.told.bytes as f64);
    println!("  slices send {:.0} times less than Endpoints with all addresses", old / slices);
    println!("  slices send {:.1} times less than Endpoints of today", today / slices);
    events(&twin, watchers).await;
}

fn print(row: &Row) {
    let (bytes, formula) = (row.told.bytes as f64, row.formula() as f64);
    println!(
        "  {}: {:.1} MB in {} events; formula {watchers} x {entries} x {entry} B = {:.1} MB, {:+.1} %",
        row.what,
        bytes / 1e6,
        row.told.events,
        formula / 1e6,
        (bytes / formula - 1.0) * 100.0,
        watchers = row.watchers,
        entries = row.entries,
        entry = row.entry,
    );
}

/// Changes of one slice, one after the other; the last watcher has one before the next comes.
async fn events(twin: &Twin, watchers: u32) {
    let slices = twin.get(SLICES).await;
    let name = slices["items"][0]["metadata"]["name"].as_str().expect("an object has a name");
    let path = format!("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/{name}");
    let crowd = Crowd::gather(twin, SLICES, watchers).await;
    let (started, before) = (Instant::now(), Process::own().used());
    for at in 0..CHANGES {
        let patch = json!({ "metadata": { "annotations": { "example.dev/at": at.to_string() } } });
        twin.ask("PATCH", &path, &patch).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (took, used) = (started.elapsed().as_secs_f64(), Process::own().used() - before);
    let told = crowd.take();
    println!(
        "{CHANGES} changes to {watchers} watchers: {} events in {took:.2} s, {:.0} events/s, {:.2} us of CPU each, {:.1} GB",
        told.events,
        told.events as f64 / took,
        used * 1e6 / told.events as f64,
        told.bytes as f64 / 1e9,
    );
    println!("texts that were encoded: {}", told.texts.len());
}
