//! Who owns what after a write: thousands of pods of one template ask the same.

use super::Writer;
use super::compare::Difference;
use super::set::{OWN, Step};
use crate::schema::TypeId;
use crate::time::Timestamp;
use crate::tree::{List, Map, Text, Value};
use std::collections::BTreeMap;

/// Answers to more questions than this are not kept.
const KEPT: usize = 512;
/// Nor are those of more objects that differ in who owned what before.
const PASTS: usize = 8;

/// Entries of `managedFields` after a write. What comes out of it is what comes out without it, only
/// sooner.
#[derive(Debug, Default)]
pub struct Memo(BTreeMap<Question, Vec<Answer>>);

#[derive(Debug)]
struct Answer {
    open: Vec<Step>,
    /// Whether each open step means one item alone: no other one, here or in the form, has its name.
    distinct: bool,
    before: List,
    after: Value,
}

/// What the owners of an object's fields depend on, beside who they were.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    form: Vec<u8>,
    ty: TypeId,
    api_version: Text,
    manager: Text,
    subresource: Text,
    ignored: Option<Text>,
    /// In seconds, as times are written.
    now: Option<i64>,
}

impl Question {
    pub(super) fn new(writer: &Writer<'_>, difference: &Difference) -> Self {
        Self {
            form: difference.form.clone(),
            ty: writer.ty,
            api_version: Text::new(writer.api_version),
            manager: Text::new(writer.manager),
            subresource: Text::new(writer.subresource),
            ignored: writer.ignored.map(Text::new),
            now: writer.now.map(Timestamp::seconds),
        }
    }
}

impl Memo {
    /// The entries, if the same was asked before of an object with these, or if it was the same but
    /// for the names of items.
    pub(super) fn answer(
        &self,
        question: &Question,
        open: &[Step],
        before: &List,
    ) -> Option<Value> {
        let mut answers = self.0.get(question)?.iter().filter(|answer| answer.before == *before);
        answers.find_map(|answer| {
            if answer.open == open { Some(answer.after.clone()) } else { answer.renamed(open) }
        })
    }

    pub(super) fn keep(&mut self, question: Question, open: Vec<Step>, before: List, after: Value) {
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        let distinct = open.iter().enumerate().all(|(at, name)| {
            let bytes = name.as_bytes();
            let fixed = question.form.windows(bytes.len().max(1)).any(|part| part == bytes);
            !fixed && !open[..at].contains(name)
        });
        let answers = self.0.entry(question).or_default();
        if answers.len() >= PASTS {
            answers.clear();
        }
        answers.push(Answer { open, distinct, before, after });
    }
}

impl Answer {
    /// The answer for items of other names. Nothing if it could be another one: where two items
    /// have one name, or a name meant something before.
    fn renamed(&self, open: &[Step]) -> Option<Value> {
        let names: Vec<_> = self.open.iter().zip(open).filter(|(old, new)| old != new).collect();
        let known = |name: &Step| self.before.iter().any(|entry| mentions(entry, name));
        if !self.distinct || names.iter().any(|(old, new)| known(old) || known(new)) {
            return None;
        }
        let renamed = renamed(&self.after, &names).ok()?;
        Some(renamed.unwrap_or_else(|| self.after.clone()))
    }
}

fn mentions(tree: &Value, name: &Step) -> bool {
    match tree {
        Value::Map(map) => map.iter().any(|(key, value)| key == name || mentions(value, name)),
        Value::List(list) => list.iter().any(|item| mentions(item, name)),
        _ => false,
    }
}

/// An item that gets a new name has siblings: their order could be another one.
struct Siblings;

/// The tree with other names of items; nothing if none of them is in it.
fn renamed(tree: &Value, names: &[(&Step, &Step)]) -> Result<Option<Value>, Siblings> {
    match tree {
        Value::Map(map) => renamed_map(map, names),
        Value::List(list) => {
            let mut new = None;
            for (at, item) in list.iter().enumerate() {
                if let Some(item) = renamed(item, names)? {
                    new.get_or_insert_with(|| list.to_vec())[at] = item;
                }
            }
            Ok(new.map(Value::from))
        }
        _ => Ok(None),
    }
}

fn renamed_map(map: &Map, names: &[(&Step, &Step)]) -> Result<Option<Value>, Siblings> {
    let mut new: Option<Vec<(Text, Value)>> = None;
    for (at, (key, value)) in map.iter().enumerate() {
        let name = names.iter().find(|(old, _)| *old == key).map(|(_, new)| *new);
        if name.is_some() && map.iter().filter(|(key, _)| key != OWN).count() > 1 {
            return Err(Siblings);
        }
        let below = renamed(value, names)?;
        if name.is_none() && below.is_none() {
            continue;
        }
        let entry = &mut new.get_or_insert_with(|| map.iter().cloned().collect())[at];
        *entry = (name.unwrap_or(key).clone(), below.unwrap_or_else(|| value.clone()));
    }
    Ok(new.map(|entries| Value::Map(entries.into_iter().collect())))
}
