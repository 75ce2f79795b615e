//! Pods with policies of every kind: one for each rule of the documentation.

use super::world::{Running, World};
use crate::kit::{Place, within};
use serde_json::{Value, json};
use std::time::Duration;

const NAMESPACES: [&str; 2] = ["policies-a", "policies-b"];

/// Pods of the first namespace that a policy selects by their name, and those that call them.
const PODS: [&str; 17] = [
    "open",
    "deny",
    "anybody",
    "by-pod",
    "by-namespace",
    "both",
    "either",
    "not-red",
    "range",
    "named",
    "protocol",
    "block",
    "out",
    "out-block",
    "shut",
    "red",
    "blue",
];

/// What happens to a policy.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Comes,
    Goes,
}

/// Removed at the end.
pub(super) struct Cases {
    place: &'static Place,
}

impl Cases {
    pub(super) fn policies() -> &'static str {
        include_str!("cases.yaml")
    }

    pub(super) fn start(place: &'static Place) -> Self {
        let cases = Self { place };
        cases.remove("--wait=true");
        place.apply(Self::policies());
        let [a, b] = NAMESPACES;
        let here = PODS.map(|name| pod(a, name));
        let pods = here.into_iter().chain(["red", "blue"].map(|name| pod(b, name)));
        let texts: Vec<_> = pods.map(|pod| pod.to_string()).collect();
        place.apply(&texts.join("\n---\n"));
        for name in NAMESPACES {
            let until = ["--for=condition=Ready", "--timeout=90s"];
            place.kubectl(&[&["wait", "-n", name, "pod", "--all"][..], &until].concat());
        }
        cases
    }

    pub(super) fn running(world: &World) -> Vec<Running> {
        NAMESPACES.iter().flat_map(|name| world.running(name)).collect()
    }

    /// A policy for the pod that has none comes or goes.
    pub(super) fn shut_open(&self, change: Change) {
        let policy = json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": { "namespace": NAMESPACES[0], "name": "shut-open" },
            "spec": { "podSelector": { "matchLabels": { "case": "open" } } },
        });
        match change {
            Change::Comes => self.place.apply(&policy.to_string()),
            Change::Goes => {
                let words = ["delete", "networkpolicy", "shut-open", "-n", NAMESPACES[0]];
                self.place.kubectl(&words);
            }
        }
    }

    /// What a new pod of a case gets back from a target when that is the first thing it does.
    pub(super) fn first_words(&self, case: &str, target: &str) -> String {
        let name = format!("early-{case}");
        let mut pod = pod(NAMESPACES[0], &name);
        pod["metadata"]["labels"]["case"] = case.into();
        pod["spec"]["restartPolicy"] = "Never".into();
        pod["spec"]["containers"][0]["command"] = json!(["probe", "reach", target]);
        self.place.apply(&pod.to_string());
        let object = format!("pod/{name}");
        within(Duration::from_secs(30), "it ends", || {
            let phase = &self.place.get(NAMESPACES[0], &object)?["status"]["phase"];
            (phase == "Succeeded").then_some(())
        });
        let said = self.place.kubectl(&["logs", "-n", NAMESPACES[0], &name]);
        said.split_whitespace().last().unwrap_or_default().to_owned()
    }

    fn remove(&self, wait: &str) {
        let [a, b] = NAMESPACES;
        self.place.try_kubectl(&["delete", "namespace", a, b, "--ignore-not-found", wait]);
    }
}

impl Drop for Cases {
    fn drop(&mut self) {
        self.remove("--wait=false");
    }
}

/// A pod in which nobody listens, with names for two of its ports.
fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "namespace": namespace, "name": name, "labels": { "case": name } },
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": false,
            "containers": [{
                "name": "probe",
                "image": "busybox:1.37.0",
                "command": ["sleep", "600"],
                "ports": [
                    { "name": "web", "containerPort": 81 },
                    { "name": "dns", "containerPort": 53, "protocol": "UDP" },
                ],
            }],
        },
    })
}
