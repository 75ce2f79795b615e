//! Which number is which field.

use crate::tree::{Text, Value, decode};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A field of a message.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: Text,
    pub(crate) zero: Zero,
    pub(crate) times: Times,
    pub(crate) shown: Shown,
}

/// When JSON shows a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// If there is something, or a struct.
    Filled,
    /// If there is something, be it a struct.
    Something,
    Always,
}

/// What a zero says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zero {
    Nothing,
    /// Somebody wrote it: Go has a pointer.
    Something,
}

/// How exact times are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
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
    let (text, shown) = match (text.strip_prefix('!'), text.strip_prefix('^')) {
        (Some(rest), _) => (rest, Shown::Always),
        (None, Some(rest)) => (rest, Shown::Something),
        (None, None) => (text, Shown::Filled),
    };
    let (name, times) = match text.strip_prefix('~') {
        Some(rest) => (rest, Times::Micros),
        None => (text, Times::Seconds),
    };
    Entry::Field(Row { name: name.into(), zero, times, shown })
}

/// The field with a number, in messages of a type.
pub(super) fn find(ty: &str, number: u64) -> Option<&'static Entry> {
    TABLE.get(ty)?.get(&number)
}

/// All fields of messages of a type.
pub(super) fn entries(ty: &str) -> impl Iterator<Item = (u64, &'static Entry)> + use<> {
    TABLE.get(ty).into_iter().flatten().map(|(number, entry)| (*number, entry))
}

/// The field of a type that JSON calls so.
pub(crate) fn named(ty: &str, field: &str) -> Option<&'static Row> {
    TABLE.get(ty)?.values().find_map(|entry| match entry {
        Entry::Field(row) => (row.name == field).then_some(row),
        Entry::Inline(inner) => named(inner, field),
    })
}
