//! What makes pods: their numbers, containers and selectors.

use super::super::Row;
use super::{entries, items, labels, number, or_none, said};
use crate::tree::Value;

pub(in crate::table) fn ready(row: &Row<'_>) -> String {
    let wanted = number(row.object, &["spec", "replicas"]);
    format!("{}/{wanted}", number(row.object, &["status", "readyReplicas"]))
}

/// The template of its pods; a cron job's lies deeper.
fn pod_spec(row: &Row<'_>) -> Value {
    let direct = row.object.at(&["spec", "template", "spec"]);
    let nested = row.object.at(&["spec", "jobTemplate", "spec", "template", "spec"]);
    direct.or(nested).cloned().unwrap_or_default()
}

fn of_containers(row: &Row<'_>, field: &str) -> String {
    let spec = pod_spec(row);
    let texts = items(&spec, &["containers"]).iter();
    texts.map(|it| it.str_at(&[field]).unwrap_or_default()).collect::<Vec<_>>().join(",")
}

pub(in crate::table) fn containers(row: &Row<'_>) -> String {
    of_containers(row, "name")
}

pub(in crate::table) fn images(row: &Row<'_>) -> String {
    of_containers(row, "image")
}

pub(in crate::table) fn bare_selector(row: &Row<'_>) -> String {
    super::selector(row.object.at(&["spec", "selector"]))
}

pub(in crate::table) fn selector(row: &Row<'_>) -> String {
    if row.object.str_at(&["kind"]) == Some("ReplicationController") {
        return labels(&entries(row.object, &["spec", "selector"]));
    }
    let nested = row.object.at(&["spec", "jobTemplate", "spec", "selector"]);
    or_none(super::selector(row.object.at(&["spec", "selector"]).or(nested)))
}

pub(in crate::table) fn node_selector(row: &Row<'_>) -> String {
    labels(&entries(&pod_spec(row), &["nodeSelector"]))
}

/// Whose it is: `statefulset.apps/db`.
pub(in crate::table) fn controller(row: &Row<'_>) -> String {
    let mut owners = items(row.object, &["metadata", "ownerReferences"]).iter();
    let controls = |owner: &&Value| owner.at(&["controller"]) == Some(&Value::Bool(true));
    let Some(owner) = owners.find(controls) else { return "<none>".to_owned() };
    let text = |field: &str| said(owner, &[field]).unwrap_or_default();
    let kind = text("kind").to_lowercase();
    match text("apiVersion").split_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{}", text("name")),
        None => format!("{kind}/{}", text("name")),
    }
}
