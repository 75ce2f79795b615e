//! JSON as an immutable tree whose nodes are shared.
//!
//! A clone costs a reference count. Two hundred thousand pods of one template keep one copy of what
//! they have in common: see [`share`]. Maps are sorted by key, so that equal trees have equal bytes.

mod decode;
mod doubled;
mod encode;
mod share;
mod yaml;

pub use decode::{DecodeError, decode};
pub use doubled::doubled;
pub use share::{footprint, share};
pub use yaml::from_yaml;

use smol_str::SmolStr;
use std::iter::once;
use std::sync::Arc;

/// An object with more levels than this is not stored. Readers of JSON, our own too, go no further
/// than 127, and lists, tables and frames of watches lie around it.
pub const DEEPEST: usize = 100;

/// A string of the tree: short ones lie inside, long ones are shared.
pub type Text = SmolStr;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Text),
    List(List),
    Map(Map),
}

/// A JSON array.
#[derive(Clone, Debug, Default)]
pub struct List(Arc<[Value]>);

/// A JSON object, sorted by key.
#[derive(Clone, Debug, Default)]
pub struct Map(Arc<[(Text, Value)]>);

impl Value {
    /// A string.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Text::new(text))
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    /// The object, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The array, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value at a path of object keys.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.as_map()?.get(key))
    }

    /// The string at a path of object keys.
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The tree with another value at the path; objects that are missing on the way are made.
    #[must_use]
    pub fn with(&self, path: &[&str], value: Value) -> Value {
        let Some((key, rest)) = path.split_first() else { return value };
        let empty = Map::default();
        let map = self.as_map().unwrap_or(&empty);
        let child = map.get(key).unwrap_or(&Value::Null).with(rest, value);
        Value::Map(map.with(key, child))
    }

    /// The tree without what lies at the path.
    #[must_use]
    pub fn without(&self, path: &[&str]) -> Value {
        let (Some((key, rest)), Some(map)) = (path.split_first(), self.as_map()) else {
            return self.clone();
        };
        match map.get(key) {
            None => self.clone(),
            Some(_) if rest.is_empty() => Value::Map(map.without(key)),
            Some(child) => Value::Map(map.with(key, child.without(rest))),
        }
    }

    /// Whether it has no more than so many levels: a number has none, `{}` has one.
    pub fn fits(&self, levels: usize) -> bool {
        match self {
            Self::List(list) => levels > 0 && list.iter().all(|item| item.fits(levels - 1)),
            Self::Map(map) => levels > 0 && map.iter().all(|(_, value)| value.fits(levels - 1)),
            _ => true,
        }
    }

    /// How Go's encoder names this kind of value in its messages.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Float(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Map(_) => "object",
        }
    }

    /// Its JSON text.
    pub fn encoded(&self) -> Vec<u8> {
        encode::encode(self)
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(&self.encoded()))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(items.into())
    }
}

impl<const N: usize> From<[(&str, Value); N]> for Value {
    fn from(entries: [(&str, Value); N]) -> Self {
        let sorted = entries.is_sorted_by(|(a, _), (b, _)| a < b);
        let entries = entries.into_iter().map(|(key, value)| (Text::new(key), value));
        Self::Map(if sorted { Map(entries.collect()) } else { entries.collect() })
    }
}

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> Self {
        Self(items.into())
    }
}

/// What is shared is equal without a look.
impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

/// What is shared is equal without a look.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl std::ops::Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

/// Maps up to this length are scanned for a key.
const SCANNED: usize = 16;

impl Map {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        // Most keys differ in their length already, which is found sooner than an order of texts.
        if self.0.len() <= SCANNED {
            let mut entries = self.0.iter();
            return entries.find(|(name, _)| name.as_str() == key).map(|(_, value)| value);
        }
        self.find(key).ok().map(|at| &self.0[at].1)
    }

    /// Its entries, in the order of their keys.
    pub fn iter(&self) -> std::slice::Iter<'_, (Text, Value)> {
        self.0.iter()
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The object with this entry.
    #[must_use]
    pub fn with(&self, key: &str, value: Value) -> Map {
        let (before, after, key) = match self.find(key) {
            Ok(at) => (&self.0[..at], &self.0[at + 1..], self.0[at].0.clone()),
            Err(at) => (&self.0[..at], &self.0[at..], Text::new(key)),
        };
        // Its length is known beforehand: one allocation.
        let entries = before.iter().cloned().chain(once((key, value)));
        Map(entries.chain(after.iter().cloned()).collect())
    }

    /// The object without this key.
    #[must_use]
    pub fn without(&self, key: &str) -> Map {
        self.iter().filter(|(name, _)| name != key).cloned().collect()
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(name, _)| name.as_str().cmp(key))
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = &'a (Text, Value);
    type IntoIter = std::slice::Iter<'a, (Text, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Of entries with one key the last one stays.
impl FromIterator<(Text, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            entries.reverse();
            entries.dedup_by(|(a, _), (b, _)| a == b);
            entries.reverse();
        }
        Self(entries.into())
    }
}

#[cfg(test)]
mod tests {
    use super::{Map, Text, Value, decode};

    fn parse(text: &str) -> Value {
        decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn paths_are_read_and_written() {
        let tree = parse(r#"{"b":{"c":1},"a":2}"#);
        assert_eq!(tree.at(&["b", "c"]), Some(&Value::Int(1)));
        assert_eq!(
            tree.with(&["b", "d", "e"], Value::Int(3)).to_string(),
            r#"{"a":2,"b":{"c":1,"d":{"e":3}}}"#
        );
        assert_eq!(tree.without(&["b", "c"]).to_string(), r#"{"a":2,"b":{}}"#);
        assert_eq!(tree.without(&["x", "c"]), tree);
    }

    #[test]
    fn levels_are_counted() {
        for (text, levels) in
            [("1", 0), ("[]", 1), (r#"{"a":1}"#, 1), (r#"{"a":[1,{}],"b":[]}"#, 3)]
        {
            let tree = parse(text);
            assert!(tree.fits(levels) && (levels == 0 || !tree.fits(levels - 1)), "{text}");
        }
    }

    #[test]
    fn the_last_of_equal_keys_stays() {
        let entry = |key: &str, int| (Text::new(key), Value::Int(int));
        let map: Map = [entry("b", 1), entry("a", 2), entry("b", 3)].into_iter().collect();
        assert_eq!(Value::Map(map).to_string(), r#"{"a":2,"b":3}"#);
    }

    #[test]
    fn a_value_is_three_words() {
        assert_eq!(size_of::<Value>(), 24);
    }
}
