//! Where the owners that references name lie.

use super::FOREGROUND;
use crate::controller::View;
use crate::tables::ALL;
use crate::workloads::read::{has_finalizer, is_ending, meta};
use std::collections::BTreeMap;
use twin_core::registry::{Registry, Scope};
use twin_core::schema::Schema;
use twin_core::store::{Key, TableName};
use twin_core::tree::{Text, Value};

/// Whether an owner is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Here,
    Absent,
    /// It lies here, and goes when what it owns is gone.
    Waiting(TableName, Key),
}

/// Kinds by group and name.
#[derive(Debug)]
pub(super) struct Kinds(BTreeMap<(Text, Text), (TableName, Scope)>);

impl Kinds {
    pub(super) fn builtin() -> Self {
        let registry = Registry::builtin(Schema::builtin());
        let row = |table: &TableName| {
            let resource = registry.stored(table)?;
            let kind = (resource.kind.group.clone(), resource.kind.name.clone());
            Some((kind, (table.clone(), resource.scope)))
        };
        Self(ALL.iter().filter_map(row).collect())
    }

    /// Whether the owner that an object names is there. One of a kind that is not known here counts
    /// as there: nothing is deleted on a guess.
    pub(super) fn presence(&self, view: &View<'_>, object: &Key, owner: &Value) -> Presence {
        let version = owner.str_at(&["apiVersion"]).unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let kind = owner.str_at(&["kind"]).unwrap_or_default();
        let Some((table, scope)) = self.0.get(&(Text::new(group), Text::new(kind))) else {
            return Presence::Here;
        };
        let namespace = match scope {
            Scope::Cluster => "",
            Scope::Namespaced if object.namespace().is_empty() => return Presence::Here,
            Scope::Namespaced => object.namespace(),
        };
        let key = Key::new(namespace, owner.str_at(&["name"]).unwrap_or_default());
        let uid = owner.str_at(&["uid"]).unwrap_or_default();
        match view.get(table, &key).filter(|found| meta(&found.tree, "uid") == uid) {
            None => Presence::Absent,
            Some(found) if is_ending(&found.tree) && has_finalizer(&found.tree, FOREGROUND) => {
                Presence::Waiting(table.clone(), key)
            }
            Some(_) => Presence::Here,
        }
    }
}
