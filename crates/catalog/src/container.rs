//! What the containers of a family need: ports, data, a user, room and time.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A port an image listens on unless told otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownPort {
    /// The number.
    pub port: u16,
    /// TCP unless said otherwise.
    #[serde(default)]
    pub protocol: Protocol,
    /// A name Kubernetes accepts: at most 15 lower-case letters, digits and dashes.
    pub name: String,
    /// Who connects, and how.
    #[serde(default, rename = "use")]
    pub usage: PortUse,
}

/// Who connects to a port, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortUse {
    /// Clients inside the cluster, by a protocol that is not HTTP.
    #[default]
    Service,
    /// HTTP that may be routed at the edge.
    Http,
    /// HTTPS that the image terminates itself; redundant behind a gateway.
    Https,
    /// Administration or metrics over HTTP; keep it inside the cluster.
    Admin,
    /// Members of the same cluster talk to each other here.
    Peer,
    /// Open only when configured; expose it only if the user does.
    Optional,
}

/// A transport protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// A directory whose content matters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataPath {
    /// The absolute path in the container.
    pub path: String,
    /// Other paths that hold the same if something is mounted there, as older versions had it.
    #[serde(default)]
    pub also: Vec<String>,
    /// A first size for the claim, in Gi.
    pub size_gi: u32,
    /// What lies there.
    pub what: String,
    /// Who may write it, and what losing it means.
    #[serde(default)]
    pub kind: DataKind,
    /// The first major version that uses this path.
    pub since: Option<u32>,
    /// The last major version that uses this path.
    pub until: Option<u32>,
    /// An environment variable that moves the data into a subdirectory of the mount, away from
    /// `lost+found`.
    pub subdirectory: Option<EnvValue>,
}

/// Who may write a directory, and what losing it means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataKind {
    /// One process writes; a second one corrupts it.
    #[default]
    Exclusive,
    /// Files that several replicas may share on a `ReadWriteMany` volume, such as uploads.
    Shared,
    /// Settings the application writes itself; small, one writer.
    Settings,
    /// Can be computed or downloaded again; an `emptyDir` works, a claim saves time.
    Cache,
}

/// An environment variable and its value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvValue {
    /// The name.
    pub key: String,
    /// The value.
    pub value: String,
}

/// Whom a container runs as.
///
/// Exactly one of `uid` and `root` is present where the answer is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The user to run as; never 0. The image may start as root by default and still work so.
    pub uid: Option<u32>,
    /// The group to run as and to own volumes; the same number as `uid` when absent.
    pub gid: Option<u32>,
    /// Why the image cannot run without root.
    pub root: Option<String>,
    /// Named users of the image, for `user: postgres` in Compose.
    #[serde(default)]
    pub names: BTreeMap<String, u32>,
}

impl User {
    /// The group that owns volumes.
    ///
    /// Never 0: images that run in group 0 still find their volumes writable as their own group.
    pub fn fs_group(&self) -> Option<u32> {
        self.gid.filter(|gid| *gid != 0).or(self.uid)
    }
}

/// Whether the root filesystem can be read-only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootFilesystem {
    /// Yes, with [`Family::writable`](crate::Family::writable) and the data paths mounted.
    #[default]
    ReadOnly,
    /// No, for this reason.
    Writable(String),
}

/// Ways to run an image without root although it listens below port 1024, best first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unprivileged {
    /// An environment variable that moves the port.
    pub env: Option<PortEnv>,
    /// Another image that listens on a high port.
    pub image: Option<Swap>,
    /// Whether the pod's safe sysctl `net.ipv4.ip_unprivileged_port_start=0` is enough.
    #[serde(default)]
    pub sysctl: bool,
}

/// An environment variable that sets a port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortEnv {
    /// The name of the variable.
    pub key: String,
    /// The whole value to set.
    pub value: String,
    /// The port that then listens.
    pub port: u16,
}

/// An image to use instead.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    /// The repository; the tag carries over.
    pub repository: String,
    /// The port it listens on.
    pub port: u16,
}

/// How an image likes to be stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The signal the image declares when it is not SIGTERM; the kubelet honours the image's own.
    pub signal: Option<String>,
    /// Seconds it may need to end.
    pub grace: Option<u32>,
    /// Seconds to sleep before the signal, while endpoints are withdrawn.
    pub pre_stop_sleep: Option<u32>,
}

/// Reservations for a small installation: a start, to be corrected by measurement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Requested CPU, in thousandths.
    #[serde(default = "cpu_m")]
    pub cpu_m: u32,
    /// Requested memory, in Mi.
    pub memory_mi: u32,
    /// Memory at which it is killed, in Mi.
    pub memory_limit_mi: u32,
    /// Requested scratch space (logs, layers, `emptyDir`), in Mi.
    #[serde(default = "ephemeral_mi")]
    pub ephemeral_mi: u32,
    /// Scratch space at which it is evicted, in Mi.
    #[serde(default = "ephemeral_limit_mi")]
    pub ephemeral_limit_mi: u32,
    /// Graphics processors, for `nvidia.com/gpu`.
    #[serde(default)]
    pub gpus: u32,
    /// Why these numbers, where they are not simply usual.
    pub why: Option<String>,
}

fn cpu_m() -> u32 {
    100
}

fn ephemeral_mi() -> u32 {
    64
}

fn ephemeral_limit_mi() -> u32 {
    1024
}
