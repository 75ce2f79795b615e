//! Network policies.

use crate::cursor::At;
use crate::finding::Findings;
use crate::reach::restricts;
use crate::rules::Context;
use crate::selector::Selector;
use crate::set::{Object, Pod, Set};
use crate::table::network as t;

const POLICY: &str = "NetworkPolicy";

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for pod in &cx.set.pods {
        covered(pod, cx.set, out);
    }
    for policy in cx.set.of_kind(POLICY) {
        selects_nothing(policy, cx.set, out);
        if restricts_egress(policy) && !allows_dns(policy, cx.set) {
            let message = "egress is restricted and port 53 is not allowed: the pods cannot resolve any name, and every connection by name times out";
            let fix = "egress:\n  - to:\n      - namespaceSelector:\n          matchLabels:\n            kubernetes.io/metadata.name: kube-system\n    ports:\n      - {protocol: UDP, port: 53}\n      - {protocol: TCP, port: 53}";
            out.add(&t::POLICY_WITHOUT_DNS, policy, &policy.spec().at("egress"), message, fix);
        }
    }
    for service in cx.set.of_kind("Service") {
        blocked_port(service, cx.set, out);
    }
}

fn pods_of(policy: &Object<'_>) -> Selector {
    Selector::label_selector(&policy.spec().at("podSelector"))
}

/// The policies that select a pod.
fn covering<'s, 'a>(pod: &'s Pod<'a>, set: &'s Set<'a>) -> impl Iterator<Item = &'s Object<'a>> {
    set.selecting(POLICY, &pod.owner.namespace, &pod.labels)
}

fn covered(pod: &Pod<'_>, set: &Set<'_>, out: &mut Findings) {
    // What a CronJob starts is judged like the rest, but checkov leaves it out.
    if pod.owner.kind == "CronJob" || covering(pod, set).next().is_some() {
        return;
    }
    let labels: Vec<_> = pod.labels.iter().map(|(k, v)| format!("      {k}: {v}")).collect();
    let message =
        "every pod of the cluster can connect to this one, and it can connect to everything";
    let fix = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {}\nspec:\n  podSelector:\n    matchLabels:\n{}\n  policyTypes: [Ingress]\n  ingress: …  # who may connect, on which ports",
        pod.owner.name,
        labels.join("\n")
    );
    out.add(&t::NO_NETWORK_POLICY, &pod.owner, &pod.owner.name_at(), message, fix);
}

fn selects_nothing(policy: &Object<'_>, set: &Set<'_>, out: &mut Findings) {
    let selector = pods_of(policy);
    if !selector.is_empty() && set.selected(&policy.namespace, &selector).is_empty() {
        let at = policy.spec().at("podSelector");
        let message = format!(
            "`{selector}` matches no pod of these files: the pods it was meant for are open"
        );
        let fix = "write the labels of the pod template in spec.podSelector.matchLabels";
        out.add(&t::POLICY_SELECTS_NOTHING, policy, &at, message, fix);
    }
}

fn restricts_egress(policy: &Object<'_>) -> bool {
    restricts(&policy.spec(), "Egress")
}

/// Whether this policy, or another for the same pods, allows DNS. A policy that allows nothing at
/// all for all pods is the usual base on which others build.
fn allows_dns(policy: &Object<'_>, set: &Set<'_>) -> bool {
    let allows =
        |p: &Object<'_>| restricts_egress(p) && p.spec().at("egress").items().iter().any(opens_53);
    // Another policy applies to every pod of this one if it selects what this one asks for.
    let labels = policy.spec().dig("podSelector.matchLabels").text_map();
    allows(policy) || set.selecting(POLICY, &policy.namespace, &labels).any(allows)
}

fn opens_53(rule: &At<'_>) -> bool {
    let ports = rule.at("ports").items();
    let is_dns = |p: &At<'_>| {
        let from = p.at("port").int();
        let range = from.zip(p.at("endPort").int()).is_some_and(|(a, b)| (a..=b).contains(&53));
        !p.at("port").is_set() || from == Some(53) || p.at("port").is("dns") || range
    };
    ports.is_empty() || ports.iter().any(is_dns)
}

/// A port that a Service leads to and that no policy of its pods lets in.
fn blocked_port(service: &Object<'_>, set: &Set<'_>, out: &mut Findings) {
    let selector = Selector::plain(&service.spec().at("selector"));
    if selector.is_empty() {
        return;
    }
    for pod in set.selected(&service.namespace, &selector) {
        let own: Vec<_> = covering(pod, set).filter(|p| restricts_ingress(p)).collect();
        if own.is_empty() {
            continue;
        }
        for port in service.spec().at("ports").items() {
            let (number, name) = target_of(&port, pod);
            let open = own.iter().flat_map(|p| p.spec().at("ingress").items()).any(|rule| {
                let ports = rule.at("ports").items();
                ports.is_empty() || ports.iter().any(|p| lets(p, number, name.as_deref()))
            });
            if !open {
                let message = format!(
                    "no NetworkPolicy of {} lets this port in: connections time out although the pods are ready",
                    pod.owner.id()
                );
                let fix = format!(
                    "ingress:\n  - from: …\n    ports:\n      - port: {}",
                    number.map_or("http".to_owned(), |n| n.to_string())
                );
                out.add(&t::POLICY_BLOCKS_ROUTE, service, &port.at("port"), message, fix);
            }
        }
    }
}

fn restricts_ingress(policy: &Object<'_>) -> bool {
    restricts(&policy.spec(), "Ingress")
}

/// The container port of a Service port: number and name.
fn target_of(port: &At<'_>, pod: &Pod<'_>) -> (Option<i64>, Option<String>) {
    let target = port.at("targetPort");
    let target = if target.is_set() { target } else { port.at("port") };
    let declared: Vec<_> = pod.running().flat_map(|c| c.at.at("ports").items()).collect();
    let found = declared.iter().find(|p| match target.str() {
        Some(name) => p.at("name").is(name),
        None => p.at("containerPort").int() == target.int(),
    });
    let number = target.int().or(found.and_then(|p| p.at("containerPort").int()));
    let name = target.str().map(str::to_owned).or(found.and_then(|p| p.at("name").text()));
    (number, name)
}

fn lets(rule: &At<'_>, number: Option<i64>, name: Option<&str>) -> bool {
    let port = rule.at("port");
    let from = port.int();
    let range = match (from, rule.at("endPort").int(), number) {
        (Some(a), Some(b), Some(n)) => (a..=b).contains(&n),
        _ => false,
    };
    !port.is_set()
        || (from.is_some() && from == number)
        || (port.str().is_some() && port.str() == name)
        || range
}
