//! The real kubectl against a served twin.
//!
//! `KUBEBUILDER_ASSETS` names the folder of kubectl, else the cache of `cargo xtask cluster` is
//! looked into; without it the tests skip.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "all of it is a test")]

use http::StatusCode;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot::{self, Sender};
use twin::Twin;

fn kubectl() -> Option<PathBuf> {
    let cache =
        std::env::var_os("HOME").map(|it| PathBuf::from(it).join(".cache/muster/cluster/bin"));
    let named = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let found = named.into_iter().chain(cache).map(|it| it.join("kubectl")).find(|it| it.exists());
    if found.is_none() {
        println!("SKIP: no kubectl; set KUBEBUILDER_ASSETS, or run `cargo xtask cluster up` once");
    }
    found
}

/// A served twin, and a kubectl for it.
struct Stage {
    kubectl: PathBuf,
    folder: TempDir,
    serving: Option<(Sender<()>, JoinHandle<()>)>,
}

/// Serves in a thread of its own until the sender goes.
fn serve(kubeconfig: PathBuf) -> (Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel();
    let (ready, readied) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let twin = Twin::builder().nodes(3).start();
            let served = twin.serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
            served.write_kubeconfig(&kubeconfig).unwrap();
            ready.send(()).unwrap();
            let _ = stopped.await;
            served.end().await;
        });
    });
    readied.recv().unwrap();
    (stop, thread)
}

impl Stage {
    fn new() -> Option<Self> {
        let kubectl = kubectl()?;
        let folder = tempfile::tempdir().unwrap();
        let serving = Some(serve(folder.path().join("config")));
        std::fs::write(folder.path().join("web.yaml"), WEB).unwrap();
        Some(Self { kubectl, folder, serving })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.args(line.split(' ')).current_dir(self.folder.path());
        command.env("KUBECONFIG", self.path("config")).env("HOME", self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs it, and gives what it says and whether it succeeds.
    fn ends(&self, line: &str) -> (bool, String) {
        let output = self.command(line).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    fn says(&self, line: &str) -> String {
        let (success, said) = self.ends(line);
        assert!(success, "kubectl {line}\n{said}");
        said
    }

    fn tells(&self, line: &str, parts: &[&str]) {
        let said = self.says(line);
        for part in parts {
            assert!(said.contains(part), "kubectl {line}\nlacks {part:?}:\n{said}");
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.serving.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: c, image: 'nginx:1', ports: [{containerPort: 80}]}]}
";

fn replace(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn kubectl_looks() {
    let Some(stage) = Stage::new() else { return };
    stage.tells("version", &["Server Version: v1.37"]);
    stage.tells("get nodes", &["NAME", "STATUS", "ROLES", "AGE", "VERSION", "node-2"]);
    stage.tells("get nodes -o wide", &["INTERNAL-IP", "CONTAINER-RUNTIME"]);
    stage.tells("get namespaces -o yaml", &["kind: Namespace", "name: kube-system"]);
    stage.tells("get nodes -o json", &["\"kind\": \"Node\"", "\"node-1\""]);
    stage.tells("get nodes -o name", &["node/node-0"]);
    stage.tells("describe node node-0", &["node-0\nRoles:"]);
    stage.tells("api-resources", &["deployments", "deploy", "apps/v1"]);
    stage.tells("api-versions", &["apps/v1", "batch/v1"]);
    stage.tells(
        "explain deployment.spec.strategy",
        &["DeploymentStrategy", "rollingUpdate\t<RollingUpdateDeployment>", "deployment strategy"],
    );
    stage.tells("auth can-i create pods", &["yes"]);
    stage.tells("auth can-i --list", &["*.*"]);
    stage.tells("auth whoami", &["kubernetes-admin"]);
    let (found, said) = stage.ends("get pod none");
    assert!(!found && said.contains(r#"Error from server (NotFound): pods "none" not found"#));
}

#[test]
fn kubectl_creates_and_changes() {
    let Some(stage) = Stage::new() else { return };
    stage.tells("create namespace other", &["namespace/other created"]);
    stage.tells("create configmap map --from-literal=a=b", &["configmap/map created"]);
    stage.tells("create secret generic key --from-literal=a=b", &["secret/key created"]);
    stage.tells("create deployment web --image=nginx:1 --replicas=2", &["web created"]);
    stage.tells("get deployments web -o wide", &["READY", "UP-TO-DATE", "nginx:1", "app=web"]);
    stage.tells("describe deployment web", &["Replicas:               2 desired", "nginx:1"]);
    stage.tells("scale deployment web --replicas=3", &["scaled"]);
    stage.tells("label deployment web tier=front", &["labeled"]);
    stage.tells("annotate deployment web note=x", &["annotated"]);
    for (kind, patch) in [
        ("strategic", r#"{"spec":{"replicas":4}}"#),
        ("merge", r#"{"spec":{"replicas":5}}"#),
        ("json", r#"[{"op":"replace","path":"/spec/replicas","value":6}]"#),
    ] {
        stage.tells(&format!("patch deployment web --type={kind} -p {patch}"), &["web patched"]);
    }
    stage.tells("get deployment web -o jsonpath={.spec.replicas}", &["6"]);
    stage.tells("set image deployment/web nginx=nginx:2", &["image updated"]);
    stage.tells("run lone --image=nginx:1", &["pod/lone created"]);
    stage.tells("get pods", &["READY", "RESTARTS", "lone"]);
    stage.tells("describe pod lone", &["lone\nNamespace:", "QoS Class:"]);
    stage.tells("annotate pod lone muster.dev/log=hello", &["annotated"]);
    stage.tells("logs lone", &["hello\n"]);
    stage.tells("expose deployment web --port=80", &["service/web exposed"]);
    stage.tells("get services", &["CLUSTER-IP", "80/TCP"]);
    stage.tells("create role reader --verb=get --resource=pods", &["reader created"]);
    stage.tells("get roles", &["CREATED AT", "reader"]);
    stage.tells("wait --for=create configmap/map --timeout=10s", &["condition met"]);
    stage.tells("wait --for=jsonpath={.data.a}=b configmap/map --timeout=10s", &["condition met"]);
    stage.tells("cordon node-0", &["cordoned"]);
    stage.tells("get nodes", &["SchedulingDisabled"]);
    stage.tells("delete configmap map", &["deleted"]);
    stage.tells("delete deployment web --wait=false", &["deleted"]);
}

#[test]
fn kubectl_follows_logs() {
    let Some(stage) = Stage::new() else { return };
    let words = "echo first; sleep 3; echo second; sleep 1";
    let line = "run talker --image=busybox:1 --restart=Never --command -- sh -c";
    let made = stage.command(line).arg(words).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    stage.tells("wait --for=condition=Ready pod/talker --timeout=30s", &["condition met"]);
    let followed = stage.says("logs -f talker");
    assert_eq!(followed, "first\nsecond\n");
    stage.tells("logs talker --tail=1 --timestamps", &["Z second"]);
}

#[test]
fn kubectl_looks_into_pods() {
    let Some(stage) = Stage::new() else { return };
    stage.says("run lone --image=nginx:1");
    stage.tells("wait --for=condition=Ready pod/lone --timeout=30s", &["condition met"]);
    stage.says("debug lone -q --image=busybox:1 --container=look --target=lone -- sleep 600");
    let state = "{.status.ephemeralContainerStatuses[0].state.running.startedAt}";
    stage.tells(&format!("wait --for=jsonpath={state} pod/lone --timeout=30s"), &["condition met"]);
    let patch = r#"{"spec":{"containers":[{"name":"lone","resources":{"limits":{"cpu":"1"}}}]}}"#;
    let (resized, said) = stage.ends(&format!("patch pod lone --subresource=resize -p {patch}"));
    assert!(!resized && said.contains("Pod QOS Class may not change"), "{said}");
    let overrides = r#"--overrides={"spec":{"containers":[{"name":"odd","image":"i","envFrom":[{"configMapRef":{"name":"none"}}]}]}}"#;
    stage.says(&format!("run odd --image=i {overrides}"));
    let reason = "{.status.containerStatuses[0].state.waiting.reason}";
    let wanted = format!("wait --for=jsonpath={reason}=CreateContainerConfigError pod/odd");
    stage.tells(&format!("{wanted} --timeout=30s"), &["condition met"]);
    stage.tells("get pod odd", &["0/1", "CreateContainerConfigError"]);
    stage.tells("describe pod odd", &[r#"Error: configmap "none" not found"#]);
    let (_, said) = stage.ends("logs odd");
    assert!(said.contains("is waiting to start: CreateContainerConfigError"), "{said}");
}

#[test]
fn kubectl_applies() {
    let Some(stage) = Stage::new() else { return };
    let file = stage.path("web.yaml");
    stage.tells("apply -f web.yaml", &["deployment.apps/shop created"]);
    stage.tells("apply -f web.yaml", &["deployment.apps/shop unchanged"]);
    replace(&file, "replicas: 2", "replicas: 3");
    let (same, said) = stage.ends("diff -f web.yaml");
    assert!(!same && said.contains("+  replicas: 3") && said.contains("-  replicas: 2"), "{said}");
    stage.tells("apply -f web.yaml", &["deployment.apps/shop configured"]);
    replace(&file, "nginx:1", "nginx:2");
    stage.tells("apply --server-side --force-conflicts -f web.yaml", &["serverside-applied"]);
    stage.tells("get deployment shop -o yaml", &["image: nginx:2", "replicas: 3"]);
    replace(&file, "replicas: 3", "replicas: 1");
    stage.tells("replace -f web.yaml", &["deployment.apps/shop replaced"]);
    replace(&file, "replicas: 1", "replicaz: 1");
    let (valid, said) = stage.ends("apply -f web.yaml");
    assert!(!valid && said.contains(r#"unknown field "spec.replicaz""#), "{said}");
    stage.tells("delete -f web.yaml --wait=false", &["\"shop\" deleted"]);
    let unknown = "{apiVersion: example.dev/v1, kind: Unheard, metadata: {name: x}}";
    std::fs::write(stage.path("unheard.yaml"), unknown).unwrap();
    let (known, said) = stage.ends("create -f unheard.yaml");
    assert!(!known && said.contains(r#"no matches for kind "Unheard""#), "{said}");
}

#[test]
fn kubectl_watches() {
    let Some(stage) = Stage::new() else { return };
    stage.says("create configmap first --from-literal=a=b");
    let mut watch = stage.command("get configmaps -w");
    let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().starts_with("NAME"));
    assert!(lines.by_ref().any(|line| line.starts_with("first ")));
    stage.says("create configmap second --from-literal=a=b --from-literal=c=d");
    let seen = lines.find(|line| line.starts_with("second ")).unwrap();
    assert!(seen.contains(" 2 "), "{seen}");
    watch.kill().unwrap();
    watch.wait().unwrap();
}

/// Speaks to the socket as no client should, and gives the first line of the answer.
#[test]
fn the_door_is_closed_to_strangers() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let start = std::time::Instant::now();
        let served = Twin::builder().start().serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = served.address();
        // Somebody who never greets holds up nobody.
        let silent = tokio::net::TcpStream::connect(address).await.unwrap();
        let mut noisy = tokio::net::TcpStream::connect(address).await.unwrap();
        noisy.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let _ = noisy.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"));

        let config =
            serde_json::to_value(kube::config::Kubeconfig::from_yaml(served.kubeconfig()).unwrap())
                .unwrap();
        assert_eq!(config["clusters"][0]["cluster"]["server"], format!("https://{address}"));
        let options = kube::config::KubeConfigOptions::default();
        let known = kube::config::Kubeconfig::from_yaml(served.kubeconfig()).unwrap();
        let known = kube::Config::from_custom_kubeconfig(known, &options).await.unwrap();
        let mut stranger = known.clone();
        stranger.auth_info = kube::config::AuthInfo::default();
        let (known, stranger) =
            (kube::Client::try_from(known).unwrap(), kube::Client::try_from(stranger).unwrap());
        let code = async |client: &kube::Client, path: &str, body: Vec<u8>| {
            let method = if body.is_empty() { "GET" } else { "POST" };
            let request = http::Request::builder().method(method).uri(path).body(body.into());
            client.send(request.unwrap()).await.unwrap().status()
        };
        assert_eq!(code(&stranger, "/api/v1/pods", vec![]).await, StatusCode::UNAUTHORIZED);
        assert_eq!(code(&stranger, "/readyz", vec![]).await, StatusCode::OK);
        println!("first answers over HTTPS within {:?} of the start", start.elapsed());
        assert_eq!(code(&known, "/api/v1/pods", vec![]).await, StatusCode::OK);
        let huge = vec![b' '; 4 * 1024 * 1024];
        let maps = "/api/v1/namespaces/default/configmaps";
        assert_eq!(code(&known, maps, huge).await, StatusCode::PAYLOAD_TOO_LARGE);
        drop(silent);
        served.end().await;
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    });
}

#[cfg(unix)]
#[test]
fn the_kubeconfig_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::File::create(&path).unwrap().write_all(b"old").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let served = Twin::builder().start().serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
        served.write_kubeconfig(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), served.kubeconfig());
    });
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
