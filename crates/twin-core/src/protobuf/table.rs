//! Which number is which field.

use crate::tree::{Text, Value, decode};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A field of a message.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: Text,
    pub(super) zero: Zero,
    pub(super) times: Times,
}

/// What a zero says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zero {
    Nothing,
    /// Somebody wrote it: Go has a pointer.
    Something,
}

/// How exact times are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    Seconds,
    Micros,
}

/// What a number stands for.
#[derive(Debug)]
pub(super) enum Entry {
    Field(Row),
    /// A struct of this type, whose fields are those of its owner.
    Inline(Text),
}

type Table = BTreeMap<Text, BTreeMap<u64, Entry>>;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let rows = decode(include_bytes!("../../data/fields.json"))
        .expect("the table is checked in, and a test reads it");
    let rows = rows.as_map().cloned().unwrap_or_default();
    let message = |row: &Value| {
        let fields = row.as_map().cloned().unwrap_or_default();
        let fields = fields
            .iter()
            .filter_map(|(number, field)| Some((number.parse().ok()?, entry(field.as_str()?))));
        fields.collect()
    };
    rows.iter().map(|(name, row)| (name.clone(), message(row))).collect()
});

fn entry(text: &str) -> Entry {
    if let Some(ty) = text.strip_prefix('=') {
        return Entry::Inline(ty.into());
    }
    let (text, zero) = match text.strip_prefix('*') {
        Some(rest) => (rest, Zero::Something),
        None => (text, Zero::Nothing),
    };
    let (name, times) = match text.strip_prefix('~') {
        Some(rest) => (rest, Times::Micros),
        None => (text, Times::Seconds),
    };
    Entry::Field(Row { name: name.into(), zero, times })
}

/// The field with a number, in messages of a type.
pub(super) fn find(ty: &str, number: u64) -> Option<&'static Entry> {
    TABLE.get(ty)?.get(&number)
}
