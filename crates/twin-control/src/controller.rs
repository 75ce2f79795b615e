//! The contract between the world and what moves it.

use crate::events::Event;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use twin_core::api::{Act, Deed, Deletion};
use twin_core::logs::Log;
use twin_core::selector::LabelSelector;
use twin_core::status::Status;
use twin_core::store::{Change, Key, Narrow, Object, Store, TableName, terms};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// Looks at some objects and says what should be written because of them.
pub trait Controller: Debug + Send {
    /// Who writes, as `managedFields` and events name it: `kube-scheduler`, `deployment-controller`.
    fn name(&self) -> &'static str;

    /// Says which keys a change concerns. They are looked at once, however often they are named.
    /// A key is whatever the controller looks things up by; mostly that of its own kind.
    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake);

    /// Looks at one key, in the state of this moment.
    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome;

    /// Hears that a write of its last look at a key was refused. It looks again soon in any case.
    fn refused(&mut self, _key: &Key, _act: &Act, _why: &Status) {}
}

/// Keys to look at.
#[derive(Debug, Default)]
pub struct Wake(pub(crate) Vec<Key>);

impl Wake {
    /// Look at this one.
    pub fn key(&mut self, key: Key) {
        self.0.push(key);
    }

    /// Look at the owner of an object, if it is controlled by one of this kind.
    pub fn controller(&mut self, object: &Object, kind: &str) {
        if let Some(owner) =
            controller_of(&object.tree).filter(|it| it.str_at(&["kind"]) == Some(kind))
        {
            let (namespace, name) = (object.key.namespace(), owner.str_at(&["name"]));
            let name = name.unwrap_or_default();
            // Many objects in a row have one owner.
            let is_last = |last: &Key| last.name() == name && last.namespace() == namespace;
            if !self.0.last().is_some_and(is_last) {
                self.key(Key::new(namespace, name));
            }
        }
    }
}

/// The reference to the owner that controls an object.
pub fn controller_of(tree: &Value) -> Option<&Value> {
    let owners = tree.at(&["metadata", "ownerReferences"])?.as_list()?;
    owners.iter().find(|owner| owner.at(&["controller"]).and_then(Value::as_bool) == Some(true))
}

/// What a look at a key led to.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    /// What to write, in this order. One that is refused does not stop the next.
    pub acts: Vec<Act>,
    /// What to tell people.
    pub events: Vec<Event>,
    /// What containers write.
    pub logs: Vec<Log>,
    /// When to look again, if nothing changes before.
    pub again: Option<Duration>,
}

impl Outcome {
    /// Adds an object.
    pub fn create(&mut self, table: TableName, namespace: &str, object: Value) {
        let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
        let key = Key::new(namespace, name);
        self.acts.push(Act { table, key, deed: Deed::Create(object) });
    }

    /// Replaces an object, without its status.
    pub fn update(&mut self, table: TableName, key: &Key, object: Value) {
        self.acts.push(Act { table, key: key.clone(), deed: Deed::Update(object) });
    }

    /// Replaces the status of an object.
    pub fn update_status(&mut self, table: TableName, key: &Key, object: Value) {
        self.acts.push(Act { table, key: key.clone(), deed: Deed::UpdateStatus(object) });
    }

    /// Ends an object.
    pub fn delete(&mut self, table: TableName, key: &Key, deletion: Deletion) {
        self.acts.push(Act { table, key: key.clone(), deed: Deed::Delete(deletion) });
    }

    /// Looks again after this time, or earlier if that was said before.
    pub fn again(&mut self, after: Duration) {
        self.again = Some(self.again.map_or(after, |known| known.min(after)));
    }
}

/// The cluster as it is at a moment.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub store: &'a Store,
    pub now: Timestamp,
}

impl<'a> View<'a> {
    /// One object.
    pub fn get(&self, table: &TableName, key: &Key) -> Option<&'a Arc<Object>> {
        self.store.get(table, key)
    }

    /// Objects of a namespace; of all if it is empty.
    pub fn all(
        &self,
        table: &TableName,
        namespace: &str,
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        self.found(table, namespace, None)
    }

    /// Objects that one with this uid owns.
    pub fn owned(
        &self,
        table: &TableName,
        namespace: &str,
        uid: &str,
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        self.found(table, namespace, Some(terms::owner(uid)))
    }

    /// Objects with a label.
    pub fn labelled(
        &self,
        table: &TableName,
        namespace: &str,
        name: &str,
        value: &str,
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        self.found(table, namespace, Some(terms::label(name, value)))
    }

    /// Objects with a label that one with this uid does not own.
    pub fn labelled_by_others(
        &self,
        table: &TableName,
        namespace: &str,
        (name, value): (&str, &str),
        uid: &str,
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        let terms = [terms::label(name, value), terms::owner(uid)];
        self.store.list_without(table, namespace, [&terms[0], &terms[1]])
    }

    /// Objects whose labels a `LabelSelector` object selects; none if there is no selector.
    pub fn selected(
        &self,
        table: &TableName,
        namespace: &str,
        selector: Option<&Value>,
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        let selector = selector.and_then(LabelSelector::of_object);
        let term = selector.as_ref().and_then(LabelSelector::term);
        let found = selector.map(|selector| {
            self.found(table, namespace, term).filter(move |object| {
                selector.matches(object.tree.at(&["metadata", "labels"]).and_then(Value::as_map))
            })
        });
        found.into_iter().flatten()
    }

    /// Pods on a node.
    pub fn on_node(&self, node: &str) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        self.found(&crate::tables::PODS, "", Some(terms::node(node)))
    }

    fn found(
        &self,
        table: &TableName,
        namespace: &str,
        term: Option<Text>,
    ) -> Box<dyn Iterator<Item = &'a Arc<Object>> + 'a> {
        let namespace = (!namespace.is_empty()).then(|| Text::new(namespace));
        self.store.list(table, &Narrow { namespace, term }, None)
    }
}
