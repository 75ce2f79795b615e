//! A YAML writer for objects: readable key order, and every string safe for every reader.

use super::scalar;
use crate::object::Object;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Whether secret values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// As they are: for the cluster.
    Shown,
    /// As a mask: for people.
    Masked,
}

/// What stands where a secret value would.
const MASK: &str = "********";

/// Keys that people look for first, in this order.
const FIRST: [&str; 24] = [
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "namespace",
    "labels",
    "annotations",
    "type",
    "immutable",
    "schedule",
    "replicas",
    "selector",
    "podSelector",
    "policyTypes",
    "ingress",
    "egress",
    "image",
    "imagePullPolicy",
    "command",
    "args",
    "workingDir",
    "env",
    "ports",
    "spec",
];

/// Keys that are long and come last.
const LAST: [&str; 11] = [
    "data",
    "binaryData",
    "stringData",
    "initContainers",
    "containers",
    "volumeMounts",
    "volumes",
    "template",
    "jobTemplate",
    "volumeClaimTemplates",
    "status",
];

/// Objects as one multi-document text.
pub fn yaml(objects: &[Object], secrets: Secrets) -> String {
    let documents: Vec<_> = objects
        .iter()
        .map(|object| match secrets {
            Secrets::Shown => value_yaml(&object.value),
            Secrets::Masked => value_yaml(&masked(object)),
        })
        .collect();
    documents.join("---\n")
}

/// Any JSON value as YAML, its keys in an order that people like to read.
pub fn value_yaml(value: &Value) -> String {
    document(value, Style::Manifest, &Overlay::new())
}

/// The object's value, without secret values.
pub(crate) fn masked(object: &Object) -> Value {
    let mut value = object.value.clone();
    if object.secret {
        for key in ["data", "stringData"] {
            let entries = value.get_mut(key).and_then(Value::as_object_mut);
            entries.into_iter().flat_map(Map::values_mut).for_each(|it| *it = MASK.into());
        }
    }
    value
}

/// What is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A manifest: keys in an order that people like to read.
    Manifest,
    /// The same as a Helm template: data that looks like a template is escaped.
    Template,
    /// Anything else: keys in the order of the value.
    Ordered,
}

/// What a template puts in the place of parts of a value, by JSON pointer. In its lines, [`DEPTH`]
/// stands for the number of spaces in front of them.
pub(crate) type Overlay = BTreeMap<String, Splice>;

/// See [`Overlay`].
pub(crate) const DEPTH: &str = "@DEPTH@";

/// One part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Splice {
    /// Stands instead of the value, on the line of its key.
    Inline(String),
    /// Stands below the key, instead of the value.
    Below(Vec<String>),
    /// Stands instead of key and value.
    Instead(Vec<String>),
    /// Stands before and after key and value.
    Around(Vec<String>, Vec<String>),
}

/// A value as a document; with an overlay, as a Helm template.
pub(crate) fn document(value: &Value, style: Style, overlay: &Overlay) -> String {
    let mut writer = Writer { out: String::new(), style, overlay, path: String::new() };
    match value {
        Value::Object(map) if !map.is_empty() => writer.map(map, 0),
        Value::Array(items) if !items.is_empty() => writer.list(items, 0),
        scalar => {
            writer.out.push_str(&flat(scalar));
            writer.out.push('\n');
        }
    }
    writer.out
}

struct Writer<'a> {
    out: String,
    style: Style,
    overlay: &'a Overlay,
    /// JSON pointer of what is being written.
    path: String,
}

impl Writer<'_> {
    fn map(&mut self, map: &Map<String, Value>, depth: usize) {
        let mut entries: Vec<_> = map.iter().collect();
        if self.style != Style::Ordered {
            entries.sort_by_key(|(key, _)| (rank(key), *key));
        }
        for (key, value) in entries {
            let parent = self.path.len();
            self.path.push('/');
            self.path.push_str(&key.replace('~', "~0").replace('/', "~1"));
            self.entry(key, value, depth);
            self.path.truncate(parent);
        }
    }

    fn entry(&mut self, key: &str, value: &Value, depth: usize) {
        let key = self.escaped(&scalar::inline(key));
        match self.overlay.get(&self.path) {
            Some(Splice::Inline(text)) => self.line(depth, &format!("{key}: {text}")),
            Some(Splice::Below(lines)) => {
                self.line(depth, &format!("{key}:"));
                self.lines(depth + 2, lines);
            }
            Some(Splice::Instead(lines)) => self.lines(depth, lines),
            Some(Splice::Around(before, after)) => {
                self.lines(depth, before);
                self.plain_entry(&key, value, depth);
                self.lines(depth, after);
            }
            None => self.plain_entry(&key, value, depth),
        }
    }

    fn plain_entry(&mut self, key: &str, value: &Value, depth: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.line(depth, &format!("{key}:"));
                self.map(map, depth + 2);
            }
            Value::Array(items) if !items.is_empty() => {
                self.line(depth, &format!("{key}:"));
                self.list(items, depth + 2);
            }
            scalar => self.scalar(&format!("{key}:"), scalar, depth),
        }
    }

    fn list(&mut self, items: &[Value], depth: usize) {
        for (at, item) in items.iter().enumerate() {
            let parent = self.path.len();
            self.path.push('/');
            self.path.push_str(&at.to_string());
            self.item(item, depth);
            self.path.truncate(parent);
        }
    }

    /// An item is written as a block of its own, whose first line then gets the dash.
    fn item(&mut self, item: &Value, depth: usize) {
        let start = self.out.len();
        match item {
            Value::Object(map) if !map.is_empty() => self.map(map, depth + 2),
            Value::Array(items) if !items.is_empty() => self.list(items, depth + 2),
            scalar => {
                if let Some(Splice::Inline(text)) = self.overlay.get(&self.path) {
                    self.line(depth, &format!("- {text}"));
                } else {
                    self.scalar("-", scalar, depth);
                }
                return;
            }
        }
        self.out.replace_range(start + depth..=start + depth, "-");
    }

    /// A scalar after its key or dash.
    fn scalar(&mut self, lead: &str, value: &Value, depth: usize) {
        let block = value.as_str().and_then(scalar::block);
        let Some(mut lines) = block else {
            let text = self.escaped(&flat(value));
            return self.line(depth, &format!("{lead} {text}"));
        };
        let header = lines.remove(0);
        self.line(depth, &format!("{lead} {header}"));
        for line in lines {
            let line = self.escaped(&line);
            self.line(if line.is_empty() { 0 } else { depth + 2 }, &line);
        }
    }

    fn lines(&mut self, depth: usize, lines: &[String]) {
        for line in lines {
            self.line(depth, &line.replace(DEPTH, &depth.to_string()));
        }
    }

    fn line(&mut self, depth: usize, text: &str) {
        self.out.extend(std::iter::repeat_n(' ', depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// In a template, data that looks like a template must not be taken for one.
    fn escaped(&self, text: &str) -> String {
        if self.style == Style::Template {
            text.replace("{{", "{{ \"{{\" }}")
        } else {
            text.to_owned()
        }
    }
}

/// A scalar or an empty collection.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => scalar::inline(text),
        other => other.to_string(),
    }
}

fn rank(key: &str) -> usize {
    let at = |list: &[&str]| list.iter().position(|known| *known == key);
    at(&FIRST).unwrap_or_else(|| FIRST.len() + at(&LAST).map_or(0, |place| place + 1))
}
