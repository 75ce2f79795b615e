//! Which objects say what: labels, owners, nodes.

use super::Key;
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

    /// Finds the object by what it says now, and no longer by what it said before.
    pub(super) fn change(&mut self, key: &Key, before: Option<&Value>, after: Option<&Value>) {
        if before.zip(after).is_some_and(|(before, after)| says_the_same(before, after)) {
            return;
        }
        let [old, new] = [before, after].map(|tree| tree.map(terms).unwrap_or_default());
        for term in old.iter().filter(|term| !new.contains(term)) {
            let Some(keys) = self.keys.get_mut(term) else { continue };
            keys.remove(key);
            if keys.is_empty() {
                self.keys.remove(term);
            }
        }
        for term in new.into_iter().filter(|term| !old.contains(term)) {
            self.keys.entry(term).or_default().insert(key.clone());
        }
    }
}

/// Whether two states of an object have the same terms, without a look at them.
fn says_the_same(a: &Value, b: &Value) -> bool {
    let paths: [&[&str]; 3] =
        [&["metadata", "labels"], &["metadata", "ownerReferences"], &["spec", "nodeName"]];
    paths.iter().all(|path| a.at(path) == b.at(path))
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
