//! The Lease of each node: made once, and renewed by the clock as long as the node is well.
//!
//! See `beats` in the API: a Lease without a time shows that of the last heartbeat. That of a lost
//! node gets the time of its last one.

use super::{LOST, is_lost};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{LEASES, NAMESPACES, NODES};
use twin_core::api::{Deletion, last_heartbeat};
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::{Text, Value};

const NAMESPACE: &str = "kube-node-lease";
/// How long after its last renewal a node may count as lost.
const SECONDS: i64 = 40;
const TIME: [&str; 2] = ["spec", "renewTime"];
const MARK: [&str; 3] = ["metadata", "annotations", LOST];

/// Keeps a Lease for each node.
#[derive(Debug)]
pub(super) struct Leases;

impl Controller for Leases {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        let node = &change.object;
        let before = change.previous.as_ref().filter(|_| change.kind == ChangeKind::Modified);
        if *table == NODES && before.is_none_or(|old| is_lost(&old.tree) != is_lost(&node.tree)) {
            wake.key(node.key.clone());
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        if view.get(&NAMESPACES, &Key::new("", NAMESPACE)).is_none() {
            return outcome;
        }
        let own = Key::new(NAMESPACE, key.name());
        let (node, lease) = match (view.get(&NODES, key), view.get(&LEASES, &own)) {
            (Some(node), Some(lease)) => (node, lease),
            (Some(node), None) => {
                outcome.create(LEASES, NAMESPACE, made(node));
                return outcome;
            }
            (None, Some(_)) => {
                outcome.delete(LEASES, &own, Deletion::default());
                return outcome;
            }
            (None, None) => return outcome,
        };
        let silent = lease.tree.at(&MARK).is_some();
        let beats = lease.tree.at(&TIME).is_none();
        if is_lost(&node.tree) && beats {
            let time = last_heartbeat(view.now).micro_value();
            let lease = lease.tree.with(&TIME, time).with(&MARK, "true".into());
            outcome.update(LEASES, &own, lease);
        } else if !is_lost(&node.tree) && silent {
            outcome.update(LEASES, &own, lease.tree.without(&TIME).without(&MARK));
        }
        outcome
    }
}

/// The Lease of a node.
fn made(node: &Object) -> Value {
    let name = node.key.name();
    let owner = Value::from([
        ("apiVersion", "v1".into()),
        ("kind", "Node".into()),
        ("name", name.into()),
        ("uid", Text::new(node.tree.str_at(&["metadata", "uid"]).unwrap_or_default()).into()),
    ]);
    let metadata = Value::from([("name", name.into()), ("ownerReferences", vec![owner].into())]);
    let spec =
        Value::from([("holderIdentity", name.into()), ("leaseDurationSeconds", SECONDS.into())]);
    Value::from([("metadata", metadata), ("spec", spec)])
}
