//! The fields of a mapping, each of which has to be known.

use crate::{Diagnostic, Mapping, Node, Value};

/// What these diagnostics are called.
const CODE: &str = "bad-field";

/// What is not right about a node.
pub fn wrong(node: &Node, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(CODE, message, node.span)
}

/// The fields of a mapping that were not taken yet.
#[derive(Debug)]
pub struct Fields<'a> {
    node: &'a Node,
    map: &'a Mapping,
    taken: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Those of a node, which has to be a mapping.
    ///
    /// # Errors
    /// If it is none.
    pub fn of(node: &'a Node) -> Result<Self, Diagnostic> {
        match node.as_map() {
            Some(map) => Ok(Self { node, map, taken: Vec::new() }),
            None => Err(wrong(node, format!("this is {}, not a mapping", node.kind()))),
        }
    }

    /// A field, if it is there and not null.
    pub fn take(&mut self, name: &'static str) -> Option<&'a Node> {
        self.taken.push(name);
        self.map.get(name).filter(|node| node.value != Value::Null)
    }

    /// A field that has to be there.
    ///
    /// # Errors
    /// If it is not.
    pub fn must(&mut self, name: &'static str) -> Result<&'a Node, Diagnostic> {
        self.take(name).ok_or_else(|| wrong(self.node, format!("{name:?} is missing")))
    }

    /// Text; empty if it is not there.
    ///
    /// # Errors
    /// If it is none.
    pub fn text(&mut self, name: &'static str) -> Result<String, Diagnostic> {
        self.take(name).map_or(Ok(String::new()), text)
    }

    /// A number that is not below zero.
    ///
    /// # Errors
    /// If it is none.
    pub fn count(&mut self, name: &'static str) -> Result<Option<u64>, Diagnostic> {
        let Some(node) = self.take(name) else { return Ok(None) };
        match node.value {
            Value::Int(int) if int >= 0 => Ok(Some(int.unsigned_abs())),
            _ => Err(wrong(node, format!("{name:?} has to be a whole number, and not below 0"))),
        }
    }

    /// Whether something is so, if that is said.
    ///
    /// # Errors
    /// If it is no truth value.
    pub fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Diagnostic> {
        let Some(node) = self.take(name) else { return Ok(None) };
        match node.value {
            Value::Bool(flag) => Ok(Some(flag)),
            _ => Err(wrong(node, format!("{name:?} has to be true or false"))),
        }
    }

    /// The items of a list; none if it is not there.
    ///
    /// # Errors
    /// If it is none.
    pub fn list(&mut self, name: &'static str) -> Result<&'a [Node], Diagnostic> {
        self.take(name).map_or(Ok(&[]), list)
    }

    /// Fails for a field that nobody asked for.
    ///
    /// # Errors
    /// With the name of that field.
    pub fn done(&self) -> Result<(), Diagnostic> {
        let strange =
            self.map.entries.iter().find(|(key, _)| !self.taken.contains(&key.value.as_str()));
        let Some((key, _)) = strange else { return Ok(()) };
        let message = format!("there is no field {:?} here", key.value);
        Err(Diagnostic::error(CODE, message, key.span)
            .hint(format!("there are {}", self.taken.join(", "))))
    }
}

/// The items of a list.
///
/// # Errors
/// If it is none.
pub fn list(node: &Node) -> Result<&[Node], Diagnostic> {
    node.as_seq().ok_or_else(|| wrong(node, format!("this is {}, not a list", node.kind())))
}

/// The text of a scalar.
///
/// # Errors
/// If it is none.
pub fn text(node: &Node) -> Result<String, Diagnostic> {
    node.scalar_text().ok_or_else(|| wrong(node, format!("this is {}, not a string", node.kind())))
}
