//! What differs between two objects, field by field.

use super::set::{FieldSet, Membership, Node, Step};
use super::typed::{Form, entry, form, step_to};
use crate::schema::{Schema, Topology, TypeId};
use crate::tree::{List, Map, Value};
use std::cmp::Ordering;
use std::slice::Iter;

/// Fields that differ. No field stands in two of the sets.
#[derive(Clone, Debug, Default, PartialEq)]
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

/// Compares two objects of one type, without their `managedFields`.
pub fn compare(schema: &Schema, ty: TypeId, old: &Value, new: &Value) -> Comparison {
    Difference::between(schema, ty, old, new).sets()
}

/// What differs, as the walk through both objects finds it: no sets are built for a difference whose
/// form was seen before.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Equal forms are equal bytes.
    pub(super) form: Vec<u8>,
    /// Steps that the form leaves open, in its order: to the only item of a list, such as the one
    /// address of a pod.
    pub(super) open: Vec<Step>,
}

/// Bytes that no text has, before a step and after what lies below it, and for what became of a field.
const ENTER: u8 = 0xff;
const LEAVE: u8 = 0xfe;
const REMOVED: u8 = 0xfd;
const MODIFIED: u8 = 0xfc;
const ADDED: u8 = 0xfb;
/// In the place of a step that is open.
const OPEN: u8 = 0xfa;

impl Difference {
    pub(super) fn between(schema: &Schema, ty: TypeId, old: &Value, new: &Value) -> Self {
        let found = Self::default();
        let mut walk = Walk { schema, depth: 0, in_metadata: false, found };
        walk.values(ty, Some(old), Some(new));
        walk.found
    }

    /// As sets of fields.
    pub(super) fn sets(&self) -> Comparison {
        let (mut rest, mut open) = (self.form.as_slice(), self.open.iter());
        let [removed, modified, added] = nodes(&mut rest, &mut open).map(FieldSet::from);
        Comparison { removed, modified, added }
    }
}

/// What was removed, modified and added behind a step; `rest` is what follows.
fn nodes(rest: &mut &[u8], open: &mut Iter<'_, Step>) -> [Node; 3] {
    let mut found = <[Node; 3]>::default();
    while let Some((mark, after)) = rest.split_first() {
        *rest = after;
        match *mark {
            ENTER => {
                let end = after.iter().position(|byte| *byte >= ADDED).unwrap_or(after.len());
                let step = match &after[..end] {
                    [OPEN] => open.next().cloned().unwrap_or_default(),
                    text => Step::from(String::from_utf8_lossy(text)),
                };
                *rest = &after[end..];
                let below = nodes(rest, open);
                found.iter_mut().zip(below).for_each(|(node, below)| node.add(step.clone(), below));
            }
            REMOVED => found[0].member = Membership::Member,
            MODIFIED => found[1].member = Membership::Member,
            ADDED => found[2].member = Membership::Member,
            _ => break,
        }
    }
    found
}

struct Walk<'a> {
    schema: &'a Schema,
    depth: usize,
    in_metadata: bool,
    found: Difference,
}

/// How a step is noted.
#[derive(Clone, Copy)]
enum Named<'a> {
    Field(&'a str),
    Item(&'a Step),
    Open(&'a Step),
}

/// Whether a value was compared as one piece or by its parts.
enum Compared {
    Whole,
    Parts,
}

impl Walk<'_> {
    fn note(&mut self, mark: u8) {
        // The whole object, the empty path, belongs to nobody.
        if self.depth > 0 {
            self.found.form.push(mark);
        }
    }

    /// Looks at what lies behind a step; nothing is noted of it if nothing differs there.
    fn step(&mut self, step: Named<'_>, look: impl FnOnce(&mut Self)) {
        let (start, open) = (self.found.form.len(), self.found.open.len());
        self.found.form.push(ENTER);
        match step {
            Named::Field(name) => {
                self.found.form.extend(b"f:");
                self.found.form.extend(name.as_bytes());
            }
            Named::Item(step) => self.found.form.extend(step.as_bytes()),
            Named::Open(step) => {
                self.found.form.push(OPEN);
                self.found.open.push(step.clone());
            }
        }
        let inside = self.found.form.len();
        self.depth += 1;
        look(self);
        self.depth -= 1;
        if self.found.form.len() == inside {
            self.found.form.truncate(start);
            self.found.open.truncate(open);
        } else {
            self.found.form.push(LEAVE);
        }
    }

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
                (None, _) => self.note(ADDED),
                (_, None) => self.note(REMOVED),
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
            (None, _) => self.note(ADDED),
            (_, None) => self.note(REMOVED),
            _ if old != new => self.note(MODIFIED),
            _ => {}
        }
        Compared::Whole
    }

    fn maps(&mut self, ty: TypeId, old: Option<&Map>, new: Option<&Map>) {
        let mut old = old.into_iter().flat_map(Map::iter).peekable();
        let mut new = new.into_iter().flat_map(Map::iter).peekable();
        loop {
            let (a, b) = match (old.peek(), new.peek()) {
                (None, None) => return,
                (Some(_), None) => (old.next(), None),
                (None, Some(_)) => (None, new.next()),
                (Some((a, _)), Some((b, _))) => match a.cmp(b) {
                    Ordering::Less => (old.next(), None),
                    Ordering::Greater => (None, new.next()),
                    Ordering::Equal => (old.next(), new.next()),
                },
            };
            if let Some((key, _)) = a.or(b) {
                self.entry(ty, key, a.map(|(_, value)| value), b.map(|(_, value)| value));
            }
        }
    }

    fn entry(&mut self, ty: TypeId, key: &str, old: Option<&Value>, new: Option<&Value>) {
        let is_managers = self.in_metadata && self.depth == 1 && key == "managedFields";
        if is_managers {
            return;
        }
        self.in_metadata |= self.depth == 0 && key == "metadata";
        let (child, _) = entry(self.schema, ty, key);
        self.step(Named::Field(key), |walk| walk.values(child, old, new));
        self.in_metadata &= self.depth > 0;
    }

    fn lists(
        &mut self,
        items: TypeId,
        topology: &Topology,
        old: Option<&List>,
        new: Option<&List>,
    ) {
        let before = self.steps(items, topology, old);
        let after = self.steps(items, topology, new);
        let (mut a, mut b) = (before.as_slice(), after.as_slice());
        let name = match (a, b) {
            ([_], []) | ([], [_]) => Named::Open,
            ([(a, _)], [(b, _)]) if a == b => Named::Open,
            _ => Named::Item,
        };
        while let Some(step) = [a, b].iter().filter_map(|side| side.first()).map(|it| &it.0).min() {
            let same = |side: &[(Step, &Value)]| side.iter().take_while(|it| it.0 == *step).count();
            let (olds, news) = (&a[..same(a)], &b[..same(b)]);
            (a, b) = (&a[olds.len()..], &b[news.len()..]);
            self.step(name(step), |walk| walk.items(items, olds, news));
        }
    }

    /// The items of a list with their steps, in the order of those.
    fn steps<'a>(
        &self,
        items: TypeId,
        topology: &Topology,
        list: Option<&'a List>,
    ) -> Vec<(Step, &'a Value)> {
        let list = list.into_iter().flat_map(|list| list.iter());
        // What has no step was refused when it came in, or stays without an owner.
        let step =
            |item: &'a Value| Some((step_to(self.schema, items, topology, item).ok()?, item));
        let mut found: Vec<_> = list.filter_map(step).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// Items with one key. More than one is a mistake that old objects may hold: those count as one.
    fn items(&mut self, ty: TypeId, old: &[(Step, &Value)], new: &[(Step, &Value)]) {
        match (old.len(), new.len()) {
            (0..=1, 0..=1) => self.values(ty, first(old), first(new)),
            (2.., 2..) => {
                if old != new {
                    self.note(MODIFIED);
                }
            }
            (2.., _) => {
                self.values(ty, None, first(new));
                self.note(REMOVED);
            }
            _ => {
                self.values(ty, first(old), None);
                self.note(ADDED);
            }
        }
    }
}

fn first<'a>(side: &[(Step, &'a Value)]) -> Option<&'a Value> {
    side.first().map(|it| it.1)
}
