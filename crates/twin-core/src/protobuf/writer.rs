//! Trees to messages.

use super::layout::place;
use crate::schema::{Scalar, Schema, Shape, TypeId};
use crate::time::Timestamp;
use crate::tree::{Map, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Kinds of payload on the wire.
const VARINT: u64 = 0;
const FIXED: u64 = 1;
const BYTES: u64 = 2;

/// Writes messages, one into the other.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    pub(super) fn bytes(&mut self, number: u64, bytes: &[u8]) {
        self.varint(number << 3 | BYTES);
        self.varint(bytes.len() as u64);
        self.raw(bytes);
    }

    pub(super) fn int(&mut self, number: u64, int: i64) {
        self.varint(number << 3 | VARINT);
        self.varint(int.cast_unsigned());
    }

    /// A message in a field. How long it is, is known at its end only.
    pub(super) fn within(&mut self, number: u64, write: impl FnOnce(&mut Self)) {
        self.varint(number << 3 | BYTES);
        let start = self.0.len();
        write(self);
        let (end, length) = (self.0.len(), self.0.len() - start);
        self.varint(length as u64);
        let moved = self.0.len() - end;
        self.0[start..].rotate_right(moved);
    }

    /// The fields of a struct.
    pub(super) fn object(&mut self, ty: TypeId, object: &Value) {
        for (name, value) in object.as_map().map(Map::iter).into_iter().flatten() {
            if let Some(place) = place(ty, name) {
                self.placed(&place.around, place.number, place.ty, value);
            }
        }
    }

    /// What lies around fields may come several times: who reads it merges it.
    fn placed(&mut self, around: &[u64], number: u64, ty: TypeId, value: &Value) {
        match around.split_first() {
            Some((outer, rest)) => {
                self.within(*outer, |inner| inner.placed(rest, number, ty, value));
            }
            None => self.field(number, ty, value),
        }
    }

    fn field(&mut self, number: u64, ty: TypeId, value: &Value) {
        match (Schema::builtin().shape(ty), value) {
            (Shape::List { items, .. }, Value::List(list)) => {
                list.iter().for_each(|item| self.value(number, *items, item));
            }
            (Shape::Map { values, .. }, Value::Map(map)) => {
                for (key, value) in map {
                    self.within(number, |entry| {
                        entry.bytes(1, key.as_bytes());
                        entry.value(2, *values, value);
                    });
                }
            }
            _ => self.value(number, ty, value),
        }
    }

    /// One value. What does not fit its type was never let in.
    fn value(&mut self, number: u64, ty: TypeId, value: &Value) {
        match (Schema::builtin().shape(ty), value) {
            (_, Value::Null) | (Shape::Map { .. }, _) => {}
            (Shape::Struct { .. }, _) => self.within(number, |inner| inner.object(ty, value)),
            (Shape::Any, _) => self.within(number, |inner| inner.bytes(1, &value.encoded())),
            // A list that is a type of its own: a message with its items.
            (Shape::List { .. }, _) => self.within(number, |inner| inner.field(1, ty, value)),
            (Shape::Scalar(scalar), _) => self.scalar(number, *scalar, value),
        }
    }

    fn scalar(&mut self, number: u64, scalar: Scalar, value: &Value) {
        match (scalar, value) {
            (Scalar::String, Value::Text(text)) => self.bytes(number, text.as_bytes()),
            (Scalar::Bytes, Value::Text(text)) => {
                self.bytes(number, &STANDARD.decode(text.as_bytes()).unwrap_or_default());
            }
            (Scalar::Int32 | Scalar::Int64, Value::Int(int)) => self.int(number, *int),
            (Scalar::Boolean, Value::Bool(bool)) => self.int(number, i64::from(*bool)),
            (Scalar::Number, Value::Float(float)) => {
                self.varint(number << 3 | FIXED);
                self.raw(&float.to_le_bytes());
            }
            (Scalar::Quantity, Value::Text(_) | Value::Int(_) | Value::Float(_)) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.within(number, |inner| inner.bytes(1, text.as_bytes()));
            }
            (Scalar::IntOrString, Value::Int(int)) => {
                self.within(number, |inner| inner.int(2, *int));
            }
            (Scalar::IntOrString, Value::Text(text)) => self.within(number, |inner| {
                inner.int(1, 1);
                inner.bytes(3, text.as_bytes());
            }),
            (Scalar::Time, Value::Text(text)) => self.within(number, |inner| {
                let Some(time) = Timestamp::parse(text) else { return };
                inner.int(1, time.seconds());
                inner.int(2, time.micros().rem_euclid(1_000_000) * 1_000);
            }),
            _ => {}
        }
    }
}
