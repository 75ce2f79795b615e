//! How many pods there may be.

use super::super::Row;
use super::{items, plain, said};
use crate::tree::Value;

pub(in crate::table) fn reference(row: &Row<'_>) -> String {
    let text =
        |field: &str| row.object.str_at(&["spec", "scaleTargetRef", field]).unwrap_or_default();
    format!("{}/{}", text("kind"), text("name"))
}

pub(in crate::table) fn least(row: &Row<'_>) -> String {
    row.object.at(&["spec", "minReplicas"]).map_or("<unset>".to_owned(), plain)
}

pub(in crate::table) fn targets(row: &Row<'_>) -> String {
    let known = items(row.object, &["status", "currentMetrics"]);
    let metrics = items(row.object, &["spec", "metrics"]).iter().enumerate();
    let mut all: Vec<_> = metrics.map(|(at, metric)| target(metric, known.get(at))).collect();
    // The older version has one metric, in fields of its own.
    if let Some(percent) = row.object.at(&["spec", "targetCPUUtilizationPercentage"]) {
        let current = row.object.at(&["status", "currentCPUUtilizationPercentage"]);
        let current = current.map_or("<unknown>".to_owned(), |now| format!("{}%", plain(now)));
        all.push(format!("cpu: {current}/{}%", plain(percent)));
    }
    match all.len() {
        0 => "<none>".to_owned(),
        1 | 2 => all.join(", "),
        more => format!("{} + {} more...", all[..2].join(", "), more - 2),
    }
}

/// What is measured against what is wanted.
fn target(metric: &Value, known: Option<&Value>) -> String {
    const UNKNOWN: &str = "<unknown>";
    let (field, named) = match metric.str_at(&["type"]) {
        Some("Resource") => ("resource", true),
        Some("ContainerResource") => ("containerResource", true),
        Some("Pods") => ("pods", false),
        Some("Object") => ("object", false),
        Some("External") => ("external", false),
        _ => return "<unknown type>".to_owned(),
    };
    let wanted = |value: &str| metric.at(&[field, "target", value]).map(plain);
    let now = |value: &str| {
        known.and_then(|it| it.at(&[field, "current", value])).map_or(UNKNOWN.to_owned(), plain)
    };
    let average = wanted("averageValue").map(|it| format!("{}/{it}", now("averageValue")));
    if !named {
        let suffix = if field == "pods" { "" } else { " (avg)" };
        let whole = || format!("{}/{}", now("value"), wanted("value").unwrap_or("0".to_owned()));
        return average.map_or_else(whole, |average| format!("{average}{suffix}"));
    }
    let name = said(metric, &[field, "name"]).unwrap_or_default();
    let percent = |text: String| if text.starts_with('<') { text } else { format!("{text}%") };
    let share = || {
        let wanted = wanted("averageUtilization").unwrap_or("<auto>".to_owned());
        format!("{}/{}", percent(now("averageUtilization")), percent(wanted))
    };
    format!("{name}: {}", average.unwrap_or_else(share))
}

pub(in crate::table) fn min_available(row: &Row<'_>) -> String {
    row.object.at(&["spec", "minAvailable"]).map_or("N/A".to_owned(), plain)
}

pub(in crate::table) fn max_unavailable(row: &Row<'_>) -> String {
    row.object.at(&["spec", "maxUnavailable"]).map_or("N/A".to_owned(), plain)
}
