//! Text for people, before it is printed: lines of styled pieces, pages of a width, tables, and the
//! words for what a report holds.

mod because;
mod line;
mod page;
mod table;
mod words;

pub(crate) use because::{cited, phrases};
pub(crate) use line::{Line, Role};
pub(crate) use page::Page;
pub(crate) use table::{Column, Row, Table};
pub(crate) use words::{certainty, count, field_label, joined, level};
