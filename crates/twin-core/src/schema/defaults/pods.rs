//! Defaults of pods and of what they are made of.

use super::{Entries, fill, text};
use crate::tree::{Map, Text, Value};

/// An image without a tag, or with the latest, is looked up each time; one that is none is not.
pub(super) fn pull_policy(entries: &mut Entries, image: &str, policy: &'static str) {
    let image = text(entries, image);
    let name = image.rsplit('/').next().unwrap_or_default();
    let tag = name.split_once(':').map_or("latest", |(_, tag)| tag);
    let pinned = name.contains('@') || tag != "latest" || !is_reference(image);
    fill(entries, policy, if pinned { "IfNotPresent" } else { "Always" });
}

/// Whether the parts of an image's name are such: lowercase words behind a host, if there is one.
fn is_reference(image: &str) -> bool {
    let image = image.split('@').next().unwrap_or_default();
    let name = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    };
    let path = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => name,
    };
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    path.split('/').all(|part| {
        let bytes = part.as_bytes();
        bytes.first().is_some_and(alphanumeric)
            && bytes.last().is_some_and(alphanumeric)
            && bytes.iter().all(|byte| alphanumeric(byte) || b"._-".contains(byte))
    })
}

/// A volume that says nothing of where it comes from is an empty one.
pub(super) fn volume(entries: &mut Entries) {
    if entries.keys().all(|key| key == "name") {
        fill(entries, "emptyDir", Value::Map(Map::default()));
    }
}

/// The two names of one field follow each other.
pub(super) fn service_account(entries: &mut Entries) {
    if let Some(name) = entries.get("serviceAccount").cloned() {
        fill(entries, "serviceAccountName", name);
    }
    if let Some(name) = entries.get("serviceAccountName").cloned() {
        entries.insert("serviceAccount".into(), name);
    }
}

/// What a pod gets and a template does not.
pub(super) fn pod(entries: &mut Entries) {
    let Some(mut spec) = entries.get("spec").cloned() else { return };
    if spec.at(&["enableServiceLinks"]).is_none() {
        spec = spec.with(&["enableServiceLinks"], Value::Bool(true));
    }
    let patience = ["terminationGracePeriodSeconds"];
    if spec.at(&patience).and_then(Value::as_int).is_some_and(|seconds| seconds < 0) {
        spec = spec.with(&patience, 1.into());
    }
    let on_host = spec.at(&["hostNetwork"]).and_then(Value::as_bool) == Some(true);
    for field in ["containers", "initContainers"] {
        if let Some(list) = spec.at(&[field]).and_then(Value::as_list) {
            let containers = list.iter().map(requests);
            let containers: Vec<_> = if on_host {
                containers.map(|container| host_ports(&container)).collect()
            } else {
                containers.collect()
            };
            spec = spec.with(&[field], containers.into());
        }
    }
    entries.insert("spec".into(), spec);
}

/// Who limits a resource and does not say what is requested, requests the limit.
fn requests(container: &Value) -> Value {
    let part = |field: &str| container.at(&["resources", field]).and_then(Value::as_map);
    let Some(limits) = part("limits").filter(|limits| !limits.is_empty()) else {
        return container.clone();
    };
    let empty = Map::default();
    let both: Map = limits.iter().chain(part("requests").unwrap_or(&empty)).cloned().collect();
    container.with(&["resources", "requests"], Value::Map(both))
}

/// A port of a pod in its host's network is one of the host.
fn host_ports(container: &Value) -> Value {
    let Some(ports) = container.at(&["ports"]).and_then(Value::as_list) else {
        return container.clone();
    };
    let on_host = |port: &Value| match (port.at(&["hostPort"]), port.at(&["containerPort"])) {
        (None, Some(number)) if *number != Value::Int(0) => {
            port.with(&["hostPort"], number.clone())
        }
        _ => port.clone(),
    };
    container.with(&["ports"], ports.iter().map(on_host).collect::<Vec<_>>().into())
}

/// The address, and the list of which it is the first.
pub(super) fn addresses(entries: &mut Entries) {
    let one = text(entries, "podIP").to_owned();
    let list = entries.get("podIPs").and_then(Value::as_list);
    let first = list.and_then(|list| list.first()?.str_at(&["ip"]).map(Text::new));
    match first {
        Some(first) if one.is_empty() => {
            if !first.is_empty() {
                entries.insert("podIP".into(), first.into());
            }
        }
        Some(first) if first == one => {}
        _ if one.is_empty() => {}
        _ => {
            let list = vec![Value::from([("ip", Value::text(one))])];
            entries.insert("podIPs".into(), list.into());
        }
    }
}
