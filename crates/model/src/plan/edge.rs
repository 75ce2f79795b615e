//! Services, routes and policies.

use crate::project::Protocol;
use serde::Serialize;
use std::collections::BTreeMap;

/// A Kubernetes Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Its name: what peers resolve.
    pub name: String,
    /// Compose service it belongs to.
    pub service: String,
    /// Workload whose pods it selects.
    pub workload: String,
    /// Its type.
    pub kind: ServiceKind,
    /// Ports; empty only for a headless Service that gives a name.
    pub ports: Vec<ServicePort>,
    /// `publishNotReadyAddresses`.
    pub publish_not_ready: bool,
    /// `sessionAffinity: ClientIP`.
    pub sticky: bool,
    /// Labels beside the common ones.
    pub labels: BTreeMap<String, String>,
}

/// Type of a Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ServiceKind {
    /// A virtual address.
    ClusterIp,
    /// Names of pods, no address.
    Headless,
    /// A port of every node.
    NodePort,
    /// An address from outside.
    LoadBalancer,
    /// Another name (`CNAME`); no selector.
    External(String),
}

/// One port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePort {
    /// Port that peers use.
    pub port: u16,
    /// Port in the container.
    pub target: u16,
    /// Protocol.
    pub protocol: Protocol,
    /// Name, unique in the Service.
    pub name: String,
    /// `appProtocol`.
    pub app_protocol: Option<String>,
}

/// Something that is published: an `HTTPRoute`, `Ingress`, or a Service to the outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// Name of the object.
    pub name: String,
    /// Compose service.
    pub service: String,
    /// Service that gets the traffic.
    pub backend: String,
    /// How it comes in; never a Service kind (those are in [`super::Plan::services`]).
    pub edge: RouteKind,
    /// Host names; empty matches every host.
    pub hosts: Vec<String>,
    /// Path prefixes and ports.
    pub rules: Vec<RoutePort>,
    /// Name of the `Gateway` (for `HTTPRoute`) or class (for `Ingress`); `None` is the cluster's.
    pub parent: Option<String>,
}

/// How HTTP comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RouteKind {
    /// Gateway API.
    HttpRoute,
    /// Ingress.
    Ingress,
}

/// One rule of a [`Route`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RoutePort {
    /// Path prefix.
    pub path: String,
    /// Service port.
    pub port: u16,
}

/// A `NetworkPolicy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Labels of the pods it is for; empty is all of the namespace.
    pub pods: BTreeMap<String, String>,
    /// Who may come in; `None` leaves ingress alone, empty lets nobody in.
    pub ingress: Option<Vec<PolicyRule>>,
    /// Where pods may go; `None` leaves egress alone, empty lets nothing out.
    pub egress: Option<Vec<PolicyRule>>,
}

/// One rule of a policy: any of the peers on any of the ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyRule {
    /// Peers; empty is everybody.
    pub peers: Vec<Peer>,
    /// Ports; empty is every port.
    pub ports: Vec<PolicyPort>,
}

/// One side of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Peer {
    /// Pods of this namespace with these labels.
    Pods(BTreeMap<String, String>),
    /// All pods of namespaces with these labels.
    Namespaces(BTreeMap<String, String>),
    /// Pods with labels in namespaces with labels.
    PodsIn {
        /// Labels of the namespace.
        namespace: BTreeMap<String, String>,
        /// Labels of the pods.
        pods: BTreeMap<String, String>,
    },
    /// Addresses, without some of them.
    Cidr {
        /// The block.
        block: String,
        /// Blocks in it that are left out.
        except: Vec<String>,
    },
}

/// A port in a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PolicyPort {
    /// The port of the pod.
    pub port: u16,
    /// The protocol.
    pub protocol: Protocol,
}
