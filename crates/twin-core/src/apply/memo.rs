//! Who owns what of a new object: thousands of pods of one template ask the same.

use super::Writer;
use super::compare::Difference;
use crate::schema::TypeId;
use crate::time::Timestamp;
use crate::tree::{Text, Value};
use std::collections::BTreeMap;

/// More answers than this are not kept.
const KEPT: usize = 512;

/// Entries of `managedFields` of new objects. What comes out of it is what comes out without it, only
/// sooner.
#[derive(Debug, Default)]
pub struct Memo(BTreeMap<Question, Value>);

/// What the owners of a new object's fields depend on.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    difference: Difference,
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
            difference: difference.clone(),
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
    /// The entries, if the same was asked before.
    pub(super) fn answer(&self, question: &Question) -> Option<&Value> {
        self.0.get(question)
    }

    pub(super) fn keep(&mut self, question: Question, entries: Value) {
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        self.0.insert(question, entries);
    }
}
