//! `muster twin` with files: groups of nodes, clients that have a bad day, and programs behind Services.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::core::v1::{ConfigMap, Node, Service};
use kube::api::{Api, ListParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, ResourceExt};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::sleep;

/// `muster twin` with these words and files beside it.
fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.arg("twin").args(["--kubeconfig", "config"]).args(words).current_dir(folder);
    command
}

struct Running {
    child: Child,
    folder: TempDir,
}

impl Running {
    async fn start(files: &[(&str, &str)], words: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut child = command(folder.path(), words).stdout(Stdio::null()).spawn().unwrap();
        while !folder.path().join("config").exists() {
            assert!(child.try_wait().unwrap().is_none(), "it ended");
            sleep(Duration::from_millis(5)).await;
        }
        Self { child, folder }
    }

    /// A client that comes by a context, if it is named, and calls itself so.
    async fn client(&self, context: Option<&str>, agent: &'static str) -> Client {
        let config = Kubeconfig::read_from(self.folder.path().join("config")).unwrap();
        let context = context.map(str::to_owned);
        let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
        let mut config = Config::from_custom_kubeconfig(config, &options).await.unwrap();
        config.headers.push(("user-agent".parse().unwrap(), agent.parse().unwrap()));
        Client::try_from(config).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const FAULTS: &str = "\
clients:
- userAgent: bad/
  fails: 100
- user: unlucky
  conflicts: 100
";

#[tokio::test]
async fn things_go_wrong_for_those_who_are_named() {
    let running = Running::start(&[("faults.yaml", FAULTS)], &["--faults", "faults.yaml"]).await;
    let maps = |client: Client| Api::<ConfigMap>::default_namespaced(client);
    let code = |error: kube::Error| match error {
        kube::Error::Api(status) => status.code,
        other => panic!("{other}"),
    };
    let bad = maps(running.client(None, "bad/1.0").await);
    assert_eq!(code(bad.list(&ListParams::default()).await.unwrap_err()), 500);
    let map: ConfigMap =
        serde_json::from_value(serde_json::json!({ "metadata": { "name": "a" } })).unwrap();
    let unlucky = maps(running.client(Some("unlucky"), "bad/1.0").await);
    unlucky.create(&PostParams::default(), &map).await.unwrap();
    let refused = unlucky.replace("a", &PostParams::default(), &map).await.unwrap_err();
    assert_eq!(code(refused), 409);
    let good = maps(running.client(None, "good/1.0").await);
    good.replace("a", &PostParams::default(), &map).await.unwrap();
}

const POOLS: &str = "\
pools:
- name: web
  count: 2
  shape: m7i.xlarge
- name: gpu
  count: 1
  shape: h100
  labels: { team: research }
  taints: ['nvidia.com/gpu=present:NoSchedule']
";

#[tokio::test]
async fn nodes_come_in_groups() {
    let running = Running::start(&[("pools.yaml", POOLS)], &["--pools", "pools.yaml"]).await;
    let nodes: Api<Node> = Api::all(running.client(None, "test").await);
    let all = nodes.list(&ListParams::default()).await.unwrap();
    let names: Vec<_> = all.iter().map(ResourceExt::name_any).collect();
    assert_eq!(names, ["gpu-0", "web-0", "web-1"]);
    assert_eq!(all.items[0].labels()["team"], "research");
    let taints = all.items[0].spec.as_ref().unwrap().taints.as_ref().unwrap();
    let taint = taints.iter().find(|taint| taint.key == "nvidia.com/gpu").unwrap();
    assert_eq!((taint.effect.as_str(), taint.value.as_deref()), ("NoSchedule", Some("present")));
}

const SERVICES: &str = "\
services:
- namespace: default
  name: hook
  address: 127.0.0.1:1
";

#[tokio::test]
async fn webhooks_are_asked_where_the_file_says() {
    let files = [("services.yaml", SERVICES)];
    let running = Running::start(&files, &["--services", "services.yaml"]).await;
    let client = running.client(None, "test").await;
    let service = serde_json::json!({ "metadata": { "name": "hook" }, "spec": { "ports": [{ "port": 443 }] } });
    let services: Api<Service> = Api::default_namespaced(client.clone());
    let usual = PostParams::default();
    services.create(&usual, &serde_json::from_value(service).unwrap()).await.unwrap();
    // Any certificate: nobody listens who could show one.
    let authority = Kubeconfig::read_from(running.folder.path().join("config")).unwrap().clusters;
    let authority = authority[0].cluster.as_ref().unwrap().certificate_authority_data.clone();
    let configuration = serde_json::json!({ "metadata": { "name": "v" }, "webhooks": [{
        "name": "a.b.c", "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "clientConfig": { "service": { "namespace": "default", "name": "hook" }, "caBundle": authority },
        "rules": [{ "operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"] }],
    }] });
    let all: Api<ValidatingWebhookConfiguration> = Api::all(client.clone());
    all.create(&usual, &serde_json::from_value(configuration).unwrap()).await.unwrap();
    let map = serde_json::from_value(serde_json::json!({ "metadata": { "name": "m" } })).unwrap();
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let refused = maps.create(&usual, &map).await.unwrap_err();
    assert!(refused.to_string().contains("dial tcp 127.0.0.1:1"), "{refused}");
}

fn refused(file: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file.yaml"), text).unwrap();
    let output: Output = command(folder.path(), &[file, "file.yaml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let said = refused("--faults", "clients:\n- user: a\n  fail: 1\n");
    assert!(said.contains("file.yaml:3:3: there is no field \"fail\" here"), "{said}");
    let said = refused("--services", "services:\n- namespace: a\n  name: b\n  address: c\n");
    assert!(said.contains("file.yaml:4:12: \"c\" is no address"), "{said}");
    let said = refused("--pools", "pools:\n- name: a\n  count: 1\n  shape: h1000\n");
    assert!(said.contains("file.yaml:4:10: \"h1000\": there is no such shape"), "{said}");
}
