//! A small product of every kind that matters, and what is left of it.

use super::proxy::Proxy;
use crate::kit::{Place, Run, place};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// About ten objects: a Deployment, a Job, a claim, a Secret, a `ConfigMap`, Services, policies.
const COMPOSE: &str = r#"
name: trial
services:
  web:
    image: busybox:1.37.0
    user: "1000"
    command: ["sleep", "1000"]
    stop_grace_period: 1s
    expose: ["8080"]
    environment: { DB_PASSWORD: not-a-secret-of-anybody }
    configs: [{ source: settings, target: /etc/settings }]
    volumes: ["shared:/shared"]
  init:
    image: busybox:1.37.0
    user: "1000"
    command: ["true"]
    restart: "no"
    volumes: ["shared:/shared"]
configs: { settings: { content: "colour = blue" } }
volumes: { shared: {} }
"#;

/// Kinds that are looked at.
const KINDS: &str = "configmaps,secrets,services,serviceaccounts,persistentvolumeclaims,\
                     deployments,statefulsets,jobs,networkpolicies,leases";

/// The product in a namespace, seen through a proxy.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    proxy: &'a Proxy,
    place: &'static Place,
    namespace: String,
    folder: TempDir,
}

impl<'a> Trial<'a> {
    pub(super) fn new(proxy: &'a Proxy, namespace: impl Into<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("compose.yaml"), COMPOSE).unwrap();
        Self { proxy, place: place(), namespace: namespace.into(), folder }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = self.place.command(line);
        command.args(["--namespace", &self.namespace]).current_dir(self.folder.path());
        command.env("KUBECONFIG", self.proxy.kubeconfig());
        command
    }

    /// Applies it; whether it serves is not what these tests are about.
    pub(super) fn up(&self) -> Run {
        Run::of(&mut self.command("up --yes --no-wait"))
    }

    pub(super) fn down(&self) -> Run {
        Run::of(&mut self.command("down --yes"))
    }

    /// Runs a command of which the proxy makes a victim.
    pub(super) fn dies(&self, line: &str) {
        let mut command = self.command(line);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        self.proxy.aim(child.id());
        let code = child.wait().unwrap().code();
        assert_eq!(code, None, "it ended by itself");
    }

    /// Every object that is there, without what differs from run to run.
    pub(super) fn state(&self) -> BTreeMap<String, Value> {
        let words = ["get", KINDS, "-n", &self.namespace, "-o", "json"];
        let list: Value = serde_json::from_str(&self.place.kubectl(&words)).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        let named = items.map(|object| {
            let text = |pointer: &str| object.pointer(pointer).unwrap().as_str().unwrap();
            let name = format!("{}/{}", text("/kind"), text("/metadata/name"));
            (name, self.normal(object))
        });
        named.filter(|(name, _)| !GIVEN.contains(&name.as_str())).collect()
    }

    /// Fails unless the state is this one, and names only the objects that differ.
    pub(super) fn is_at(&self, want: &BTreeMap<String, Value>, when: &str) {
        let state = self.state();
        let names: BTreeSet<_> = state.keys().chain(want.keys()).collect();
        let other = names.into_iter().filter(|name| state.get(*name) != want.get(*name));
        let other: Vec<_> = other
            .map(|name| format!("{name}: {:?}\n not {:?}", state.get(name), want.get(name)))
            .collect();
        assert!(other.is_empty(), "{when}:\n{}", other.join("\n"));
    }

    fn normal(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let kept = fields.iter().filter(|(name, _)| !differs(name));
                let kept: Map<_, _> =
                    kept.map(|(name, value)| (name.clone(), self.normal(value))).collect();
                Value::Object(kept)
            }
            Value::Array(items) => items.iter().map(|it| self.normal(it)).collect(),
            // Nobody waited for the Job: a second run may find it done, and notes that.
            Value::String(text) => {
                text.replace(&self.namespace, "NAMESPACE").replace(r#""mark":"done","#, "").into()
            }
            other => other.clone(),
        }
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.place.try_kubectl(&["delete", "namespace", &self.namespace, "--wait=false"]);
    }
}

/// What every namespace has.
const GIVEN: &[&str] = &["ConfigMap/kube-root-ca.crt", "ServiceAccount/default"];

/// Fields that the server fills in, or that tell the time.
fn differs(field: &str) -> bool {
    const FIELDS: &[&str] = &[
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "managedFields",
        "status",
        "clusterIP",
        "clusterIPs",
        "volumeName",
        "acquireTime",
        "renewTime",
        "holderIdentity",
        "annotations",
        "finalizers",
    ];
    FIELDS.contains(&field) || field.ends_with("controller-uid")
}
