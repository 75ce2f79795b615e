//! The fields of a mapping, each of which has to be known.

use yaml::{Diagnostic, Mapping, Node};

/// What is not right about a node.
pub(super) fn wrong(node: &Node, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("bad-stage", message, node.span)
}

/// The fields of a mapping that were not taken yet.
pub(super) struct Fields<'a> {
    node: &'a Node,
    map: &'a Mapping,
    taken: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(node: &'a Node) -> Result<Self, Diagnostic> {
        match node.as_map() {
            Some(map) => Ok(Self { node, map, taken: Vec::new() }),
            None => Err(wrong(node, format!("this is {}, not a mapping", node.kind()))),
        }
    }

    /// A field, if it is there and not null.
    pub(super) fn take(&mut self, name: &'static str) -> Option<&'a Node> {
        self.taken.push(name);
        self.map.get(name).filter(|node| node.value != yaml::Value::Null)
    }

    pub(super) fn must(&mut self, name: &'static str) -> Result<&'a Node, Diagnostic> {
        self.take(name).ok_or_else(|| wrong(self.node, format!("{name:?} is missing")))
    }

    /// Text; empty if it is not there.
    pub(super) fn text(&mut self, name: &'static str) -> Result<String, Diagnostic> {
        self.take(name).map_or(Ok(String::new()), text)
    }

    /// A number that is not below zero.
    pub(super) fn count(&mut self, name: &'static str) -> Result<Option<u64>, Diagnostic> {
        let Some(node) = self.take(name) else { return Ok(None) };
        match node.value {
            yaml::Value::Int(int) if int >= 0 => Ok(Some(int.unsigned_abs())),
            _ => Err(wrong(node, format!("{name:?} has to be a whole number, and not below 0"))),
        }
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Diagnostic> {
        let Some(node) = self.take(name) else { return Ok(None) };
        match node.value {
            yaml::Value::Bool(flag) => Ok(Some(flag)),
            _ => Err(wrong(node, format!("{name:?} has to be true or false"))),
        }
    }

    /// The items of a list; none if it is not there.
    pub(super) fn list(&mut self, name: &'static str) -> Result<&'a [Node], Diagnostic> {
        self.take(name).map_or(Ok(&[]), list)
    }

    /// Fails for a field that nobody asked for.
    pub(super) fn done(&self) -> Result<(), Diagnostic> {
        let strange =
            self.map.entries.iter().find(|(key, _)| !self.taken.contains(&key.value.as_str()));
        let Some((key, _)) = strange else { return Ok(()) };
        let message = format!("there is no field {:?} here", key.value);
        Err(Diagnostic::error("bad-stage", message, key.span)
            .hint(format!("there are {}", self.taken.join(", "))))
    }
}

pub(super) fn list(node: &Node) -> Result<&[Node], Diagnostic> {
    node.as_seq().ok_or_else(|| wrong(node, format!("this is {}, not a list", node.kind())))
}

/// The text of a scalar.
pub(super) fn text(node: &Node) -> Result<String, Diagnostic> {
    node.scalar_text().ok_or_else(|| wrong(node, format!("this is {}, not a string", node.kind())))
}
