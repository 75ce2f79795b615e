//! What kubelets renew while they are alive. The twin's own controllers need nobody to write it;
//! a real node lifecycle controller holds a node for lost without it.

use super::is_lost;
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{LEASES, NODES};
use std::time::Duration;
use twin_core::api::Deletion;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::Value;

const NAMESPACE: &str = "kube-node-lease";
/// A kubelet says that it is alive four times in the time in which it would count as lost.
const EVERY: Duration = Duration::from_secs(10);
const LASTS_SECONDS: i64 = 40;

/// Renews a Lease for each node that is not lost.
#[derive(Debug)]
pub(super) struct Heartbeat;

impl Controller for Heartbeat {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        // A change that the kubelet of a node that is alive hears of needs no other beat.
        if *table == NODES && (change.kind != ChangeKind::Modified || is_lost_or_back(change)) {
            wake.key(Key::new("", change.object.key.name()));
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let at = Key::new(NAMESPACE, key.name());
        let known = view.get(&LEASES, &at);
        let Some(node) = view.get(&NODES, key) else {
            if known.is_some() {
                outcome.delete(LEASES, &at, Deletion::default());
            }
            return outcome;
        };
        if is_lost(&node.tree) {
            return outcome;
        }
        let now = view.now.micro_value();
        match known {
            Some(lease) => {
                outcome.update(LEASES, &at, lease.tree.with(&["spec", "renewTime"], now));
            }
            None => outcome.create(LEASES, NAMESPACE, lease(node, now)),
        }
        outcome.again(EVERY);
        outcome
    }
}

fn is_lost_or_back(change: &Change) -> bool {
    let before = change.previous.as_ref().is_some_and(|node| is_lost(&node.tree));
    before != is_lost(&change.object.tree)
}

fn lease(node: &Object, now: Value) -> Value {
    let name = node.key.name();
    let owner = Value::from([
        ("apiVersion", "v1".into()),
        ("kind", "Node".into()),
        ("name", name.into()),
        ("uid", node.tree.at(&["metadata", "uid"]).cloned().unwrap_or_default()),
    ]);
    Value::from([
        ("metadata", Value::from([("name", name.into()), ("ownerReferences", vec![owner].into())])),
        (
            "spec",
            Value::from([
                ("holderIdentity", name.into()),
                ("leaseDurationSeconds", LASTS_SECONDS.into()),
                ("renewTime", now),
            ]),
        ),
    ])
}
