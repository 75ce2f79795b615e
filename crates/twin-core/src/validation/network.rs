//! Services, ways in, and policies.

use super::{Walk, items, number, part, repeats, text};
use crate::names;
use crate::tree::{Map, Value};
use std::net::IpAddr;

pub(super) fn service(walk: &mut Walk<'_>, map: &Map) {
    let kind = text(map, "type");
    let ports = items(map, "ports");
    let headless = text(map, "clusterIP") == "None";
    if ports.is_empty() && !headless && kind != "ExternalName" {
        walk.below("ports", |walk| walk.required(""));
    }
    walk.below("ports", |walk| service_ports(walk, ports, kind));
    if kind == "ExternalName" {
        let name = text(map, "externalName");
        walk.below("externalName", |walk| match name.trim_end_matches('.') {
            "" => walk.required(""),
            name => walk.invalid_text(name, &names::subdomain(name)),
        });
    }
    outside(walk, map, kind);
    walk.below("externalIPs", |walk| {
        walk.each(items(map, "externalIPs"), |walk, address| external(walk, address));
    });
}

fn service_ports(walk: &mut Walk<'_>, ports: &[Value], kind: &str) {
    walk.each(ports, |walk, port| {
        let Some(port) = port.as_map() else { return };
        let name = text(port, "name");
        if name.is_empty() && ports.len() > 1 {
            walk.below("name", |walk| walk.required(""));
        }
        if let Some(node_port) = port.get("nodePort").filter(|it| **it != Value::Int(0)) {
            let _ = node_port;
            if matches!(kind, "ClusterIP" | "") {
                walk.below("nodePort", |walk| {
                    walk.forbidden("may not be used when `type` is 'ClusterIP'");
                });
            }
        }
    });
    let number = |port: &Value| port.at(&["port"]).and_then(Value::as_int);
    for at in repeats(ports.iter().map(|port| Some((number(port), port.str_at(&["protocol"]))))) {
        walk.below(&format!("[{at}]"), |walk| walk.duplicate(&ports[at]));
    }
}

/// What only services have that are reached from outside.
fn outside(walk: &mut Walk<'_>, map: &Map, kind: &str) {
    let balanced = kind == "LoadBalancer";
    if !balanced {
        for field in ["loadBalancerClass", "allocateLoadBalancerNodePorts"] {
            if map.get(field).is_some() {
                walk.below(field, |walk| {
                    walk.forbidden("may only be used when `type` is 'LoadBalancer'");
                });
            }
        }
    }
    let reached = balanced || kind == "NodePort" || !items(map, "externalIPs").is_empty();
    if let Some(policy) = map.get("externalTrafficPolicy") {
        walk.below("externalTrafficPolicy", |walk| {
            if !reached {
                walk.invalid(policy, "may only be set for externally-accessible services");
            } else if !matches!(policy.as_str(), Some("Cluster" | "Local")) {
                walk.unsupported(policy, &["Cluster", "Local"]);
            }
        });
    }
    let local = balanced && text(map, "externalTrafficPolicy") == "Local";
    if let Some(port) = map.get("healthCheckNodePort").filter(|_| !local) {
        let sentence =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        walk.below("healthCheckNodePort", |walk| walk.invalid(port, sentence));
    }
}

const ADDRESS: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

fn external(walk: &mut Walk<'_>, address: &Value) {
    match address.as_str().and_then(|text| text.parse::<IpAddr>().ok()) {
        None => walk.invalid(address, ADDRESS),
        Some(ip) if ip.is_unspecified() => {
            let text = address.as_str().unwrap_or_default();
            walk.invalid(address, &format!("may not be unspecified ({text})"));
        }
        Some(ip) if ip.is_loopback() => {
            walk.invalid(address, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
        }
        Some(_) => {}
    }
}

pub(super) fn ingress(walk: &mut Walk<'_>, map: &Map) {
    if let Some(default) = part(map, "defaultBackend") {
        walk.below("defaultBackend", |walk| backend(walk, default));
    }
    if items(map, "rules").is_empty() && part(map, "defaultBackend").is_none() {
        let message = "Invalid value: null: either `defaultBackend` or `rules` must be specified";
        walk.say("FieldValueInvalid", message.to_owned());
    }
    walk.below("rules", |walk| {
        walk.each(items(map, "rules"), |walk, rule| {
            let host = rule.str_at(&["host"]).unwrap_or_default();
            walk.below("host", |walk| match host {
                "" => {}
                host if host.parse::<IpAddr>().is_ok() => {
                    walk.invalid(&Value::text(host), "must be a DNS name, not an IP address");
                }
                host => {
                    // A star may stand for the first part.
                    let plain = host.strip_prefix("*.").unwrap_or(host);
                    walk.invalid_text(host, &names::subdomain(plain));
                }
            });
        });
    });
}

pub(super) fn ingress_path(walk: &mut Walk<'_>, map: &Map) {
    let kind = text(map, "pathType");
    let path = text(map, "path");
    if map.get("pathType").is_none_or(Value::is_null) {
        walk.below("pathType", |walk| walk.required("pathType must be specified"));
        return;
    }
    walk.below("pathType", |walk| match kind {
        "Exact" | "Prefix" | "ImplementationSpecific" => {}
        other => {
            let known = ["Exact", "ImplementationSpecific", "Prefix"];
            walk.unsupported(&Value::text(other), &known);
        }
    });
    if let Some(map) = part(map, "backend") {
        walk.below("backend", |walk| backend(walk, map));
    }
    let exact = matches!(kind, "Exact" | "Prefix");
    let shown = Value::text(path);
    walk.below("path", |walk| {
        let known = exact || kind == "ImplementationSpecific" && !path.is_empty();
        if known && !path.starts_with('/') {
            walk.invalid(&shown, "must be an absolute path");
        } else if exact {
            for bad in ["//", "/./", "/../", "%2f", "%2F"] {
                if path.contains(bad) {
                    walk.invalid(&shown, &format!("must not contain '{bad}'"));
                }
            }
            for bad in ["/..", "/."] {
                if path.ends_with(bad) {
                    walk.invalid(&shown, &format!("cannot end with '{bad}'"));
                }
            }
        }
    });
}

fn backend(walk: &mut Walk<'_>, map: &Map) {
    let empty = Value::text("");
    let Some(service) = part(map, "service") else {
        if part(map, "resource").is_none() {
            walk.invalid(&empty, "resource or service backend is required");
        }
        return;
    };
    if part(map, "resource").is_some() {
        walk.invalid(&empty, "cannot set both resource and service backends");
        return;
    }
    let name = text(service, "name");
    walk.below("service.name", |walk| match name {
        "" => walk.required(""),
        name => walk.invalid_text(name, &names::dns_label(name)),
    });
    let nothing = Map::default();
    let port = part(service, "port").unwrap_or(&nothing);
    let (name, number) = (text(port, "name"), number(port, "number"));
    match (name.is_empty(), number == 0) {
        (false, false) => walk.invalid(&empty, "cannot set both port name & port number"),
        (true, true) => walk.required("port name or number is required"),
        (false, true) => {
            walk.below("service.port.name", |walk| {
                walk.invalid_text(name, &names::port_name(name));
            });
        }
        (true, false) if !(1..=65_535).contains(&number) => {
            walk.below("service.port.number", |walk| {
                walk.invalid(&number.into(), "must be between 1 and 65535, inclusive");
            });
        }
        (true, false) => {}
    }
}

pub(super) fn policy(walk: &mut Walk<'_>, map: &Map) {
    let types = items(map, "policyTypes");
    walk.below("policyTypes", |walk| {
        if types.len() > 2 {
            let types = Value::from(types.to_vec());
            walk.invalid(&types, "may not specify more than two policyTypes");
            return;
        }
        walk.each(types, |walk, kind| {
            if !matches!(kind.as_str(), Some("Ingress" | "Egress")) {
                walk.unsupported(kind, &["Ingress", "Egress"]);
            }
        });
    });
}

pub(super) fn policy_port(walk: &mut Walk<'_>, map: &Map) {
    let Some(end) = map.get("endPort").and_then(Value::as_int) else { return };
    let sentence = match map.get("port") {
        None => Some("may not be specified when `port` is not specified"),
        Some(Value::Text(_)) => Some("may not be specified when `port` is non-numeric"),
        Some(Value::Int(port)) if end < *port => Some("must be greater than or equal to `port`"),
        Some(_) => None,
    };
    let range = !(1..=65_535).contains(&end) && matches!(map.get("port"), Some(Value::Int(_)));
    let range = range.then_some("must be between 1 and 65535, inclusive");
    for sentence in sentence.into_iter().chain(range) {
        walk.below("endPort", |walk| walk.invalid(&end.into(), sentence));
    }
}

pub(super) fn policy_peer(walk: &mut Walk<'_>, map: &Map) {
    if map.is_empty() {
        walk.required("must specify a peer");
    } else if map.get("ipBlock").is_some() && map.len() > 1 {
        walk.forbidden("may not specify both ipBlock and another peer");
    }
}
