//! Relative paths of a file in another directory, as seen from the project.

use crate::path::{is_relative, moved};
use crate::tree::{get_mut, map_mut};
use std::path::Path;
use yaml::{Mapping, Node, Value};

/// Moves every relative path of a normalised project.
pub(crate) fn project(map: &mut Mapping, prefix: &Path) {
    if prefix.as_os_str().is_empty() {
        return;
    }
    each(map, "services", |map| service(map, prefix));
    for section in ["secrets", "configs"] {
        each(map, section, |map| at(map, "file", prefix));
    }
}

fn each(map: &mut Mapping, section: &str, mut change: impl FnMut(&mut Mapping)) {
    let Some(entries) = get_mut(map, section).and_then(map_mut) else { return };
    entries.entries.iter_mut().filter_map(|(_, node)| map_mut(node)).for_each(&mut change);
}

/// Moves every relative path of a normalised service.
pub(crate) fn service(map: &mut Mapping, prefix: &Path) {
    if prefix.as_os_str().is_empty() {
        return;
    }
    for (key, node) in &mut map.entries {
        match (key.value.as_str(), &mut node.value) {
            ("build", Value::Map(build)) => at(build, "context", prefix),
            ("env_file" | "label_file", Value::Seq(items)) => {
                for item in items {
                    match &mut item.value {
                        Value::Map(map) => at(map, "path", prefix),
                        _ => text(item, prefix),
                    }
                }
            }
            ("volumes", Value::Seq(items)) => items.iter_mut().for_each(|item| mount(item, prefix)),
            ("extends" | "credential_spec", Value::Map(map)) => at(map, "file", prefix),
            _ => {}
        }
    }
}

fn at(map: &mut Mapping, key: &str, prefix: &Path) {
    if let Some(node) = get_mut(map, key) {
        text(node, prefix);
    }
}

fn text(node: &mut Node, prefix: &Path) {
    if let Value::Str(text) = &mut node.value {
        *text = moved(prefix, text);
    }
}

fn mount(node: &mut Node, prefix: &Path) {
    match &mut node.value {
        Value::Str(text) if text.starts_with('.') => {
            let (source, rest) =
                text.split_once(':').map_or((text.as_str(), None), |(s, r)| (s, Some(r)));
            // Without a target it is an anonymous volume, not a path of the host.
            if let (Some(rest), true) = (rest, is_relative(source)) {
                *text = format!("{}:{rest}", moved(prefix, source));
            }
        }
        Value::Map(map) => {
            let bind = map.get("type").and_then(Node::as_str).is_none_or(|kind| kind == "bind");
            if bind {
                at(map, "source", prefix);
            }
        }
        _ => {}
    }
}
