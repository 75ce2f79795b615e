//! The generated table of types, read.
//!
//! The table is part of this crate and a test reads it, so that a wrong row cannot ship; a row that
//! says something unknown reads as "anything".

use super::{
    Field, Grain, KeyPatch, ListPatch, Patch, Scalar, Schema, Shape, Topology, Type, TypeId, Zero,
};
use crate::protobuf::{self, Shown};
use crate::tree::{Map, Text, Value, decode};
use std::collections::BTreeMap;

/// The first type of every schema.
pub(super) const ANY: TypeId = TypeId(0);

pub(super) fn load(table: &str) -> Schema {
    let rows = decode(table.as_bytes()).expect("the table is checked in, and a test reads it");
    let rows = rows.as_map().cloned().unwrap_or_default();
    let mut loader = Loader {
        types: vec![any()],
        names: BTreeMap::new(),
        scalars: BTreeMap::new(),
        copies: Vec::new(),
    };
    for (name, _) in &rows {
        let id = loader.add(Type { name: Some(name.clone()), shape: Shape::Any });
        loader.names.insert(name.clone(), id);
    }
    for (name, row) in &rows {
        let shape = loader.definition(row);
        let id = loader.names[name];
        loader.types[id.0 as usize].shape = shape;
    }
    loader.settle();
    loader.weigh_zeros();
    loader.settle();
    let copies = loader
        .copies
        .iter()
        .filter_map(|(copy, of, _)| Some((*copy, loader.types[of.0 as usize].name.clone()?)));
    let copies = copies.collect();
    Schema { types: loader.types, names: loader.names, copies }
}

fn any() -> Type {
    Type { name: None, shape: Shape::Any }
}

struct Loader {
    types: Vec<Type>,
    names: BTreeMap<Text, TypeId>,
    scalars: BTreeMap<Text, TypeId>,
    copies: Vec<(TypeId, TypeId, Grain)>,
}

impl Loader {
    fn add(&mut self, ty: Type) -> TypeId {
        let id = u32::try_from(self.types.len()).expect("the table has fewer rows than 2^32");
        self.types.push(ty);
        TypeId(id)
    }

    fn definition(&mut self, row: &Value) -> Shape {
        let Some(fields) = row.at(&["fields"]).and_then(Value::as_map) else {
            let id = self.expression(row);
            return self.types[id.0 as usize].shape.clone();
        };
        let fields = fields.iter().map(|(name, row)| (name.clone(), self.field(row))).collect();
        let grain = if row.at(&["atomic"]).is_some() { Grain::Atomic } else { Grain::Granular };
        Shape::Struct { fields, required: texts(row.at(&["required"])), grain }
    }

    fn field(&mut self, row: &Value) -> Field {
        let Some(ty) = row.at(&["type"]) else {
            return self.expression(row).into();
        };
        let default = row.at(&["default"]).cloned();
        Field { patch: patch(row), default, ..self.expression(ty).into() }
    }

    fn expression(&mut self, row: &Value) -> TypeId {
        match row {
            Value::Text(name) => self.name(name),
            Value::Map(map) => self.copy(map).unwrap_or_else(|| {
                let shape = self.composed(map);
                self.add(Type { name: None, shape })
            }),
            _ => ANY,
        }
    }

    fn name(&mut self, name: &Text) -> TypeId {
        if let Some(reference) = name.strip_prefix('#') {
            return self.names.get(reference).copied().unwrap_or(ANY);
        }
        if let Some(known) = self.scalars.get(name) {
            return *known;
        }
        let Some(scalar) = scalar(name) else { return ANY };
        let id = self.add(Type { name: None, shape: Shape::Scalar(scalar) });
        self.scalars.insert(name.clone(), id);
        id
    }

    /// A type like another one; that may not be read yet, so `settle` looks again.
    fn copy(&mut self, row: &Map) -> Option<TypeId> {
        let grains = [("atomic", Grain::Atomic), ("granular", Grain::Granular)];
        let (inner, grain) =
            grains.into_iter().find_map(|(word, grain)| Some((row.get(word)?, grain)))?;
        let of = self.expression(inner);
        let copy = self.add(any());
        self.copies.push((copy, of, grain));
        Some(copy)
    }

    fn composed(&mut self, row: &Map) -> Shape {
        if let Some(values) = row.get("map") {
            return Shape::Map { values: self.expression(values), grain: Grain::Granular };
        }
        if let Some(items) = row.get("set") {
            return Shape::List { items: self.expression(items), topology: Topology::Set };
        }
        if let Some(items) = row.get("list") {
            let keys = texts(row.get("by"));
            let topology = if keys.is_empty() { Topology::Atomic } else { Topology::Map(keys) };
            return Shape::List { items: self.expression(items), topology };
        }
        Shape::Any
    }

    /// Notes what zeros say in the fields of Go's structs.
    fn weigh_zeros(&mut self) {
        let forms: Vec<Go> = self.types.iter().map(|ty| go_form(&ty.shape)).collect();
        for ty in &mut self.types {
            let (Some(name), Shape::Struct { fields, .. }) = (&ty.name, &mut ty.shape) else {
                continue;
            };
            for (key, field) in fields {
                if let Some(row) = protobuf::named(name, key) {
                    field.zero = zero(row, forms[field.ty.0 as usize]);
                } else if key == "kind" || key == "apiVersion" {
                    field.zero = Zero::Nothing;
                }
            }
        }
    }

    /// Copies each type that one place takes apart in another way than the others.
    fn settle(&mut self) {
        for &(copy, of, grain) in &self.copies {
            self.types[copy.0 as usize].shape = match self.types[of.0 as usize].shape.clone() {
                Shape::Map { values, .. } => Shape::Map { values, grain },
                Shape::Struct { fields, required, .. } => Shape::Struct { fields, required, grain },
                other => other,
            };
        }
    }
}

/// What Go has for a shape.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Go {
    /// `omitempty` does not leave it out.
    Struct,
    /// A struct that is written as `null`.
    NullStruct,
    /// Its zero is `nil`.
    Nil,
    Plain,
}

fn go_form(shape: &Shape) -> Go {
    match shape {
        Shape::Struct { .. } | Shape::Scalar(Scalar::IntOrString | Scalar::Quantity) => Go::Struct,
        Shape::Scalar(Scalar::Time) => Go::NullStruct,
        Shape::Map { .. } | Shape::List { .. } | Shape::Any | Shape::Scalar(Scalar::Bytes) => {
            Go::Nil
        }
        Shape::Scalar(_) => Go::Plain,
    }
}

fn zero(row: &protobuf::Row, form: Go) -> Zero {
    let pointer = row.zero == protobuf::Zero::Something;
    let form = if pointer { Go::Nil } else { form };
    match (row.shown, form) {
        (Shown::Always, Go::Nil | Go::NullStruct) | (Shown::Filled, Go::NullStruct) => Zero::Null,
        (Shown::Always, _) | (Shown::Filled, Go::Struct) => Zero::Shown,
        _ if pointer => Zero::Something,
        _ => Zero::Nothing,
    }
}

fn scalar(name: &str) -> Option<Scalar> {
    Some(match name {
        "string" => Scalar::String,
        "byte" => Scalar::Bytes,
        "date-time" => Scalar::Time,
        "int32" => Scalar::Int32,
        "integer" => Scalar::Int64,
        "number" => Scalar::Number,
        "boolean" => Scalar::Boolean,
        "int-or-string" => Scalar::IntOrString,
        "quantity" => Scalar::Quantity,
        _ => return None,
    })
}

fn patch(row: &Value) -> Patch {
    let strategies = row.str_at(&["patch"]).unwrap_or_default();
    let has = |word: &str| strategies.split(',').any(|part| part == word);
    let lists = match row.str_at(&["key"]) {
        Some(key) if has("merge") => ListPatch::MergeBy(key.into()),
        None if has("merge") => ListPatch::Unite,
        _ if has("replace") => ListPatch::Whole,
        _ => ListPatch::Replace,
    };
    Patch { lists, keys: if has("retainKeys") { KeyPatch::Retain } else { KeyPatch::Merge } }
}

fn texts(list: Option<&Value>) -> Vec<Text> {
    let items = list.and_then(Value::as_list).map(|list| list.iter());
    items.into_iter().flatten().filter_map(Value::as_str).map(Text::new).collect()
}

#[cfg(test)]
mod tests {
    use super::load;
    use crate::schema::{Grain, Shape};

    #[test]
    fn one_place_can_make_a_type_atomic() {
        let schema = load(
            r##"{"a.A":{"fields":{"b":{"atomic":"#b.B"},"c":"#b.B"}},"b.B":{"fields":{"x":"string"}}}"##,
        );
        let a = schema.named("a.A").unwrap();
        for (field, expected) in [("b", Grain::Atomic), ("c", Grain::Granular)] {
            let (ty, _) = schema.child(a, field).unwrap();
            let Shape::Struct { grain, fields, .. } = schema.shape(ty) else { panic!() };
            assert_eq!((*grain, fields.len()), (expected, 1));
        }
    }
}
