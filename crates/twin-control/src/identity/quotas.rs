//! What quotas limit in each namespace, and how much of it is used.

use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{ALL, EVENTS, LEASES, RESOURCE_QUOTAS};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use twin_core::quota::{Amounts, scope, usage};
use twin_core::registry::{Registry, Resource};
use twin_core::schema::Schema;
use twin_core::store::{Change, Key, Object, TableName};
use twin_core::tree::{Map, Value};

/// Objects of kinds of which nobody tells are counted again after this time.
const POLL: Duration = Duration::from_secs(5);

/// Counts for quotas.
#[derive(Debug)]
pub(crate) struct Quotas {
    resources: BTreeMap<TableName, Arc<Resource>>,
}

impl Quotas {
    pub(crate) fn new() -> Self {
        let registry = Registry::builtin(Schema::builtin());
        let mut resources = BTreeMap::new();
        for resource in &registry {
            resources.entry(resource.table.clone()).or_insert_with(|| resource.clone());
        }
        Self { resources }
    }

    fn counted(&self, quota: &Object, hard: &Amounts, view: &View<'_>) -> Amounts {
        let mut used = Amounts::default();
        for table in view.store.tables().filter(|table| **table != EVENTS) {
            let resource = self.resources.get(table);
            // Of custom resources there is nothing but their number.
            let Some(resource) = resource else {
                let number = view.all(table, quota.key.namespace()).count();
                used = used.plus(&usage::of_table(table, number));
                continue;
            };
            for object in view.all(table, quota.key.namespace()) {
                if scope::covers(&quota.tree, resource, &object.tree) {
                    used = used.plus(&usage::of(resource, &object.tree).only(hard));
                }
            }
        }
        used
    }
}

impl Controller for Quotas {
    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake) {
        if [EVENTS, LEASES].contains(table) {
            return;
        }
        let namespace = change.object.key.namespace();
        if namespace.is_empty() {
            return;
        }
        for quota in view.all(&RESOURCE_QUOTAS, namespace) {
            wake.key(quota.key.clone());
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(quota) = view.get(&RESOURCE_QUOTAS, key) else { return outcome };
        let wanted = quota.tree.at(&["spec", "hard"]);
        let hard = Amounts::read(wanted);
        let used = self.counted(quota, &hard, view).value(hard.names());
        let hard_value = wanted.cloned().unwrap_or_else(|| Value::Map(Map::default()));
        let status = Value::from([("hard", hard_value), ("used", used)]);
        if quota.tree.at(&["status"]) != Some(&status) {
            let new = quota.tree.with(&["status"], status);
            outcome.update_status(RESOURCE_QUOTAS, key, new);
        }
        let told = |name: &str| {
            let counted = name.strip_prefix("count/");
            let group_last = counted.map(|name| name.split_once('.').unwrap_or((name, "")));
            group_last.is_none_or(|(plural, group)| {
                ALL.iter().any(|table| table.0.split_once('/') == Some((group, plural)))
            })
        };
        if !hard.names().all(told) {
            outcome.again(POLL);
        }
        outcome
    }
}
