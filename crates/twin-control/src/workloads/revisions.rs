//! `ControllerRevision`s: what a template was, so that pods of an older one can be told apart, made
//! again, and gone back to.

use super::owner::{is_controlled, reference};
use super::read::{count, entries, int, is_ending, labels, meta};
use super::template::hash;
use crate::controller::{Outcome, View};
use crate::tables::REVISIONS;
use std::collections::BTreeSet;
use twin_core::api::Deletion;
use twin_core::store::{Key, Object};
use twin_core::tree::Value;

/// The label of pods that says which revision they are of.
pub(super) const POD_REVISION: &str = "controller-revision-hash";

/// A template as it was at some time.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    pub(super) key: Key,
    tree: Value,
}

impl Revision {
    pub(super) fn name(&self) -> &str {
        self.key.name()
    }

    /// A label of it.
    pub(super) fn label(&self, name: &str) -> &str {
        labels(&self.tree).and_then(|labels| labels.get(name)?.as_str()).unwrap_or_default()
    }

    /// The template.
    pub(super) fn template(&self) -> Value {
        let template = self.tree.at(&["data", "spec", "template"]).cloned().unwrap_or_default();
        template.without(&["$patch"])
    }

    fn number(&self) -> i64 {
        int(&self.tree, &["revision"]).unwrap_or(0)
    }
}

/// The revisions of a workload.
#[derive(Debug)]
pub(super) struct Revisions {
    /// The one of the template, which may be about to be written.
    pub(super) update: Revision,
    /// How many names were taken by others.
    pub(super) collisions: i64,
    /// From old to new, with the one of the template.
    all: Vec<Revision>,
}

impl Revisions {
    /// Finds the revision of the template, or makes it; `label` carries its hash.
    pub(super) fn sync(
        owner: &Object,
        label: &str,
        view: &View<'_>,
        outcome: &mut Outcome,
    ) -> Self {
        let uid = meta(&owner.tree, "uid");
        let owned = view.owned(&REVISIONS, owner.key.namespace(), uid);
        let mut all: Vec<_> = owned
            .filter(|it| is_controlled(&it.tree, uid) && !is_ending(&it.tree))
            .map(|it| Revision { key: it.key.clone(), tree: it.tree.clone() })
            .collect();
        all.sort_by_key(|revision| (revision.number(), revision.key.clone()));
        let data = data(&owner.tree);
        let next = all.last().map_or(0, Revision::number).saturating_add(1);
        let mut collisions = count(&owner.tree, &["status", "collisionCount"]);
        let same = |revision: &Revision| revision.tree.at(&["data"]) == Some(&data);
        let update = match all.iter().rposition(same) {
            Some(at) if at + 1 == all.len() => all[at].clone(),
            Some(at) => {
                // Gone back to: it becomes the newest.
                let mut back = all.remove(at);
                back.tree = back.tree.with(&["revision"], next.into());
                outcome.update(REVISIONS, &back.key, back.tree.clone());
                all.push(back.clone());
                back
            }
            None => {
                let new = new(owner, &data, label, next, view, &mut collisions);
                outcome.create(REVISIONS, owner.key.namespace(), new.tree.clone());
                all.push(new.clone());
                new
            }
        };
        Self { update, collisions, all }
    }

    /// One by its name.
    pub(super) fn named(&self, name: &str) -> Option<&Revision> {
        self.all.iter().find(|revision| revision.name() == name)
    }

    /// Deletes the oldest of those that no pod needs, down to the limit.
    pub(super) fn clean_up(&self, limit: i64, live: &BTreeSet<&str>, outcome: &mut Outcome) {
        let is_free = |revision: &&Revision| {
            let hash = revision.label(POD_REVISION);
            revision.name() != self.update.name()
                && !live.contains(revision.name())
                && !live.contains(hash)
        };
        let free: Vec<_> = self.all.iter().filter(is_free).collect();
        let surplus = free.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        for revision in free.into_iter().take(surplus) {
            outcome.delete(REVISIONS, &revision.key, Deletion::default());
        }
    }
}

/// The patch that brings a workload to its present template.
fn data(owner: &Value) -> Value {
    let template = owner.at(&["spec", "template"]).cloned().unwrap_or_default();
    let template = template.with(&["$patch"], "replace".into());
    Value::from([("spec", Value::from([("template", template)]))])
}

fn new(
    owner: &Object,
    data: &Value,
    label: &str,
    number: i64,
    view: &View<'_>,
    collisions: &mut i64,
) -> Revision {
    let (mut digest, mut key);
    loop {
        digest = hash(data, *collisions);
        key = Key::new(owner.key.namespace(), &format!("{}-{digest}", owner.key.name()));
        if view.get(&REVISIONS, &key).is_none() {
            break;
        }
        *collisions += 1;
    }
    let template = owner.tree.at(&["spec", "template"]).cloned().unwrap_or_default();
    let labels = Value::Map(labels(&template).cloned().unwrap_or_default());
    let mut metadata = Value::from([
        ("name", key.name().into()),
        ("labels", labels.with(&[label], digest.as_str().into())),
        ("ownerReferences", vec![reference(&owner.tree)].into()),
    ]);
    for (name, value) in entries(&owner.tree, &["metadata", "annotations"]) {
        metadata = metadata.with(&["annotations", name], value.clone());
    }
    let tree =
        Value::from([("metadata", metadata), ("data", data.clone()), ("revision", number.into())]);
    Revision { key, tree }
}
