//! What the built-in types look like: fields, list keys, patch strategies, defaults.
//!
//! The tables are data, generated from Kubernetes' published documents (`cargo xtask twin-tables`).
//! [`Schema::builtin`] reads them once in a process.

mod broken;
mod conform;
mod custom;
mod defaults;
mod doubles;
mod formats;
mod load;
mod patterns;
mod pruned;
mod rules;
mod validate;

pub(crate) use broken::message;
pub use conform::{Conformed, Mismatch, conform};
pub use defaults::{apply_custom_defaults, apply_defaults};
pub(crate) use formats::is_format;
pub(crate) use patterns::PatternReader;
pub use pruned::prune_custom;
pub(crate) use pruned::{lost, prune_part};
pub use rules::Custom;
pub(crate) use rules::VALIDATIONS;
use validate::faults;

use crate::tree::{Text, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A type of a [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeId(u32);

impl TypeId {
    /// Its place among all types.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Types that refer to each other.
#[derive(Clone, Debug)]
pub struct Schema {
    types: Vec<Type>,
    names: BTreeMap<Text, TypeId>,
    /// Types that one place merges in another way, with the names that they have elsewhere.
    copies: BTreeMap<TypeId, Text>,
}

/// One type.
#[derive(Clone, Debug)]
pub struct Type {
    /// Its published name, if it has one: `io.k8s.api.core.v1.Pod`.
    pub name: Option<Text>,
    pub shape: Shape,
}

/// What values of a type look like, and how they are merged.
#[derive(Clone, Debug)]
pub enum Shape {
    Scalar(Scalar),
    Struct {
        fields: BTreeMap<Text, Field>,
        required: Vec<Text>,
        grain: Grain,
    },
    Map {
        values: TypeId,
        grain: Grain,
    },
    List {
        items: TypeId,
        topology: Topology,
    },
    /// Anything, merged as its own form says: objects by key, lists as a whole.
    Any,
}

/// Whether the parts of a map have owners of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    Granular,
    Atomic,
}

/// What tells the items of a list apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topology {
    /// Nothing: the list is one value.
    Atomic,
    /// Their value.
    Set,
    /// The fields named here.
    Map(Vec<Text>),
}

/// Values without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    String,
    /// Base64 in JSON.
    Bytes,
    Time,
    Int32,
    Int64,
    Number,
    Boolean,
    IntOrString,
    Quantity,
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    pub ty: TypeId,
    pub patch: Patch,
    /// What Kubernetes puts here if nobody does.
    pub default: Option<Value>,
    pub zero: Zero,
}

/// What a zero, an empty text or an empty list says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zero {
    /// Somebody wrote it, and it stays.
    #[default]
    Something,
    /// Somebody wrote it, and so they did if they wrote `null`.
    Nullable,
    /// Nothing: Go leaves it out when it writes.
    Nothing,
    /// Nothing, and Go writes it even if nobody did.
    Shown,
    /// Nothing, which Go writes as `null`.
    Null,
}

/// How a strategic merge patch treats a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    pub lists: ListPatch,
    pub keys: KeyPatch,
}

/// How a strategic merge patch treats a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ListPatch {
    #[default]
    Replace,
    /// Objects are replaced too.
    Whole,
    /// Scalars are united.
    Unite,
    /// Objects with the same value of this field are merged.
    MergeBy(Text),
}

/// Whether a strategic merge patch may list the keys that stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyPatch {
    #[default]
    Merge,
    Retain,
}

static BUILTIN: LazyLock<Schema> =
    LazyLock::new(|| load::load(include_str!("../../data/types.json")));

impl Schema {
    /// The types of Kubernetes' own kinds.
    pub fn builtin() -> &'static Schema {
        &BUILTIN
    }

    /// All types, in their order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = TypeId> {
        (0..self.types.len()).filter_map(|at| u32::try_from(at).ok().map(TypeId))
    }

    /// The type with a published name.
    pub fn named(&self, name: &str) -> Option<TypeId> {
        self.names.get(name).copied()
    }

    /// The published name of a type, also where it is merged in another way than elsewhere.
    pub(crate) fn name_of(&self, id: TypeId) -> Option<&Text> {
        self.get(id).name.as_ref().or_else(|| self.copies.get(&id))
    }

    /// What is known of a type.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// The shape of a type.
    pub fn shape(&self, id: TypeId) -> &Shape {
        &self.get(id).shape
    }

    /// The type in which anything goes: that of custom resources without a schema.
    pub fn any(&self) -> TypeId {
        load::ANY
    }

    /// The type of the value below a key, and the field if the key is one of a struct.
    pub fn child(&self, id: TypeId, key: &str) -> Option<(TypeId, Option<&Field>)> {
        match self.shape(id) {
            Shape::Struct { fields, .. } => fields.get(key).map(|field| (field.ty, Some(field))),
            Shape::Map { values, .. } => Some((*values, None)),
            Shape::Any => Some((id, None)),
            Shape::Scalar(_) | Shape::List { .. } => None,
        }
    }
}

/// An object of the type in which nobody wrote anything: the structs that are always there.
pub fn empty(schema: &Schema, ty: TypeId) -> Value {
    let nothing = Value::Map(crate::tree::Map::default());
    conform(schema, ty, &nothing).map_or(nothing, |conformed| conformed.value)
}

/// Go's zero values: they are no decision of anybody.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.is_empty(),
        Value::Int(int) => *int == 0,
        Value::Bool(bool) => !bool,
        Value::Map(map) => map.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Null | Value::Float(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{ListPatch, Schema, Shape, Topology};

    #[test]
    fn the_tables_hold_what_merging_needs() {
        let schema = Schema::builtin();
        let spec = schema.named("io.k8s.api.core.v1.PodSpec").unwrap();
        let (containers, field) = schema.child(spec, "containers").unwrap();
        assert_eq!(field.unwrap().patch.lists, ListPatch::MergeBy("name".into()));
        let Shape::List { items, topology } = schema.shape(containers) else { panic!() };
        assert_eq!(*topology, Topology::Map(vec!["name".into()]));
        let (ports, _) = schema.child(*items, "ports").unwrap();
        let Shape::List { topology, .. } = schema.shape(ports) else { panic!() };
        assert_eq!(*topology, Topology::Map(vec!["containerPort".into(), "protocol".into()]));
    }
}
