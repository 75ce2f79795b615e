//! What programs are given: maps, secrets, quotas.

use super::super::Row;
use super::{entries, plain};

pub(in crate::table) fn map_size(row: &Row<'_>) -> usize {
    entries(row.object, &["data"]).len() + entries(row.object, &["binaryData"]).len()
}

pub(in crate::table) fn secret_size(row: &Row<'_>) -> usize {
    entries(row.object, &["data"]).len()
}

pub(in crate::table) fn quota_requests(row: &Row<'_>) -> String {
    quota(row, |name| !name.starts_with("limits."))
}

pub(in crate::table) fn quota_limits(row: &Row<'_>) -> String {
    quota(row, |name| name.starts_with("limits."))
}

fn quota(row: &Row<'_>, wanted: fn(&str) -> bool) -> String {
    let used = entries(row.object, &["status", "used"]);
    let hard = entries(row.object, &["status", "hard"]);
    let shown = hard.iter().filter(|(name, _)| wanted(name)).map(|(name, hard)| {
        let used = used.get(name).map_or("0".to_owned(), plain);
        format!("{name}: {used}/{}", plain(hard))
    });
    shown.collect::<Vec<_>>().join(", ")
}
