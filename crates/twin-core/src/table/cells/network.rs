//! Who is reachable, and where.

use super::super::Row;
use super::{entries, few, items, labels, number, or_none, plain, said};
use crate::tree::Value;
use std::collections::BTreeSet;

pub(in crate::table) fn cluster_address(row: &Row<'_>) -> String {
    let first = items(row.object, &["spec", "clusterIPs"]).first();
    first.and_then(Value::as_str).unwrap_or("<none>").to_owned()
}

pub(in crate::table) fn external_address(row: &Row<'_>) -> String {
    let mut named: Vec<_> = items(row.object, &["spec", "externalIPs"]).iter().map(plain).collect();
    match row.object.str_at(&["spec", "type"]) {
        Some("ClusterIP" | "NodePort") => or_none(named.join(",")),
        Some("LoadBalancer") => {
            let given = balancer(row);
            if !given.is_empty() {
                named.insert(0, given);
            }
            if named.is_empty() { "<pending>".to_owned() } else { named.join(",") }
        }
        Some("ExternalName") => {
            row.object.str_at(&["spec", "externalName"]).unwrap_or_default().to_owned()
        }
        _ => "<unknown>".to_owned(),
    }
}

/// What a load balancer has given, as a Service and an Ingress have it.
pub(in crate::table) fn balancer(row: &Row<'_>) -> String {
    let given = items(row.object, &["status", "loadBalancer", "ingress"]).iter();
    let given: BTreeSet<_> =
        given.filter_map(|it| said(it, &["ip"]).or(said(it, &["hostname"]))).collect();
    given.into_iter().collect::<Vec<_>>().join(",")
}

pub(in crate::table) fn service_ports(row: &Row<'_>) -> String {
    let ports = items(row.object, &["spec", "ports"]).iter().map(|port| {
        let protocol = port.str_at(&["protocol"]).unwrap_or_default();
        match (number(port, &["port"]), number(port, &["nodePort"])) {
            (own, node) if node > 0 => format!("{own}:{node}/{protocol}"),
            (own, _) => format!("{own}/{protocol}"),
        }
    });
    or_none(ports.collect::<Vec<_>>().join(","))
}

pub(in crate::table) fn service_selector(row: &Row<'_>) -> String {
    labels(&entries(row.object, &["spec", "selector"]))
}

/// An address and a port; those of IPv6 have brackets.
fn joined(address: &str, port: i64) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

pub(in crate::table) fn endpoints(row: &Row<'_>) -> String {
    let mut all = Vec::new();
    for subset in items(row.object, &["subsets"]) {
        let addresses: Vec<_> =
            items(subset, &["addresses"]).iter().filter_map(|it| it.str_at(&["ip"])).collect();
        let ports = items(subset, &["ports"]);
        if ports.is_empty() {
            all.extend(addresses.iter().map(|address| (*address).to_owned()));
        }
        for port in ports.iter().map(|port| number(port, &["port"])) {
            all.extend(addresses.iter().map(|address| joined(address, port)));
        }
    }
    // Subsets without addresses are not nothing.
    if items(row.object, &["subsets"]).is_empty() || !all.is_empty() {
        return few(&all, 3);
    }
    String::new()
}

pub(in crate::table) fn slice_ports(row: &Row<'_>) -> String {
    let ports = items(row.object, &["ports"]).iter().map(|port| {
        let number = port.at(&["port"]).and_then(Value::as_int).map(|port| port.to_string());
        number.or(port.str_at(&["name"]).map(str::to_owned)).unwrap_or("*".to_owned())
    });
    shown(&ports.collect::<Vec<_>>())
}

pub(in crate::table) fn slice_endpoints(row: &Row<'_>) -> String {
    let endpoints = items(row.object, &["endpoints"]).iter();
    let addresses =
        endpoints.flat_map(|endpoint| items(endpoint, &["addresses"]).iter().map(plain));
    shown(&addresses.collect::<Vec<_>>())
}

/// A slice without any has not been filled.
fn shown(all: &[String]) -> String {
    if all.is_empty() { "<unset>".to_owned() } else { few(all, 3) }
}

pub(in crate::table) fn hosts(row: &Row<'_>) -> String {
    let rules = items(row.object, &["spec", "rules"]);
    let hosts: Vec<_> =
        rules.iter().filter_map(|rule| said(rule, &["host"])).map(str::to_owned).collect();
    if hosts.is_empty() { "*".to_owned() } else { few(&hosts, 3) }
}

pub(in crate::table) fn ingress_ports(row: &Row<'_>) -> String {
    let secure = !items(row.object, &["spec", "tls"]).is_empty();
    if secure { "80, 443" } else { "80" }.to_owned()
}

pub(in crate::table) fn class_name(row: &Row<'_>) -> String {
    let name = row.object.str_at(&["metadata", "name"]).unwrap_or_default();
    let default = row.object.str_at(&[
        "metadata",
        "annotations",
        "ingressclass.kubernetes.io/is-default-class",
    ]);
    if default == Some("true") { format!("{name} (default)") } else { name.to_owned() }
}

pub(in crate::table) fn class_parameters(row: &Row<'_>) -> String {
    let Some(parameters) = row.object.at(&["spec", "parameters"]) else {
        return "<none>".to_owned();
    };
    let text = |field: &str| parameters.str_at(&[field]).unwrap_or_default();
    match text("apiGroup") {
        "" => format!("{}/{}", text("kind"), text("name")),
        group => format!("{}.{group}/{}", text("kind"), text("name")),
    }
}

pub(in crate::table) fn pod_selector(row: &Row<'_>) -> String {
    or_none(super::selector(row.object.at(&["spec", "podSelector"])))
}
