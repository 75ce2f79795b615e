//! Short forms to long forms, so that files can be merged attribute by attribute.

use crate::tree::{get_mut, list, map_mut, mapping, null, string};
use std::collections::{HashMap, HashSet};
use yaml::{Mapping, Node, Spanned, Value};

/// Brings one file's project into the form that merging knows.
pub(crate) fn project(map: &mut Mapping) {
    for (section, of) in
        [("services", service as fn(&mut Mapping)), ("networks", labelled), ("volumes", labelled)]
    {
        let Some(entries) = get_mut(map, section).and_then(map_mut) else { continue };
        for (_, node) in &mut entries.entries {
            if let Some(entry) = map_mut(node) {
                of(entry);
            }
        }
    }
}

/// Brings one service into the form that merging knows.
pub(crate) fn service(map: &mut Mapping) {
    for (key, node) in &mut map.entries {
        match key.value.as_str() {
            "build" => build(node),
            "extends" => wrap(node, "service"),
            "environment" | "sysctls" | "annotations" | "labels" => {
                pairs(node, key.value == "environment");
            }
            "depends_on" | "networks" | "models" => names(node),
            "env_file" | "label_file" | "dns" | "dns_search" | "dns_opt" | "tmpfs" | "profiles" => {
                listed(node);
            }
            "deploy" => {
                if let Some(deploy) = map_mut(node) {
                    labelled(deploy);
                }
            }
            _ => {}
        }
    }
}

fn labelled(map: &mut Mapping) {
    if let Some(labels) = get_mut(map, "labels") {
        pairs(labels, false);
    }
}

fn build(node: &mut Node) {
    wrap(node, "context");
    let Some(map) = map_mut(node) else { return };
    for (key, node) in &mut map.entries {
        match key.value.as_str() {
            "args" => pairs(node, true),
            "labels" | "additional_contexts" => pairs(node, false),
            _ => {}
        }
    }
}

/// `x` → `{key: x}`.
fn wrap(node: &mut Node, key: &str) {
    if let Value::Str(text) = &node.value {
        let inner = string(text.clone(), node.span);
        let entries = vec![(Spanned::new(key.to_owned(), node.span), inner)];
        let tag = node.tag;
        *node = mapping(entries, node.span);
        node.tag = tag;
    }
}

/// `x` → `[x]`.
fn listed(node: &mut Node) {
    if !matches!(node.value, Value::Seq(_) | Value::Map(_) | Value::Null) {
        let (span, tag) = (node.span, node.tag.take());
        let inner = std::mem::replace(node, null(span));
        *node = list(vec![inner], span);
        node.tag = tag;
    }
}

/// `[K=V]` → `{K: V}`; the last of equal keys counts. A bare key has no value, or an empty one.
fn pairs(node: &mut Node, bare_is_unset: bool) {
    let Value::Seq(items) = &node.value else { return };
    let mut entries: Vec<(Spanned<String>, Node)> = Vec::with_capacity(items.len());
    let mut seen: HashMap<String, usize> = HashMap::new();
    for item in items {
        let Some(text) = item.scalar_text() else { continue };
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, string(value, item.span)),
            None if bare_is_unset => (text.as_str(), null(item.span)),
            None => (text.as_str(), string("", item.span)),
        };
        let key = key.trim();
        if key.is_empty() {
            continue;
        }
        let entry = (Spanned::new(key.to_owned(), item.span), value);
        if let Some(at) = seen.get(key) {
            entries[*at] = entry;
        } else {
            seen.insert(key.to_owned(), entries.len());
            entries.push(entry);
        }
    }
    node.value = Value::Map(Mapping { entries });
}

/// `[a, b]` → `{a: null, b: null}`.
fn names(node: &mut Node) {
    listed_text(node);
    let Value::Seq(items) = &node.value else { return };
    let mut seen: HashSet<String> = HashSet::new();
    let entries = items
        .iter()
        .filter_map(|item| Some((Spanned::new(item.scalar_text()?, item.span), null(item.span))))
        .filter(|(key, _)| seen.insert(key.value.clone()))
        .collect();
    node.value = Value::Map(Mapping { entries });
}

/// A lone name where a list of names is meant.
fn listed_text(node: &mut Node) {
    if matches!(node.value, Value::Str(_)) {
        listed(node);
    }
}
