//! Workloads and what belongs to them.

use super::Pod;
use crate::SecretText;
use serde::Serialize;
use std::collections::BTreeMap;
use units::{Bytes, Seconds};

/// Something that runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Its name.
    pub name: String,
    /// Compose service (the first, where several share a pod).
    pub service: String,
    /// `app.kubernetes.io/component`: `database`, `cache`, `web`, …
    pub component: String,
    /// `app.kubernetes.io/version`, if the image's tag says one.
    pub version: Option<String>,
    /// The object that runs it.
    pub kind: Kind,
    /// Its pod.
    pub pod: Pod,
    /// `minReadySeconds`: how long a pod must be ready before it counts. Jobs have none.
    pub min_ready: Seconds,
    /// Names of the workloads and Services that must be ready before it is applied, so that
    /// `depends_on` keeps its meaning.
    pub after: Vec<String>,
}

/// The object that runs a workload.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Kind {
    /// `Deployment`.
    Deployment {
        /// Replicas; `None` where an autoscaler owns them.
        replicas: Option<u32>,
        /// How it is updated.
        strategy: Strategy,
    },
    /// `StatefulSet`.
    StatefulSet {
        /// Replicas.
        replicas: u32,
        /// Headless Service that names its pods.
        governing: String,
        /// Claim templates.
        claims: Vec<Claim>,
        /// `podManagementPolicy: Parallel`.
        parallel: bool,
    },
    /// `DaemonSet`.
    DaemonSet,
    /// `Job`.
    Job(Completions),
    /// `CronJob` with `concurrencyPolicy: Forbid`.
    CronJob {
        /// Five cron fields.
        schedule: String,
        /// Its job.
        job: Completions,
    },
}

impl Kind {
    /// The kind of the object: `Deployment`, …
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Deployment { .. } => "Deployment",
            Self::StatefulSet { .. } => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job(_) => "Job",
            Self::CronJob { .. } => "CronJob",
        }
    }

    /// Where the pod's template stands in the object.
    pub const fn template(&self) -> &'static str {
        match self {
            Self::CronJob { .. } => "spec.jobTemplate.spec.template",
            _ => "spec.template",
        }
    }
}

/// How a Deployment is updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Strategy {
    /// `RollingUpdate` with `maxUnavailable: 0` and `maxSurge: 1`.
    Rolling,
    /// `RollingUpdate` with `maxUnavailable: 1` and `maxSurge: 0`: one goes before another comes, on the same devices.
    InPlace,
    /// `Recreate`: two at once would fight over something.
    Recreate,
}

/// How a Job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Completions {
    /// Completions, all at once.
    pub count: u32,
    /// `completionMode: Indexed`.
    pub indexed: bool,
    /// `backoffLimit`.
    pub backoff_limit: u32,
    /// `ttlSecondsAfterFinished`.
    pub ttl_seconds: Option<u32>,
}

/// A claim for storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Its name (in a `StatefulSet`: of the template and of the pod's volume).
    pub name: String,
    /// Compose service it belongs to.
    pub service: String,
    /// Size.
    pub size: Bytes,
    /// Access mode.
    pub access: AccessMode,
    /// Storage class; `None` is the cluster's default.
    pub class: Option<String>,
    /// It exists already: no object is written.
    pub external: bool,
}

/// Access mode of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum AccessMode {
    /// One node.
    ReadWriteOnce,
    /// One pod.
    ReadWriteOncePod,
    /// Many nodes.
    ReadWriteMany,
    /// Many nodes, reading.
    ReadOnlyMany,
}

/// A `ConfigMap`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigFiles {
    /// Its name, ending in a hash of its content, so that a change rolls the pods.
    pub name: String,
    /// Compose service, or the name of the Compose config.
    pub owner: String,
    /// Key → text.
    pub data: BTreeMap<String, String>,
    /// Key → base64 of bytes that are no text.
    pub binary: BTreeMap<String, String>,
}

/// A `Secret`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Who uses it: Compose services.
    pub users: Vec<String>,
    /// Key → value.
    pub entries: BTreeMap<String, SecretEntry>,
    /// It exists already: no object is written.
    pub external: bool,
}

/// One entry of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SecretEntry {
    /// A value that the files held.
    Value(SecretText),
    /// Bytes that are no text, as base64.
    Binary(SecretText),
    /// Nobody said it yet: people must fill it in.
    Missing,
}

/// A `HorizontalPodAutoscaler` on CPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Autoscaler {
    /// Its name, and the Deployment's.
    pub workload: String,
    /// Compose service.
    pub service: String,
    /// Fewest replicas.
    pub min: u32,
    /// Most replicas.
    pub max: u32,
    /// Target utilization in percent of the request.
    pub cpu_percent: u32,
}

/// A `PodDisruptionBudget` with `maxUnavailable: 1` and `unhealthyPodEvictionPolicy: AlwaysAllow`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// Its name, and the workload's.
    pub workload: String,
    /// Compose service.
    pub service: String,
}

/// A database that an operator runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseCluster {
    /// Its name.
    pub name: String,
    /// Compose service.
    pub service: String,
    /// Which object describes it.
    pub kind: DatabaseKind,
    /// Image.
    pub image: String,
    /// Members.
    pub replicas: u32,
    /// Storage of each.
    pub size: Bytes,
    /// Storage class; `None` is the cluster's default.
    pub class: Option<String>,
    /// Secret with the credentials.
    pub secret: Option<String>,
    /// Name of the initial database.
    pub database: Option<String>,
    /// Its owner.
    pub owner: Option<String>,
    /// Server settings.
    pub settings: BTreeMap<String, String>,
    /// Requests and limits of each member.
    pub resources: super::Resources,
    /// Backup schedule (five cron fields) and how many are kept.
    pub backup: Option<(String, u32)>,
}

/// The object that describes a replicated database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DatabaseKind {
    /// `muster.dev/v1alpha1` `Database`, topology `galera`.
    Galera,
    /// `muster.dev/v1alpha1` `Database`, topology `replication`.
    Replication,
    /// `postgresql.cnpg.io/v1` `Cluster`.
    CloudNativePg,
}

/// A `PodGroup`: pods that only start together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gang {
    /// Its name; pods carry it as `scheduling.x-k8s.io/pod-group`.
    pub name: String,
    /// Compose service.
    pub service: String,
    /// Fewest members that may start.
    pub members: u32,
    /// Topology domain that all must share, such as `block`.
    pub require: Option<String>,
    /// Topology domain that all should share.
    pub prefer: Option<String>,
    /// Team whose quota pays.
    pub team: Option<String>,
}

/// What Prometheus scrapes: a `ServiceMonitor`, or a `PodMonitor` where no Service has the port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Monitor {
    /// Its name.
    pub name: String,
    /// Compose service.
    pub service: String,
    /// Workload whose pods are scraped.
    pub workload: String,
    /// Name of the container port.
    pub port: String,
    /// Path.
    pub path: String,
    /// Whether a Service carries the port.
    pub through_service: bool,
}

/// An object that is written as it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Raw {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.name`.
    pub name: String,
    /// Labels beside the common ones.
    pub labels: BTreeMap<String, String>,
    /// Everything beside `apiVersion`, `kind` and `metadata`, as a JSON object.
    pub body: serde_json::Value,
}
