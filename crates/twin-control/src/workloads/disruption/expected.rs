//! How many pods there should be, and how many of them healthy.

use crate::controller::{View, controller_of};
use crate::tables::{DEPLOYMENTS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS};
use crate::workloads::read::{counted, replicas};
use crate::workloads::share::{Rounding, Share};
use std::collections::BTreeMap;
use std::sync::Arc;
use twin_core::store::{Key, Object};
use twin_core::tree::{Text, Value};

/// What a budget expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) pods: i64,
    pub(super) healthy: i64,
    /// Pods that nobody controls.
    pub(super) unmanaged: usize,
}

/// What a budget expects of these pods; an error is a sentence about a controller that does not say
/// how many it wants.
pub(super) fn count(
    budget: &Object,
    pods: &[&Arc<Object>],
    view: &View<'_>,
) -> Result<Expected, String> {
    let spec = |field: &str| budget.tree.at(&["spec", field]);
    if let Some(most) = spec("maxUnavailable") {
        let (pods, unmanaged) = wanted(pods, view)?;
        let most = Share::read(Some(most)).of(pods, Rounding::Up);
        return Ok(Expected { pods, healthy: (pods - most).max(0), unmanaged });
    }
    match spec("minAvailable").map(|least| Share::read(Some(least))) {
        Some(share @ Share::Percent(_)) => {
            let (pods, unmanaged) = wanted(pods, view)?;
            Ok(Expected { pods, healthy: share.of(pods, Rounding::Up), unmanaged })
        }
        Some(share @ Share::Count(_)) => {
            let pods = counted(pods);
            Ok(Expected { pods, healthy: share.of(pods, Rounding::Up), unmanaged: 0 })
        }
        None => Ok(Expected { pods: counted(pods), healthy: 0, unmanaged: 0 }),
    }
}

/// How many pods their controllers want together, and how many pods have none.
fn wanted(pods: &[&Arc<Object>], view: &View<'_>) -> Result<(i64, usize), String> {
    let (mut scales, mut unmanaged) = (BTreeMap::new(), 0);
    for pod in pods {
        let Some(owner) = controller_of(&pod.tree) else {
            unmanaged += 1;
            continue;
        };
        let uid = owner.str_at(&["uid"]).unwrap_or_default();
        if !scales.contains_key(uid) {
            scales.insert(uid, scale(owner, pod.key.namespace(), view)?);
        }
    }
    // The sets of one Deployment share its number.
    let by_source: BTreeMap<Text, i64> = scales.into_values().collect();
    Ok((by_source.values().sum(), unmanaged))
}

/// Who says how many, by uid, and how many.
fn scale(owner: &Value, namespace: &str, view: &View<'_>) -> Result<(Text, i64), String> {
    let part = |field: &str| owner.str_at(&[field]).unwrap_or_default();
    let table = match part("kind") {
        "ReplicaSet" => REPLICA_SETS,
        "Deployment" => DEPLOYMENTS,
        "StatefulSet" => STATEFUL_SETS,
        "ReplicationController" => REPLICATION_CONTROLLERS,
        kind => {
            return Err(format!("{} does not implement the scale subresource", kind_name(kind)));
        }
    };
    let uid = Text::new(part("uid"));
    let Some(found) = view.get(&table, &Key::new(namespace, part("name"))) else {
        // It is on its way out, and its pods with it.
        return Ok((uid, 0));
    };
    match controller_of(&found.tree) {
        Some(above) if table == REPLICA_SETS => scale(above, namespace, view),
        _ => Ok((uid, replicas(&found.tree))),
    }
}

/// As messages name a resource.
fn kind_name(kind: &str) -> String {
    match kind {
        "Job" => "jobs.batch".to_owned(),
        "DaemonSet" => "daemonsets.apps".to_owned(),
        kind => kind.to_lowercase(),
    }
}
