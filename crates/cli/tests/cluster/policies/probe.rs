//! Who tries to reach others.

use super::measure::Answer;
use super::world::{Running, World};
use crate::kit::{Machines, Place, Run, Shop, within};
use check::reach::{Peer, Pod};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::Duration;

/// The control plane's machine: it is no pod, and all can route to it.
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 98, 0, 1));

/// One end.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) name: String,
    /// The Compose service that the pod is of.
    pub(super) service: String,
    pub(super) peer: Peer,
    pub(super) address: IpAddr,
    way: Way,
}

/// How something is run there.
#[derive(Clone, Debug)]
enum Way {
    /// In a container of a pod.
    Pod { place: &'static Place, namespace: String, pod: String, container: String },
    /// With that machine's network.
    Machine(&'static Machines),
    /// Not at all.
    No,
}

/// Probes in the networks of pods whose images have none: a container is added to each. They end by
/// themselves, since what was added to a pod cannot be taken out.
pub(super) fn inside(place: &'static Place, running: &[Running]) -> Vec<Probe> {
    let container = format!("probe-{}", std::process::id());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("container.json");
    std::fs::write(&file, json!({ "securityContext": confined() }).to_string()).unwrap();
    let custom = format!("--custom={}", file.display());
    let script = "trap exit TERM; sleep 120 & wait";
    for it in running {
        let mut words = vec!["debug", "-n", &it.pod.namespace, &it.name, "-c", &container];
        words.extend(["--image=busybox:1.37.0", "--profile=restricted", &custom, "--quiet"]);
        words.extend(["--", "sh", "-c", script]);
        place.kubectl(&words);
    }
    let probes: Vec<_> = running.iter().map(|it| Probe::new(place, it, &container)).collect();
    probes.iter().for_each(Probe::wait);
    probes
}

/// Pods that have a probe themselves.
pub(super) fn of(place: &'static Place, running: &[Running]) -> Vec<Probe> {
    running.iter().map(|it| Probe::new(place, it, "probe")).collect()
}

/// As Pod Security wants it.
fn confined() -> Value {
    json!({
        "runAsUser": 65532,
        "runAsNonRoot": true,
        "allowPrivilegeEscalation": false,
        "capabilities": { "drop": ["ALL"] },
        "seccompProfile": { "type": "RuntimeDefault" },
    })
}

impl Probe {
    fn new(place: &'static Place, running: &Running, container: &str) -> Self {
        let way = Way::Pod {
            place,
            namespace: running.pod.namespace.clone(),
            pod: running.name.clone(),
            container: container.to_owned(),
        };
        Self { way, ..Self::target_only(running) }
    }

    /// Somebody who is only reached.
    pub(super) fn target_only(running: &Running) -> Self {
        let service = running.pod.labels.get("app.kubernetes.io/name").cloned();
        Self {
            name: running.name.clone(),
            service: service.unwrap_or_default(),
            peer: running.peer(),
            address: running.pod.address.unwrap(),
            way: Way::No,
        }
    }

    pub(super) fn outside(machines: &'static Machines) -> Self {
        Self {
            name: "outside".to_owned(),
            service: String::new(),
            peer: Peer::Outside(OUTSIDE),
            address: OUTSIDE,
            way: Way::Machine(machines),
        }
    }

    /// A port of it, such as `tcp/80`, as others name it.
    pub(super) fn target(&self, port: &str) -> String {
        let (protocol, number) = port.split_once('/').unwrap();
        format!("{protocol}/{}:{number}", self.address)
    }

    /// What comes back from each of the targets.
    pub(super) fn reach(&self, targets: &[String]) -> Vec<Answer> {
        let said = self.run(targets).exits(0).stdout;
        let answers =
            said.lines().map(|line| Answer::read(line.rsplit(' ').next().unwrap_or(line)));
        let answers: Vec<_> = answers.collect();
        assert_eq!(answers.len(), targets.len(), "{said}");
        answers
    }

    fn run(&self, targets: &[String]) -> Run {
        match &self.way {
            Way::Pod { place, namespace, pod, container } => {
                let mut words = vec!["exec", "-n", namespace, pod, "-c", container, "--"];
                words.extend(["probe", "reach"]);
                words.extend(targets.iter().map(String::as_str));
                place.try_kubectl(&words)
            }
            Way::Machine(machines) => {
                // The thread that enters stays there, so it has to be one of its own.
                let run = || {
                    machines.enter();
                    Run::of(Command::new(machines.program("probe")).arg("reach").args(targets))
                };
                std::thread::scope(|scope| scope.spawn(run).join().unwrap())
            }
            Way::No => panic!("{} reaches nobody", self.name),
        }
    }

    /// Until its container runs.
    fn wait(&self) {
        let runs = || (self.run(&["tcp/127.0.0.1:1".to_owned()]).code == 0).then_some(());
        within(Duration::from_secs(20), "a probe runs", runs);
    }
}

/// Pods with the labels of workloads that have no pod now, removed at the end.
pub(super) struct StandIns {
    place: &'static Place,
    names: Vec<String>,
}

impl StandIns {
    pub(super) fn start<'p>(place: &'static Place, jobs: impl Iterator<Item = &'p Pod>) -> Self {
        let mut stand_ins = Self { place, names: Vec::new() };
        for job in jobs {
            let name = format!("stand-in-{}", stand_ins.names.len());
            let pod = json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": { "name": name, "namespace": job.namespace, "labels": job.labels },
                "spec": {
                    "terminationGracePeriodSeconds": 0,
                    "automountServiceAccountToken": false,
                    "containers": [{
                        "name": "probe",
                        "image": "busybox:1.37.0",
                        "command": ["sleep", "600"],
                        "securityContext": confined(),
                    }],
                },
            });
            stand_ins.names.push(name);
            place.apply(&pod.to_string());
        }
        stand_ins
    }

    /// They run.
    pub(super) fn probes(&self) -> Vec<Probe> {
        let mut words = vec!["wait", "-n", Shop::NAMESPACE, "--for=condition=Ready"];
        let pods: Vec<_> = self.names.iter().map(|name| format!("pod/{name}")).collect();
        words.extend(pods.iter().map(String::as_str));
        self.place.kubectl(&words);
        let running = World::new(self.place, "").running(Shop::NAMESPACE);
        let own: Vec<_> = running.into_iter().filter(|it| self.names.contains(&it.name)).collect();
        of(self.place, &own)
    }
}

impl Drop for StandIns {
    fn drop(&mut self) {
        let mut words = vec!["delete", "pod", "-n", Shop::NAMESPACE, "--now", "--ignore-not-found"];
        words.extend(self.names.iter().map(String::as_str));
        self.place.try_kubectl(&words);
    }
}
