//! What a log outside keeps of a store, and a store that is made of it again.

use super::{Change, ChangeKind, Expired, Key, Narrow, Object, Revision, Store, TableName};
use crate::tree::Value;
use std::sync::Arc;

/// A write, as a log keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub table: TableName,
    pub key: Key,
    pub revision: Revision,
    /// The object after it; none, if it was removed.
    pub tree: Option<Value>,
}

impl Written {
    fn of(table: &TableName, object: &Object, kind: ChangeKind) -> Self {
        Self {
            table: table.clone(),
            key: object.key.clone(),
            revision: object.revision,
            tree: (kind != ChangeKind::Deleted).then(|| object.tree.clone()),
        }
    }
}

impl Store {
    /// All writes after a version, in their order.
    ///
    /// # Errors
    /// If they are no longer known.
    pub fn written(&self, after: Revision) -> Result<Vec<Written>, Expired> {
        let mut written = Vec::new();
        for (name, table) in &self.tables {
            let changes = table.history.since(after)?;
            written.extend(changes.map(|change| Written::of(name, &change.object, change.kind)));
        }
        written.sort_by_key(|written| written.revision);
        Ok(written)
    }

    /// What is there now, as the writes that would lead there.
    pub fn present(&self) -> Vec<Written> {
        let objects = |(name, table): (&TableName, &super::Table)| {
            let objects = table.ordered();
            objects.map(|object| Written::of(name, object, ChangeKind::Added)).collect::<Vec<_>>()
        };
        self.tables.iter().flat_map(objects).collect()
    }

    /// What is there now in a table, as changes that made it: for those who were not there.
    pub fn arrivals(&self, table: &TableName) -> impl Iterator<Item = Arc<Change>> {
        let objects = self.list(table, &Narrow::default(), None);
        objects.map(|object| Arc::new(Change::new(ChangeKind::Added, object.clone(), None)))
    }
}

/// A store that comes into being from what was kept of another one.
#[derive(Debug, Default)]
pub struct Restoring(Store);

impl Restoring {
    /// The next write, in their order.
    pub fn write(&mut self, Written { table, key, revision, tree }: Written) {
        match tree {
            Some(tree) => {
                self.0.revision = revision;
                self.0.insert(&table, &key, &tree);
            }
            None => self.0.forget(&table, &key),
        }
    }

    /// The store at this version. It knows no past.
    pub fn done(mut self, revision: Revision) -> Store {
        self.0.revision = revision;
        self.0.compact(revision);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{Key, Narrow, Restoring, Revision, Store, TableName, Written};
    use crate::tree::decode;

    fn store() -> Store {
        let mut store = Store::default();
        let tree = |name: &str| {
            decode(format!(r#"{{"metadata":{{"name":"{name}"}},"data":[1]}}"#).as_bytes()).unwrap()
        };
        for (table, name) in [("/pods", "a"), ("/nodes", "n"), ("/pods", "b"), ("/pods", "a")] {
            store.put(&TableName(table.into()), &Key::new("", name), &tree(name));
        }
        store.remove(&TableName("/pods".into()), &Key::new("", "b"));
        store
    }

    fn restored(writes: Vec<Written>, revision: Revision) -> Store {
        let mut restoring = Restoring::default();
        for write in writes {
            restoring.write(write);
        }
        restoring.done(revision)
    }

    #[test]
    fn a_store_is_what_its_writes_made() {
        let old = store();
        for writes in [old.written(Revision::default()).unwrap(), old.present()] {
            let new = restored(writes, old.revision());
            assert_eq!(new.present(), old.present());
            assert_eq!(new.revision(), old.revision());
        }
    }

    #[test]
    fn what_was_before_is_forgotten_in_tables_that_do_not_exist_yet_too() {
        let old = store();
        let new = restored(old.present(), old.revision());
        let before = Revision::from_number(old.revision().number() - 1);
        for table in ["/pods", "/services"] {
            let table = TableName(table.into());
            assert!(new.changes(&table, before).is_err());
            assert!(new.list_at(&table, &Narrow::default(), None, before).is_err());
            assert_eq!(new.changes(&table, new.revision()).unwrap().count(), 0);
        }
    }

    #[test]
    fn writes_are_in_order_across_tables() {
        let store = store();
        let numbers: Vec<_> = store
            .written(Revision::from_number(1))
            .unwrap()
            .iter()
            .map(|written| written.revision.number())
            .collect();
        assert_eq!(numbers, [2, 3, 4, 5]);
    }
}
