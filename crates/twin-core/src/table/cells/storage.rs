//! Claims, volumes and their classes.

use super::super::Row;
use super::{is_ending, items, said};
use crate::tree::Value;

pub(in crate::table) fn phase(row: &Row<'_>) -> String {
    if is_ending(row.object) {
        return "Terminating".to_owned();
    }
    row.object.str_at(&["status", "phase"]).unwrap_or_default().to_owned()
}

/// What a claim has once it is bound.
pub(in crate::table) fn claim_capacity(row: &Row<'_>) -> String {
    match said(row.object, &["spec", "volumeName"]) {
        Some(_) => said(row.object, &["status", "capacity", "storage"]).unwrap_or("0").to_owned(),
        None => String::new(),
    }
}

pub(in crate::table) fn claim_modes(row: &Row<'_>) -> String {
    match said(row.object, &["spec", "volumeName"]) {
        Some(_) => modes(row, &["status", "accessModes"]),
        None => String::new(),
    }
}

pub(in crate::table) fn volume_modes(row: &Row<'_>) -> String {
    modes(row, &["spec", "accessModes"])
}

fn modes(row: &Row<'_>, path: &[&str]) -> String {
    const SHORT: [(&str, &str); 4] = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let has = |mode: &str| items(row.object, path).iter().any(|it| it.as_str() == Some(mode));
    let short = SHORT.iter().filter(|(mode, _)| has(mode)).map(|(_, short)| *short);
    short.collect::<Vec<_>>().join(",")
}

pub(in crate::table) fn class(row: &Row<'_>) -> String {
    let older = ["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"];
    let class = said(row.object, &older).or(said(row.object, &["spec", "storageClassName"]));
    class.unwrap_or_default().to_owned()
}

pub(in crate::table) fn claim(row: &Row<'_>) -> String {
    let Some(claim) = row.object.at(&["spec", "claimRef"]) else { return String::new() };
    let text = |field: &str| claim.str_at(&[field]).unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name"))
}

pub(in crate::table) fn class_name(row: &Row<'_>) -> String {
    let name = row.object.str_at(&["metadata", "name"]).unwrap_or_default();
    let says = |key: &str| {
        row.object.at(&["metadata", "annotations", key]).and_then(Value::as_str) == Some("true")
    };
    let default = says("storageclass.kubernetes.io/is-default-class")
        || says("storageclass.beta.kubernetes.io/is-default-class");
    if default { format!("{name} (default)") } else { name.to_owned() }
}
