//! Who owned what, and what a write made of that: thousands of pods of one template ask the same.

use super::Writer;
use super::compare::Difference;
use crate::schema::TypeId;
use crate::time::Timestamp;
use crate::tree::{List, Text, Value};
use std::collections::BTreeMap;

/// More answers than this are not kept.
const KEPT: usize = 512;

/// Answers to earlier writes. What comes out of it is what comes out without it, only sooner.
#[derive(Debug, Default)]
pub struct Memo(BTreeMap<Question, Answer>);

/// What the owners of fields after a write depend on, beside those before it.
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

#[derive(Debug)]
struct Answer {
    before: List,
    /// `null`, if nobody is left.
    after: Value,
}

impl Question {
    pub(super) fn new(writer: &Writer<'_>, difference: Difference) -> Self {
        Self {
            difference,
            ty: writer.ty,
            api_version: Text::new(writer.api_version),
            manager: Text::new(writer.manager),
            subresource: Text::new(writer.subresource),
            ignored: writer.ignored.map(Text::new),
            now: writer.now.map(Timestamp::seconds),
        }
    }

    pub(super) fn difference(&self) -> &Difference {
        &self.difference
    }
}

impl Memo {
    /// The entries of `managedFields` after a write, if the same was asked before.
    pub(super) fn answer(&self, question: &Question, before: &List) -> Option<&Value> {
        let answer = self.0.get(question).filter(|answer| answer.before == *before)?;
        Some(&answer.after)
    }

    pub(super) fn keep(&mut self, question: Question, before: List, after: Value) {
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        self.0.insert(question, Answer { before, after });
    }
}
