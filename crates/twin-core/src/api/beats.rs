//! Heartbeats that nobody writes: the time of renewal in the Leases of nodes.
//!
//! A Lease in `kube-node-lease` that has a holder and no time is renewed all the time by a node that is
//! well: its time follows from the clock, and is filled in where the Lease is shown. Whoever writes one
//! with a time has written it.

use crate::registry::Resource;
use crate::store::{Object, Store, TableName};
use crate::time::Timestamp;
use crate::tree::{Text, Value};
use std::borrow::Cow;

/// Where they lie.
const LEASES: TableName = TableName(Text::new_static("coordination.k8s.io/leases"));
const NAMESPACE: &str = "kube-node-lease";
const TIME: [&str; 2] = ["spec", "renewTime"];
/// How often a node renews its Lease, in seconds.
const PERIOD: i64 = 10;

/// The time of the last heartbeat of all nodes that are well.
pub fn last(now: Timestamp) -> Timestamp {
    Timestamp::default().plus_seconds(now.seconds().div_euclid(PERIOD) * PERIOD)
}

/// The time of the next.
pub(super) fn next(now: Timestamp) -> Timestamp {
    last(now).plus_seconds(PERIOD)
}

/// Whether its renewals are written by nobody.
fn beats(object: &Object) -> bool {
    object.key.namespace() == NAMESPACE
        && object.tree.at(&TIME).is_none()
        && object.tree.at(&["spec", "holderIdentity"]).is_some()
}

/// Whether objects of this kind have heartbeats.
pub(super) fn has(table: &TableName) -> bool {
    *table == LEASES
}

/// An object as it is shown at this time.
pub(super) fn shown<'a>(resource: &Resource, object: &'a Object, now: Timestamp) -> Cow<'a, Value> {
    if has(&resource.table) { renewed(object, now) } else { Cow::Borrowed(&object.tree) }
}

/// A Lease with the time of its last renewal.
pub(super) fn renewed(lease: &Object, now: Timestamp) -> Cow<'_, Value> {
    if !beats(lease) {
        return Cow::Borrowed(&lease.tree);
    }
    // Not before there was one.
    let made = lease.tree.str_at(&["metadata", "creationTimestamp"]).and_then(Timestamp::parse);
    let time = made.map_or(last(now), |made| made.max(last(now)));
    Cow::Owned(lease.tree.with(&TIME, time.micro_value()))
}

/// The Leases that are renewed all the time.
pub(super) fn all(store: &Store) -> impl Iterator<Item = &Object> {
    let narrow = crate::store::Narrow { namespace: Some(NAMESPACE.into()), term: None };
    store.list(&LEASES, &narrow, None).map(AsRef::as_ref).filter(|lease| beats(lease))
}
