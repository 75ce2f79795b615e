//! One tree over another, by the rules of Compose.

use crate::mounts;
use crate::ports;
use crate::tree::{string, take};
use std::collections::HashMap;
use yaml::{Mapping, Node, Tag, Value};

/// How deep merging looks at rules; below, everything is plain.
const RULES: usize = 6;

/// Merges a later file's project over an earlier one.
pub(crate) fn project(base: Node, over: Node) -> Node {
    merge(base, over, &mut Vec::new())
}

/// Merges an extending service over the one that it extends.
pub(crate) fn service(base: Node, over: Node) -> Node {
    let mut path = vec!["services".to_owned(), String::new()];
    merge(base, over, &mut path)
}

/// `over` wins. Both must be normalised.
fn merge(base: Node, over: Node, path: &mut Vec<String>) -> Node {
    if over.tag.is_some() || base.tag == Some(Tag::Reset) {
        return over;
    }
    let attribute = attribute(path);
    if over.value == Value::Null && !attribute.starts_with("environment.") {
        return base;
    }
    match (base.value, over.value) {
        (Value::Map(below), Value::Map(above)) => {
            let value = if attribute == "logging" && other_driver(&below, &above) {
                above
            } else {
                mappings(below, above, path)
            };
            Node { span: base.span, tag: base.tag, value: Value::Map(value) }
        }
        (Value::Seq(below), Value::Seq(above)) if !replaces(&attribute) => {
            let value = Value::Seq(lists(below, above, &attribute));
            Node { span: base.span, tag: base.tag, value }
        }
        (Value::Seq(below), Value::Map(above)) if attribute == "extra_hosts" => {
            let value = Value::Seq(lists(below, host_list(above), &attribute));
            Node { span: base.span, tag: base.tag, value }
        }
        (Value::Map(below), Value::Seq(above)) if attribute == "extra_hosts" => {
            let value = Value::Seq(lists(host_list(below), above, &attribute));
            Node { span: over.span, tag: base.tag, value }
        }
        (_, value) => Node { span: over.span, tag: over.tag, value },
    }
}

/// The path below a service: `deploy.labels`; empty elsewhere.
fn attribute(path: &[String]) -> String {
    match path {
        [top, _, rest @ ..] if top == "services" && rest.len() < RULES => rest.join("."),
        _ => String::new(),
    }
}

/// Lists that a later file replaces as a whole.
fn replaces(attribute: &str) -> bool {
    matches!(attribute, "command" | "entrypoint" | "healthcheck.test")
        || (attribute.starts_with("ulimits.") || attribute.ends_with(".command"))
}

fn other_driver(below: &Mapping, above: &Mapping) -> bool {
    let driver = |map: &Mapping| map.get("driver").and_then(Node::scalar_text);
    driver(above).is_some_and(|new| driver(below).is_some_and(|old| old != new))
}

fn mappings(mut below: Mapping, above: Mapping, path: &mut Vec<String>) -> Mapping {
    let at: HashMap<String, usize> =
        below.entries.iter().enumerate().map(|(at, (key, _))| (key.value.clone(), at)).collect();
    for (key, node) in above.entries {
        let Some(at) = at.get(&key.value) else {
            below.entries.push((key, node));
            continue;
        };
        path.push(key.value.clone());
        let (old_key, old) = &mut below.entries[*at];
        let taken = std::mem::replace(old, crate::tree::null(node.span));
        // The line to point at is the one that had the last word.
        if !matches!(node.value, Value::Map(_) | Value::Seq(_) | Value::Null) {
            old_key.span = key.span;
        }
        *old = merge(taken, node, path);
        path.pop();
    }
    below
}

/// Base items first. Items that mean the same thing count once: for mounts the later wins.
fn lists(mut below: Vec<Node>, above: Vec<Node>, attribute: &str) -> Vec<Node> {
    let mut at: HashMap<String, usize> = below
        .iter()
        .enumerate()
        .filter_map(|(at, item)| Some((identity(item, attribute)?, at)))
        .collect();
    for item in above {
        let Some(identity) = identity(&item, attribute) else {
            below.push(item);
            continue;
        };
        if let Some(at) = at.get(&identity) {
            below[*at] = item;
        } else {
            at.insert(identity, below.len());
            below.push(item);
        }
    }
    below
}

/// What makes two items of a list the same.
fn identity(item: &Node, attribute: &str) -> Option<String> {
    match attribute {
        "volumes" => mounts::target(item),
        "secrets" => crate::grants::target(item, "/run/secrets"),
        "configs" => crate::grants::target(item, ""),
        "ports" => ports::identity(item),
        "devices" => device(item),
        "env_file" => item.scalar_text().or_else(|| item.as_map()?.get("path")?.scalar_text()),
        _ => item.scalar_text(),
    }
}

/// Where a device stands in the container.
fn device(item: &Node) -> Option<String> {
    let Some(map) = item.as_map() else {
        let text = item.scalar_text()?;
        let mut parts = text.split(':');
        let source = parts.next().map(str::to_owned);
        return parts.next().map(str::to_owned).or(source);
    };
    map.get("target").or_else(|| map.get("source")).and_then(Node::scalar_text)
}

/// `{host: address}` → `[host=address]`.
fn host_list(map: Mapping) -> Vec<Node> {
    let mut out = Vec::new();
    for (key, node) in map.entries {
        if let Some(items) = node.as_seq() {
            let texts = items.iter().filter_map(Node::scalar_text);
            out.extend(texts.map(|text| string(format!("{}={text}", key.value), key.span)));
        } else {
            let text = node.scalar_text().unwrap_or_default();
            out.push(string(format!("{}={text}", key.value), key.span));
        }
    }
    out
}

/// Adds an included project below the one that includes it; what both define is the includer's.
/// Gives the names that both define, with the includer's place.
pub(crate) fn include(included: &Mapping, own: &Mapping) -> Vec<(String, yaml::Span)> {
    let mut both = Vec::new();
    for (section, node) in &included.entries {
        let (Some(theirs), Some(ours)) =
            (node.as_map(), own.get(&section.value).and_then(Node::as_map))
        else {
            continue;
        };
        let ours: HashMap<&str, yaml::Span> =
            ours.entries.iter().map(|(key, _)| (key.value.as_str(), key.span)).collect();
        for (key, _) in &theirs.entries {
            if let Some(span) = ours.get(key.value.as_str()) {
                both.push((format!("{}.{}", section.value, key.value), *span));
            }
        }
    }
    both
}

/// A service's `extends`, as written.
pub(crate) fn entry_extends(map: &mut Mapping) -> Option<(yaml::Spanned<String>, Node)> {
    map.entry("extends").filter(|(_, node)| !crate::tree::is_null(node)).cloned()
}

/// Takes a service's `extends` out.
pub(crate) fn take_extends(map: &mut Mapping) -> Option<Node> {
    take(map, "extends").map(|(_, node)| node)
}
