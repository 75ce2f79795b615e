//! `values.yaml` and its schema.

use super::super::yaml::{Overlay, Splice, Style, document};
use super::part;
use serde_json::{Map, Value, json};

/// One value of the chart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    /// Where it stands.
    pub(super) path: Vec<String>,
    /// Its default; without one it is only in the schema.
    pub(super) default: Option<Value>,
    /// What it may be.
    pub(super) schema: Value,
    /// What it does.
    pub(super) about: String,
}

impl Setting {
    pub(super) fn new<'a>(
        path: impl IntoIterator<Item = &'a str>,
        default: Value,
        schema: Value,
        about: &str,
    ) -> Self {
        Self {
            path: path.into_iter().map(str::to_owned).collect(),
            default: Some(default),
            schema,
            about: about.to_owned(),
        }
    }

    /// How a template reads it.
    pub(super) fn expression(&self) -> String {
        let path: Vec<_> = self.path.iter().map(String::as_str).collect();
        part::value(&path)
    }
}

/// All values of the chart.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    values: Value,
    schema: Value,
    comments: Overlay,
}

impl Default for Tree {
    fn default() -> Self {
        let mut schema = group("Values of the chart.");
        schema["properties"]["global"] =
            json!({ "type": "object", "description": "Helm's own; nothing here uses it." });
        Self { values: json!({}), schema, comments: Overlay::new() }
    }
}

impl Tree {
    /// Adds a setting; the first of two with one path stays.
    pub(super) fn insert(&mut self, setting: &Setting) {
        let Some((last, groups)) = setting.path.split_last() else { return };
        let (mut values, mut schema) = (&mut self.values, &mut self.schema);
        let mut pointer = String::new();
        for (depth, key) in groups.iter().enumerate() {
            pointer.push('/');
            pointer.push_str(&escape(key));
            let about = about(&setting.path[..=depth]);
            if let Some(about) = about.filter(|_| values.get(key).is_none()) {
                comment(&mut self.comments, &pointer, about);
            }
            values = child(values, key, || json!({}));
            schema = property(schema, key, setting.default.is_some(), || {
                group(about.unwrap_or("Settings of this name."))
            });
        }
        if let Some(default) = setting.default.as_ref().filter(|_| values.get(last).is_none()) {
            comment(&mut self.comments, &format!("{pointer}/{}", escape(last)), &setting.about);
            values[last] = default.clone();
        }
        property(schema, last, setting.default.is_some(), || {
            let mut schema = setting.schema.clone();
            schema["description"] = json!(setting.about);
            schema
        });
    }

    /// The values below a path.
    pub(super) fn values(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.values, |values, key| values.get(key))
    }

    pub(super) fn values_yaml(&self) -> String {
        document(&self.values, Style::Ordered, &self.comments)
    }

    pub(super) fn schema_json(&self, app: &str) -> String {
        let mut root = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": format!("Values of {app}"),
        });
        if let (Some(root), Some(schema)) = (root.as_object_mut(), self.schema.as_object()) {
            root.extend(schema.clone());
        }
        format!("{root:#}\n")
    }
}

/// Schema of a map whose keys are all known.
pub(super) fn group(about: &str) -> Value {
    json!({
        "description": about,
        "type": "object",
        "additionalProperties": false,
        "required": [],
        "properties": {},
    })
}

fn child<'a>(values: &'a mut Value, key: &str, new: impl FnOnce() -> Value) -> &'a mut Value {
    if values.get(key).is_none() {
        values[key] = new();
    }
    &mut values[key]
}

fn property<'a>(
    schema: &'a mut Value,
    key: &str,
    required: bool,
    new: impl FnOnce() -> Value,
) -> &'a mut Value {
    let known = schema["properties"].get(key).is_some();
    if let Some(list) = schema["required"].as_array_mut()
        && required
        && !known
    {
        list.push(json!(key));
    }
    child(&mut schema["properties"], key, new)
}

/// What is said once need not be said again; the schema has every description.
fn comment(comments: &mut Overlay, pointer: &str, about: &str) {
    let text = about.replace(char::is_control, " ");
    let line = Splice::Around(vec![format!("# {text}")], Vec::new());
    if !comments.values().any(|known| *known == line) {
        comments.insert(pointer.to_owned(), line);
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What a group of settings is about, by its place.
fn about(path: &[String]) -> Option<&'static str> {
    let path: Vec<_> = path.iter().map(String::as_str).collect();
    Some(match path.as_slice() {
        ["services"] => "The parts of the product, by the name of their workload.",
        ["services", _, "autoscaling"] => "How the number of replicas follows the load.",
        ["services", _, "containers"] => "Further containers of the pod, by name.",
        ["services", _, "storage"] => "Storage of each replica, by the name of the claim.",
        ["services" | "databases", .., "image"] => "The image that it runs.",
        ["services", .., "env"] => "Environment variables that are no secrets.",
        ["storage"] => "Claims that stand on their own, by name.",
        ["routes"] => "What comes in from outside, by the name of the route.",
        ["routes", _, "parent"] => "The Gateway that the route attaches to; no name leaves it out.",
        ["secrets"] => "Secrets, by name. Their values belong into a file outside the repository.",
        ["databases"] => "Databases that an operator runs, by name.",
        ["namespace"] => "The namespace of the release.",
        _ => return None,
    })
}

/// Schema of any text.
pub(super) fn string() -> Value {
    json!({ "type": "string" })
}

/// Schema of a count.
pub(super) fn count(least: u32) -> Value {
    json!({ "type": "integer", "minimum": least })
}

/// Schema of an amount such as `10Gi`.
pub(super) fn quantity() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?([kMGTPE]i?|Ki|m)?$" })
}

/// Schema of requests and limits.
pub(super) fn resources() -> Value {
    let amounts = json!({
        "type": "object",
        "additionalProperties": { "type": ["string", "integer"] },
    });
    let mut properties = Map::new();
    properties.insert("requests".to_owned(), amounts.clone());
    properties.insert("limits".to_owned(), amounts);
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}
