//! `muster up` without a cluster: the product runs on a twin.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

fn up(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    // Whatever cluster is configured, nobody named it.
    command.env("KUBECONFIG", "/nowhere").current_dir(folder).arg("up").args(words);
    command.output().unwrap()
}

fn events(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn shop() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop")
}

#[test]
fn the_shop_starts_scales_and_survives_a_node() {
    let output = up(&shop(), &["--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let events = events(&output);
    let said: Vec<_> = events.iter().filter_map(|event| event["says"].as_str()).collect();
    let place = |what: &str| {
        let found = said.iter().position(|said| said.contains(what));
        found.unwrap_or_else(|| panic!("`{what}` is not in {said:#?}"))
    };
    let steps = [
        place("10 replicas of app"),
        place("they ask for nothing more"),
        place("2 replicas of app"),
        place("serves again"),
    ];
    assert!(steps.is_sorted(), "{said:#?}");
    let nodes = events.iter().filter(|event| event["event"] == "node").count();
    assert_eq!(nodes, 3);
    let end = events.iter().find(|event| event["event"] == "end").unwrap();
    assert_eq!(end["exit"], 0);
}

#[test]
fn what_fits_on_no_node_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let compose = "
services:
  huge:
    image: nginx:1.29
    deploy: {resources: {reservations: {cpus: '500'}}}
";
    std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
    let output = up(folder.path(), &["--timeout", "2m"]);
    assert_eq!(output.status.code(), Some(4));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Insufficient cpu"), "{said}");
}

#[test]
fn a_model_runs_on_the_gpus_that_the_nodes_have() {
    let folder = tempfile::tempdir().unwrap();
    let compose = "
services:
  chat:
    image: vllm/vllm-openai:v0.15.1
    x-muster: { inference: { model: llama-3.1-8b, users: 500 } }
";
    std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
    let words = ["--nodes", "2", "--shape", "h100", "--gpus", "8", "--timeout", "5m"];
    let output = up(folder.path(), &words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Nodes without GPUs have nothing that keeps the promise.
    let output = up(folder.path(), &["--timeout", "1m"]);
    assert_eq!(output.status.code(), Some(4));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("didn't match Pod's node affinity/selector"), "{said}");
}

/// A twin that serves until it is dropped.
struct Serving(Child);

impl Serving {
    fn start(folder: &Path, words: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.current_dir(folder).args(["twin", "--kubeconfig", "config"]).args(words);
        let serving = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        while !folder.join("config").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        serving
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn client(folder: &Path) -> kube::Client {
    let config = Kubeconfig::read_from(folder.join("config")).unwrap();
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(config, &options).await.unwrap();
    kube::Client::try_from(config).unwrap()
}

#[tokio::test]
async fn a_model_stays_where_it_runs_when_cheaper_nodes_come() {
    let folder = tempfile::tempdir().unwrap();
    let compose = "
name: talk
services:
  chat:
    image: vllm/vllm-openai:v0.15.1
    gpus: all
    x-muster: { inference: { model: llama-3.1-8b, users: 5 } }
";
    std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
    let _twin = Serving::start(folder.path(), &["--pool", "dear=1:h200"]);
    let client = client(folder.path()).await;
    let chosen = async || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.env("KUBECONFIG", "config").current_dir(folder.path());
        let output =
            command.args(["up", "--current-context", "--no-wait", "--yes"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let chat = Api::<Deployment>::namespaced(client.clone(), "talk").get("chat").await.unwrap();
        let mut selector = chat.spec.unwrap().template.spec.unwrap().node_selector.unwrap();
        selector.remove("nvidia.com/gpu.product").unwrap()
    };
    assert_eq!(chosen().await, "NVIDIA-H200");
    let cheap = serde_json::from_value(serde_json::json!({
        "metadata": {"name": "cheap", "labels": {"nvidia.com/gpu.product": "NVIDIA-L4"}},
        "status": {"allocatable": {"cpu": "32", "memory": "128Gi", "pods": "110", "nvidia.com/gpu": "8"},
            "capacity": {"cpu": "32", "memory": "128Gi", "pods": "110", "nvidia.com/gpu": "8"}}}));
    let nodes = Api::<Node>::all(client.clone());
    nodes.create(&PostParams::default(), &cheap.unwrap()).await.unwrap();
    assert_eq!(chosen().await, "NVIDIA-H200", "it runs there");
    let dear = nodes.list(&ListParams::default()).await.unwrap().items;
    let dear = dear.iter().map(ResourceExt::name_any).find(|name| name != "cheap").unwrap();
    let cordon = serde_json::json!({"spec": {"unschedulable": true}});
    nodes.patch(&dear, &PatchParams::default(), &Patch::Merge(cordon)).await.unwrap();
    assert_eq!(chosen().await, "NVIDIA-L4", "nobody comes there any more");
}

fn muster(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_muster")).args(words).output().unwrap()
}

#[test]
fn shapes_are_listed_with_their_sources() {
    let table = muster(&["twin", "--shapes"]);
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(
        table.contains("p5.48xlarge") && table.contains("8 × NVIDIA-H100-80GB-HBM3"),
        "{table}"
    );
    let lines = events(&muster(&["twin", "--shapes", "--json"]));
    assert!(lines.len() > 80);
    assert!(lines.iter().all(|line| !line["source"].as_str().unwrap().is_empty()));
}

#[test]
fn what_is_no_shape_is_answered_with_near_ones() {
    let output = muster(&["twin", "--shape", "p5.48xlarg"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("perhaps `p5.48xlarge`"), "{said}");
    let output = muster(&["up", "--context", "x", "--pool", "gpu=1:h100"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot be used with"), "a cluster has its own nodes: {said}");
    let output = muster(&["twin", "--pool", "gpu=1:h100", "--pool", "gpu=2:l4"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("two pools of nodes are called gpu"), "{said}");
}

#[test]
fn a_bad_stage_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let stage = "apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: s}
spec:
  resourceRef: {kind: Pod}
  selector: {}
  next:
    statusTemplate: |
      phase: {{ nope }}
";
    let file = folder.path().join("s.yaml");
    std::fs::write(&file, stage).unwrap();
    let output = muster(&["twin", "--stages", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("s.yaml:9:17: there is no function"), "{said}");
}
