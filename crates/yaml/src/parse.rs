//! Text to tree.
//!
//! Events come from `saphyr-parser`; this module builds the tree, resolves scalars, aliases and
//! merge keys, and keeps the limits.

mod complaint;

use crate::scalar::plain;
use crate::{Diagnostic, FileId, Mapping, Node, Pos, Span, Spanned, Tag, Value};
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::BTreeMap;

/// What a document may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nodes in the tree, aliases expanded.
    pub nodes: usize,
    /// Nesting.
    pub depth: usize,
    /// Bytes of text.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { nodes: 200_000, depth: 64, bytes: 4 << 20 }
    }
}

/// Reads every document of a text. Empty documents are left out.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse_all(text: &str, file: FileId, limits: Limits) -> Result<Vec<Node>, Diagnostic> {
    let start = Span { file, start: Pos { line: 1, column: 1 }, end: Pos { line: 1, column: 2 } };
    if text.len() > limits.bytes {
        let message = format!("the file has {} bytes, more than {}", text.len(), limits.bytes);
        return Err(Diagnostic::error("yaml-too-large", message, start)
            .hint("this reads files that people write; split it, or keep data out of it"));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder {
        file,
        limits,
        nodes: 0,
        stack: Vec::new(),
        anchors: BTreeMap::new(),
        done: Vec::new(),
    };
    for event in Parser::new_from_str(text) {
        let (event, place) = event.map_err(|error| complaint::syntax(&error, text, file))?;
        let span = Span { file, start: pos(place.start), end: pos(place.end) };
        builder.event(event, span)?;
    }
    Ok(builder.done)
}

/// Reads a text that must hold at most one document; `None` if it holds nothing.
///
/// # Errors
/// As [`parse_all`], and a second document.
pub fn parse(text: &str, file: FileId, limits: Limits) -> Result<Option<Node>, Diagnostic> {
    let mut documents = parse_all(text, file, limits)?;
    match documents.len() {
        0 => Ok(None),
        1 => Ok(documents.pop()),
        _ => Err(Diagnostic::error(
            "yaml-documents",
            "a second document starts here",
            documents[1].span,
        )
        .hint("remove the `---`, or write two files")),
    }
}

fn pos(marker: saphyr_parser::Marker) -> Pos {
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Pos { line: small(marker.line()).max(1), column: small(marker.col()).saturating_add(1) }
}

/// A collection that is still open.
enum Open {
    Seq(Vec<Node>),
    Map(OpenMap),
}

/// A mapping that is still open.
#[derive(Default)]
struct OpenMap {
    entries: Vec<(Spanned<String>, Node)>,
    /// Key → line, so that a mapping of a hundred thousand keys is not compared key by key.
    seen: BTreeMap<String, u32>,
    key: Option<Spanned<String>>,
    merges: Vec<Node>,
}

impl OpenMap {
    /// Takes the next node: a key, or the value of the key before it.
    fn push(&mut self, node: Node) -> Result<(), Diagnostic> {
        let Some(name) = self.key.take() else {
            self.key = Some(as_key(&node)?);
            return Ok(());
        };
        if name.value == "<<" {
            self.merges.push(node);
            return Ok(());
        }
        if let Some(line) = self.seen.insert(name.value.clone(), name.span.start.line) {
            let message =
                format!("`{}` stands here a second time; it was on line {line}", name.value);
            return Err(Diagnostic::error("yaml-duplicate-key", message, name.span)
                .hint("remove one of them, or rename it"));
        }
        self.entries.push((name, node));
        Ok(())
    }
}

/// What an anchor names: the node, how many nodes it holds and how deep they nest.
struct Anchored {
    node: Node,
    size: usize,
    depth: usize,
}

struct Frame {
    open: Open,
    span: Span,
    anchor: usize,
    tag: Option<Tag>,
}

struct Builder {
    file: FileId,
    limits: Limits,
    nodes: usize,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Anchored>,
    done: Vec<Node>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref();
                let value = scalar(&text, style, tag);
                self.count(1, span)?;
                self.finish(Node { span, tag: local(tag), value }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(Open::Seq(Vec::new()), span, anchor, local(tag.as_deref()))
            }
            Event::MappingStart(anchor, tag) => {
                self.open(Open::Map(OpenMap::default()), span, anchor, local(tag.as_deref()))
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    /// Puts a copy of the anchored node here. Its depth counts from here: chained aliases could
    /// nest deeper than any text.
    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Diagnostic> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            let message = "the alias stands inside its own anchor";
            return Err(
                Diagnostic::error("yaml-alias", message, span).hint("a node cannot contain itself")
            );
        };
        let (size, depth) = (anchored.size, anchored.depth);
        self.count(size, span)?;
        self.fits(self.stack.len() + depth, span)?;
        // The count is checked before the copy is made.
        let Some(mut node) = self.anchors.get(&anchor).map(|anchored| anchored.node.clone()) else {
            return Ok(());
        };
        node.span = span;
        self.finish(node, 0)
    }

    fn fits(&self, depth: usize, span: Span) -> Result<(), Diagnostic> {
        if depth <= self.limits.depth {
            return Ok(());
        }
        let message = format!("the document nests deeper than {} levels", self.limits.depth);
        Err(Diagnostic::error("yaml-too-deep", message, span).hint("no file needs that"))
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Diagnostic> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > self.limits.nodes {
            let message = format!("the document expands to more than {} nodes", self.limits.nodes);
            return Err(Diagnostic::error("yaml-too-large", message, span)
                .hint("split it; where it has aliases, they multiply what they name"));
        }
        Ok(())
    }

    fn open(
        &mut self,
        open: Open,
        span: Span,
        anchor: usize,
        tag: Option<Tag>,
    ) -> Result<(), Diagnostic> {
        self.count(1, span)?;
        self.fits(self.stack.len() + 1, span)?;
        self.stack.push(Frame { open, span, anchor, tag });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Diagnostic> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let span = Span { file: self.file, start: frame.span.start, end: end.end };
        let value = match frame.open {
            Open::Seq(items) => Value::Seq(items),
            Open::Map(map) => Value::Map(Mapping { entries: merged(map)? }),
        };
        self.finish(Node { span, tag: frame.tag, value }, frame.anchor)
    }

    /// Puts a complete node where it belongs.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        if anchor != 0 {
            // The copy costs memory as an alias does: nested anchors copy each other.
            let (size, depth) = (size(&node), depth(&node));
            self.count(size, node.span)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, depth });
        }
        let Some(frame) = self.stack.last_mut() else {
            if !(node.value == Value::Null && node.tag.is_none()) {
                self.done.push(node);
            }
            return Ok(());
        };
        match &mut frame.open {
            Open::Seq(items) => items.push(node),
            Open::Map(map) => map.push(node)?,
        }
        Ok(())
    }
}

/// What a copy of a node costs. Long texts count more than once: an alias copies them too.
fn size(node: &Node) -> usize {
    let text = |text: &str| 1 + text.len() / 128;
    match &node.value {
        Value::Seq(items) => items.iter().map(size).fold(1, usize::saturating_add),
        Value::Map(map) => map
            .entries
            .iter()
            .map(|(key, value)| text(&key.value).saturating_add(size(value)))
            .fold(1, usize::saturating_add),
        Value::Str(value) | Value::Float(_, value) => text(value),
        _ => 1,
    }
}

/// How many collections nest in a node, itself included.
fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Seq(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(map) => 1 + map.entries.iter().map(|(_, v)| depth(v)).max().unwrap_or(0),
        _ => 0,
    }
}

fn as_key(node: &Node) -> Result<Spanned<String>, Diagnostic> {
    match node.scalar_text() {
        Some(text) => Ok(Spanned::new(text, node.span)),
        None => Err(Diagnostic::error(
            "yaml-key",
            format!("a key must be text, this is {}", node.kind()),
            node.span,
        )
        .hint("in YAML, `{{ x }}` and `[x]` need quotes when they are meant as text")),
    }
}

/// What the mapping itself says wins over what it merges; an earlier merge wins over a later one.
fn merged(map: OpenMap) -> Result<Vec<(Spanned<String>, Node)>, Diagnostic> {
    let OpenMap { mut entries, mut seen, merges, .. } = map;
    for merge in merges {
        for (key, value) in mappings(merge)?.into_iter().flat_map(|map| map.entries) {
            if seen.insert(key.value.clone(), key.span.start.line).is_none() {
                entries.push((key, value));
            }
        }
    }
    Ok(entries)
}

/// The mappings that a `<<` names.
fn mappings(merge: Node) -> Result<Vec<Mapping>, Diagnostic> {
    let span = merge.span;
    match merge.value {
        Value::Map(map) => Ok(vec![map]),
        Value::Null => Ok(Vec::new()),
        Value::Seq(items) => items
            .into_iter()
            .map(|item| match item.value {
                Value::Map(map) => Ok(map),
                _ => Err(bad_merge(span)),
            })
            .collect(),
        _ => Err(bad_merge(span)),
    }
}

fn bad_merge(span: Span) -> Diagnostic {
    Diagnostic::error("yaml-merge", "`<<` merges a mapping or a list of mappings", span)
        .hint("write `<<: *anchor`")
}

fn local(tag: Option<&saphyr_parser::Tag>) -> Option<Tag> {
    let tag = tag.filter(|t| t.handle == "!")?;
    match tag.suffix.as_str() {
        "reset" => Some(Tag::Reset),
        "override" => Some(Tag::Override),
        _ => None,
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&saphyr_parser::Tag>) -> Value {
    let core = tag.filter(|t| t.is_yaml_core_schema()).map(|t| t.suffix.as_str());
    match (style, core) {
        (_, Some("str")) => Value::Str(text.to_owned()),
        (ScalarStyle::Plain, _) | (_, Some("int" | "float" | "bool" | "null")) => plain(text),
        _ => Value::Str(text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
