//! Pods.

use super::Container;
use serde::Serialize;
use std::collections::BTreeMap;
use units::{Bytes, Seconds};

/// The pod of a workload.
#[expect(clippy::struct_excessive_bools, reason = "the fields are those of Kubernetes")]
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pod {
    /// Labels beside the common ones, such as `network.muster.dev/<network>: "true"`.
    pub labels: BTreeMap<String, String>,
    /// Annotations, such as checksums of configuration and waivers with their reason.
    pub annotations: BTreeMap<String, String>,
    /// Containers that run first, in order (sidecars keep running).
    pub init: Vec<Container>,
    /// Containers.
    pub containers: Vec<Container>,
    /// Volumes, sorted by name.
    pub volumes: Vec<PodVolume>,
    /// What all its containers may do.
    pub security: PodSecurity,
    /// Restart policy.
    pub restart: RestartPolicy,
    /// Time to stop.
    pub grace: Seconds,
    /// `hostname`.
    pub hostname: Option<String>,
    /// `hostAliases`: address and names.
    pub host_aliases: BTreeMap<String, Vec<String>>,
    /// `dnsConfig`: name servers and search domains.
    pub dns: Option<(Vec<String>, Vec<String>)>,
    /// `nodeSelector`.
    pub node_selector: BTreeMap<String, String>,
    /// Tolerations.
    pub tolerations: Vec<Toleration>,
    /// How replicas are spread.
    pub spread: Spread,
    /// `runtimeClassName`.
    pub runtime_class: Option<String>,
    /// `hostNetwork`.
    pub host_network: bool,
    /// `hostPID`.
    pub host_pid: bool,
    /// `hostIPC`.
    pub host_ipc: bool,
    /// `shareProcessNamespace`.
    pub share_processes: bool,
}

/// How replicas are spread over nodes and zones. Both constraints are soft (`ScheduleAnyway`)
/// unless the variant says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Spread {
    /// One replica: nothing to spread.
    #[default]
    None,
    /// Topology spread over hosts and zones, and preferred anti-affinity over hosts.
    Soft,
    /// Required anti-affinity over hosts.
    Hosts,
}

/// What a pod may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodSecurity {
    /// `runAsNonRoot`.
    pub non_root: bool,
    /// `runAsUser`.
    pub user: Option<u32>,
    /// `runAsGroup`.
    pub group: Option<u32>,
    /// `fsGroup`, with `fsGroupChangePolicy: OnRootMismatch`.
    pub fs_group: Option<u32>,
    /// `supplementalGroups`.
    pub groups: Vec<u32>,
    /// `sysctls`.
    pub sysctls: BTreeMap<String, String>,
    /// `seccompProfile`: `RuntimeDefault`, or `Unconfined` if false.
    pub seccomp: bool,
    /// `hostUsers: false`: root in the pod is nobody on the node.
    pub user_namespace: bool,
}

impl Default for PodSecurity {
    fn default() -> Self {
        Self {
            non_root: true,
            user: None,
            group: None,
            fs_group: None,
            groups: Vec::new(),
            sysctls: BTreeMap::new(),
            seccomp: true,
            user_namespace: false,
        }
    }
}

/// Restart policy of a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum RestartPolicy {
    /// Always.
    #[default]
    Always,
    /// On failure.
    OnFailure,
    /// Never.
    Never,
}

/// A toleration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Toleration {
    /// Taint key; `None` tolerates everything.
    pub key: Option<String>,
    /// Effect; `None` is every effect.
    pub effect: Option<String>,
}

/// A volume of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PodVolume {
    /// Its name in the pod.
    pub name: String,
    /// What it is.
    pub source: VolumeSource,
}

/// What a volume is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum VolumeSource {
    /// `emptyDir`.
    Empty {
        /// In memory.
        memory: bool,
        /// `sizeLimit`.
        limit: Option<Bytes>,
    },
    /// A `ConfigMap`; all its keys unless `items` (key → path) is not empty.
    ConfigMap {
        /// Its name.
        name: String,
        /// Key → path.
        items: BTreeMap<String, String>,
        /// `defaultMode`.
        mode: Option<u32>,
    },
    /// A Secret; all its keys unless `items` (key → path) is not empty.
    Secret {
        /// Its name.
        name: String,
        /// Key → path.
        items: BTreeMap<String, String>,
        /// `defaultMode`.
        mode: Option<u32>,
    },
    /// A claim.
    Claim {
        /// Its name.
        name: String,
        /// Read-only.
        read_only: bool,
    },
    /// A path of the node.
    Host(String),
    /// The files of an image.
    Image(String),
}
