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

/// What is remembered of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What is known of it.
    pub mark: Mark,
    /// The Compose service that it belongs to.
    pub service: Option<String>,
}

/// Planning options, each with its values: as the command line has them, and without secrets.
pub type Remembered = BTreeMap<String, Vec<String>>;

/// What earlier runs of a product applied in a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The product.
    pub product: String,
    /// Its objects.
    pub objects: BTreeMap<Id, Record>,
    /// The options that the last run planned with, where they differ from the defaults.
    pub options: Remembered,
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
    #[serde(default, skip_serializing_if = "Remembered::is_empty")]
    options: Remembered,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    id: Id,
    #[serde(default, skip_serializing_if = "is_applied")]
    mark: Mark,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
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
        Self { product: product.into(), ..Self::default() }
    }

    /// Whether it names an object.
    pub fn has(&self, id: &Id) -> bool {
        self.objects.contains_key(id)
    }

    /// Whether it names a Job that completed.
    pub fn is_done(&self, id: &Id) -> bool {
        self.objects.get(id).is_some_and(|record| record.mark == Mark::Done)
    }

    /// Notes an object; what is known of it stays known.
    pub fn note(&mut self, id: &Id, service: Option<&str>) {
        let record = self.objects.entry(id.clone()).or_default();
        if let Some(service) = service {
            record.service = Some(service.to_owned());
        }
    }

    /// As the data of a `ConfigMap`.
    pub fn data(&self) -> BTreeMap<String, String> {
        let entry = |(id, record): (&Id, &Record)| Entry {
            id: id.clone(),
            mark: record.mark,
            service: record.service.clone(),
        };
        let wire = Wire {
            product: self.product.clone(),
            objects: self.objects.iter().map(entry).collect(),
            options: self.options.clone(),
        };
        let text = serde_json::to_string(&wire).expect("texts and enums can be written as JSON");
        BTreeMap::from([(KEY.to_owned(), text)])
    }

    /// From the data of a `ConfigMap`.
    pub fn read(data: &BTreeMap<String, String>) -> Result<Self, NotAnInventory> {
        let text = data.get(KEY).ok_or(NotAnInventory::Missing)?;
        let wire: Wire = serde_json::from_str(text).map_err(NotAnInventory::Unreadable)?;
        let record = |it: Entry| (it.id, Record { mark: it.mark, service: it.service });
        let objects = wire.objects.into_iter().map(record).collect();
        Ok(Self { product: wire.product, objects, options: wire.options })
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
        inventory.note(&id("Namespace", None), None);
        let job = Record { mark: Mark::Done, service: Some("migrate".into()) };
        inventory.objects.insert(id("Job", Some("shop")), job);
        inventory.options.insert("edge".into(), vec!["node-port".into()]);
        assert!(inventory.is_done(&id("Job", Some("shop"))));
        assert_eq!(Inventory::read(&inventory.data()).unwrap(), inventory);
    }

    #[test]
    fn what_older_runs_wrote_is_read() {
        let text =
            r#"{"product":"shop","objects":[{"apiVersion":"v1","kind":"Secret","name":"a"}]}"#;
        let inventory = Inventory::read(&[(KEY.to_owned(), text.to_owned())].into()).unwrap();
        assert_eq!(inventory.objects.len(), 1);
        assert!(inventory.options.is_empty());
    }

    #[test]
    fn other_data_is_refused() {
        assert!(Inventory::read(&BTreeMap::new()).is_err());
        assert!(Inventory::read(&[(KEY.to_owned(), "{".to_owned())].into()).is_err());
    }
}
