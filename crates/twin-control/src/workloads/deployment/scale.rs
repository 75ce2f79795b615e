//! Another number of replicas, in the middle of a rollout or outside of one.

use super::sets::{Rollout, Set};
use std::cmp::Reverse;

/// Whether the number has changed since the sets were scaled.
pub(super) fn is_due(rollout: &Rollout<'_>) -> bool {
    let active: Vec<_> = rollout.sets.all().filter(|set| set.replicas > 0).collect();
    // Who recreates has no proportion to keep: the old sets just end.
    let shared = !rollout.spec.recreates || active.len() < 2;
    let mut desired = active.into_iter().filter_map(Set::desired);
    shared && desired.any(|desired| desired != rollout.spec.replicas)
}

/// Which set: the new one, or an old one by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    New,
    Old(usize),
}

/// Gives the sets their part of the number.
pub(super) fn scale(rollout: &mut Rollout<'_>) {
    let replicas = rollout.spec.replicas;
    if let Some(only) = active_or_latest(rollout) {
        set(rollout, only, replicas);
    } else if is_saturated(rollout) {
        for at in 0..rollout.sets.old.len() {
            if rollout.sets.old[at].replicas > 0 {
                rollout.scale_old(at, 0);
            }
        }
    } else if !rollout.spec.recreates {
        share(rollout);
    }
}

fn set(rollout: &mut Rollout<'_>, place: Place, replicas: i64) {
    match place {
        Place::New => rollout.scale_new(replicas),
        Place::Old(at) => rollout.scale_old(at, replicas),
    };
}

fn places<'a>(rollout: &'a Rollout<'_>) -> Vec<(Place, &'a Set)> {
    let old = rollout.sets.old.iter().enumerate().map(|(at, set)| (Place::Old(at), set));
    old.chain(rollout.sets.new.iter().map(|set| (Place::New, set))).collect()
}

/// The only set with pods; without any, the new one or the latest.
fn active_or_latest(rollout: &Rollout<'_>) -> Option<Place> {
    let all = places(rollout);
    let active: Vec<_> = all.iter().filter(|(_, set)| set.replicas > 0).collect();
    match active[..] {
        [] => all.last().map(|(place, _)| *place),
        [(place, _)] => Some(*place),
        _ => None,
    }
}

/// Whether the new set has and serves all that is wanted.
fn is_saturated(rollout: &Rollout<'_>) -> bool {
    let wanted = rollout.spec.replicas;
    rollout.sets.new.as_ref().is_some_and(|new| {
        new.desired() == Some(wanted) && new.replicas == wanted && new.available() == wanted
    })
}

/// All sets with pods grow or shrink in proportion, so that a bad rollout does not get worse.
fn share(rollout: &mut Rollout<'_>) {
    let mut active: Vec<_> =
        places(rollout).into_iter().filter(|(_, set)| set.replicas > 0).collect();
    let size = if rollout.spec.replicas > 0 { rollout.spec.most() } else { 0 };
    let missing = size - active.iter().map(|(_, set)| set.replicas).sum::<i64>();
    // The largest first; of equal ones the newer grows first, and the older shrinks first.
    active.sort_by_key(|(_, set)| set.age());
    if missing > 0 {
        active.reverse();
    }
    active.sort_by_key(|(_, set)| Reverse(set.replicas));
    let mut added = 0;
    let mut sizes: Vec<_> = active
        .iter()
        .map(|(place, set)| {
            let part = proportion(rollout, set, missing, added);
            added += part;
            (*place, set.replicas + part)
        })
        .collect();
    if let Some((_, first)) = sizes.first_mut() {
        *first = (*first + missing - added).max(0);
    }
    for (place, replicas) in sizes {
        set(rollout, place, replicas);
    }
}

fn proportion(rollout: &Rollout<'_>, set: &Set, missing: i64, added: i64) -> i64 {
    let allowed = missing - added;
    if allowed == 0 {
        return 0;
    }
    let part = fraction(rollout, set);
    if missing > 0 { part.min(allowed).max(0) } else { part.max(allowed).min(0) }
}

/// What the set's part of all pods means for the new number, beyond what it has.
fn fraction(rollout: &Rollout<'_>, set: &Set) -> i64 {
    if rollout.spec.replicas == 0 {
        return -set.replicas;
    }
    let before = match set.most() {
        0 => rollout.sets.status("replicas"),
        most => most,
    };
    if before <= 0 {
        return 0;
    }
    // Rounded to the nearest: half of what was there is added before the division.
    let size = set.replicas.saturating_mul(rollout.spec.most()).saturating_add(before / 2);
    size / before - set.replicas
}
