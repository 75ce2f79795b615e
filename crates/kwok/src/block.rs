//! Values as YAML in block style, and YAML as values.

use crate::fault::Fault;
use twin_core::tree::{Value, from_yaml};
use yaml::{FileId, Limits};

/// A value as YAML that ends with a line break.
pub(crate) fn block(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    let pad = "  ".repeat(depth);
    match value {
        Value::Map(map) if map.iter().next().is_some() => {
            for (key, value) in map {
                text.extend([pad.as_str(), &Value::Text(key.clone()).to_string(), ":"]);
                write_below(value, depth + 1, text);
            }
        }
        Value::List(list) if !list.is_empty() => {
            for item in list.iter() {
                text.extend([pad.as_str(), "-"]);
                write_below(item, depth + 1, text);
            }
        }
        other => text.extend([pad.as_str(), &other.to_string(), "\n"]),
    }
}

fn write_below(value: &Value, depth: usize, text: &mut String) {
    let nested = match value {
        Value::Map(map) => map.iter().next().is_some(),
        Value::List(list) => !list.is_empty(),
        _ => false,
    };
    if nested {
        text.push('\n');
        write(value, depth, text);
    } else {
        text.extend([" ", &value.to_string(), "\n"]);
    }
}

/// Reads text that a template made.
pub(crate) fn read(text: &str) -> Result<Value, Fault> {
    let limits = Limits { nodes: 100_000, ..Limits::default() };
    match yaml::parse(text, FileId(0), limits) {
        Ok(node) => Ok(node.as_ref().map(from_yaml).unwrap_or_default()),
        Err(diagnostic) => Err(Fault::new(
            0,
            format!("line {} of what it made: {}", diagnostic.span.start.line, diagnostic.message),
        )),
    }
}
