//! Every attribute that a tree holds, as dotted paths.

use model::project::Field;
use yaml::{Node, Span, Value};

/// Deeper than this, the level above stands for what is below.
const DEEPEST: usize = 10;
/// Longer keys are cut in paths.
const LONGEST: usize = 200;

/// Adds the leaves below a node. `span` is the key or item that the node stands at.
pub(crate) fn collect(node: &Node, path: &str, span: Span, left: &mut usize, out: &mut Vec<Field>) {
    walk(node, path, span, left, out, 0);
}

fn walk(node: &Node, path: &str, span: Span, left: &mut usize, out: &mut Vec<Field>, depth: usize) {
    let join = |key: &str| {
        let key: String = key.chars().take(LONGEST).collect();
        if path.is_empty() { key } else { format!("{path}.{key}") }
    };
    match &node.value {
        Value::Map(map) if !map.entries.is_empty() && depth < DEEPEST => {
            for (key, value) in &map.entries {
                if !is_extension(&key.value, path) {
                    walk(value, &join(&key.value), key.span, left, out, depth + 1);
                }
            }
        }
        Value::Seq(items) if !items.is_empty() && depth < DEEPEST => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &join(&index.to_string()), item.span, left, out, depth + 1);
            }
        }
        // A service that says nothing has no fields.
        _ if path.is_empty() => {}
        _ => {
            // A tree of long keys could make more text than it is itself.
            if let Some(rest) = left.checked_sub(path.len()) {
                *left = rest;
                out.push(Field { path: path.to_owned(), span });
            }
        }
    }
}

/// Whether a key is for other tools. Where keys are free, it is a name like others.
fn is_extension(key: &str, path: &str) -> bool {
    let free = [
        "environment",
        "labels",
        "annotations",
        "sysctls",
        "depends_on",
        "networks",
        "models",
        "args",
        "extra_hosts",
        "options",
        "driver_opts",
        "volumes",
        "configs",
        "secrets",
        "storage_opt",
    ];
    let parent = path.rsplit('.').next().unwrap_or_default();
    key.starts_with("x-") && key != "x-muster" && !free.contains(&parent)
}
