//! Which pods of a set go first when there are too many.

use super::is_sibling;
use crate::controller::{View, controller_of};
use crate::tables::{PODS, REPLICA_SETS};
use crate::workloads::owner::Owned;
use crate::workloads::pods::{is_active, node, phase, ready_since, restarts};
use crate::workloads::read::{annotation, created, meta};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use twin_core::store::{Key, Object};
use twin_core::time::Timestamp;
use twin_core::tree::Text;

const COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// What decides; the least goes first.
type Rank = (bool, u8, bool, i64, Reverse<usize>, Option<u32>, Reverse<i64>, Option<u32>, Text);

/// The pods that go, if so many go.
pub(super) fn first_to_go(
    set: &Object,
    active: Vec<Owned>,
    surplus: usize,
    view: &View<'_>,
) -> Vec<Key> {
    if surplus >= active.len() {
        return active.into_iter().map(|pod| pod.key).collect();
    }
    let neighbours = neighbours(set, view);
    let rank = |pod: &Owned| neighbours.get(node(&pod.tree)).copied().unwrap_or(0);
    let mut ranked: Vec<_> =
        active.into_iter().map(|pod| (ranked(&pod, rank(&pod), view.now), pod.key)).collect();
    ranked.sort();
    ranked.into_iter().take(surplus).map(|(_, key)| key).collect()
}

/// How many pods of the set and of those with the same owner each node has.
fn neighbours<'a>(set: &Object, view: &View<'a>) -> BTreeMap<&'a str, usize> {
    let namespace = set.key.namespace();
    let uid = |tree| Text::new(meta(tree, "uid"));
    let owner = controller_of(&set.tree).and_then(|owner| owner.str_at(&["uid"]));
    let siblings: Vec<Text> = match owner {
        None => vec![uid(&set.tree)],
        Some(owner) => view
            .owned(&REPLICA_SETS, namespace, owner)
            .filter(|other| is_sibling(&other.tree, owner))
            .map(|other| uid(&other.tree))
            .collect(),
    };
    let mut found = BTreeMap::new();
    for pod in siblings.iter().flat_map(|uid| view.owned(&PODS, namespace, uid)) {
        if is_active(&pod.tree) {
            *found.entry(node(&pod.tree)).or_insert(0) += 1;
        }
    }
    found
}

fn ranked(pod: &Owned, rank: usize, now: Timestamp) -> Rank {
    let tree = &pod.tree;
    let ready = ready_since(tree);
    let phase = match phase(tree) {
        "Pending" => 0,
        "Unknown" => 1,
        _ => 2,
    };
    let cost = annotation(tree, COST).and_then(|cost| cost.parse::<i32>().ok()).unwrap_or(0);
    // Ages that are alike on a logarithmic scale count as equal. In the end the uid decides, which is
    // as good as chance.
    let age = |since: Timestamp| now.since(since).as_nanos().checked_ilog2();
    (
        !node(tree).is_empty(),
        phase,
        ready.is_some(),
        i64::from(cost),
        Reverse(rank),
        ready.and_then(age),
        Reverse(restarts(tree)),
        age(created(tree)),
        Text::new(meta(tree, "uid")),
    )
}
