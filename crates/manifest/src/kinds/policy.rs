//! Who may talk to whom.

use crate::labels::{Scope, selects};
use crate::object::{Object, stage};
use crate::pods::protocol;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use model::plan::{Peer, Policy, PolicyPort, PolicyRule};

/// The policy. A direction that it does not speak of is left as it is.
pub(crate) fn policy(scope: &Scope<'_>, policy: &Policy) -> Object {
    let types = [("Ingress", policy.ingress.is_some()), ("Egress", policy.egress.is_some())];
    let spec = NetworkPolicySpec {
        pod_selector: Some(selects(policy.pods.clone())),
        policy_types: Some(
            types.into_iter().filter(|(_, on)| *on).map(|(name, _)| name.to_owned()).collect(),
        ),
        ingress: policy.ingress.as_deref().map(|rules| rules.iter().map(ingress).collect()),
        egress: policy.egress.as_deref().map(|rules| rules.iter().map(egress).collect()),
    };
    let metadata = scope.meta(&policy.name, scope.labels(&scope.plan.app, "network"));
    Object::new(stage::POLICIES, None, &NetworkPolicy { metadata, spec: Some(spec) })
}

fn ingress(rule: &PolicyRule) -> NetworkPolicyIngressRule {
    NetworkPolicyIngressRule { from: peers(rule), ports: ports(rule) }
}

fn egress(rule: &PolicyRule) -> NetworkPolicyEgressRule {
    NetworkPolicyEgressRule { to: peers(rule), ports: ports(rule) }
}

fn peers(rule: &PolicyRule) -> Option<Vec<NetworkPolicyPeer>> {
    (!rule.peers.is_empty()).then(|| rule.peers.iter().map(peer).collect())
}

fn ports(rule: &PolicyRule) -> Option<Vec<NetworkPolicyPort>> {
    (!rule.ports.is_empty()).then(|| rule.ports.iter().map(port).collect())
}

fn peer(peer: &Peer) -> NetworkPolicyPeer {
    let mut out = NetworkPolicyPeer::default();
    match peer {
        Peer::Pods(labels) => out.pod_selector = Some(selects(labels.clone())),
        Peer::Namespaces(labels) => out.namespace_selector = Some(selects(labels.clone())),
        Peer::PodsIn { namespace, pods } => {
            out.namespace_selector = Some(selects(namespace.clone()));
            out.pod_selector = Some(selects(pods.clone()));
        }
        Peer::Cidr { block, except } => {
            let except = (!except.is_empty()).then(|| except.clone());
            out.ip_block = Some(IPBlock { cidr: block.clone(), except });
        }
    }
    out
}

fn port(port: &PolicyPort) -> NetworkPolicyPort {
    NetworkPolicyPort {
        port: Some(IntOrString::Int(i32::from(port.port))),
        protocol: Some(protocol(port.protocol)),
        end_port: None,
    }
}
