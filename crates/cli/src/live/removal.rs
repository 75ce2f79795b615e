//! Removing what earlier runs applied.

use crate::error::Error;
use apply::{Id, Inventory, is_ours};
use cluster::{Cluster, Propagation};
use serde_json::Value;
use std::collections::BTreeMap;

/// What goes, in the order in which it goes, and what stays.
#[derive(Debug, Default)]
pub(crate) struct Removal {
    pub(crate) goes: Vec<Id>,
    pub(crate) stays: Vec<(Id, &'static str)>,
}

/// What becomes of claims and of the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    Kept,
    Deleted,
}

/// Kinds in the order in which they go: first what comes in, then what starts pods, then the rest.
const FIRST: &[&str] = &[
    "HTTPRoute",
    "Ingress",
    "HorizontalPodAutoscaler",
    "CronJob",
    "Job",
    "Deployment",
    "StatefulSet",
];
/// These go last: claims after their pods, the namespace after everything.
const LAST: &[&str] = &["PersistentVolumeClaim", "Namespace"];

impl Removal {
    /// Decides from what is there; claims of stateful sets are told by `claims`.
    pub(crate) fn new(
        inventory: &Inventory,
        live: &BTreeMap<Id, Value>,
        claims: &[Id],
        data: Data,
    ) -> Self {
        let mut removal = Self::default();
        let mut ids: Vec<&Id> =
            inventory.objects.keys().filter(|id| live.contains_key(id)).chain(claims).collect();
        ids.sort_by_key(|id| (rank(id), *id));
        ids.dedup();
        for id in ids {
            let ours = live.get(id).is_none_or(is_ours);
            match id.kind.as_str() {
                _ if !ours => removal.stays.push((id.clone(), "somebody else has replaced it")),
                "PersistentVolumeClaim" | "Namespace" if data == Data::Kept => {
                    removal.stays.push((id.clone(), "--delete-data deletes it"));
                }
                _ => removal.goes.push(id.clone()),
            }
        }
        removal
    }
}

fn rank(id: &Id) -> usize {
    let at = |list: &[&str]| list.iter().position(|kind| *kind == id.kind);
    let last = at(LAST).map(|at| FIRST.len() + 1 + at);
    at(FIRST).or(last).unwrap_or(FIRST.len())
}

/// Deletes what goes. What is gone already is no failure.
pub(crate) async fn remove(cluster: &Cluster, removal: &Removal) -> Result<(), Error> {
    for id in &removal.goes {
        if let Some(live) = cluster.get(id).await? {
            cluster.delete(&live, Propagation::Background).await?;
        }
    }
    Ok(())
}
