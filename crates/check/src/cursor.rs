//! A place in a document that may or may not be there.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;

use yaml::{Node, Span, Value};

/// A cursor: a field by its path, present or not. Rules can ask for any depth without checking each
/// level, and a finding about something missing points at the nearest thing that was written.
#[derive(Clone, Debug)]
pub(crate) struct At<'a> {
    node: Option<&'a Node>,
    path: Path<'a>,
    span: Span,
}

/// The way from the top of the document. It only becomes a text when a finding shows it: rules look
/// at many more places than they complain about.
#[derive(Clone, Debug, Default)]
struct Path<'a>(Option<Rc<Segment<'a>>>);

#[derive(Debug)]
struct Segment<'a> {
    parent: Path<'a>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

impl<'a> At<'a> {
    /// The top of a document.
    pub(crate) fn root(node: &'a Node) -> Self {
        Self { node: Some(node), path: Path::default(), span: node.span }
    }

    /// A field of a mapping.
    pub(crate) fn at(&self, key: &'a str) -> Self {
        let path = self.path.then(Step::Key(key));
        match self.node.and_then(Node::as_map).and_then(|m| m.entry(key)) {
            Some((key, value)) => Self { node: Some(value), path, span: place(key.span, value) },
            None => Self { node: None, path, span: self.span },
        }
    }

    /// A field some levels down: `dig("spec.template.spec")`.
    pub(crate) fn dig(&self, path: &'a str) -> Self {
        path.split('.').fold(self.clone(), |at, key| at.at(key))
    }

    /// The elements of a list; none if it is no list.
    pub(crate) fn items(&self) -> Vec<Self> {
        let seq = self.node.and_then(Node::as_seq).unwrap_or_default();
        seq.iter()
            .enumerate()
            .map(|(i, node)| Self {
                node: Some(node),
                path: self.path.then(Step::Item(i)),
                span: node.span,
            })
            .collect()
    }

    /// The entries of a mapping; none if it is no mapping.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Self)> {
        let Some(map) = self.node.and_then(Node::as_map) else { return Vec::new() };
        map.entries
            .iter()
            .map(|(key, value)| {
                let path = self.path.then(Step::Key(&key.value));
                let at = Self { node: Some(value), path, span: place(key.span, value) };
                (key.value.as_str(), at)
            })
            .collect()
    }

    /// The node, if something other than null was written.
    pub(crate) fn node(&self) -> Option<&'a Node> {
        self.node.filter(|n| n.value != Value::Null)
    }

    /// Whether the key was written at all, even without a value.
    pub(crate) fn written(&self) -> bool {
        self.node.is_some()
    }

    /// Whether something other than null was written.
    pub(crate) fn is_set(&self) -> bool {
        self.node().is_some()
    }

    /// Whether it counts as set for checkov: not empty, zero or false. A mapping always counts.
    pub(crate) fn truthy(&self) -> bool {
        self.node.is_some_and(|n| match &n.value {
            Value::Null => false,
            Value::Bool(b) => *b,
            Value::Int(i) => *i != 0,
            Value::Float(f, _) => *f != 0.0,
            Value::Str(s) => !s.is_empty(),
            Value::Seq(s) => !s.is_empty(),
            Value::Map(_) => true,
        })
    }

    /// The text of a string.
    pub(crate) fn str(&self) -> Option<&'a str> {
        self.node.and_then(Node::as_str)
    }

    /// A scalar as it was written.
    pub(crate) fn text(&self) -> Option<String> {
        self.node().and_then(Node::scalar_text)
    }

    /// A whole number.
    pub(crate) fn int(&self) -> Option<i64> {
        match self.node?.value {
            Value::Int(i) => Some(i),
            _ => None,
        }
    }

    /// A boolean.
    pub(crate) fn bool(&self) -> Option<bool> {
        match self.node?.value {
            Value::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// Whether it is the string `text`.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.str() == Some(text)
    }

    /// The strings of a list.
    pub(crate) fn strings(&self) -> Vec<&'a str> {
        let seq = self.node.and_then(Node::as_seq).unwrap_or_default();
        seq.iter().filter_map(Node::as_str).collect()
    }

    /// A mapping of scalars.
    pub(crate) fn text_map(&self) -> BTreeMap<String, String> {
        self.entries()
            .into_iter()
            .filter_map(|(key, at)| Some((key.to_owned(), at.node?.scalar_text()?)))
            .collect()
    }

    /// Where it stands, as `spec.ports[0]`.
    pub(crate) fn path(&self) -> String {
        let mut steps = Vec::new();
        let mut next = &self.path;
        while let Some(segment) = &next.0 {
            steps.push(segment.step);
            next = &segment.parent;
        }
        steps.iter().rev().fold(String::new(), |path, step| step.append(path))
    }

    /// The place in the file.
    pub(crate) fn span(&self) -> Span {
        self.span
    }
}

/// A scalar is best shown by its value, a block by its key.
fn place(key: Span, value: &Node) -> Span {
    match value.value {
        Value::Seq(_) | Value::Map(_) | Value::Null => key,
        _ => value.span,
    }
}

impl<'a> Path<'a> {
    fn then(&self, step: Step<'a>) -> Self {
        Self(Some(Rc::new(Segment { parent: self.clone(), step })))
    }
}

impl Step<'_> {
    fn append(self, mut path: String) -> String {
        let written = match self {
            Self::Item(number) => write!(path, "[{number}]"),
            Self::Key(key) if !is_plain(key) => write!(path, "[{key:?}]"),
            Self::Key(key) if path.is_empty() => write!(path, "{key}"),
            Self::Key(key) => write!(path, ".{key}"),
        };
        written.expect("a string takes any text");
        path
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c))
}
