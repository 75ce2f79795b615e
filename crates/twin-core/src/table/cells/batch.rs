//! Jobs and what starts them.

use super::super::{Row, human};
use super::{has_condition, is_ending, items, number};
use crate::time::Timestamp;
use crate::tree::Value;

pub(in crate::table) fn status(row: &Row<'_>) -> String {
    let job = row.object;
    let later = ["Suspended", "FailureTarget", "SuccessCriteriaMet"];
    let word = if has_condition(job, "Complete") {
        "Complete"
    } else if has_condition(job, "Failed") {
        "Failed"
    } else if is_ending(job) {
        "Terminating"
    } else {
        later.into_iter().find(|name| has_condition(job, name)).unwrap_or("Running")
    };
    word.to_owned()
}

pub(in crate::table) fn completions(row: &Row<'_>) -> String {
    let done = number(row.object, &["status", "succeeded"]);
    let parallel = number(row.object, &["spec", "parallelism"]);
    match row.object.at(&["spec", "completions"]).and_then(Value::as_int) {
        Some(wanted) => format!("{done}/{wanted}"),
        None if parallel > 1 => format!("{done}/1 of {parallel}"),
        None => format!("{done}/1"),
    }
}

pub(in crate::table) fn duration(row: &Row<'_>) -> String {
    let time = |field: &str| Timestamp::parse(row.object.str_at(&["status", field])?);
    let Some(start) = time("startTime") else { return String::new() };
    let end = time("completionTime").unwrap_or(row.now);
    human::span(end.seconds() - start.seconds())
}

pub(in crate::table) fn suspended(row: &Row<'_>) -> String {
    let word = match row.object.at(&["spec", "suspend"]).and_then(Value::as_bool) {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    word.to_owned()
}

pub(in crate::table) fn active(row: &Row<'_>) -> usize {
    items(row.object, &["status", "active"]).len()
}

pub(in crate::table) fn last_schedule(row: &Row<'_>) -> String {
    match row.object.at(&["status", "lastScheduleTime"]) {
        None | Some(Value::Null) => "<none>".to_owned(),
        time => human::since(time, row.now),
    }
}
