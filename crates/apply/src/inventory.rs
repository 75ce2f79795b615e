//! What earlier runs applied: the only thing that pruning and `down` go by.

use crate::id::Id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of an object that was applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// It was, or was about to be, applied.
    #[default]
    Applied,
    /// A Job that completed: Kubernetes may clean it up, and it must not run again.
    Done,
}

/// What earlier runs of a product applied in a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The product.
    pub product: String,
    /// Its objects.
    pub objects: BTreeMap<Id, Mark>,
}

/// Data that no run of ours wrote.
#[derive(Debug, thiserror::Error)]
pub enum NotAnInventory {
    /// The key is missing.
    #[error("it has no key `{KEY}`")]
    Missing,
    /// The key holds something else.
    #[error("its key `{KEY}` cannot be read")]
    Unreadable(#[source] serde_json::Error),
}

const KEY: &str = "inventory.json";

#[derive(Serialize, Deserialize)]
struct Wire {
    product: String,
    objects: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    id: Id,
    #[serde(default, skip_serializing_if = "is_applied")]
    mark: Mark,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_applied(mark: &Mark) -> bool {
    *mark == Mark::Applied
}

impl Inventory {
    /// Name of the `ConfigMap` that holds it.
    pub const NAME: &'static str = "muster-inventory";

    /// An empty one.
    pub fn new(product: impl Into<String>) -> Self {
        Self { product: product.into(), objects: BTreeMap::new() }
    }

    /// Whether it names an object.
    pub fn has(&self, id: &Id) -> bool {
        self.objects.contains_key(id)
    }

    /// As the data of a `ConfigMap`.
    pub fn data(&self) -> BTreeMap<String, String> {
        let objects =
            self.objects.iter().map(|(id, mark)| Entry { id: id.clone(), mark: *mark }).collect();
        let wire = Wire { product: self.product.clone(), objects };
        let text = serde_json::to_string(&wire).expect("texts and enums can be written as JSON");
        BTreeMap::from([(KEY.to_owned(), text)])
    }

    /// From the data of a `ConfigMap`.
    pub fn read(data: &BTreeMap<String, String>) -> Result<Self, NotAnInventory> {
        let text = data.get(KEY).ok_or(NotAnInventory::Missing)?;
        let wire: Wire = serde_json::from_str(text).map_err(NotAnInventory::Unreadable)?;
        let objects = wire.objects.into_iter().map(|entry| (entry.id, entry.mark)).collect();
        Ok(Self { product: wire.product, objects })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_survives_a_config_map() {
        let id = |kind: &str, namespace: Option<&str>| Id {
            api_version: "batch/v1".into(),
            kind: kind.into(),
            namespace: namespace.map(str::to_owned),
            name: "a".into(),
        };
        let mut inventory = Inventory::new("shop");
        inventory.objects.insert(id("Job", Some("shop")), Mark::Done);
        inventory.objects.insert(id("Namespace", None), Mark::Applied);
        assert_eq!(Inventory::read(&inventory.data()).unwrap(), inventory);
    }

    #[test]
    fn other_data_is_refused() {
        assert!(Inventory::read(&BTreeMap::new()).is_err());
        assert!(Inventory::read(&[(KEY.to_owned(), "{".to_owned())].into()).is_err());
    }
}
