//! What a column is.

use super::{Row, human};
use crate::tree::Value;

/// A column of a table.
#[derive(Debug)]
pub(super) struct Column {
    name: &'static str,
    form: Form,
    shown: Shown,
    cell: Cell,
}

/// What a column's cells are, for programs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Name,
    Text,
    Integer,
    Boolean,
    Date,
}

/// When people see a column.
#[derive(Clone, Copy, Debug)]
enum Shown {
    Always,
    /// With `-o wide`.
    Wide,
}

/// Where a cell comes from.
#[derive(Debug)]
pub(super) enum Cell {
    /// A text, or what stands for none.
    Text(&'static [&'static str], &'static str),
    Integer(&'static [&'static str]),
    Boolean(&'static [&'static str]),
    /// How long ago.
    Since(&'static [&'static str]),
    Of(fn(&Row<'_>) -> String),
    Count(fn(&Row<'_>) -> usize),
}

impl Column {
    pub(super) fn definition(&self) -> Value {
        let (ty, format) = match self.form {
            Form::Name => ("string", "name"),
            Form::Text => ("string", ""),
            Form::Integer => ("integer", ""),
            Form::Boolean => ("boolean", ""),
            Form::Date => ("date", ""),
        };
        let priority = match self.shown {
            Shown::Always => 0,
            Shown::Wide => 1,
        };
        Value::from([
            ("name", self.name.into()),
            ("type", ty.into()),
            ("format", format.into()),
            ("description", "".into()),
            ("priority", priority.into()),
        ])
    }

    pub(super) fn cell(&self, row: &Row<'_>) -> Value {
        let object = row.object;
        match &self.cell {
            Cell::Text(path, none) => {
                object.str_at(path).filter(|text| !text.is_empty()).unwrap_or(none).into()
            }
            Cell::Integer(path) => object.at(path).and_then(Value::as_int).unwrap_or(0).into(),
            Cell::Boolean(path) => {
                Value::Bool(object.at(path).and_then(Value::as_bool).unwrap_or(false))
            }
            Cell::Since(path) => Value::text(human::since(object.at(path), row.now)),
            Cell::Of(cell) => Value::text(cell(row)),
            Cell::Count(count) => i64::try_from(count(row)).unwrap_or(i64::MAX).into(),
        }
    }

    pub(super) const fn wide(mut self) -> Self {
        self.shown = Shown::Wide;
        self
    }

    /// Programs are told that it is a text, whatever it is.
    pub(super) const fn of_text(mut self) -> Self {
        self.form = Form::Text;
        self
    }
}

pub(super) const fn column(name: &'static str, form: Form, cell: Cell) -> Column {
    Column { name, form, shown: Shown::Always, cell }
}

pub(super) const fn text(name: &'static str, path: &'static [&'static str]) -> Column {
    column(name, Form::Text, Cell::Text(path, ""))
}

pub(super) const fn text_or(
    name: &'static str,
    path: &'static [&'static str],
    none: &'static str,
) -> Column {
    column(name, Form::Text, Cell::Text(path, none))
}

pub(super) const fn int(name: &'static str, path: &'static [&'static str]) -> Column {
    column(name, Form::Integer, Cell::Integer(path))
}

pub(super) const fn bool(name: &'static str, path: &'static [&'static str]) -> Column {
    column(name, Form::Boolean, Cell::Boolean(path))
}

pub(super) const fn of(name: &'static str, cell: fn(&Row<'_>) -> String) -> Column {
    column(name, Form::Text, Cell::Of(cell))
}

pub(super) const fn count(name: &'static str, cell: fn(&Row<'_>) -> usize) -> Column {
    column(name, Form::Integer, Cell::Count(cell))
}
