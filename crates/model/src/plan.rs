//! What was decided: the architecture, specific enough that writing it down as Kubernetes objects
//! leaves no choice.
//!
//! The words are those of Kubernetes, without its optional wrappers. Names are DNS-1123. Lists are
//! sorted, so that equal plans are equal bytes.

mod container;
mod edge;
mod pod;
mod serving;
mod workload;

pub use container::{
    Check, Container, ContainerPort, ContainerSecurity, EnvSource, EnvVar, Lifecycle, Mounted,
    PreStop, Probe, Probes, PullPolicy, ResourceList, Resources,
};
pub use edge::{
    Peer, Policy, PolicyPort, PolicyRule, Route, RouteKind, RoutePort, Service, ServiceKind,
    ServicePort,
};
pub use pod::{Pod, PodSecurity, PodVolume, RestartPolicy, Spread, Toleration, VolumeSource};
pub use serving::{Curve, CurvePoint, Kept, Latency, Serving, ServingOption, ServingQuestion};
pub use workload::{
    AccessMode, Autoscaler, Budget, Claim, Completions, ConfigFiles, DatabaseCluster, DatabaseKind,
    Gang, Kind, Monitor, Raw, Secret, SecretEntry, Strategy, Workload,
};

use crate::reason::Report;
use serde::Serialize;

/// A whole plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The product's name: `app.kubernetes.io/part-of`.
    pub app: String,
    /// Where everything goes.
    pub namespace: String,
    /// Pod Security level that the namespace enforces: `restricted` unless a workload needs more.
    pub pod_security: PodSecurityLevel,
    /// What runs.
    pub workloads: Vec<Workload>,
    /// Names in the cluster.
    pub services: Vec<Service>,
    /// What comes in from outside.
    pub routes: Vec<Route>,
    /// Who may talk to whom.
    pub policies: Vec<Policy>,
    /// Configuration.
    pub config_maps: Vec<ConfigFiles>,
    /// Secrets; values are masked in every output but Secret objects.
    pub secrets: Vec<Secret>,
    /// Claims that stand on their own (those of a `StatefulSet` are in the workload).
    pub claims: Vec<Claim>,
    /// What scales by itself.
    pub autoscalers: Vec<Autoscaler>,
    /// What a drain must leave standing.
    pub budgets: Vec<Budget>,
    /// Databases that an operator runs.
    pub databases: Vec<DatabaseCluster>,
    /// Pods that only start together.
    pub gangs: Vec<Gang>,
    /// What Prometheus scrapes.
    pub monitors: Vec<Monitor>,
    /// Objects of other APIs that need no vocabulary of ours, such as `PrometheusRule`.
    pub extras: Vec<Raw>,
    /// Who talks to whom, as far as the files say.
    pub links: Vec<Link>,
    /// Connections that each database must carry.
    pub connections: Vec<ConnectionBudget>,
    /// Models that are served, and what they were planned from.
    pub serving: Vec<Serving>,
    /// Why, and what to look at.
    pub report: Report,
}

/// A level of the Pod Security Standards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PodSecurityLevel {
    /// The strictest.
    #[default]
    Restricted,
    /// No known privilege escalation.
    Baseline,
    /// Anything.
    Privileged,
}

impl PodSecurityLevel {
    /// All, the strictest first.
    pub const ALL: [Self; 3] = [Self::Restricted, Self::Baseline, Self::Privileged];

    /// As the label of a namespace has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::Baseline => "baseline",
            Self::Privileged => "privileged",
        }
    }
}

/// One service of the product talks to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Compose service that calls; `None` is the outside world.
    pub from: Option<String>,
    /// Compose service that is called.
    pub to: String,
    /// Port at the callee, if known.
    pub port: Option<u16>,
    /// The evidence: `depends_on`, an environment variable's name, a file.
    pub evidence: String,
}

/// Σ (replicas max + surge) × processes × pool against `max_connections`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionBudget {
    /// Compose service of the database.
    pub database: String,
    /// Connections it takes.
    pub max_connections: u32,
    /// Whether `max_connections` was raised by the plan.
    pub raised_from: Option<u32>,
    /// Of them, kept for administration, backup and exporter.
    pub reserved: u32,
    /// Who takes how many.
    pub clients: Vec<ConnectionClient>,
}

/// One client of a [`ConnectionBudget`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionClient {
    /// Compose service.
    pub service: String,
    /// Most replicas at once, surge of a rollout included.
    pub replicas: u32,
    /// Processes in one replica.
    pub processes: u32,
    /// Connections of one process.
    pub pool: u32,
}

impl ConnectionClient {
    /// Connections that all its replicas may open.
    pub fn total(&self) -> u32 {
        self.replicas.saturating_mul(self.processes).saturating_mul(self.pool)
    }
}

impl ConnectionBudget {
    /// Connections that all clients may open.
    pub fn demand(&self) -> u32 {
        self.clients.iter().fold(0, |sum, client| sum.saturating_add(client.total()))
    }

    /// Whether the database can carry them.
    pub fn holds(&self) -> bool {
        self.demand() <= self.max_connections.saturating_sub(self.reserved)
    }
}
