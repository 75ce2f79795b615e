//! Which nodes fit: architecture, runtime, placement constraints; and what nodes do not give away.

use super::Placement;
use crate::attributes::cite_or_own;
use crate::log::Log;
use crate::names;
use crate::rules;
use crate::world::Subject;
use model::plan::Toleration;
use model::reason::{Certainty, Level};

/// `platform` → `kubernetes.io/arch`, or a runtime class for WebAssembly.
pub(super) fn platform(subject: &Subject<'_>, placement: &mut Placement, log: &mut Log) {
    let Some(platform) = &subject.service.platform else { return };
    let because = subject.line("platform", platform.span);
    let mut parts = platform.value.split('/');
    let os = parts.next().unwrap_or_default().to_ascii_lowercase();
    let arch = parts.next().unwrap_or_default().to_ascii_lowercase();
    if os.starts_with("wasi") || os.starts_with("wasm") || arch.starts_with("wasm") {
        wasm(subject, placement, log);
        return;
    }
    let arch = match arch.as_str() {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" | "arm64" => "arm64",
        "armhf" | "armv7" => "arm",
        "i386" => "386",
        other => other,
    };
    let known = matches!(
        arch,
        "amd64" | "arm64" | "arm" | "386" | "ppc64le" | "s390x" | "riscv64" | "loong64"
    );
    for (label, value) in [("kubernetes.io/os", os.as_str()), ("kubernetes.io/arch", arch)] {
        let fits =
            if label.ends_with("os") { matches!(os.as_str(), "linux" | "windows") } else { known };
        if !fits {
            continue;
        }
        log.decide(subject, subject.pod_field(&format!("nodeSelector.{label}")))
            .chose(value)
            .because(because.clone())
            .sure(Certainty::Stated)
            .why("an image for one platform must not land on nodes of another");
        placement.node_selector.insert(label.to_owned(), value.to_owned());
    }
    if !known && !arch.is_empty() {
        let message =
            format!("`{}` names no architecture that Kubernetes labels nodes with", platform.value);
        log.find(
            Level::Warning,
            "platform-unknown",
            Some(subject.key()),
            message,
            "write linux/amd64 or linux/arm64",
            vec![because],
        );
    }
}

fn wasm(subject: &Subject<'_>, placement: &mut Placement, log: &mut Log) {
    // A stated runtime names its own class.
    if subject.service.runtime.is_some() {
        let because = cite_or_own(subject, &["platform"]);
        log.decide(subject, subject.pod_field("runtimeClassName"))
            .chose("the class of the stated runtime")
            .all(because)
            .sure(Certainty::Stated)
            .why("WebAssembly runs on whichever nodes have that runtime, so no architecture is selected");
        return;
    }
    runtime_class(subject, "wasmtime", "platform", Certainty::Assumed, placement, log);
}

/// `runtime` → `runtimeClassName`; Docker's default needs none.
pub(super) fn runtime(subject: &Subject<'_>, placement: &mut Placement, log: &mut Log) {
    let Some(runtime) = &subject.service.runtime else { return };
    let text = runtime.value.as_str();
    if matches!(text, "runc" | "crun" | "io.containerd.runc.v2" | "") {
        log.decide(subject, subject.pod_field("runtimeClassName"))
            .chose("none")
            .because(subject.line("runtime", runtime.span))
            .rule(rules::DOCKER_ONLY)
            .sure(Certainty::Known)
            .why("it is the default of every node");
        return;
    }
    let class = match text {
        "runsc" | "io.containerd.runsc.v1" => "gvisor".to_owned(),
        "kata-runtime" | "io.containerd.kata.v2" => "kata".to_owned(),
        other => {
            // `io.containerd.wasmtime.v1` is known to Kubernetes as `wasmtime`.
            let middle =
                other.strip_prefix("io.containerd.").and_then(|rest| rest.split('.').next());
            names::label(middle.unwrap_or(other), 63)
        }
    };
    runtime_class(subject, &class, "runtime", Certainty::Inferred, placement, log);
}

fn runtime_class(
    subject: &Subject<'_>,
    class: &str,
    path: &str,
    certainty: Certainty,
    placement: &mut Placement,
    log: &mut Log,
) {
    let because = cite_or_own(subject, &[path]);
    log.decide(subject, subject.pod_field("runtimeClassName"))
        .chose(class)
        .all(because.clone())
        .sure(certainty)
        .why("a container runtime of its own is a RuntimeClass of the cluster");
    log.find(
        Level::Note,
        "runtime-class",
        Some(subject.key()),
        format!("the cluster must have a RuntimeClass `{class}`; without it the pod is refused"),
        "kubectl get runtimeclass",
        because,
    );
    placement.runtime_class = Some(class.to_owned());
}

/// `deploy.placement.constraints` → node selectors, where labels say the same.
pub(super) fn constraints(subject: &Subject<'_>, placement: &mut Placement, log: &mut Log) {
    for (index, constraint) in subject.service.deploy.constraints.iter().enumerate() {
        let because =
            subject.line(format!("deploy.placement.constraints.{index}"), constraint.span);
        let Some((label, value)) = selector(&constraint.value) else {
            manager_or_unknown(subject, &constraint.value, because, placement, log);
            continue;
        };
        log.decide(subject, subject.pod_field(&format!("nodeSelector.{label}")))
            .chose(&value)
            .because(because)
            .sure(Certainty::Stated)
            .why("Swarm's constraint, as a label of Kubernetes nodes; the nodes must carry it");
        placement.node_selector.insert(label, value);
    }
}

/// A constraint that asks for one label: its name and value.
fn selector(constraint: &str) -> Option<(String, String)> {
    let (left, right) = constraint.split_once("==")?;
    let (left, right) = (left.trim(), right.trim());
    let valid = |text: &str| {
        !text.is_empty()
            && text.len() <= 63
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    let label = match left {
        "node.hostname" => "kubernetes.io/hostname",
        "node.platform.os" => "kubernetes.io/os",
        "node.platform.arch" => "kubernetes.io/arch",
        _ => left.strip_prefix("node.labels.").or(left.strip_prefix("engine.labels."))?,
    };
    let value = match (label, right) {
        ("kubernetes.io/arch", "x86_64") => "amd64",
        ("kubernetes.io/arch", "aarch64") => "arm64",
        (_, right) => right,
    };
    let name = label.rsplit('/').next().unwrap_or(label);
    (valid(name) && valid(value)).then(|| (label.to_owned(), value.to_owned()))
}

fn manager_or_unknown(
    subject: &Subject<'_>,
    constraint: &str,
    because: model::reason::Because,
    placement: &mut Placement,
    log: &mut Log,
) {
    let plain: String = constraint.chars().filter(|c| !c.is_whitespace()).collect();
    let (message, fix) = match plain.as_str() {
        "node.role==manager" => (
            "Swarm wanted it on a manager, usually for the Docker socket or a volume; it may run on any node here".to_owned(),
            "nothing, unless it must run on a node of the control plane",
        ),
        "node.role==worker" | "node.role!=manager" => {
            ("control plane nodes are tainted: pods go to workers anyway".to_owned(), "nothing")
        }
        "node.role!=worker" => {
            let key = Some("node-role.kubernetes.io/control-plane".to_owned());
            placement.tolerations.push(Toleration { key, effect: Some("NoSchedule".to_owned()) });
            log.decide(subject, subject.pod_field("tolerations"))
                .chose("node-role.kubernetes.io/control-plane NoSchedule")
                .because(because.clone())
                .sure(Certainty::Inferred)
                .why("Swarm wanted it off the workers");
            ("it may run on the control plane; nothing forces it there".to_owned(), "add a node selector if it must")
        }
        _ => (
            format!("the placement constraint `{constraint}` is no plain label and was not carried over"),
            "write a node affinity in an overlay",
        ),
    };
    let level = if plain.starts_with("node.role") { Level::Note } else { Level::Warning };
    log.find(level, "placement-constraint", Some(subject.key()), message, fix, vec![because]);
}

/// `devices`: a node gives device files away only through a device plugin.
pub(super) fn host_devices(subject: &Subject<'_>, log: &mut Log) {
    for (index, device) in subject.service.devices.iter().enumerate() {
        let because = subject.line(format!("devices.{index}"), device.span);
        let path = device.value.split(':').next().unwrap_or(&device.value);
        let (level, fix) = match path {
            path if path.starts_with("/dev/nvidia") => {
                (Level::Note, "nothing: the device plugin of nvidia.com/gpu brings the files")
            }
            path if path.starts_with("/dev/dri") => (
                Level::Warning,
                "install Intel's or AMD's device plugin and reserve its GPU: deploy.resources.reservations.devices: [{ driver: intel, count: 1, capabilities: [gpu] }]",
            ),
            "/dev/kfd" => {
                (Level::Warning, "install AMD's device plugin and reserve a GPU with driver: amd")
            }
            "/dev/net/tun" => (
                Level::Warning,
                "a VPN needs a device plugin for /dev/net/tun, or its gateway outside the cluster",
            ),
            "/dev/fuse" => {
                (Level::Warning, "use a CSI driver for the file system, or a FUSE device plugin")
            }
            _ => (
                Level::Warning,
                "install a device plugin (generic-device-plugin offers single files) and reserve it as a CDI device",
            ),
        };
        let message =
            format!("a pod cannot take `{path}` from its node; the device was not carried over");
        log.find(level, "host-device", Some(subject.key()), message, fix, vec![because]);
    }
}
