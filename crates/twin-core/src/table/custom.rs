//! Columns that definitions of custom resources name.

use super::path::{Path, plain};
use super::{Row, human};
use crate::time::Timestamp;
use crate::tree::{Text, Value};

/// A column of a definition.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// As the definition has it: name, type, format, description, priority.
    row: Value,
    /// None, if it is no path that is known here.
    path: Option<Path>,
}

impl Column {
    /// The columns after the name, as `additionalPrinterColumns` lists them.
    pub(super) fn all(list: &Value) -> Vec<Self> {
        let list = list.as_list().into_iter().flat_map(|list| list.iter());
        list.map(|row| Self { row: row.clone(), path: Path::parse(json_path(row)) }).collect()
    }

    pub(super) fn definition(&self) -> Value {
        let text = |field: &str| Text::new(self.row.str_at(&[field]).unwrap_or_default());
        let description = match text("description") {
            said if said.is_empty() => Text::from(format!(
                "Custom resource definition column (in JSONPath format): {}",
                json_path(&self.row)
            )),
            said => said,
        };
        Value::from([
            ("name", text("name").into()),
            ("type", text("type").into()),
            ("format", text("format").into()),
            ("description", description.into()),
            ("priority", self.row.at(&["priority"]).cloned().unwrap_or(Value::Int(0))),
        ])
    }

    pub(super) fn cell(&self, row: &Row<'_>) -> Value {
        let found = self.path.as_ref().and_then(|path| path.first(row.object));
        let Some(value) = found.filter(|value| !value.is_null()) else { return Value::Null };
        match (self.row.str_at(&["type"]).unwrap_or_default(), value) {
            ("string", value) => Value::text(plain(value)),
            ("integer", Value::Int(_))
            | ("number", Value::Int(_) | Value::Float(_))
            | ("boolean", Value::Bool(_)) => value.clone(),
            ("date", Value::Text(text)) => Value::text(match Timestamp::parse(text) {
                Some(_) => human::since(Some(value), row.now),
                None => "<invalid>".to_owned(),
            }),
            _ => Value::Null,
        }
    }
}

fn json_path(row: &Value) -> &str {
    row.str_at(&["jsonPath"]).unwrap_or_default()
}
