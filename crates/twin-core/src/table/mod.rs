//! Objects as rows of a table, for people: `kubectl get` shows what stands here.
//!
//! [`kinds`] says which columns a kind has, as data; [`cells`] are small functions of an object
//! and the time.

mod cells;
mod columns;
mod human;
mod kinds;

use crate::registry::Resource;
use crate::time::Timestamp;
use crate::tree::{Text, Value};
use columns::Column;
use kinds::columns;

/// How much of an object lies behind its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    Nothing,
    Metadata,
    Object,
}

impl Include {
    /// As `includeObject` says it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "None" => Self::Nothing,
            "" | "Metadata" => Self::Metadata,
            "Object" => Self::Object,
            _ => return None,
        })
    }
}

/// Whether a table says what its columns are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    Shown,
    /// In a watch the first frame has said it.
    Known,
}

/// An object at a time.
#[derive(Clone, Copy)]
struct Row<'a> {
    object: &'a Value,
    now: Timestamp,
}

/// How the tables of a resource look.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    columns: &'static [Column],
    /// `meta.k8s.io/v1`
    version: Text,
    include: Include,
}

impl Layout {
    pub(crate) fn new(resource: &Resource, version: Text, include: Include) -> Self {
        Self { columns: columns(resource), version, include }
    }

    /// The table of these objects. The metadata is that of their list, or of the one object.
    pub(crate) fn table<'a>(
        &self,
        objects: impl Iterator<Item = &'a Value>,
        metadata: Value,
        head: Head,
        now: Timestamp,
    ) -> Value {
        let rows: Vec<_> = objects.map(|object| self.row(object, now)).collect();
        let definitions = match head {
            Head::Shown => self.columns.iter().map(Column::definition).collect::<Vec<_>>().into(),
            Head::Known => Value::Null,
        };
        Value::from([
            ("kind", "Table".into()),
            ("apiVersion", self.version.clone().into()),
            ("metadata", metadata),
            ("columnDefinitions", definitions),
            ("rows", rows.into()),
        ])
    }

    fn row(&self, object: &Value, now: Timestamp) -> Value {
        let row = Row { object, now };
        let cells: Vec<_> = self.columns.iter().map(|column| column.cell(&row)).collect();
        let shown = match self.include {
            Include::Nothing => Value::Null,
            Include::Metadata => partial(object, &self.version),
            Include::Object => object.clone(),
        };
        let value = Value::from([("cells", cells.into()), ("object", shown)]);
        match cells::pod::end(&row) {
            Some(end) => value.with(&["conditions"], vec![end].into()),
            None => value,
        }
    }
}

/// An object of which only the metadata is shown.
pub(crate) fn partial(object: &Value, version: &Text) -> Value {
    Value::from([
        ("kind", "PartialObjectMetadata".into()),
        ("apiVersion", version.clone().into()),
        ("metadata", object.at(&["metadata"]).cloned().unwrap_or_default()),
    ])
}

#[cfg(test)]
mod tests;
