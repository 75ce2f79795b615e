//! The inventory, in its `ConfigMap`.

use crate::connect::Cluster;
use crate::error::Error;
use crate::write::{Force, Mode};
use apply::{Id, Inventory, MANAGER};
use serde_json::json;
use std::collections::BTreeMap;

/// Where the inventory of a namespace lies.
fn id(namespace: &str) -> Id {
    Id {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        namespace: Some(namespace.to_owned()),
        name: Inventory::NAME.to_owned(),
    }
}

impl Cluster {
    /// The inventory of a namespace, if a run of ours left one.
    pub async fn inventory(&self, namespace: &str) -> Result<Option<Inventory>, Error> {
        let Some(live) = self.get(&id(namespace)).await? else { return Ok(None) };
        let data: BTreeMap<String, String> =
            serde_json::from_value(live["data"].clone()).unwrap_or_default();
        let bad = |source| Error::Inventory { namespace: namespace.to_owned(), source };
        Inventory::read(&data).map(Some).map_err(bad)
    }

    /// Writes the inventory of a namespace down.
    pub async fn remember(&self, namespace: &str, inventory: &Inventory) -> Result<(), Error> {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": Inventory::NAME, "namespace": namespace, "labels": {
                "app.kubernetes.io/managed-by": MANAGER,
                "app.kubernetes.io/part-of": inventory.product,
            }},
            "data": inventory.data(),
        });
        self.apply(&id(namespace), &object, Force::TakeOver, Mode::Store).await.map(drop)
    }

    /// Removes the inventory of a namespace, and the lease with it.
    pub async fn forget(&self, namespace: &str) -> Result<(), Error> {
        let lease = crate::lease::id(namespace);
        for id in [id(namespace), lease] {
            if let Some(live) = self.get(&id).await? {
                self.delete(&live, crate::Propagation::Background).await?;
            }
        }
        Ok(())
    }
}
