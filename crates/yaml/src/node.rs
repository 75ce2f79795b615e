//! The tree.

use crate::{Span, Spanned};

/// One node of a YAML document, with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where the node stands. An alias stands where it is used.
    pub span: Span,
    /// An explicit local tag such as `!reset`, if there is one.
    pub tag: Option<Tag>,
    /// What it holds.
    pub value: Value,
}

/// A local tag that Compose gives a meaning to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `!reset`: the attribute goes back to its default.
    Reset,
    /// `!override`: the attribute replaces what earlier files said.
    Override,
}

/// What a node holds, by the YAML 1.2 core schema (as Compose and Kubernetes read it).
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number, with the text it was written as (`1.10` stays `1.10`).
    Float(f64, String),
    /// Text.
    Str(String),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping.
    Map(Mapping),
}

/// A mapping in the order of the file. Keys are unique: a duplicate is an error of the parser.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// Keys with their places, and values.
    pub entries: Vec<(Spanned<String>, Node)>,
}

impl Mapping {
    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|(k, _)| k.value == key).map(|(_, v)| v)
    }

    /// Key and value under a key: the key's span is the best place to point at.
    pub fn entry(&self, key: &str) -> Option<&(Spanned<String>, Node)> {
        self.entries.iter().find(|(k, _)| k.value == key)
    }
}

impl Node {
    /// Text if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The mapping if it is one.
    pub fn as_map(&self) -> Option<&Mapping> {
        match &self.value {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }

    /// The list if it is one.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Seq(s) => Some(s),
            _ => None,
        }
    }

    /// The scalar as the text that a person wrote: `8080`, `true`, `1.10`; `None` for a list or a
    /// mapping, empty for null.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::Null => Some(String::new()),
            Value::Bool(b) => Some(b.to_string()),
            Value::Int(i) => Some(i.to_string()),
            Value::Float(_, text) => Some(text.clone()),
            Value::Str(s) => Some(s.clone()),
            Value::Seq(_) | Value::Map(_) => None,
        }
    }

    /// What it is, in the words of an error message: "a list", "a number".
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(..) => "a number",
            Value::Str(_) => "a string",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}
