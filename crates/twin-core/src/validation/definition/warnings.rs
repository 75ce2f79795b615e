//! What Kubernetes says of a definition that it takes all the same.

use super::openapi::SchemaView;
use super::{Value, items};
use crate::names::quoted;
use crate::schema::is_format;
use crate::tree::Map;
use std::collections::BTreeSet;

/// The warnings about a definition that were not due before.
pub(crate) fn warnings(definition: &Value, old: Option<&Value>) -> Vec<String> {
    let known: BTreeSet<_> = old.map(all).unwrap_or_default().into_iter().collect();
    let mut found = all(definition);
    found.retain(|warning| !known.contains(warning));
    found
}

fn all(definition: &Value) -> Vec<String> {
    let nothing = Map::default();
    let spec = definition.at(&["spec"]).and_then(Value::as_map).unwrap_or(&nothing);
    let versions = items(spec, "versions").iter();
    let schemas: Vec<_> = versions.filter_map(|it| it.at(&["schema", "openAPIV3Schema"])).collect();
    // What all versions say is said once.
    let alike = schemas.windows(2).all(|pair| pair[0] == pair[1]);
    let schemas = &schemas[..if alike { schemas.len().min(1) } else { schemas.len() }];
    let (mut formats, mut sets) = (Vec::new(), BTreeSet::new());
    for schema in schemas {
        look(schema, &mut formats, &mut sets);
    }
    formats.into_iter().chain(sets).collect()
}

fn look(value: &Value, formats: &mut Vec<String>, sets: &mut BTreeSet<String>) {
    let schema = SchemaView(value);
    let format = schema.text("format");
    if !format.is_empty() && !is_format(schema.ty(), format) {
        formats.push(format!("unrecognized format {}", quoted(format)));
    }
    let item = schema.item();
    let ty = item.map_or("", SchemaView::ty);
    if schema.text("x-kubernetes-list-type") == "set" && matches!(ty, "object" | "array") {
        let ty = quoted(ty);
        sets.insert(format!("x-kubernetes-list-type: set for items of type {ty} is not supported by server-side apply or CEL validation rules"));
    }
    let nested = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|name| schema.parts(name));
    let single = ["items", "not", "additionalProperties"].into_iter();
    let single = single.filter_map(|name| schema.at(name)).filter(|it| it.as_map().is_some());
    let properties = schema.properties().map(|(_, part)| part.0);
    for part in single.chain(nested.map(|part| part.0)).chain(properties) {
        look(part, formats, sets);
    }
}
