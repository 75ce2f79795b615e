//! What becomes of objects whose owners go.
//!
//! - An object whose owners are all gone is deleted.
//! - An owner with the finalizer `foregroundDeletion` waits until nothing that blocks it is left.
//! - An owner with the finalizer `orphan` lets go of what it owns, and goes.

mod kinds;

use super::owner::disowned;
use super::pace::Pace;
use super::read::{has_finalizer, is_ending, list, meta, without_finalizer};
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::ALL;
use kinds::{Kinds, Presence};
use std::sync::Arc;
use std::time::Duration;
use twin_core::api::{Deletion, Propagation};
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::{Text, Value};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";
/// Not more objects than this are deleted in one look.
const BURST: usize = 5_000;

/// Collects what nobody owns any more.
#[derive(Debug)]
pub(super) struct Collector {
    kinds: Kinds,
    pace: Pace,
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    /// An object, by its table.
    Object(TableName, Key),
    /// What an object owned that is gone, by its uid.
    Left(Text),
}

impl Subject {
    fn key(&self) -> Key {
        match self {
            Self::Object(table, key) => {
                Key::new(&format!("{}|{}", table.0, key.namespace()), key.name())
            }
            Self::Left(uid) => Key::new("", uid),
        }
    }

    fn of(key: &Key) -> Self {
        match key.namespace().split_once('|') {
            Some((table, namespace)) => {
                Self::Object(TableName(Text::new(table)), Key::new(namespace, key.name()))
            }
            None => Self::Left(Text::new(key.name())),
        }
    }
}

impl Collector {
    pub(super) fn new() -> Self {
        Self { kinds: Kinds::builtin(), pace: Pace::default() }
    }
}

impl Controller for Collector {
    fn name(&self) -> &'static str {
        "garbage-collector"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake) {
        let object = &change.object;
        let own = || Subject::Object(table.clone(), object.key.clone()).key();
        let gone = change.kind == ChangeKind::Deleted;
        let uid = meta(&object.tree, "uid");
        if gone && ALL.iter().any(|table| view.owned(table, "", uid).next().is_some()) {
            wake.key(Subject::Left(Text::new(uid)).key());
        }
        let decided =
            has_finalizer(&object.tree, FOREGROUND) || has_finalizer(&object.tree, ORPHAN);
        if !gone && is_ending(&object.tree) && decided {
            wake.key(own());
        }
        for tree in change.previous.iter().map(|it| &it.tree).chain([&object.tree]) {
            for owner in list(tree, &["metadata", "ownerReferences"]) {
                match self.kinds.presence(view, &object.key, owner) {
                    Presence::Here => {}
                    Presence::Absent => wake.key(own()),
                    Presence::Waiting(table, key) => {
                        wake.key(Subject::Object(table, key).key());
                        wake.key(own());
                    }
                }
            }
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(wait) = self.pace.wait(key, view.now) {
            outcome.again(wait);
            return outcome;
        }
        match Subject::of(key) {
            Subject::Left(uid) => {
                let seen = self.delete_owned(&uid, view, &mut outcome);
                self.pace.looked(key, seen, view.now);
            }
            Subject::Object(table, place) => {
                let Some(object) = view.get(&table, &place) else { return outcome };
                if !is_ending(&object.tree) {
                    self.judge(&table, object, view, &mut outcome);
                } else if has_finalizer(&object.tree, ORPHAN) {
                    orphan(&table, object, view, &mut outcome);
                } else if has_finalizer(&object.tree, FOREGROUND) {
                    let seen = self.wait(&table, object, view, &mut outcome);
                    self.pace.looked(key, seen, view.now);
                }
            }
        }
        outcome
    }
}

/// What an object owns, with its tables.
fn owned<'a>(
    view: &View<'a>,
    uid: &'a str,
) -> impl Iterator<Item = (&'static TableName, &'a Arc<Object>)> + use<'a> {
    let view = *view;
    ALL.iter().flat_map(move |table| view.owned(table, "", uid).map(move |it| (table, it)))
}

/// Whether the owner with this uid waits for the object.
fn blocks(object: &Value, uid: &str) -> bool {
    list(object, &["metadata", "ownerReferences"]).iter().any(|owner| {
        owner.str_at(&["uid"]) == Some(uid)
            && owner.at(&["blockOwnerDeletion"]).and_then(Value::as_bool) == Some(true)
    })
}

/// The object with owners that need not wait for it.
fn unblocking(tree: &Value) -> Value {
    let owners = list(tree, &["metadata", "ownerReferences"]).iter();
    let owners = owners.map(|owner| owner.with(&["blockOwnerDeletion"], Value::Bool(false)));
    tree.with(&["metadata", "ownerReferences"], owners.collect::<Vec<_>>().into())
}

fn orphan(table: &TableName, object: &Object, view: &View<'_>, outcome: &mut Outcome) {
    let uid = meta(&object.tree, "uid");
    for (table, free) in owned(view, uid) {
        outcome.update(table.clone(), &free.key, disowned(&free.tree, |known| known == uid));
    }
    outcome.update(table.clone(), &object.key, without_finalizer(&object.tree, ORPHAN));
}

impl Collector {
    /// Deletes what waits for nothing else; says how much there is.
    fn delete_owned(&self, uid: &str, view: &View<'_>, outcome: &mut Outcome) -> usize {
        let (mut seen, mut judged) = (0, 0);
        for (table, object) in owned(view, uid) {
            seen += 1;
            if is_ending(&object.tree) {
                continue;
            }
            if judged == BURST {
                outcome.again(Duration::ZERO);
                break;
            }
            judged += 1;
            self.judge(table, object, view, outcome);
        }
        seen
    }

    /// Deletes what an owner waits for, and lets it go when nothing of that is left.
    fn wait(
        &self,
        table: &TableName,
        owner: &Object,
        view: &View<'_>,
        outcome: &mut Outcome,
    ) -> usize {
        let uid = meta(&owner.tree, "uid");
        if owned(view, uid).any(|(_, object)| blocks(&object.tree, uid)) {
            return self.delete_owned(uid, view, outcome);
        }
        outcome.update(table.clone(), &owner.key, without_finalizer(&owner.tree, FOREGROUND));
        0
    }

    /// Deletes an object that nobody owns any more. With another owner it loses only the references
    /// to those that go.
    fn judge(&self, table: &TableName, object: &Object, view: &View<'_>, outcome: &mut Outcome) {
        let owners = list(&object.tree, &["metadata", "ownerReferences"]);
        let (mut here, mut gone, mut waiting) = (0, Vec::new(), 0);
        for owner in owners {
            match self.kinds.presence(view, &object.key, owner) {
                Presence::Here => here += 1,
                Presence::Absent => gone.extend(owner.str_at(&["uid"])),
                Presence::Waiting(..) => {
                    waiting += 1;
                    gone.extend(owner.str_at(&["uid"]));
                }
            }
        }
        if gone.is_empty() {
            return;
        }
        if here > 0 {
            let free = disowned(&object.tree, |uid| gone.contains(&uid));
            outcome.update(table.clone(), &object.key, free);
            return;
        }
        let uid = meta(&object.tree, "uid");
        let owns = waiting > 0 && owned(view, uid).next().is_some();
        // Who waits for this object may be owned by it: nobody would ever be first.
        let waits = |it: &Object| is_ending(&it.tree) && has_finalizer(&it.tree, FOREGROUND);
        if owns && owned(view, uid).any(|(_, it)| waits(it)) {
            outcome.update(table.clone(), &object.key, unblocking(&object.tree));
        }
        let propagation = match () {
            () if owns || has_finalizer(&object.tree, FOREGROUND) => Propagation::Foreground,
            () if has_finalizer(&object.tree, ORPHAN) => Propagation::Orphan,
            () => Propagation::Background,
        };
        let deletion = Deletion { uid: Text::new(uid), propagation, ..Deletion::default() };
        outcome.delete(table.clone(), &object.key, deletion);
    }
}

#[cfg(test)]
mod tests;
