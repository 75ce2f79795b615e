//! Nodes, and who may do what.

use super::super::Row;
use super::{entries, items, or_none, said};
use crate::tree::Value;
use std::collections::BTreeSet;

pub(in crate::table) fn node_status(row: &Row<'_>) -> String {
    let mut conditions = items(row.object, &["status", "conditions"]).iter().rev();
    let ready = conditions.find(|condition| condition.str_at(&["type"]) == Some("Ready"));
    let word = match ready.map(|ready| ready.str_at(&["status"])) {
        Some(Some("True")) => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    match row.object.at(&["spec", "unschedulable"]) {
        Some(Value::Bool(true)) => format!("{word},SchedulingDisabled"),
        _ => word.to_owned(),
    }
}

pub(in crate::table) fn node_roles(row: &Row<'_>) -> String {
    let labels = entries(row.object, &["metadata", "labels"]);
    let roles: BTreeSet<_> = labels
        .iter()
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None if key == "kubernetes.io/role" => value.as_str(),
            None => None,
        })
        .filter(|role| !role.is_empty())
        .collect();
    or_none(roles.into_iter().collect::<Vec<_>>().join(","))
}

fn address(row: &Row<'_>, wanted: &str) -> String {
    let mut addresses = items(row.object, &["status", "addresses"]).iter();
    let found = addresses.find(|address| address.str_at(&["type"]) == Some(wanted));
    found.and_then(|found| found.str_at(&["address"])).unwrap_or("<none>").to_owned()
}

pub(in crate::table) fn internal_address(row: &Row<'_>) -> String {
    address(row, "InternalIP")
}

pub(in crate::table) fn external_address(row: &Row<'_>) -> String {
    address(row, "ExternalIP")
}

pub(in crate::table) fn kernel(row: &Row<'_>) -> String {
    let info = |field: &str| said(row.object, &["status", "nodeInfo", field]);
    let kernel = info("kernelVersion").unwrap_or("<unknown>");
    match info("architecture") {
        Some(architecture) => format!("{kernel} ({architecture})"),
        None => kernel.to_owned(),
    }
}

pub(in crate::table) fn role(row: &Row<'_>) -> String {
    let text = |field: &str| row.object.str_at(&["roleRef", field]).unwrap_or_default();
    format!("{}/{}", text("kind"), text("name"))
}

fn subjects(row: &Row<'_>, kind: &str) -> String {
    let subjects = items(row.object, &["subjects"]).iter();
    let of_kind = subjects.filter(|subject| subject.str_at(&["kind"]) == Some(kind));
    let names = of_kind.map(|subject| {
        let name = subject.str_at(&["name"]).unwrap_or_default();
        match subject.str_at(&["namespace"]) {
            Some(namespace) if kind == "ServiceAccount" => format!("{namespace}/{name}"),
            _ => name.to_owned(),
        }
    });
    names.collect::<Vec<_>>().join(", ")
}

pub(in crate::table) fn users(row: &Row<'_>) -> String {
    subjects(row, "User")
}

pub(in crate::table) fn groups(row: &Row<'_>) -> String {
    subjects(row, "Group")
}

pub(in crate::table) fn accounts(row: &Row<'_>) -> String {
    subjects(row, "ServiceAccount")
}
