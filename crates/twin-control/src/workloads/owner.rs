//! Who owns what: references, adoption and release.

use super::read::{is_ending, labels, list, meta};
use crate::controller::{Outcome, View, Wake, controller_of};
use std::borrow::Cow;
use std::sync::Arc;
use twin_core::selector::LabelSelector;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::Value;

/// The label that sets the pods of one template apart from those of the next.
pub(super) const TEMPLATE_HASH: &str = "pod-template-hash";

/// An object that belongs to a controller, as it is after what was decided about it.
#[derive(Clone, Debug)]
pub(super) struct Owned {
    pub(super) key: Key,
    pub(super) tree: Value,
}

impl From<&Object> for Owned {
    fn from(object: &Object) -> Self {
        Self { key: object.key.clone(), tree: object.tree.clone() }
    }
}

/// The reference by which an object controls another.
pub(crate) fn reference(owner: &Value) -> Value {
    let part = |path: &[&str]| owner.at(path).cloned().unwrap_or_default();
    Value::from([
        ("apiVersion", part(&["apiVersion"])),
        ("kind", part(&["kind"])),
        ("name", part(&["metadata", "name"])),
        ("uid", part(&["metadata", "uid"])),
        ("controller", Value::Bool(true)),
        ("blockOwnerDeletion", Value::Bool(true)),
    ])
}

/// What an object selects, as a `LabelSelector`. `ReplicationControllers` have a map of labels.
pub(super) fn selector_of(owner: &Value) -> Option<Cow<'_, Value>> {
    let selector = owner.at(&["spec", "selector"])?;
    if owner.str_at(&["kind"]) == Some("ReplicationController") {
        return Some(Cow::Owned(Value::from([("matchLabels", selector.clone())])));
    }
    Some(Cow::Borrowed(selector))
}

/// Whether the object with this uid controls another.
pub(super) fn is_controlled(tree: &Value, uid: &str) -> bool {
    controller_of(tree).and_then(|owner| owner.str_at(&["uid"])) == Some(uid)
}

/// The object without references to these owners.
pub(super) fn disowned(tree: &Value, gone: impl Fn(&str) -> bool) -> Value {
    let known = list(tree, &["metadata", "ownerReferences"]);
    let is_gone = |owner: &Value| owner.str_at(&["uid"]).is_some_and(&gone);
    let rest: Vec<_> = known.iter().filter(|owner| !is_gone(owner)).cloned().collect();
    if rest.is_empty() {
        return tree.without(&["metadata", "ownerReferences"]);
    }
    tree.with(&["metadata", "ownerReferences"], rest.into())
}

/// Who may own: an object with a selector.
#[derive(Clone, Debug)]
pub(super) struct Claimant<'a> {
    pub(super) object: &'a Object,
    selector: LabelSelector,
    /// Whether the owner takes an object of this key, if it has the right labels.
    takes: fn(&Key, &Key) -> bool,
}

impl<'a> Claimant<'a> {
    /// Nobody, if the selector is odd or empty, or if it does not select the template's own pods:
    /// then every new pod would be let go at once, and made again, without end.
    pub(super) fn new(object: &'a Object) -> Option<Self> {
        let selector = LabelSelector::of_object(&*selector_of(&object.tree)?)?;
        let template = object.tree.at(&["spec", "template"])?;
        let fits = !selector.is_empty() && selector.matches(labels(template));
        fits.then_some(Self { object, selector, takes: |_, _| true })
    }

    /// Who looks at names too: at its own, and at that of what it could adopt.
    pub(super) fn only(self, takes: fn(&Key, &Key) -> bool) -> Self {
        Self { takes, ..self }
    }

    /// What it owns after adoption and release. One pass over what it owns, and one over what has
    /// a label that it asks for.
    pub(super) fn claim(
        &self,
        view: &View<'_>,
        table: &TableName,
        outcome: &mut Outcome,
    ) -> Vec<Owned> {
        let uid = meta(&self.object.tree, "uid");
        let ending = is_ending(&self.object.tree);
        let (mut claimed, mut known) = (Vec::new(), Vec::new());
        for object in view.owned(table, self.object.key.namespace(), uid) {
            if !is_controlled(&object.tree, uid) {
                known.push(object);
                continue;
            }
            if self.selector.matches(labels(&object.tree)) {
                claimed.push(Owned::from(&**object));
            } else if !ending {
                let freed = disowned(&object.tree, |known| known == uid);
                outcome.update(table.clone(), &object.key, freed);
            }
        }
        if !ending {
            self.adopt(view, table, known, &mut claimed, outcome);
        }
        claimed
    }

    fn adopt(
        &self,
        view: &View<'_>,
        table: &TableName,
        known: Vec<&Arc<Object>>,
        claimed: &mut Vec<Owned>,
        outcome: &mut Outcome,
    ) {
        let tree = &self.object.tree;
        let namespace = self.object.key.namespace();
        let uid = meta(tree, "uid");
        let hash = tree.str_at(&["spec", "selector", "matchLabels", TEMPLATE_HASH]);
        // The label with the fewest objects, where it is known.
        let candidates: Box<dyn Iterator<Item = _>> = match hash {
            Some(hash) => {
                let label = (TEMPLATE_HASH, hash);
                let others = view.labelled_by_others(table, namespace, label, uid);
                Box::new(known.into_iter().chain(others))
            }
            None => Box::new(view.selected(table, namespace, selector_of(tree).as_deref())),
        };
        for object in candidates {
            let free = controller_of(&object.tree).is_none() && !is_ending(&object.tree);
            let takes = (self.takes)(&self.object.key, &object.key);
            if free && takes && self.selector.matches(labels(&object.tree)) {
                let mut owners = list(&object.tree, &["metadata", "ownerReferences"]).to_vec();
                owners.push(reference(tree));
                let adopted = object.tree.with(&["metadata", "ownerReferences"], owners.into());
                outcome.update(table.clone(), &object.key, adopted.clone());
                claimed.push(Owned { key: object.key.clone(), tree: adopted });
            }
        }
    }
}

/// Wakes who controls or controlled a changed object, or who could adopt it.
pub(super) fn wake(
    change: &Change,
    kind: &str,
    owners: &TableName,
    view: &View<'_>,
    wake: &mut Wake,
) {
    wake.controller(&change.object, kind);
    if let Some(previous) = &change.previous {
        wake.controller(previous, kind);
    }
    let object = &change.object;
    if change.kind == ChangeKind::Deleted || controller_of(&object.tree).is_some() {
        return;
    }
    for owner in view.all(owners, object.key.namespace()) {
        let selector = selector_of(&owner.tree);
        let selector = selector.and_then(|selector| LabelSelector::of_object(&selector));
        if selector.is_some_and(|selector| selector.matches(labels(&object.tree))) {
            wake.key(owner.key.clone());
        }
    }
}
