//! Small tools for YAML trees.

use yaml::{Mapping, Node, Span, Spanned, Tag, Value};

/// A string node.
pub(crate) fn string(text: impl Into<String>, span: Span) -> Node {
    Node { span, tag: None, value: Value::Str(text.into()) }
}

/// A mapping node.
pub(crate) fn mapping(entries: Vec<(Spanned<String>, Node)>, span: Span) -> Node {
    Node { span, tag: None, value: Value::Map(Mapping { entries }) }
}

/// A list node.
pub(crate) fn list(items: Vec<Node>, span: Span) -> Node {
    Node { span, tag: None, value: Value::Seq(items) }
}

/// A null node.
pub(crate) fn null(span: Span) -> Node {
    Node { span, tag: None, value: Value::Null }
}

/// The mapping in a node, to change.
pub(crate) fn map_mut(node: &mut Node) -> Option<&mut Mapping> {
    match &mut node.value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// The value under a key, to change.
pub(crate) fn get_mut<'a>(map: &'a mut Mapping, key: &str) -> Option<&'a mut Node> {
    map.entries.iter_mut().find(|(k, _)| k.value == key).map(|(_, v)| v)
}

/// Takes a key out of a mapping.
pub(crate) fn take(map: &mut Mapping, key: &str) -> Option<(Spanned<String>, Node)> {
    let at = map.entries.iter().position(|(k, _)| k.value == key)?;
    Some(map.entries.remove(at))
}

/// Whether a node says nothing: null, or taken back by `!reset`.
pub(crate) fn is_null(node: &Node) -> bool {
    node.value == Value::Null || node.tag == Some(Tag::Reset)
}

/// What a copy of a node costs: nodes, with long texts counting for more than one.
pub(crate) fn size(node: &Node) -> usize {
    let text = |text: &str| 1 + text.len() / 48;
    match &node.value {
        Value::Seq(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(map) => {
            1 + map.entries.iter().map(|(key, value)| text(&key.value) + size(value)).sum::<usize>()
        }
        Value::Str(value) => text(value),
        _ => 1,
    }
}

/// Removes everything that `!reset` took back.
pub(crate) fn strip_resets(node: &mut Node) {
    match &mut node.value {
        Value::Seq(items) => {
            items.retain(|item| item.tag != Some(Tag::Reset));
            items.iter_mut().for_each(strip_resets);
        }
        Value::Map(map) => {
            map.entries.retain(|(_, value)| value.tag != Some(Tag::Reset));
            map.entries.iter_mut().for_each(|(_, value)| strip_resets(value));
        }
        _ => {}
    }
}
