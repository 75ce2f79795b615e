//! The cluster that the tests run on.

use super::{Machines, Run};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A cluster, and whether its machines are ours to break.
#[derive(Debug)]
pub(crate) struct Place {
    kubeconfig: PathBuf,
    context: Option<String>,
    machines: Option<Machines>,
    kubectl: PathBuf,
}

/// The cluster that the tests were given.
pub(crate) fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let given = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let machines = given("MUSTER_TEST_CLUSTER").map(Machines::new);
        let kubeconfig =
            machines.as_ref().map(Machines::kubeconfig).or_else(|| given("KUBECONFIG"));
        let kubectl = machines.as_ref().map(|it| it.program("kubectl"));
        Place {
            kubectl: kubectl.unwrap_or_else(|| "kubectl".into()),
            kubeconfig: kubeconfig.expect("a cluster is given: `cargo xtask test` starts one"),
            context: std::env::var("MUSTER_TEST_CONTEXT").ok(),
            machines,
        }
    })
}

impl Place {
    /// Its machines, if they are namespaces that the tests may kill.
    pub(crate) fn machines(&self) -> Option<&Machines> {
        self.machines.as_ref()
    }

    /// Another cluster, whose machines cannot be killed, for the same kubectl.
    pub(crate) fn elsewhere(&self, kubeconfig: PathBuf) -> Self {
        Self { kubeconfig, context: None, machines: None, kubectl: self.kubectl.clone() }
    }

    /// `muster` with these words, separated by spaces, at the top of the checkout.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        let mut words = line.split_whitespace();
        let verb = words.next();
        command.args(verb);
        if verb == Some("up") && self.context.is_none() {
            command.arg("--current-context");
        }
        command.args(self.context.iter().flat_map(|name| ["--context", name]));
        command.args(words).env("KUBECONFIG", &self.kubeconfig);
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        command
    }

    pub(crate) fn muster(&self, line: &str) -> Run {
        Run::of(&mut self.command(line))
    }

    pub(crate) fn kubectl_command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.args(self.context.iter().flat_map(|name| ["--context", name])).args(words);
        command.env("KUBECONFIG", &self.kubeconfig);
        command
    }

    pub(crate) fn try_kubectl(&self, words: &[&str]) -> Run {
        Run::of(&mut self.kubectl_command(words))
    }

    /// What kubectl printed; it must not fail.
    #[track_caller]
    pub(crate) fn kubectl(&self, words: &[&str]) -> String {
        self.try_kubectl(words).exits(0).stdout
    }

    /// Objects of a kind in a namespace.
    #[track_caller]
    pub(crate) fn list(&self, namespace: &str, kind: &str) -> Vec<Value> {
        let text = self.kubectl(&["get", kind, "-n", namespace, "-o", "json"]);
        let list: Value = serde_json::from_str(&text).unwrap();
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// One object, if it is there.
    pub(crate) fn get(&self, namespace: &str, object: &str) -> Option<Value> {
        let words = ["get", object, "-n", namespace, "-o", "json", "--ignore-not-found"];
        serde_json::from_str(&self.kubectl(&words)).ok()
    }

    /// Applies a manifest as kubectl does.
    #[track_caller]
    pub(crate) fn apply(&self, manifest: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("manifest.yaml");
        std::fs::write(&file, manifest).unwrap();
        self.kubectl(&["apply", "--server-side", "-f", file.to_str().unwrap()]);
    }

    /// Pods of a Compose service that are not on their way out.
    pub(crate) fn pods(&self, namespace: &str, service: &str) -> Vec<Value> {
        let selector = format!("app.kubernetes.io/name={service}");
        let words = ["get", "pods", "-n", namespace, "-l", &selector, "-o", "json"];
        let list: Value = serde_json::from_str(&self.kubectl(&words)).unwrap();
        let pods = list["items"].as_array().cloned().unwrap_or_default();
        pods.into_iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).collect()
    }
}
