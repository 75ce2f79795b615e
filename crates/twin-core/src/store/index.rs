//! Which objects say what: labels, owners, nodes.

use super::{Key, Object};
use crate::tree::{Map, Text, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Objects with a label.
pub fn label(name: &str, value: &str) -> Text {
    Text::from(format!("l{name}={value}"))
}

/// Objects on a node.
pub fn node(name: &str) -> Text {
    Text::from(format!("n{name}"))
}

/// Objects that an object with this uid owns.
pub fn owner(uid: &str) -> Text {
    Text::from(format!("o{uid}"))
}

/// What objects that are made from one template have in common.
pub(super) fn look(key: &Key, tree: &Value) -> Text {
    let owners = tree.at(&["metadata", "ownerReferences"]).and_then(Value::as_list);
    let uid = owners.and_then(|owners| owners.first()).and_then(|owner| owner.str_at(&["uid"]));
    Text::new(uid.unwrap_or_else(|| key.namespace()))
}

#[derive(Debug, Default)]
pub(super) struct Index {
    keys: BTreeMap<Text, BTreeSet<Key>>,
}

impl Index {
    pub(super) fn keys(&self, term: &str) -> Option<&BTreeSet<Key>> {
        self.keys.get(term)
    }

    pub(super) fn add(&mut self, object: &Object) {
        for term in terms(&object.tree) {
            self.keys.entry(term).or_default().insert(object.key.clone());
        }
    }

    pub(super) fn remove(&mut self, object: &Object) {
        for term in terms(&object.tree) {
            let Some(keys) = self.keys.get_mut(&term) else { continue };
            keys.remove(&object.key);
            if keys.is_empty() {
                self.keys.remove(&term);
            }
        }
    }
}

fn terms(tree: &Value) -> Vec<Text> {
    let labels = tree.at(&["metadata", "labels"]).and_then(Value::as_map);
    let labels = labels.map(Map::iter).into_iter().flatten();
    let owners = tree.at(&["metadata", "ownerReferences"]).and_then(Value::as_list);
    let owners = owners.into_iter().flat_map(|owners| owners.iter());
    let mut found: Vec<_> =
        labels.filter_map(|(name, value)| Some(label(name, value.as_str()?))).collect();
    found.extend(owners.filter_map(|reference| Some(owner(reference.str_at(&["uid"])?))));
    found.extend(tree.str_at(&["spec", "nodeName"]).map(node));
    found
}
