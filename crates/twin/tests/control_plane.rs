//! The real controller manager and scheduler against a served twin that has nodes and nothing else.
//!
//! `KUBEBUILDER_ASSETS` names the folder of their binaries, else the cache of `cargo xtask cluster`
//! is looked into; without them the test skips.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "all of it is a test")]

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Namespace, Pod, Service, ServiceAccount};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, PropagationPolicy};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use twin::{Motion, Served, Twin};

const PROGRAMS: [&str; 2] = ["kube-controller-manager", "kube-scheduler"];

fn binaries() -> Option<PathBuf> {
    let home =
        std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/muster/cluster/bin"));
    let named = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let has_all = |folder: &PathBuf| PROGRAMS.iter().all(|name| folder.join(name).exists());
    let found = named.into_iter().chain(home).find(has_all);
    if found.is_none() {
        println!(
            "SKIP: no kube-controller-manager and kube-scheduler; run `cargo xtask cluster up` once"
        );
    }
    found
}

/// A twin with a control plane of somebody else. The programs end with this value.
struct Plane {
    client: kube::Client,
    children: Vec<Child>,
    folder: TempDir,
    _served: Served,
}

impl Drop for Plane {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            for name in PROGRAMS {
                let log =
                    std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
                let last: Vec<_> = log.lines().rev().take(30).collect();
                println!(
                    "{name} at last:\n{}",
                    last.into_iter().rev().collect::<Vec<_>>().join("\n")
                );
            }
        }
    }
}

impl Plane {
    async fn start() -> Option<Self> {
        let binaries = binaries()?;
        let folder = tempfile::tempdir().unwrap();
        let twin = Twin::builder().nodes(3).motion(Motion::Nodes).start();
        let served = twin.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let config = folder.path().join("config");
        served.write_kubeconfig(&config).unwrap();
        let children = PROGRAMS
            .iter()
            .map(|name| run(&binaries.join(name), &config, &folder.path().join(name)))
            .collect();
        Some(Self { client: twin.client(), children, folder, _served: served })
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), "default")
    }
}

fn run(program: &Path, config: &Path, log: &Path) -> Child {
    let config = format!("--kubeconfig={}", config.display());
    let log = std::fs::File::create(log).unwrap();
    let mut command = Command::new(program);
    command.arg(config).args(["--secure-port=0", "--v=2"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// Asks until the answer is there. Who runs the test ends one that waits for ever, and sees for what:
/// this is said where no test's output is kept back.
async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let mut told = std::io::stderr();
    writeln!(told, "waiting: {what}").unwrap();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn web() -> (Deployment, Service) {
    let labels = json!({ "app": "web" });
    let container = json!({ "name": "web", "image": "web:1", "ports": [{ "containerPort": 80 }] });
    let deployment = json!({
        "metadata": { "name": "web" },
        "spec": {
            "replicas": 4,
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } },
        },
    });
    let service = json!({
        "metadata": { "name": "web" },
        "spec": { "selector": labels, "ports": [{ "port": 80 }] },
    });
    let read = "objects of this test have their types' shape";
    (serde_json::from_value(deployment).expect(read), serde_json::from_value(service).expect(read))
}

/// Whether all replicas are of the newest template, and ready.
fn is_rolled_out(deployment: &Deployment, replicas: i32) -> bool {
    let status = deployment.status.clone().unwrap_or_default();
    let all = Some(replicas);
    status.observed_generation == deployment.metadata.generation
        && [status.replicas, status.updated_replicas, status.ready_replicas] == [all, all, all]
}

impl Plane {
    async fn rolled_out(&self, what: &str, replicas: i32) {
        let deployments = self.api::<Deployment>();
        until(what, async || {
            let deployment = deployments.get("web").await.unwrap();
            is_rolled_out(&deployment, replicas).then_some(())
        })
        .await;
    }

    async fn patch(&self, patch: Value) {
        let merge = Patch::Merge(patch);
        self.api::<Deployment>().patch("web", &PatchParams::default(), &merge).await.unwrap();
    }

    async fn count<K>(&self) -> usize
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned,
    {
        let ours = ListParams::default().labels("app=web");
        self.api::<K>().list(&ours).await.unwrap().items.len()
    }

    /// How many addresses are behind the Service.
    async fn behind(&self) -> usize {
        let ours = ListParams::default().labels("kubernetes.io/service-name=web");
        let slices = self.api::<EndpointSlice>().list(&ours).await.unwrap();
        let endpoints = slices.items.into_iter().flat_map(|slice| slice.endpoints);
        endpoints
            .filter(|it| it.conditions.as_ref().is_some_and(|it| it.ready == Some(true)))
            .count()
    }
}

impl Plane {
    /// Waits for a number in the status of an object.
    async fn counts<K>(&self, name: &str, field: &str, wanted: u64)
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned
            + serde::Serialize,
    {
        until(&format!("{name}: {wanted} {field}"), async || {
            let object = self.api::<K>().get(name).await.unwrap();
            let object = serde_json::to_value(object).unwrap();
            (object["status"][field] == wanted).then_some(())
        })
        .await;
    }

    async fn made<K>(&self, object: Value)
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned
            + serde::Serialize,
    {
        let object = serde_json::from_value(object).unwrap();
        self.api::<K>().create(&PostParams::default(), &object).await.unwrap();
    }
}

/// A template of pods, and what selects them.
fn template(name: &str, more: &Value) -> (Value, Value) {
    let labels = json!({ "app": name });
    let mut spec = json!({ "containers": [{ "name": "c", "image": "c:1" }] });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    (json!({ "matchLabels": labels }), json!({ "metadata": { "labels": labels }, "spec": spec }))
}

/// The other workloads, and the end of a namespace with all that is in it.
async fn runs_what_else_there_is(plane: &Plane) {
    let (selector, pods) = template("set", &json!({}));
    let set =
        json!({ "serviceName": "set", "replicas": 2, "selector": selector, "template": pods });
    plane.made::<StatefulSet>(json!({ "metadata": { "name": "set" }, "spec": set })).await;
    let (selector, pods) = template("each", &json!({}));
    let each = json!({ "selector": selector, "template": pods });
    plane.made::<DaemonSet>(json!({ "metadata": { "name": "each" }, "spec": each })).await;
    let (_, mut pods) = template("once", &json!({ "restartPolicy": "Never" }));
    pods["metadata"]["annotations"] = json!({ "muster.dev/run-seconds": "0.1" });
    let once = json!({ "completions": 2, "template": pods });
    plane.made::<Job>(json!({ "metadata": { "name": "once" }, "spec": once })).await;
    plane.counts::<StatefulSet>("set", "readyReplicas", 2).await;
    plane.counts::<DaemonSet>("each", "numberReady", 3).await;
    plane.counts::<Job>("once", "succeeded", 2).await;

    until("a bundle of certificates", async || {
        let path = "/apis/certificates.k8s.io/v1/clustertrustbundles";
        let request = http::Request::get(path).body(Vec::new()).unwrap();
        let bundles = plane.client.request_text(request).await.unwrap();
        bundles.contains("kubernetes.io:kube-apiserver-serving:").then_some(())
    })
    .await;

    let namespaces = Api::<Namespace>::all(plane.client.clone());
    let other = serde_json::from_value(json!({ "metadata": { "name": "other" } })).unwrap();
    namespaces.create(&PostParams::default(), &other).await.unwrap();
    let accounts = Api::<ServiceAccount>::namespaced(plane.client.clone(), "other");
    until("an account", async || accounts.get_opt("default").await.unwrap()).await;
    namespaces.delete("other", &DeleteParams::default()).await.unwrap();
    until("the end of a namespace", async || {
        namespaces.get_opt("other").await.unwrap().is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_real_control_plane_rolls_out() {
    let Some(plane) = Plane::start().await else { return };
    let (deployment, service) = web();
    let created = PostParams::default();
    plane.api::<Service>().create(&created, &service).await.unwrap();
    plane.api::<Deployment>().create(&created, &deployment).await.unwrap();
    plane.rolled_out("rolled out", 4).await;
    until("addresses", async || (plane.behind().await == 4).then_some(())).await;

    let newer = json!([{ "name": "web", "image": "web:2" }]);
    plane.patch(json!({ "spec": { "template": { "spec": { "containers": newer } } } })).await;
    plane.rolled_out("updated", 4).await;
    assert_eq!(plane.count::<ReplicaSet>().await, 2);

    plane.patch(json!({ "spec": { "replicas": 7 } })).await;
    plane.rolled_out("scaled", 7).await;
    until("addresses", async || (plane.behind().await == 7).then_some(())).await;
    let events = plane.api::<Event>().list(&ListParams::default()).await.unwrap();
    for reason in ["Scheduled", "SuccessfulCreate", "ScalingReplicaSet"] {
        let told =
            |event: &Event| event.reason.as_deref() == Some(reason) && event.message.is_some();
        assert!(events.iter().any(told), "{reason}");
    }

    let foreground = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Foreground),
        ..DeleteParams::default()
    };
    plane.api::<Deployment>().delete("web", &foreground).await.unwrap();
    until("deleted", async || {
        plane.api::<Deployment>().get_opt("web").await.unwrap().is_none().then_some(())
    })
    .await;
    assert_eq!((plane.count::<ReplicaSet>().await, plane.count::<Pod>().await), (0, 0));
    runs_what_else_there_is(&plane).await;
}
