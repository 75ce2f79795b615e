//! Volumes of a pod: whether what they show is there, and when a kubelet looks again.

use super::environment::is_optional;
use super::fields::{Site, items};
use crate::tables::{CONFIG_MAPS, SECRETS};
use std::time::Duration;
use twin_core::store::{Key, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::Value;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LAST_WAIT: Duration = Duration::from_secs(122);
/// Every pod asks for it; who publishes it may be slower, or not there at all.
const ROOT: &str = "kube-root-ca.crt";

/// How far the volumes of a pod are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mounting {
    Done,
    /// They are mounted then, after so many times in vain.
    Due {
        at: Timestamp,
        tries: u32,
    },
}

impl Mounting {
    /// When it goes on.
    pub(super) fn due(self) -> Option<Timestamp> {
        match self {
            Self::Done => None,
            Self::Due { at, .. } => Some(at),
        }
    }

    /// After one more time in vain.
    pub(super) fn later(tries: u32, now: Timestamp) -> Self {
        let wait = FIRST_WAIT.saturating_mul(1 << tries.min(10)).min(LAST_WAIT);
        Self::Due { at: now.plus(wait), tries: tries.saturating_add(1) }
    }
}

/// What is told of the volumes that cannot be mounted.
pub(super) fn failures(site: &Site<'_>) -> Vec<String> {
    let failed = |volume: &Value| {
        let name = volume.str_at(&["name"]).unwrap_or_default();
        let why = missing(volume, site)?;
        Some(format!("MountVolume.SetUp failed for volume {name:?} : {why}"))
    };
    items(&site.pod.tree, &["spec", "volumes"]).filter_map(failed).collect()
}

/// What a volume lacks.
fn missing(volume: &Value, site: &Site<'_>) -> Option<String> {
    let Some(projected) = volume.at(&["projected"]) else {
        return absent(volume, "secretName", site);
    };
    let all: Vec<_> =
        items(projected, &["sources"]).filter_map(|it| absent(it, "name", site)).collect();
    match &all[..] {
        [] => None,
        [one] => Some(one.clone()),
        _ => Some(format!("[{}]", all.join(", "))),
    }
}

/// What a volume, or a part of one, lacks.
fn absent(source: &Value, secret_name: &str, site: &Site<'_>) -> Option<String> {
    if let Some(map) = source.at(&["configMap"]) {
        return not_there(map, "name", &CONFIG_MAPS, site);
    }
    not_there(source.at(&["secret"])?, secret_name, &SECRETS, site)
}

fn not_there(source: &Value, field: &str, table: &TableName, site: &Site<'_>) -> Option<String> {
    let name = source.str_at(&[field]).unwrap_or_default();
    if is_optional(source) || name == ROOT {
        return None;
    }
    let secret = *table == SECRETS;
    let Some(object) = site.view.get(table, &Key::new(site.pod.key.namespace(), name)) else {
        let kind = if secret { "secret" } else { "configmap" };
        return Some(format!("{kind} {name:?} not found"));
    };
    let has = |key: &str| {
        object.tree.at(&["data", key]).or_else(|| object.tree.at(&["binaryData", key])).is_some()
    };
    let mut keys = items(source, &["items"]).filter_map(|item| item.str_at(&["key"]));
    let key = keys.find(|key| !has(key))?;
    Some(if secret {
        format!("references non-existent secret key: {key}")
    } else {
        format!("configmap references non-existent config key: {key}")
    })
}
