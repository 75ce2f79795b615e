//! Messages to trees.

use super::table::{Entry, Row, Times, Zero, find};
use super::wire::{Fields, Malformed, Payload, last, last_int};
use crate::schema::{Scalar, Schema, Shape, TypeId};
use crate::time::Timestamp;
use crate::tree::{Map, Text, Value, decode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

/// Messages lie in each other at most this deep.
const DEPTH: usize = 64;

/// What has been read of a field.
enum Slot {
    One(Value),
    Many(Vec<Value>),
    Entries(Vec<(Text, Value)>),
}

pub(super) struct Reader<'a> {
    schema: &'a Schema,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(schema: &'a Schema) -> Self {
        Self { schema, depth: 0 }
    }

    /// A message of a struct.
    pub(super) fn object(&mut self, ty: TypeId, message: &[u8]) -> Result<Value, Malformed> {
        let schema = self.schema;
        let Some(name) = schema.name_of(ty) else { return Err(Malformed) };
        let mut slots = BTreeMap::new();
        self.fields(ty, name, message, &mut slots)?;
        let entries = slots.into_iter().map(|(name, slot)| (name, slot.value()));
        Ok(Value::Map(entries.collect::<Map>()))
    }

    /// Fields of a message, as those of the struct `ty`; the numbers are those of `table`.
    fn fields(
        &mut self,
        ty: TypeId,
        table: &str,
        message: &[u8],
        slots: &mut BTreeMap<Text, Slot>,
    ) -> Result<(), Malformed> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Malformed);
        }
        for field in Fields::new(message) {
            let (number, payload) = field?;
            match find(table, number) {
                None => {}
                Some(Entry::Inline(inner)) => self.fields(ty, inner, payload.bytes()?, slots)?,
                Some(Entry::Field(row)) => self.field(ty, row, payload, slots)?,
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn field(
        &mut self,
        ty: TypeId,
        row: &Row,
        payload: Payload<'_>,
        slots: &mut BTreeMap<Text, Slot>,
    ) -> Result<(), Malformed> {
        let schema = self.schema;
        let Some((child, _)) = schema.child(ty, &row.name) else { return Ok(()) };
        match schema.shape(child) {
            Shape::List { items, .. } => {
                let slot = slots.entry(row.name.clone()).or_insert(Slot::Many(Vec::new()));
                if let Slot::Many(list) = slot {
                    self.item(*items, row, payload, list)?;
                }
            }
            Shape::Map { values, .. } => {
                let entry = self.entry(*values, row, payload.bytes()?)?;
                let slot = slots.entry(row.name.clone()).or_insert(Slot::Entries(Vec::new()));
                if let Slot::Entries(entries) = slot {
                    entries.push(entry);
                }
            }
            _ => {
                let value = self.value(child, row.times, payload)?;
                if row.zero == Zero::Something || !is_nothing(&value) {
                    slots.insert(row.name.clone(), Slot::One(value));
                }
            }
        }
        Ok(())
    }

    /// One item, or several integers in one field.
    fn item(
        &mut self,
        items: TypeId,
        row: &Row,
        payload: Payload<'_>,
        list: &mut Vec<Value>,
    ) -> Result<(), Malformed> {
        let integers =
            matches!(self.schema.shape(items), Shape::Scalar(Scalar::Int32 | Scalar::Int64));
        match payload {
            Payload::Bytes(packed) if integers => {
                let mut packed = Fields::new(packed);
                while !packed.is_empty() {
                    list.push(Value::Int(packed.varint()?.cast_signed()));
                }
            }
            _ => list.push(self.value(items, row.times, payload)?),
        }
        Ok(())
    }

    fn entry(
        &mut self,
        values: TypeId,
        row: &Row,
        message: &[u8],
    ) -> Result<(Text, Value), Malformed> {
        let mut found = None;
        for field in Fields::new(message) {
            if let (2, payload) = field? {
                found = Some(payload);
            }
        }
        let value = self.value(values, row.times, found.unwrap_or(Payload::Bytes(&[])))?;
        Ok((text(last(message, 1)?)?, value))
    }

    fn value(
        &mut self,
        ty: TypeId,
        times: Times,
        payload: Payload<'_>,
    ) -> Result<Value, Malformed> {
        let schema = self.schema;
        match schema.shape(ty) {
            Shape::Struct { .. } => self.object(ty, payload.bytes()?),
            Shape::Scalar(scalar) => of_scalar(*scalar, times, payload),
            Shape::Any => match Union::of(schema, ty) {
                Some((union, part)) => self.union(union, part, payload.bytes()?),
                None => raw(last(payload.bytes()?, 1)?),
            },
            // A list that is a type of its own: a message with its items.
            Shape::List { items, .. } => {
                let mut list = Vec::new();
                for field in Fields::new(payload.bytes()?) {
                    list.push(self.value(*items, times, field?.1)?);
                }
                Ok(list.into())
            }
            Shape::Map { .. } => Ok(Value::Null),
        }
    }
}

/// What JSON shows as a struct or something else: in protobuf each has a field of its own.
#[derive(Clone, Copy)]
enum Union {
    Array,
    Bool,
    Texts,
}

impl Union {
    /// The union that a type is, with the type of its struct.
    fn of(schema: &Schema, ty: TypeId) -> Option<(Self, TypeId)> {
        let name = schema.get(ty).name.as_ref()?;
        let (part, or) = name.rsplit_once("Or")?;
        let union = match or {
            "Array" => Self::Array,
            "Bool" => Self::Bool,
            "StringArray" => Self::Texts,
            _ => return None,
        };
        Some((union, schema.named(part)?))
    }
}

impl Reader<'_> {
    fn union(&mut self, union: Union, part: TypeId, message: &[u8]) -> Result<Value, Malformed> {
        let (mut list, mut allowed) = (Vec::new(), None);
        for field in Fields::new(message) {
            match (union, field?) {
                (Union::Bool, (1, payload)) => allowed = Some(payload.int()? != 0),
                (Union::Array | Union::Texts, (1, payload)) | (Union::Bool, (2, payload)) => {
                    return self.object(part, payload.bytes()?);
                }
                (Union::Array, (2, payload)) => list.push(self.object(part, payload.bytes()?)?),
                (Union::Texts, (2, payload)) => list.push(text(payload.bytes()?)?.into()),
                _ => {}
            }
        }
        match union {
            Union::Bool => Ok(Value::Bool(allowed.unwrap_or(false))),
            Union::Array | Union::Texts => Ok(list.into()),
        }
    }
}

impl Slot {
    fn value(self) -> Value {
        match self {
            Self::One(value) => value,
            Self::Many(items) => items.into(),
            Self::Entries(entries) => Value::Map(entries.into_iter().collect()),
        }
    }
}

/// What Go leaves out of JSON where it has no pointer.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::Int(int) => *int == 0,
        Value::Float(float) => *float == 0.0,
        Value::Bool(bool) => !bool,
        Value::List(_) | Value::Map(_) => false,
    }
}

fn text(bytes: &[u8]) -> Result<Text, Malformed> {
    std::str::from_utf8(bytes).map(Text::new).map_err(|_| Malformed)
}

/// JSON inside of protobuf.
fn raw(bytes: &[u8]) -> Result<Value, Malformed> {
    if bytes.is_empty() { Ok(Value::Null) } else { decode(bytes).map_err(|_| Malformed) }
}

fn of_scalar(scalar: Scalar, times: Times, payload: Payload<'_>) -> Result<Value, Malformed> {
    Ok(match scalar {
        Scalar::String => text(payload.bytes()?)?.into(),
        Scalar::Bytes => Value::text(STANDARD.encode(payload.bytes()?)),
        Scalar::Int32 | Scalar::Int64 => Value::Int(payload.int()?),
        Scalar::Boolean => Value::Bool(payload.int()? != 0),
        Scalar::Number => match payload {
            Payload::Fixed(bits) => Value::Float(f64::from_bits(bits)),
            _ => Value::Int(payload.int()?),
        },
        Scalar::Quantity => match text(last(payload.bytes()?, 1)?)? {
            empty if empty.is_empty() => "0".into(),
            quantity => quantity.into(),
        },
        Scalar::IntOrString => match last_int(payload.bytes()?, 1)? {
            0 => Value::Int(last_int(payload.bytes()?, 2)?),
            _ => text(last(payload.bytes()?, 3)?)?.into(),
        },
        Scalar::Time => time(times, payload.bytes()?)?,
    })
}

fn time(times: Times, message: &[u8]) -> Result<Value, Malformed> {
    // No time is an empty message.
    if message.is_empty() {
        return Ok(Value::Null);
    }
    let time = Timestamp::default().plus_seconds(last_int(message, 1)?);
    let micros = last_int(message, 2)?.rem_euclid(1_000_000_000) / 1000;
    let text = time.to_string();
    Ok(match times {
        Times::Seconds => Value::text(text),
        Times::Micros => Value::text(format!("{}.{micros:06}Z", text.trim_end_matches('Z'))),
    })
}
