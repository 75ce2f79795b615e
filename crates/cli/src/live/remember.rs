//! The inventory, as runs keep it.

use crate::error::Error;
use crate::live::Session;
use apply::{Desired, Id, Inventory, Mark};
use serde_json::Value;

impl Session {
    /// Writes the inventory down, if it differs from what is known to be written.
    pub(crate) async fn remember(&mut self, inventory: Inventory) -> Result<(), Error> {
        if self.inventory != inventory {
            self.cluster.remember(self.namespace(), &inventory).await?;
            self.inventory = inventory;
        }
        Ok(())
    }

    /// Notes which Jobs have completed: Kubernetes cleans them up, and they must not run again.
    pub(crate) async fn note_completed(&mut self, jobs: &[Value]) -> Result<(), Error> {
        let mut inventory = self.inventory.clone();
        inventory.options = self.options.clone();
        for it in self.desired.iter().filter(|it| self.inventory.has(&it.id)) {
            inventory.note(&it.id, it.service.as_deref());
        }
        for id in completed(&self.desired, jobs) {
            if let Some(record) = inventory.objects.get_mut(&id) {
                record.mark = Mark::Done;
            }
        }
        self.remember(inventory).await
    }
}

/// Jobs that have completed.
fn completed(desired: &[Desired], jobs: &[Value]) -> Vec<Id> {
    let done = |job: &&Value| {
        let conditions = job.pointer("/status/conditions").and_then(Value::as_array);
        let mut conditions = conditions.into_iter().flatten();
        conditions.any(|it| it["type"] == "Complete" && it["status"] == "True")
    };
    let ids: Vec<Id> = jobs.iter().filter(done).filter_map(Id::of).collect();
    desired.iter().map(|it| &it.id).filter(|id| ids.contains(id)).cloned().collect()
}
