//! Where the fields of a type lie in its messages, by the names that JSON has for them.

use super::table::{Entry, entries};
use crate::schema::{Schema, Shape, TypeId};
use crate::tree::Text;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A field in a message.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Messages that lie around it and that JSON does not know, from the outside.
    pub(super) around: Vec<u64>,
    pub(super) number: u64,
    pub(super) ty: TypeId,
}

type Layout = BTreeMap<Text, Place>;

/// Of the built-in types, by their place in the schema.
static LAYOUTS: LazyLock<Vec<Layout>> = LazyLock::new(|| {
    let schema = Schema::builtin();
    schema.ids().map(|ty| layout(schema, ty)).collect()
});

fn layout(schema: &Schema, ty: TypeId) -> Layout {
    let mut layout = Layout::new();
    if let (Some(name), Shape::Struct { .. }) = (&schema.get(ty).name, schema.shape(ty)) {
        add(schema, ty, name, &[], &mut layout);
    }
    layout
}

fn add(schema: &Schema, ty: TypeId, table: &str, around: &[u64], layout: &mut Layout) {
    for (number, entry) in entries(table) {
        match entry {
            Entry::Inline(inner) => {
                let around: Vec<_> = around.iter().copied().chain([number]).collect();
                add(schema, ty, inner, &around, layout);
            }
            Entry::Field(row) => {
                if let Some((ty, _)) = schema.child(ty, &row.name) {
                    let place = Place { around: around.to_vec(), number, ty };
                    layout.insert(row.name.clone(), place);
                }
            }
        }
    }
}

/// The place of a field of a built-in type.
pub(super) fn place(ty: TypeId, name: &str) -> Option<&'static Place> {
    LAYOUTS.get(ty.index())?.get(name)
}

/// Whether a type has messages.
pub(super) fn is_known(ty: TypeId) -> bool {
    LAYOUTS.get(ty.index()).is_some_and(|layout| !layout.is_empty())
}
