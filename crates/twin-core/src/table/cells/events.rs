//! Events, in the fields of either of their APIs.

use super::super::{Row, human};
use super::{number, said};
use crate::tree::Value;

fn time<'a>(row: &Row<'a>, paths: &[&[&str]]) -> Option<&'a Value> {
    paths.iter().find_map(|path| row.object.at(path).filter(|time| !time.is_null()))
}

pub(in crate::table) fn first_seen(row: &Row<'_>) -> String {
    let first = time(row, &[&["firstTimestamp"], &["deprecatedFirstTimestamp"], &["eventTime"]]);
    human::since(first, row.now)
}

pub(in crate::table) fn last_seen(row: &Row<'_>) -> String {
    let last: [&[&str]; 3] =
        [&["series", "lastObservedTime"], &["lastTimestamp"], &["deprecatedLastTimestamp"]];
    match time(row, &last) {
        Some(last) => human::since(Some(last), row.now),
        None => first_seen(row),
    }
}

pub(in crate::table) fn object(row: &Row<'_>) -> String {
    let part = |field: &str| {
        said(row.object, &["involvedObject", field]).or(said(row.object, &["regarding", field]))
    };
    let kind = part("kind").unwrap_or_default().to_lowercase();
    part("name").map_or(kind.clone(), |name| format!("{kind}/{name}"))
}

pub(in crate::table) fn part(row: &Row<'_>) -> String {
    let path = said(row.object, &["involvedObject", "fieldPath"]);
    path.or(said(row.object, &["regarding", "fieldPath"])).unwrap_or_default().to_owned()
}

pub(in crate::table) fn source(row: &Row<'_>) -> String {
    let either = |paths: [&[&str]; 3]| paths.into_iter().find_map(|path| said(row.object, path));
    let component = either([
        &["source", "component"],
        &["deprecatedSource", "component"],
        &["reportingComponent"],
    ]);
    let component = component.or(said(row.object, &["reportingController"])).unwrap_or_default();
    match either([&["source", "host"], &["deprecatedSource", "host"], &["reportingInstance"]]) {
        Some(instance) => format!("{component}, {instance}"),
        None => component.to_owned(),
    }
}

pub(in crate::table) fn message(row: &Row<'_>) -> String {
    let message = said(row.object, &["message"]).or(said(row.object, &["note"]));
    message.unwrap_or_default().trim().to_owned()
}

pub(in crate::table) fn count(row: &Row<'_>) -> usize {
    let count = match row.object.at(&["series"]) {
        Some(series) => number(series, &["count"]),
        None => number(row.object, &["count"]).max(number(row.object, &["deprecatedCount"])).max(1),
    };
    usize::try_from(count).unwrap_or_default()
}
