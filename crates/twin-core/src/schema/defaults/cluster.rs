//! Defaults of services, policies, nodes and what else a cluster has.

use super::{Entries, fill, text};
use crate::tree::{Map, Text, Value};
use base64::prelude::{BASE64_STANDARD, Engine};

/// A namespace can be selected by its name.
pub(super) fn namespace(entries: &mut Entries) {
    let Some(metadata) = entries.get("metadata") else { return };
    if let Some(name) = metadata.at(&["name"]).filter(|name| !name.is_null()).cloned() {
        let metadata = metadata.with(&["labels", "kubernetes.io/metadata.name"], name);
        entries.insert("metadata".into(), metadata);
    }
}

/// Texts are only for those who write: they become data.
pub(super) fn secret(entries: &mut Entries) {
    let Some(Value::Map(texts)) = entries.remove("stringData") else { return };
    let data = entries.get("data").and_then(Value::as_map).cloned().unwrap_or_default();
    let encoded = texts.iter().map(|(key, text)| {
        let text = text.as_str().unwrap_or_default();
        (key.clone(), Value::text(BASE64_STANDARD.encode(text)))
    });
    let all: Map = data.iter().cloned().chain(encoded).collect();
    entries.insert("data".into(), Value::Map(all));
}

/// How long a client comes back to the same pod, in seconds.
const AFFINITY_SECONDS: i64 = 10_800;

pub(super) fn service(entries: &mut Entries) {
    let Some(Value::Map(spec)) = entries.get("spec") else { return };
    let mut spec: Entries = spec.iter().cloned().collect();
    affinity(&mut spec);
    let ty = text(&spec, "type").to_owned();
    let addressed = spec.contains_key("externalIPs");
    if matches!(ty.as_str(), "NodePort" | "LoadBalancer") || (ty == "ClusterIP" && addressed) {
        fill(&mut spec, "externalTrafficPolicy", "Cluster");
    }
    if matches!(ty.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        fill(&mut spec, "internalTrafficPolicy", "Cluster");
    }
    if ty == "LoadBalancer" {
        fill(&mut spec, "allocateLoadBalancerNodePorts", Value::Bool(true));
        virtual_addresses(entries);
    }
    entries.insert("spec".into(), Value::Map(spec.into_iter().collect()));
}

fn affinity(spec: &mut Entries) {
    fill(spec, "sessionAffinity", "None");
    fill(spec, "type", "ClusterIP");
    match text(spec, "sessionAffinity") {
        "None" => {
            spec.remove("sessionAffinityConfig");
        }
        "ClientIP" => {
            let config = spec.get("sessionAffinityConfig").cloned().unwrap_or_default();
            if config.at(&["clientIP", "timeoutSeconds"]).is_none() {
                let path = ["clientIP", "timeoutSeconds"];
                let config = Value::default().with(&path, AFFINITY_SECONDS.into());
                spec.insert("sessionAffinityConfig".into(), config);
            }
        }
        _ => {}
    }
}

fn virtual_addresses(entries: &mut Entries) {
    let path = ["loadBalancer", "ingress"];
    let Some(status) = entries.get("status") else { return };
    let Some(list) = status.at(&path).and_then(Value::as_list) else { return };
    let shown = |ingress: &Value| match (ingress.str_at(&["ip"]), ingress.at(&["ipMode"])) {
        (Some(ip), None) if !ip.is_empty() => ingress.with(&["ipMode"], "VIP".into()),
        _ => ingress.clone(),
    };
    let status = status.with(&path, list.iter().map(shown).collect::<Vec<_>>().into());
    entries.insert("status".into(), status);
}

pub(super) fn target_port(entries: &mut Entries) {
    let says_nothing = match entries.get("targetPort") {
        Some(Value::Int(port)) => *port == 0,
        Some(Value::Text(name)) => name.is_empty(),
        _ => true,
    };
    if says_nothing {
        let port = entries.get("port").cloned().unwrap_or(Value::Int(0));
        entries.insert("targetPort".into(), port);
    }
}

/// The range of a node's pods, and the list of which it is the first.
pub(super) fn ranges(entries: &mut Entries) {
    let list = entries.get("podCIDRs").and_then(Value::as_list);
    let first = list.and_then(|list| list.first().cloned());
    match (entries.get("podCIDR").cloned(), first) {
        (None, Some(first)) if first.as_str() != Some("") => {
            entries.insert("podCIDR".into(), first);
        }
        (Some(one), first) if first.as_ref() != Some(&one) => {
            entries.insert("podCIDRs".into(), vec![one].into());
        }
        _ => {}
    }
}

/// A node that says nothing else gives all it has.
pub(super) fn allocatable(entries: &mut Entries) {
    if let Some(capacity) = entries.get("capacity").cloned() {
        fill(entries, "allocatable", capacity);
    }
}

/// What a container gets follows from what it may have.
pub(super) fn limits(entries: &mut Entries) {
    if text(entries, "type") != "Container" {
        return;
    }
    let part = |entries: &Entries, field: &str| {
        entries.get(field).and_then(Value::as_map).cloned().unwrap_or_default()
    };
    let over = |low: &Map, high: &Map| -> Map { low.iter().chain(high).cloned().collect() };
    let limit = over(&part(entries, "max"), &part(entries, "default"));
    let request = over(&limit, &part(entries, "defaultRequest"));
    let request = over(&part(entries, "min"), &request);
    for (field, value) in [("default", limit), ("defaultRequest", request)] {
        if !value.is_empty() {
            entries.insert(field.into(), Value::Map(value));
        }
    }
}

pub(super) fn subject(entries: &mut Entries) {
    if matches!(text(entries, "kind"), "User" | "Group") {
        fill(entries, "apiGroup", "rbac.authorization.k8s.io");
    }
}

/// Names of custom resources that follow from their kind.
pub(super) fn names(entries: &mut Entries) {
    let kind = text(entries, "kind").to_owned();
    let derived = [("singular", kind.to_lowercase()), ("listKind", format!("{kind}List"))];
    for (field, name) in derived.into_iter().filter(|_| !kind.is_empty()) {
        if text(entries, field).is_empty() {
            entries.insert(Text::new_static(field), name.as_str().into());
        }
    }
}

pub(super) fn policy_types(entries: &mut Entries) {
    let mut types = vec![Value::text("Ingress")];
    if entries.contains_key("egress") {
        types.push(Value::text("Egress"));
    }
    fill(entries, "policyTypes", types);
}
