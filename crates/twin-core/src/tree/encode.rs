//! A tree as JSON text.

use super::Value;
use serde::ser::{Serialize, SerializeMap, Serializer};

pub(super) fn encode(value: &Value) -> Vec<u8> {
    serde_json::to_vec(&Top(value)).expect("keys are strings, and a vector takes any bytes")
}

/// The outermost object, with its kind first: readers peek at it.
struct Top<'a>(&'a Value);

impl Serialize for Top<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(map) = self.0.as_map() else { return self.0.serialize(serializer) };
        let Some(kind) = map.get("kind") else { return self.0.serialize(serializer) };
        let mut entries = serializer.serialize_map(Some(map.len()))?;
        entries.serialize_entry("kind", kind)?;
        for (key, value) in map.iter().filter(|(key, _)| key != "kind") {
            entries.serialize_entry(key.as_str(), value)?;
        }
        entries.end()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(bool) => serializer.serialize_bool(*bool),
            Value::Int(int) => serializer.serialize_i64(*int),
            Value::Float(float) => serializer.serialize_f64(*float),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(list) => serializer.collect_seq(list.iter()),
            Value::Map(map) => {
                serializer.collect_map(map.iter().map(|(key, value)| (key.as_str(), value)))
            }
        }
    }
}
