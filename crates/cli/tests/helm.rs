//! The real helm runs the chart that `muster plan` writes, on a twin.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on fails")]

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use tempfile::TempDir;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn helm() -> Option<PathBuf> {
    let path = workspace().join("target/judges/bin/helm");
    if path.is_file() {
        return path.canonicalize().ok();
    }
    println!("SKIP: no helm in target/judges; `cargo xtask test` sets it up");
    None
}

/// What the shop needs of a cluster: routes of the Gateway API, and a class of volumes that are there at once, because
/// helm waits for claims that nobody uses yet.
const GROUND: [(&str, &str); 3] = [
    ("Chart.yaml", "{apiVersion: v2, name: ground, version: 1.0.0}"),
    (
        "crds/routes.yaml",
        "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: httproutes.gateway.networking.k8s.io
  annotations:
    api-approved.kubernetes.io: https://github.com/kubernetes-sigs/gateway-api/pull/2997
spec:
  group: gateway.networking.k8s.io
  scope: Namespaced
  names: {plural: httproutes, singular: httproute, kind: HTTPRoute, listKind: HTTPRouteList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
",
    ),
    (
        "templates/class.yaml",
        "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: at-once}
provisioner: muster.dev/simulated
volumeBindingMode: Immediate
",
    ),
];

/// A twin, a helm for it, and the charts. The twin ends with this value.
struct Stage {
    helm: PathBuf,
    folder: TempDir,
    twin: Child,
    /// Whoever writes to a pipe that nobody reads has an error.
    _greeting: BufReader<ChildStdout>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.twin.kill();
        let _ = self.twin.wait();
    }
}

impl Stage {
    fn new() -> Option<Self> {
        let helm = helm()?;
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in GROUND {
            let path = folder.path().join("ground").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let muster = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
            command.current_dir(folder.path());
            command
        };
        let compose = workspace().join("examples/shop/compose.yaml");
        let plan =
            muster().arg("plan").arg(compose).args(["--format", "helm", "--out", "shop"]).output();
        let plan = plan.unwrap();
        assert!(plan.status.success(), "{}", String::from_utf8_lossy(&plan.stderr));
        let mut serve = muster();
        serve.args(["twin", "--kubeconfig", "config"]).stdout(Stdio::piped());
        let mut twin = serve.spawn().unwrap();
        // It says where it is once it serves.
        let mut greeting = BufReader::new(twin.stdout.take().unwrap());
        greeting.read_line(&mut String::new()).unwrap();
        Some(Self { helm, folder, twin, _greeting: greeting })
    }

    fn says(&self, line: &str) -> String {
        let mut command = Command::new(&self.helm);
        command.args(line.split(' ')).current_dir(self.folder.path());
        command.env("KUBECONFIG", "config").env("HOME", self.folder.path());
        let output = command.output().unwrap();
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert!(output.status.success(), "helm {line}\n{}", said(output.stderr));
        said(output.stdout)
    }

    /// The live Deployment of the shop's cache.
    fn cache(&self) -> Value {
        let status = self.says("status shop -n shop -o json");
        let status: Value = serde_json::from_str(&status).unwrap();
        let kinds = status["info"]["resources"].as_object().unwrap();
        let deployments = kinds.iter().filter(|(kind, _)| kind.ends_with("/Deployment"));
        let mut all = deployments.flat_map(|(_, list)| list.as_array().unwrap());
        all.find(|it| it["metadata"]["name"] == "cache").unwrap().clone()
    }

    fn runs(&self, image: &str) {
        let cache = self.cache();
        assert_eq!(cache["spec"]["template"]["spec"]["containers"][0]["image"], image);
        assert_eq!(cache["status"]["observedGeneration"], cache["metadata"]["generation"]);
        assert_eq!(cache["status"]["updatedReplicas"], 1);
        assert_eq!(cache["status"]["readyReplicas"], 1);
    }
}

#[test]
fn helm_installs_upgrades_rolls_back_and_uninstalls() {
    let Some(stage) = Stage::new() else { return };
    stage.says("install ground ground --wait");
    let values = "-f shop/values-secrets.yaml --set storage.db-backup.class=at-once";
    let waiting = "-n shop --wait --timeout 3m";
    stage.says(&format!("install shop shop --create-namespace {values} {waiting}"));
    stage.runs("valkey/valkey:8.1-alpine");
    stage.says(&format!(
        "upgrade shop shop {values} --set-string services.cache.image.tag=9 {waiting}"
    ));
    stage.runs("valkey/valkey:9");
    stage.says(&format!("rollback shop 1 {waiting}"));
    stage.runs("valkey/valkey:8.1-alpine");
    let history: Value = serde_json::from_str(&stage.says("history shop -n shop -o json")).unwrap();
    let states = history.as_array().unwrap().iter().map(|revision| &revision["status"]);
    assert_eq!(states.collect::<Vec<_>>(), ["superseded", "superseded", "deployed"]);
    stage.says(&format!("uninstall shop {waiting}"));
    assert_eq!(stage.says("list -A -q").trim(), "ground");
}
