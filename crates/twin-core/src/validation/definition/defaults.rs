//! Defaults of schemas: they are held against the schema themselves.

use super::Walk;
use super::openapi::SchemaView;
use crate::schema::{Custom, prune_part};
use crate::tree::Value;

/// Where a part is, as far as defaults care.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Object,
    Metadata,
}

/// Says which defaults do not fit, and whether all do.
pub(super) fn judge(walk: &mut Walk<'_>, schema: SchemaView<'_>) -> bool {
    let before = walk.found.iter().count();
    part(walk, schema, Inside::Object, true);
    walk.found.iter().count() == before
}

fn part(walk: &mut Walk<'_>, schema: SchemaView<'_>, inside: Inside, is_root: bool) {
    let embedded = is_root || schema.says("x-kubernetes-embedded-resource");
    let inside = if embedded { Inside::Object } else { inside };
    if let Some(default) = schema.at("default") {
        walk.below("default", |walk| fits(walk, schema, default, inside));
    }
    if let Some(item) = schema.item() {
        walk.below("items", |walk| part(walk, item, inside, false));
    }
    for (name, below) in schema.properties() {
        let meta = embedded && matches!(name.as_str(), "metadata" | "apiVersion" | "kind");
        let inside = if meta { Inside::Metadata } else { inside };
        walk.below(&format!("properties[{name}]"), |walk| part(walk, below, inside, false));
    }
}

fn fits(walk: &mut Walk<'_>, schema: SchemaView<'_>, default: &Value, inside: Inside) {
    if inside == Inside::Object && prune_part(schema.0, default) != *default {
        walk.invalid(default, "must not have unknown fields");
    }
    let version = Value::from([("schema", Value::from([("openAPIV3Schema", schema.0.clone())]))]);
    let causes = Custom::new(&version).default_faults(default);
    let path = if causes.is_empty() { String::new() } else { walk.path.clone() };
    for cause in causes {
        let field = match cause.field.as_str() {
            "<nil>" | "" => path.clone(),
            field => format!("{path}.{field}"),
        };
        walk.found.say(cause.reason, &field, cause.message);
    }
}
