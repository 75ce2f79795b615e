//! From one template to the next: node by node, within what may be missing or too much.

use super::{Place, Set};
use crate::workloads::owner::Owned;
use crate::workloads::pods::is_over;
use crate::workloads::read::{counted, is_ending};
use twin_core::store::Key;
use twin_core::tree::Text;

/// What a node has, of the new template and of older ones.
#[derive(Clone, Copy, Debug)]
enum Stage<'a> {
    /// Nothing that runs, or too much: it is taken care of elsewhere.
    Unsettled,
    Old(&'a Owned),
    New(&'a Owned),
    Both {
        old: &'a Owned,
        new: &'a Owned,
    },
}

/// Replaces the pods that may be replaced now.
pub(super) fn advance(set: &mut Set<'_>) {
    if set.object.tree.str_at(&["spec", "updateStrategy", "type"]) == Some("OnDelete") {
        return;
    }
    let desired = set.desired();
    let surge = set.share("maxSurge", desired);
    if surge > 0 {
        let (create, delete) = surged(set, surge);
        set.create.extend(create);
        set.delete.extend(delete);
    } else {
        let delete = replaced(set, set.share("maxUnavailable", desired).max(1));
        set.delete.extend(delete);
    }
}

fn stage<'a>(set: &Set<'_>, place: &'a Place) -> Stage<'a> {
    let here = place.pods.iter().filter(|pod| !is_ending(&pod.tree) && !is_over(&pod.tree));
    let (new, old): (Vec<_>, Vec<_>) = here.partition(|pod| set.is_new(pod));
    match (&new[..], &old[..]) {
        ([], [old]) => Stage::Old(old),
        ([new], []) => Stage::New(new),
        ([new], [old]) => Stage::Both { old, new },
        _ => Stage::Unsettled,
    }
}

/// Old pods that go, so that not more than `most` nodes are without a pod that serves.
fn replaced(set: &Set<'_>, most: i64) -> Vec<Key> {
    let (mut missing, mut broken, mut serving) = (0, Vec::new(), Vec::new());
    for place in set.places.values().filter(|place| place.fit == super::Fit::Runs) {
        match stage(set, place) {
            Stage::Unsettled => missing += 1,
            Stage::New(new) | Stage::Both { new, .. } => {
                missing += i64::from(!set.is_available(new));
            }
            Stage::Old(old) if set.is_available(old) => serving.push(old.key.clone()),
            Stage::Old(old) => {
                missing += 1;
                broken.push(old.key.clone());
            }
        }
    }
    let more = usize::try_from(most - missing).unwrap_or(0);
    broken.into_iter().chain(serving.into_iter().take(more)).collect()
}

/// Nodes that get a new pod beside the old one, and old pods whose new one serves.
fn surged(set: &Set<'_>, surge: i64) -> (Vec<Text>, Vec<Key>) {
    let (mut starting, mut broken, mut serving, mut delete) = (0, vec![], vec![], vec![]);
    for (node, place) in set.places.iter().filter(|(_, place)| place.fit == super::Fit::Runs) {
        match stage(set, place) {
            Stage::Unsettled | Stage::New(_) => {}
            Stage::Old(old) if set.is_available(old) => serving.push(node.clone()),
            Stage::Old(_) => broken.push(node.clone()),
            Stage::Both { old, new } if set.is_available(new) => delete.push(old.key.clone()),
            Stage::Both { .. } => starting += 1,
        }
    }
    let more = usize::try_from(surge - starting - counted(&broken)).unwrap_or(0);
    (broken.into_iter().chain(serving.into_iter().take(more)).collect(), delete)
}
