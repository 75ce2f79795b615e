//! Objects in versions: one counter for all writes, indices, history for watches and old pages.
//!
//! The store knows the present by key, and the recent past as a list of changes. A state of the past
//! is the present with the later changes undone; so a page of an old list costs what changed since.

mod history;
mod index;
mod kept;
mod lookup;

pub use history::{Change, ChangeKind};
pub(crate) use history::{Form, frame};
pub use kept::{Restoring, Written};
pub use lookup::Lookup;

use crate::tree::{Text, Value, share};
use bytes::Bytes;
use history::History;
use index::Index;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter, Result as FmtResult};
use std::sync::Arc;

/// A version of everything: each write has the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(u64);

impl Revision {
    /// As clients write it. Only digits without a leading zero are a version.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        if digits { text.parse().ok().map(Self) } else { None }
    }

    /// The number of a version.
    pub fn number(self) -> u64 {
        self.0
    }

    /// The version with this number.
    pub fn from_number(number: u64) -> Self {
        Self(number)
    }
}

impl Display for Revision {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> FmtResult {
        self.0.fmt(formatter)
    }
}

/// The name of a table: group and plural, `apps/deployments`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableName(pub Text);

/// Where an object lies in its table. Cluster-wide objects have an empty namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(Arc<(Text, Text)>);

/// Sets of keys that are laid side by side hold mostly the same ones.
impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Key {
    /// The key of a namespace and a name.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self(Arc::new((Text::new(namespace), Text::new(name))))
    }

    /// The namespace; empty for cluster-wide objects.
    pub fn namespace(&self) -> &str {
        &self.0.0
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0.1
    }
}

/// A stored object.
#[derive(Debug)]
pub struct Object {
    pub key: Key,
    pub revision: Revision,
    /// With its `resourceVersion`.
    pub tree: Value,
}

/// The changes that a client asked for are no longer known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too old resource version: {asked} ({oldest})")]
pub struct Expired {
    pub asked: Revision,
    pub oldest: Revision,
}

/// What narrows a list before anybody looks at objects.
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    /// One namespace.
    pub namespace: Option<Text>,
    /// Objects with one of these terms: see [`index::label`], [`index::node`], [`index::owner`].
    pub term: Option<Text>,
}

/// More looks than this are not remembered: the next objects of each are compared anew.
const MODELS: usize = 4096;

#[derive(Debug, Default)]
struct Table {
    objects: Lookup<Key, Arc<Object>>,
    keys: BTreeSet<Key>,
    index: Index,
    history: History,
    /// The last written object of each look: what the next one of that look is compared with.
    models: BTreeMap<Text, Arc<Object>>,
}

impl Table {
    fn take(&mut self, key: &Key) -> Option<Arc<Object>> {
        let object = self.objects.remove(key)?;
        self.keys.remove(key);
        Some(object)
    }

    /// All objects, in the order of their keys.
    fn ordered(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.keys.iter().filter_map(|key| self.objects.get(key))
    }
}

/// All objects.
#[derive(Debug, Default)]
pub struct Store {
    revision: Revision,
    /// Nothing before it is known, of no table.
    compacted: Revision,
    tables: BTreeMap<TableName, Table>,
}

/// Terms by which objects are found.
pub mod terms {
    pub use super::index::{label, node, owner};
}

impl Store {
    /// The version of the last write.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// An object as it is now.
    pub fn get(&self, table: &TableName, key: &Key) -> Option<&Arc<Object>> {
        self.tables.get(table)?.objects.get(key)
    }

    /// Tables that have or had objects.
    pub fn tables(&self) -> impl Iterator<Item = &TableName> {
        self.tables.keys()
    }

    /// How many objects a table has.
    pub fn count(&self, table: &TableName) -> usize {
        self.tables.get(table).map_or(0, |table| table.objects.len())
    }

    /// Objects as they are now, in the order of their keys, after `after`.
    pub fn list<'a>(
        &'a self,
        table: &TableName,
        narrow: &Narrow,
        after: Option<&Key>,
    ) -> Box<dyn Iterator<Item = &'a Arc<Object>> + 'a> {
        let Some(table) = self.tables.get(table) else { return Box::new(std::iter::empty()) };
        let start = after
            .cloned()
            .unwrap_or_else(|| Key::new(narrow.namespace.as_deref().unwrap_or_default(), ""));
        let namespace = narrow.namespace.clone();
        let inside = move |key: &Key| namespace.as_deref().is_none_or(|own| own == key.namespace());
        let bounds = (std::ops::Bound::Excluded(start), std::ops::Bound::Unbounded);
        match &narrow.term {
            None => {
                let keys = table.keys.range(bounds).take_while(move |key| inside(key));
                Box::new(keys.filter_map(|key| table.objects.get(key)))
            }
            Some(term) => {
                let keys = table
                    .index
                    .keys(term)
                    .into_iter()
                    .flat_map(move |keys| keys.range(bounds.clone()));
                Box::new(
                    keys.take_while(move |key| inside(key))
                        .filter_map(|key| table.objects.get(key)),
                )
            }
        }
    }

    /// Objects of a namespace with one term and without another, in the order of their keys.
    pub fn list_without<'a>(
        &'a self,
        table: &TableName,
        namespace: &str,
        [term, without]: [&str; 2],
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        let found = self.tables.get(table).and_then(|table| {
            let keys = table.index.keys(term)?;
            let others = table.index.keys(without).unwrap_or(const { &BTreeSet::new() });
            Some(keys.difference(others).filter_map(|key| table.objects.get(key)))
        });
        let namespace = Text::new(namespace);
        found.into_iter().flatten().filter(move |object| object.key.namespace() == namespace)
    }

    /// An object as it was at a version, if that is known; as it is now otherwise.
    pub fn get_at(&self, table: &TableName, key: &Key, at: Revision) -> Option<Arc<Object>> {
        let later = self.changes(table, at).ok();
        match later.and_then(|mut later| later.find(|change| change.object.key == *key)) {
            Some(change) => change.previous.clone(),
            None => self.get(table, key).cloned(),
        }
    }

    /// Objects as they were at a version.
    ///
    /// # Errors
    /// If the changes since then are no longer known.
    pub fn list_at(
        &self,
        name: &TableName,
        narrow: &Narrow,
        after: Option<&Key>,
        at: Revision,
    ) -> Result<Vec<Arc<Object>>, Expired> {
        self.check_known(at)?;
        let Some(table) = self.tables.get(name) else { return Ok(Vec::new()) };
        let mut then: BTreeMap<Key, Option<Arc<Object>>> = BTreeMap::new();
        for change in table.history.since(at)? {
            then.entry(change.object.key.clone()).or_insert_with(|| change.previous.clone());
        }
        let inside = |key: &Key| {
            narrow.namespace.as_deref().is_none_or(|own| own == key.namespace())
                && after.is_none_or(|after| key > after)
        };
        let now = self.list(name, narrow, after).filter(|object| !then.contains_key(&object.key));
        let mut found: BTreeMap<Key, Arc<Object>> =
            now.map(|object| (object.key.clone(), object.clone())).collect();
        let undone = then.iter().filter(|(key, _)| inside(key));
        found.extend(undone.filter_map(|(key, old)| Some((key.clone(), old.clone()?))));
        Ok(found.into_values().collect())
    }

    /// Writes an object; the tree gets its version. The caller knows what is there.
    pub fn put(&mut self, name: &TableName, key: &Key, tree: &Value) -> Arc<Object> {
        self.revision.0 += 1;
        let version = Text::from(self.revision.to_string());
        let (object, previous) =
            self.insert(name, key, &tree.with(&["metadata", "resourceVersion"], version.into()));
        let kind = if previous.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        if let Some(table) = self.tables.get_mut(name) {
            table.history.push(Change::new(kind, object.clone(), previous));
        }
        object
    }

    /// Puts an object with its version in its place; gives it, and what was there.
    fn insert(
        &mut self,
        name: &TableName,
        key: &Key,
        tree: &Value,
    ) -> (Arc<Object>, Option<Arc<Object>>) {
        let table = self.tables.entry(name.clone()).or_default();
        let previous = table.objects.get(key).cloned();
        let look = index::look(key, tree);
        let tree = match (&previous, table.models.get(&look)) {
            (Some(own), Some(model)) => share(&share(tree, &model.tree), &own.tree),
            (Some(like), None) | (None, Some(like)) => share(tree, &like.tree),
            (None, None) => tree.clone(),
        };
        let object = Arc::new(Object { key: key.clone(), revision: self.revision, tree });
        table.index.change(key, previous.as_ref().map(|it| &it.tree), Some(&object.tree));
        if table.models.len() >= MODELS {
            table.models.clear();
        }
        table.models.insert(look, object.clone());
        if table.objects.insert(key.clone(), object.clone()).is_none() {
            table.keys.insert(key.clone());
        }
        (object, previous)
    }

    /// Takes an object away without a trace.
    fn forget(&mut self, name: &TableName, key: &Key) {
        let Some(table) = self.tables.get_mut(name) else { return };
        if let Some(object) = table.take(key) {
            table.index.change(key, Some(&object.tree), None);
        }
    }

    /// Removes an object; what watchers see of it last has the version of its removal.
    pub fn remove(&mut self, name: &TableName, key: &Key) -> Option<Arc<Object>> {
        let table = self.tables.get_mut(name)?;
        let previous = table.take(key)?;
        self.revision.0 += 1;
        table.index.change(key, Some(&previous.tree), None);
        let version = Text::from(self.revision.to_string()).into();
        let tree = previous.tree.with(&["metadata", "resourceVersion"], version);
        let object = Arc::new(Object { key: key.clone(), revision: self.revision, tree });
        table.history.push(Change::new(ChangeKind::Deleted, object.clone(), Some(previous)));
        Some(object)
    }

    /// What changed in a table after a version, in order.
    ///
    /// # Errors
    /// If that is no longer known.
    pub fn changes<'a>(
        &'a self,
        table: &TableName,
        after: Revision,
    ) -> Result<impl Iterator<Item = &'a Arc<Change>> + use<'a>, Expired> {
        self.check_known(after)?;
        let table = self.tables.get(table);
        let changes = table.map(|table| table.history.since(after)).transpose()?;
        Ok(changes.into_iter().flatten())
    }

    /// The frame that watches send for a change of a table.
    pub(crate) fn frame(&self, table: &TableName, change: &Arc<Change>, form: Form<'_>) -> Bytes {
        let history = self.tables.get(table).map(|table| &table.history);
        history.map_or_else(|| change.write(form), |history| history.frame(change, form))
    }

    fn check_known(&self, after: Revision) -> Result<(), Expired> {
        if after < self.compacted {
            return Err(Expired { asked: after, oldest: self.compacted });
        }
        Ok(())
    }

    /// Forgets what happened up to a version.
    pub fn compact(&mut self, up_to: Revision) {
        self.compacted = self.compacted.max(up_to);
        for table in self.tables.values_mut() {
            table.history.forget(up_to);
        }
    }

    /// Bytes of all objects that are there now, each shared part once.
    pub fn footprint(&self) -> usize {
        let objects = self.tables.values().flat_map(Table::ordered);
        crate::tree::footprint(objects.map(|object| &object.tree))
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangeKind, Key, Narrow, Revision, Store, TableName, terms};
    use crate::tree::{Value, decode};

    fn table() -> TableName {
        TableName("pods".into())
    }

    fn pod(name: &str, node: &str) -> Value {
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","labels":{{"app":"a"}}}},"spec":{{"nodeName":"{node}","containers":[{{"name":"container","image":"registry.example/an/image:1"}}]}}}}"#
        );
        decode(text.as_bytes()).unwrap()
    }

    fn filled() -> Store {
        let mut store = Store::default();
        for (at, name) in ["a", "b", "c", "d"].iter().enumerate() {
            store.put(&table(), &Key::new("x", name), &pod(name, &format!("n{}", at % 2)));
        }
        store
    }

    fn names<'a>(
        objects: impl IntoIterator<Item = &'a std::sync::Arc<super::Object>>,
    ) -> Vec<String> {
        objects.into_iter().map(|object| object.key.name().to_owned()).collect()
    }

    #[test]
    fn versions_are_digits() {
        assert!(
            ["", "0", "01", "1a", "-1"]
                .iter()
                .all(|text| Revision::parse(text).is_none() || text.is_empty())
        );
        assert_eq!(Revision::parse("17").unwrap().to_string(), "17");
    }

    #[test]
    fn objects_are_found_by_what_they_say() {
        let store = filled();
        for (term, found) in [
            (Some(terms::node("n1")), vec!["b", "d"]),
            (Some(terms::label("app", "a")), vec!["a", "b", "c", "d"]),
            (Some(terms::label("app", "b")), vec![]),
            (None, vec!["a", "b", "c", "d"]),
        ] {
            let narrow = Narrow { namespace: Some("x".into()), term };
            assert_eq!(names(store.list(&table(), &narrow, None)), found);
        }
        let other = Narrow { namespace: Some("y".into()), term: None };
        assert!(names(store.list(&table(), &other, None)).is_empty());
    }

    #[test]
    fn the_past_can_be_listed_until_it_is_forgotten() {
        let mut store = filled();
        let then = store.revision();
        store.remove(&table(), &Key::new("x", "b"));
        store.put(&table(), &Key::new("x", "bb"), &pod("bb", "n0"));
        store.put(&table(), &Key::new("x", "c"), &pod("c", "n9"));
        let narrow = Narrow::default();
        let old = store.list_at(&table(), &narrow, Some(&Key::new("x", "a")), then).unwrap();
        assert_eq!(names(&old), ["b", "c", "d"]);
        assert_eq!(old[1].tree.str_at(&["spec", "nodeName"]), Some("n0"));
        let one = |name: &str| store.get_at(&table(), &Key::new("x", name), then);
        assert_eq!(one("b").unwrap().revision.number(), 2);
        assert_eq!(one("c").unwrap().revision.number(), 3);
        assert!(one("bb").is_none());
        store.compact(store.revision());
        assert!(store.list_at(&table(), &narrow, None, then).is_err());
    }

    #[test]
    fn changes_are_in_order() {
        let mut store = filled();
        let then = store.revision();
        store.remove(&table(), &Key::new("x", "a"));
        store.put(&table(), &Key::new("x", "b"), &pod("b", "n0"));
        let kinds: Vec<_> =
            store.changes(&table(), then).unwrap().map(|change| change.kind).collect();
        assert_eq!(kinds, [ChangeKind::Deleted, ChangeKind::Modified]);
    }

    #[test]
    fn pods_of_one_look_share_it() {
        let mut store = Store::default();
        store.put(&table(), &Key::new("x", "first"), &pod("first", "n"));
        let one = store.footprint();
        for at in 0..100 {
            let name = format!("p{at}");
            store.put(&table(), &Key::new("x", &name), &pod(&name, "n"));
        }
        assert!((store.footprint() - one) / 100 < one / 2);
    }
}
