//! What the API says of itself as `OpenAPI` 3: for `kubectl explain`, `apply` and client-side checks.
//!
//! One document for each group and version, made from the [`schema`](crate::schema) and the
//! [`registry`](crate::registry) when somebody asks.

mod paths;
mod types;
mod words;

use crate::registry::{Registry, Resource};
use crate::schema::Schema;
use crate::tree::{Map, Text, Value};
use std::sync::Arc;

/// `/openapi/v3`: where the documents are.
pub(crate) fn index(registry: &Registry) -> Value {
    let mut paths = Vec::new();
    for (group, versions) in registry.groups() {
        for version in versions {
            let root = root(&group, &version);
            let hash = hash(registry, &group, &version);
            let url = format!("/openapi/v3/{root}?hash={hash:016X}");
            let entry = Value::from([("serverRelativeURL", Value::text(url))]);
            paths.push((Text::from(root), entry));
        }
    }
    Value::from([("paths", Value::Map(paths.into_iter().collect()))])
}

/// `/openapi/v3/apis/apps/v1`
pub(crate) fn document(
    schema: &Schema,
    registry: &Registry,
    group: &str,
    version: &str,
) -> Option<Value> {
    let own: Vec<_> = resources(registry, group, version).collect();
    if own.is_empty() {
        return None;
    }
    let paths = own.iter().flat_map(|resource| paths::of(resource, &root(group, version)));
    let info = Value::from([("title", "Kubernetes".into()), ("version", "v1.37.2".into())]);
    let schemas = types::reached(schema, registry, &own);
    Some(Value::from([
        ("openapi", "3.0.0".into()),
        ("info", info),
        ("paths", Value::Map(paths.collect::<Map>())),
        ("components", Value::from([("schemas", schemas)])),
    ]))
}

fn resources<'a>(
    registry: &'a Registry,
    group: &'a str,
    version: &'a str,
) -> impl Iterator<Item = &'a Arc<Resource>> {
    registry.iter().filter(move |it| it.kind.group == group && it.kind.version == version)
}

fn root(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

/// Documents are kept by clients for as long as this stays.
fn hash(registry: &Registry, group: &str, version: &str) -> u64 {
    let names = resources(registry, group, version).flat_map(|it| it.plural.bytes());
    // FNV-1a.
    names.chain(env!("CARGO_PKG_VERSION").bytes()).fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::{document, index};
    use crate::registry::Registry;
    use crate::schema::Schema;

    #[test]
    fn every_document_is_complete() {
        let schema = Schema::builtin();
        let registry = Registry::builtin(schema);
        for (group, versions) in registry.groups() {
            for version in versions {
                let text = document(schema, &registry, &group, &version).unwrap().to_string();
                let document: serde_json::Value = serde_json::from_str(&text).unwrap();
                let schemas = document["components"]["schemas"].as_object().unwrap();
                for reference in text.split("#/components/schemas/").skip(1) {
                    let name = reference.split('"').next().unwrap();
                    assert!(schemas.contains_key(name), "{name}");
                }
            }
        }
        let index = index(&registry);
        assert!(index.str_at(&["paths", "apis/apps/v1", "serverRelativeURL"]).is_some());
    }
}
