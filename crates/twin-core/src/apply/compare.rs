//! What differs between two objects, field by field.

use super::set::{FieldSet, Step, field_step};
use super::typed::{Form, entry, form, indexed};
use crate::schema::{Schema, Topology, TypeId};
use crate::tree::{List, Map, Value};
use std::collections::BTreeSet;

/// Fields that differ. No field stands in two of the sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub removed: FieldSet,
    pub modified: FieldSet,
    pub added: FieldSet,
}

impl Comparison {
    /// Without what a filter ignores.
    #[must_use]
    pub fn outside(&self, ignored: &FieldSet) -> Self {
        Self {
            removed: self.removed.outside(ignored),
            modified: self.modified.outside(ignored),
            added: self.added.outside(ignored),
        }
    }
}

/// Compares two objects of one type.
pub fn compare(schema: &Schema, ty: TypeId, old: &Value, new: &Value) -> Comparison {
    let mut walk = Walk { schema, path: Vec::new(), found: Comparison::default() };
    walk.values(ty, Some(old), Some(new));
    walk.found
}

struct Walk<'a> {
    schema: &'a Schema,
    path: Vec<Step>,
    found: Comparison,
}

/// Whether a value was compared as one piece or by its parts.
enum Compared {
    Whole,
    Parts,
}

impl Walk<'_> {
    fn values(&mut self, ty: TypeId, old: Option<&Value>, new: Option<&Value>) {
        // Parts that are shared are equal.
        if old == new {
            return;
        }
        let schema = self.schema;
        let forms = [old, new].map(|value| value.map(|value| form(schema, ty, value)));
        let how = match forms {
            // A map became something else: its parts go, and the new value stands as a whole.
            [Some(Form::Map), Some(Form::Leaf)] => {
                self.maps(ty, old.and_then(Value::as_map), None);
                self.whole(old, new)
            }
            [_, Some(form)] | [Some(form), None] => self.by_form(form, ty, old, new),
            [None, None] => return,
        };
        if matches!(how, Compared::Parts) {
            match (old, new) {
                (None, _) => self.found.added.insert(&self.path),
                (_, None) => self.found.removed.insert(&self.path),
                _ => {}
            }
        }
    }

    fn by_form(
        &mut self,
        form: Form<'_>,
        ty: TypeId,
        old: Option<&Value>,
        new: Option<&Value>,
    ) -> Compared {
        match form {
            Form::Leaf => self.whole(old, new),
            Form::Map => {
                let [a, b] = [old, new].map(|value| value.and_then(Value::as_map));
                // Empty on both sides: this keeps "empty" and "absent" apart.
                if a.is_none_or(Map::is_empty) && b.is_none_or(Map::is_empty) {
                    return self.whole(old, new);
                }
                self.maps(ty, a, b);
                Compared::Parts
            }
            Form::List { items, topology } => {
                let [a, b] = [old, new].map(|value| value.and_then(Value::as_list));
                if a.is_none_or(|list| list.is_empty()) && b.is_none_or(|list| list.is_empty()) {
                    return self.whole(old, new);
                }
                self.lists(items, topology, a, b);
                Compared::Parts
            }
        }
    }

    fn whole(&mut self, old: Option<&Value>, new: Option<&Value>) -> Compared {
        match (old, new) {
            (None, _) => self.found.added.insert(&self.path),
            (_, None) => self.found.removed.insert(&self.path),
            _ if old != new => self.found.modified.insert(&self.path),
            _ => {}
        }
        Compared::Whole
    }

    fn maps(&mut self, ty: TypeId, old: Option<&Map>, new: Option<&Map>) {
        let keys: BTreeSet<_> =
            [old, new].into_iter().flatten().flat_map(Map::iter).map(|(key, _)| key).collect();
        for key in keys {
            let (child, _) = entry(self.schema, ty, key);
            self.path.push(field_step(key));
            self.values(child, old.and_then(|map| map.get(key)), new.and_then(|map| map.get(key)));
            self.path.pop();
        }
    }

    fn lists(
        &mut self,
        items: TypeId,
        topology: &Topology,
        old: Option<&List>,
        new: Option<&List>,
    ) {
        let (_, before) = indexed(self.schema, items, topology, old);
        let (_, after) = indexed(self.schema, items, topology, new);
        let steps: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for step in steps {
            let [a, b] =
                [&before, &after].map(|side| side.get(step).map(Vec::as_slice).unwrap_or_default());
            self.path.push(step.clone());
            self.items(items, a, b);
            self.path.pop();
        }
    }

    /// Items with one key. More than one is a mistake that old objects may hold: those count as one.
    fn items(&mut self, ty: TypeId, old: &[&Value], new: &[&Value]) {
        match (old.len(), new.len()) {
            (0..=1, 0..=1) => self.values(ty, old.first().copied(), new.first().copied()),
            (2.., 2..) => {
                if old != new {
                    self.found.modified.insert(&self.path);
                }
            }
            (2.., _) => {
                self.values(ty, None, new.first().copied());
                self.found.removed.insert(&self.path);
            }
            _ => {
                self.values(ty, old.first().copied(), None);
                self.found.added.insert(&self.path);
            }
        }
    }
}
