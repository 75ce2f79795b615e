//! Quotas and limit ranges as the API holds them against what is written.

use super::Api;
use crate::quota::{Charge, charge, limits};
use crate::registry::Resource;
use crate::status::Status;
use crate::store::{Key, Narrow, Object, TableName};
use crate::tree::{Text, Value};
use std::sync::Arc;

const QUOTAS: TableName = TableName(Text::new_static("/resourcequotas"));
const RANGES: TableName = TableName(Text::new_static("/limitranges"));

/// What quotas say when something is taken: written after everything else is known to be right.
pub(super) type Charges = Vec<(Key, Value)>;

impl Api {
    /// Whether there is no quota anywhere.
    pub(super) fn counts_nothing(&self) -> bool {
        self.store.count(&QUOTAS) == 0
    }

    fn in_namespace(&self, table: &TableName, namespace: &str) -> Vec<Arc<Object>> {
        if namespace.is_empty() || self.store.count(table) == 0 {
            return Vec::new();
        }
        let narrow = Narrow { namespace: Some(Text::new(namespace)), term: None };
        self.store.list(table, &narrow, None).cloned().collect()
    }

    /// A new object with what the ranges of its namespace give it.
    pub(super) fn ranged(&self, resource: &Resource, object: Value, key: &Key) -> Value {
        let ranges = self.in_namespace(&RANGES, key.namespace());
        if ranges.is_empty() {
            return object;
        }
        let ranges: Vec<_> = ranges.iter().map(|range| &range.tree).collect();
        limits::filled(resource, &object, &ranges)
    }

    /// Whether the ranges of its namespace allow a new object.
    pub(super) fn within_ranges(
        &self,
        resource: &Resource,
        object: &Value,
        key: &Key,
    ) -> Result<(), Status> {
        let ranges = self.in_namespace(&RANGES, key.namespace());
        let ranges: Vec<_> = ranges.iter().map(|range| &range.tree).collect();
        if ranges.is_empty() {
            return Ok(());
        }
        match &limits::faults(resource, object, &ranges)[..] {
            [] => Ok(()),
            [one] => Err(Status::forbidden(resource, key.name(), one)),
            many => Err(Status::forbidden(resource, key.name(), &format!("[{}]", many.join(", ")))),
        }
    }

    /// What an object takes of the quotas of its namespace, if they have it.
    pub(super) fn charged(
        &self,
        resource: &Resource,
        key: &Key,
        old: Option<&Value>,
        new: &Value,
    ) -> Result<Charges, Status> {
        let mut charges = Vec::new();
        for quota in self.in_namespace(&QUOTAS, key.namespace()) {
            match charge(&quota.tree, resource, old, new) {
                Charge::Nothing => {}
                Charge::Fits(used) => {
                    let used = used.value(used.names());
                    charges.push((quota.key.clone(), quota.tree.with(&["status", "used"], used)));
                }
                Charge::Exceeds(why) => return Err(Status::forbidden(resource, key.name(), &why)),
            }
        }
        Ok(charges)
    }

    /// Notes what was taken.
    pub(super) fn take(&mut self, charges: Charges) {
        for (key, quota) in charges {
            self.store.put(&QUOTAS, &key, &quota);
        }
    }
}
