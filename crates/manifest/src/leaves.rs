//! Every field of an object, by its path.

use crate::object::Object;
use crate::writers::yaml::masked;
use serde_json::Value;

/// The leaves of an object: path and value, in the order of the object. Items of a list are
/// addressed by their name (or `metadata.name`) where all of them have one and no two share it, else by their index:
/// `spec.template.spec.containers[web].command[0]`. Empty maps and lists are leaves. Values of
/// Secrets are masked.
pub fn leaves(object: &Object) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    collect(&masked(object), String::new(), &mut found);
    found
}

fn collect(value: &Value, path: String, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let dot = if path.is_empty() { "" } else { "." };
                collect(value, format!("{path}{dot}{key}"), found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let names = names(items);
            for (at, item) in items.iter().enumerate() {
                let step = match &names {
                    Some(names) => names[at].to_owned(),
                    None => at.to_string(),
                };
                collect(item, format!("{path}[{step}]"), found);
            }
        }
        leaf => found.push((path, leaf.clone())),
    }
}

/// The names of all items, if each has its own.
fn names(items: &[Value]) -> Option<Vec<&str>> {
    let names: Vec<_> = items.iter().map(|item| name(item)?.as_str()).collect::<Option<_>>()?;
    let unique = names.iter().enumerate().all(|(at, name)| !names[..at].contains(name));
    unique.then_some(names)
}

/// The name of an item; that of a claim template stands in its metadata.
fn name(item: &Value) -> Option<&Value> {
    item.get("name").or_else(|| item.pointer("/metadata/name"))
}
