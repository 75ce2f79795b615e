//! What is known of the cluster, and what was asked for on the command line.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of the cluster that the plan is for. [`ClusterFacts::default`] is a plan for any
/// cluster of a current version, about which nothing else is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterFacts {
    /// Minor version of Kubernetes 1.x.
    pub minor: u32,
    /// Names of the storage classes, with their provisioner.
    pub storage_classes: BTreeMap<String, String>,
    /// API groups that are served, such as `gateway.networking.k8s.io`; `None` if unknown.
    pub api_groups: Option<BTreeSet<String>>,
    /// Nodes, if known: anti-affinity is only required where it can be met.
    pub nodes: Option<u32>,
    /// Whether the container runtime of every node has user namespaces, if known: where it has
    /// not, a pod that asks for one never starts.
    pub user_namespaces: Option<bool>,
    /// The most that one node with GPUs offers (of `nvidia.com/gpu`, `nvidia.com/mig-1g.10gb`), by the product that the
    /// node itself is labelled with; empty where no node has any, or nothing is known.
    pub gpus: BTreeMap<String, BTreeMap<String, u64>>,
    /// What pods of a service run on already, by service: a plan for the same cluster does not move them without need.
    pub running: BTreeMap<String, RunsOn>,
}

/// GPUs that pods of a service have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunsOn {
    /// The product that their nodes are labelled with.
    pub product: String,
    /// What each takes, such as two of `nvidia.com/gpu`.
    pub takes: BTreeMap<String, u64>,
}

impl Default for ClusterFacts {
    fn default() -> Self {
        Self {
            minor: 34,
            storage_classes: BTreeMap::new(),
            api_groups: None,
            nodes: None,
            user_namespaces: None,
            gpus: BTreeMap::new(),
            running: BTreeMap::new(),
        }
    }
}

impl ClusterFacts {
    /// Whether an API group is known to be served.
    pub fn serves(&self, group: &str) -> bool {
        self.api_groups.as_ref().is_some_and(|groups| groups.contains(group))
    }
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Namespace; the project's name if absent.
    pub namespace: Option<String>,
    /// Host name of the edge; none means that routes match every host.
    pub host: Option<String>,
    /// How HTTP comes in.
    pub edge: EdgeKind,
    /// Extras that were asked for.
    pub with: BTreeSet<Extra>,
    /// Image to use for a service, by service: overrides `image` and `build`.
    pub images: BTreeMap<String, String>,
    /// Registry for the images of services that are only built.
    pub registry: Option<String>,
    /// Storage class for databases and other single writers.
    pub storage_class: Option<String>,
    /// Storage class for volumes that several nodes write.
    pub shared_storage_class: Option<String>,
}

/// How HTTP comes into the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EdgeKind {
    /// Gateway API: an `HTTPRoute` on the gateway `muster` or the one of the cluster.
    #[default]
    Gateway,
    /// An `Ingress`.
    Ingress,
    /// A Service of type `LoadBalancer`.
    LoadBalancer,
    /// A Service of type `NodePort`.
    NodePort,
}

/// An extra that a plan has only if it is asked for or found on the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extra {
    /// `ServiceMonitor`, `PodMonitor`, `PrometheusRule` and a Grafana dashboard.
    Prometheus,
    /// Logs through Alloy to Loki.
    Loki,
    /// Logs through Filebeat to Elasticsearch (ECK).
    Elk,
}
