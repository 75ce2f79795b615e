//! `muster twin --state`: what was acknowledged outlives a process that is killed at any time.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use futures::future::join_all;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Node, Pod};
use kube::api::{Api, ListParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, ResourceExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::sleep;

/// A folder with a state, and how to start a twin on it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `muster twin`, started by a shell that does something before.
    fn command(&self, before: &str) -> Command {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{before} exec \"$0\" twin --state state --kubeconfig config \"$@\""))
            .arg(env!("CARGO_BIN_EXE_muster"))
            .current_dir(self.0.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    /// Starts it and waits until it answers.
    async fn start(&self, before: &str, words: &[&str]) -> (Child, Client) {
        let _ = std::fs::remove_file(self.file("config"));
        let mut child = self.command(before).args(words).spawn().unwrap();
        loop {
            assert!(child.try_wait().unwrap().is_none(), "it ended");
            if let Ok(config) = Kubeconfig::read_from(self.file("config")) {
                let options = KubeConfigOptions::default();
                let config = Config::from_custom_kubeconfig(config, &options).await.unwrap();
                return (child, Client::try_from(config).unwrap());
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn run(&self) -> Output {
        self.command("").args(["--for", "1s"]).output().unwrap()
    }
}

/// What a server acknowledged, by name: the uid, and a number that only grows.
type Acknowledged = BTreeMap<String, (String, i64)>;

fn map(name: &str, number: i64) -> ConfigMap {
    let value = json!({ "metadata": { "name": name },
        "data": { "number": number.to_string(), "ballast": "x".repeat(2_000) } });
    serde_json::from_value(value).unwrap()
}

fn number(map: &ConfigMap) -> i64 {
    map.data.as_ref().unwrap()["number"].parse().unwrap()
}

/// Makes objects and changes them until the server is gone; counts what is acknowledged.
async fn write(client: Client, round: u32, writer: u32, count: Arc<AtomicUsize>) -> Acknowledged {
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let mut known = Acknowledged::new();
    for at in 0.. {
        let name = format!("m{round}-{writer}-{}", at / 3);
        let params = PostParams::default();
        let done = match at % 3 {
            0 => maps.create(&params, &map(&name, at)).await,
            _ => maps.replace(&name, &params, &map(&name, at)).await,
        };
        let Ok(done) = done else { break };
        known.insert(name, (done.uid().unwrap(), at));
        count.fetch_add(1, Ordering::Relaxed);
    }
    known
}

async fn lost(client: &Client, known: &Acknowledged) -> Vec<String> {
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let there = maps.list(&ListParams::default()).await.unwrap().items;
    let there: Acknowledged = there
        .iter()
        .filter(|map| map.name_any().starts_with('m'))
        .map(|map| (map.name_any(), (map.uid().unwrap(), number(map))))
        .collect();
    let kept = |name: &String, (uid, number): &(String, i64)| {
        there.get(name).is_some_and(|(own, there)| own == uid && there >= number)
    };
    known.iter().filter(|(name, known)| !kept(name, known)).map(|(name, _)| name.clone()).collect()
}

async fn deploy(client: &Client) {
    let deployment: Value = json!({ "metadata": { "name": "web" },
        "spec": { "replicas": 20, "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "c", "image": "i:1" }] } } } });
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let deployment = serde_json::from_value(deployment).unwrap();
    deployments.create(&PostParams::default(), &deployment).await.unwrap();
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let place = Place::new();
    let mut known = Acknowledged::new();
    for round in 0..4 {
        let (mut child, client) = place.start("", &["--nodes", "2"]).await;
        assert_eq!(lost(&client, &known).await, Vec::<String>::new(), "before round {round}");
        if round == 0 {
            deploy(&client).await;
        }
        let count = Arc::new(AtomicUsize::new(0));
        let write = |writer| tokio::spawn(write(client.clone(), round, writer, count.clone()));
        let writers: Vec<_> = (0..8).map(write).collect();
        // In the middle of writing, each time at another place.
        while count.load(Ordering::Relaxed) < 100 + 170 * round as usize {
            sleep(Duration::from_millis(1)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for written in join_all(writers).await {
            known.extend(written.unwrap());
        }
    }
    let (mut child, client) = place.start("", &[]).await;
    assert_eq!(lost(&client, &known).await, Vec::<String>::new());
    // What moves the cluster went on each time.
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    while deployments.get("web").await.unwrap().status.unwrap().ready_replicas != Some(20) {
        sleep(Duration::from_millis(50)).await;
    }
    let nodes: Api<Node> = Api::all(client);
    assert_eq!(nodes.list(&ListParams::default()).await.unwrap().items.len(), 2);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn an_hour_is_over_in_a_second() {
    let place = Place::new();
    let (mut child, client) = place.start("", &["--speed", "3600"]).await;
    let slow = json!({ "muster.dev/ready-seconds": "3600" });
    let pod = json!({ "metadata": { "name": "slow", "annotations": slow },
        "spec": { "containers": [{ "name": "c", "image": "i:1" }] } });
    let pods: Api<Pod> = Api::default_namespaced(client);
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    let ready = |pod: &Pod| {
        let conditions = pod.status.as_ref()?.conditions.as_ref()?;
        let ready = conditions.iter().find(|it| it.type_ == "Ready" && it.status == "True")?;
        let since = ready.last_transition_time.as_ref()?.0;
        Some(since.as_second() - pod.creation_timestamp()?.0.as_second())
    };
    let took = loop {
        if let Some(took) = ready(&pods.get("slow").await.unwrap()) {
            break took;
        }
        sleep(Duration::from_millis(50)).await;
    };
    // A beat of this machine is long there.
    assert!(took >= 3600, "{took} s");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_full_disk_ends_it_and_what_was_acknowledged_stays() {
    let place = Place::new();
    // A signal that says so would be the end of it; an error is told.
    let full = "trap '' XFSZ; ulimit -f 1000;";
    let (child, client) = place.start(full, &[]).await;
    let known = write(client, 0, 0, Arc::default()).await;
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write state"), "{said}");
    assert!(known.len() > 8, "{} objects", known.len());
    let (mut child, client) = place.start("", &[]).await;
    assert_eq!(lost(&client, &known).await, Vec::<String>::new());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_state_or_taken_is_refused() {
    let place = Place::new();
    let refused = |output: &Output, code: i32, words: &str| {
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{said}");
    };
    std::fs::write(place.file("state"), "apiVersion: v1\n").unwrap();
    refused(&place.run(), 2, "state is no state of a twin");
    std::fs::remove_file(place.file("state")).unwrap();
    let (mut child, _) = place.start("", &[]).await;
    refused(&place.run(), 5, "state belongs to a twin that runs");
    child.kill().unwrap();
    child.wait().unwrap();
    damage(&place.file("state"));
    refused(&place.run(), 2, "state is damaged at byte ");
    std::fs::remove_file(place.file("state")).unwrap();
    std::fs::create_dir(place.file("state")).unwrap();
    refused(&place.run(), 1, "cannot open state");
}

fn damage(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    // Behind the first line: that part is complete before the file is there.
    bytes[40] ^= 1;
    std::fs::write(file, bytes).unwrap();
}
