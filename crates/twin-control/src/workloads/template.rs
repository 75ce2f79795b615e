//! From templates to pods: hashes, names and what a pod gets from its owner.

use super::owner::reference;
use super::read::meta;
use crate::tables::PODS;
use std::collections::BTreeSet;
use twin_core::store::{Key, Store};
use twin_core::tree::Value;

/// Letters that form no words.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
/// A name that is generated starts with at most this much of its stem.
const STEM: usize = 58;

/// FNV-1a.
fn fnv(bytes: impl IntoIterator<Item = u8>) -> u32 {
    bytes
        .into_iter()
        .fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn letter(number: usize) -> char {
    char::from(LETTERS[number % LETTERS.len()])
}

/// A hash of content as names carry it: equal for equal content and number of collisions.
pub(super) fn hash(content: &Value, collisions: i64) -> String {
    let mut bytes = content.encoded();
    if collisions > 0 {
        bytes.extend(collisions.to_le_bytes());
    }
    let digits = fnv(bytes).to_string();
    digits.bytes().map(|digit| letter(usize::from(digit))).collect()
}

/// A pod as a template describes it, controlled by its owner. It has no name yet.
pub(super) fn pod(template: &Value, owner: &Value) -> Value {
    let mut metadata = Value::from([("ownerReferences", vec![reference(owner)].into())]);
    for field in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.at(&["metadata", field]) {
            metadata = metadata.with(&[field], value.clone());
        }
    }
    let spec = template.at(&["spec"]).cloned().unwrap_or_default();
    Value::from([
        ("kind", "Pod".into()),
        ("apiVersion", "v1".into()),
        ("metadata", metadata),
        ("spec", spec),
    ])
}

/// Names of pods with one stem. The controller picks them, so that it can tell people about them.
#[derive(Debug)]
pub(super) struct Names<'a> {
    stem: String,
    namespace: &'a str,
    store: &'a Store,
    picked: BTreeSet<String>,
    state: u64,
}

impl<'a> Names<'a> {
    pub(super) fn new(store: &'a Store, owner: &'a Value) -> Self {
        let stem: String = format!("{}-", meta(owner, "name")).chars().take(STEM).collect();
        // The version makes the names of each look different from those of the looks before.
        let seed = format!("{}{}", meta(owner, "uid"), store.revision());
        let state = (u64::from(fnv(seed.bytes())) << 32) | u64::from(fnv(seed.bytes().rev()));
        let namespace = meta(owner, "namespace");
        Self { stem, namespace, store, picked: BTreeSet::new(), state }
    }

    /// What `generateName` says.
    pub(super) fn stem(&self) -> &str {
        &self.stem
    }

    /// A name that is free.
    pub(super) fn pick(&mut self) -> String {
        loop {
            let ending = self.ending();
            let name = format!("{}{ending}", self.stem);
            let taken = self.store.get(&PODS, &Key::new(self.namespace, &name)).is_some();
            if !taken && self.picked.insert(name.clone()) {
                return name;
            }
        }
    }

    /// The end of a name, by chance.
    pub(super) fn ending(&mut self) -> String {
        let mut rest = self.number();
        let mut next = || {
            let at = usize::try_from(rest % 27).unwrap_or_default();
            rest /= 27;
            letter(at)
        };
        (0..5).map(|_| next()).collect()
    }

    /// `SplitMix64`.
    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
