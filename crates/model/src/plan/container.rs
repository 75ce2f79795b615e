//! Containers.

use crate::project::Protocol;
use serde::Serialize;
use std::collections::BTreeMap;
use units::{Bytes, Cpu, Seconds};

/// One container of a pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// Its name: a DNS label.
    pub name: String,
    /// Image reference.
    pub image: String,
    /// When to pull.
    pub pull: PullPolicy,
    /// Replaces the image's entrypoint. Already escaped for Kubernetes' `$(NAME)` expansion.
    pub command: Option<Vec<String>>,
    /// Replaces the image's command. Already escaped.
    pub args: Option<Vec<String>>,
    /// Working directory.
    pub working_dir: Option<String>,
    /// Environment: what comes from Secrets first, because `$(NAME)` in a value sees only what
    /// stands before it; then by name.
    pub env: Vec<EnvVar>,
    /// Ports it listens on.
    pub ports: Vec<ContainerPort>,
    /// Mounts, sorted by path.
    pub mounts: Vec<Mounted>,
    /// Probes.
    pub probes: Probes,
    /// Hooks.
    pub lifecycle: Lifecycle,
    /// Requests and limits.
    pub resources: Resources,
    /// What it may do.
    pub security: ContainerSecurity,
    /// `tty`.
    pub tty: bool,
    /// `stdin`.
    pub stdin: bool,
    /// Whether an init container keeps running beside the main ones (`restartPolicy: Always`).
    pub sidecar: bool,
}

/// When the kubelet pulls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum PullPolicy {
    /// Once: the tag does not move.
    #[default]
    IfNotPresent,
    /// At each start: the tag moves.
    Always,
    /// Never.
    Never,
}

/// One environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub source: EnvSource,
}

/// Where the value of an environment variable comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum EnvSource {
    /// A plain value, already escaped for Kubernetes' `$(NAME)` expansion.
    Value(String),
    /// A key of a Secret.
    Secret {
        /// The Secret.
        name: String,
        /// Its key.
        key: String,
    },
    /// A key of a `ConfigMap`.
    Config {
        /// The `ConfigMap`.
        name: String,
        /// Its key.
        key: String,
    },
    /// A field of the pod, such as `metadata.name`.
    Field(String),
}

/// A port that a container listens on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ContainerPort {
    /// The port.
    pub port: u16,
    /// The protocol.
    pub protocol: Protocol,
    /// Its name: at most 15 characters of `a-z0-9-`, unique in the pod.
    pub name: String,
}

/// A volume in a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mounted {
    /// Where.
    pub path: String,
    /// Name of the pod's volume.
    pub volume: String,
    /// Only this part of the volume.
    pub sub_path: Option<String>,
    /// Read-only.
    pub read_only: bool,
}

/// The three probes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Probes {
    /// Holds the others back until the container is up.
    pub startup: Option<Probe>,
    /// Decides whether the container gets traffic.
    pub readiness: Option<Probe>,
    /// Decides whether the container is restarted.
    pub liveness: Option<Probe>,
}

/// One probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// What is done.
    pub check: Check,
    /// Seconds between two checks.
    pub period: Seconds,
    /// Seconds until a check counts as failed.
    pub timeout: Seconds,
    /// Failures in a row that count.
    pub failures: u32,
}

/// What a probe does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// Runs a command in the container.
    Exec(Vec<String>),
    /// HTTP GET on a port.
    Http {
        /// Path with its slash.
        path: String,
        /// Port number.
        port: u16,
        /// HTTPS.
        https: bool,
        /// The Host header, where the application may refuse others; none is the pod's address.
        host: Option<String>,
    },
    /// Opens a connection.
    Tcp(u16),
    /// gRPC health protocol.
    Grpc(u16),
}

/// Hooks around a container's life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lifecycle {
    /// Command after the start.
    pub post_start: Option<Vec<String>>,
    /// What happens before the stop signal.
    pub pre_stop: Option<PreStop>,
    /// Signal instead of `SIGTERM`; `lifecycle.stopSignal`, which needs the pod's OS.
    pub stop_signal: Option<String>,
}

/// What happens before the stop signal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PreStop {
    /// Waits, so that the endpoint is gone from every proxy before the process is.
    Sleep(Seconds),
    /// Runs a command.
    Exec(Vec<String>),
}

/// Requests and limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Resources {
    /// What is reserved.
    pub requests: ResourceList,
    /// What is allowed.
    pub limits: ResourceList,
}

/// Amounts of resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceList {
    /// CPU.
    pub cpu: Option<Cpu>,
    /// Memory.
    pub memory: Option<Bytes>,
    /// Writable layer, logs and `emptyDir`.
    pub ephemeral: Option<Bytes>,
    /// Others by name, such as `nvidia.com/gpu`.
    pub extended: BTreeMap<String, u32>,
}

/// What a container may do. The default is what Pod Security "restricted" asks for.
#[expect(clippy::struct_excessive_bools, reason = "the fields are those of Kubernetes")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerSecurity {
    /// Read-only root file system.
    pub read_only_root: bool,
    /// `allowPrivilegeEscalation`.
    pub escalation: bool,
    /// `privileged`.
    pub privileged: bool,
    /// Whether all capabilities are dropped.
    pub drop_all: bool,
    /// Capabilities that are added back.
    pub add: Vec<String>,
}

impl Default for ContainerSecurity {
    fn default() -> Self {
        Self {
            read_only_root: true,
            escalation: false,
            privileged: false,
            drop_all: true,
            add: Vec::new(),
        }
    }
}
