//! What Kubernetes says of its types and fields, for `kubectl explain`.

use super::{Schemas, lines};
use crate::shell::{root, say};
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use std::io::Write;

/// What Kubernetes says of its types (under an empty name) and of their fields.
pub(super) fn of(schemas: &Schemas, types: &Value) -> Value {
    let said = |schema: &Value| schema["description"].as_str().map(|text| json!(text));
    let mut rows = Map::new();
    for name in types.as_object().into_iter().flatten().map(|(name, _)| name) {
        let Some(schema) = schemas.get(name) else { continue };
        let fields = schema["properties"].as_object().into_iter().flatten();
        let fields = fields.filter_map(|(field, schema)| Some((field.clone(), said(schema)?)));
        let own = said(schema).map(|text| (String::new(), text));
        rows.insert(name.clone(), Value::Object(own.into_iter().chain(fields).collect()));
    }
    Value::Object(rows)
}

/// Packed, one row on each line.
pub(super) fn write(name: &str, rows: &Value) -> Result<()> {
    let path = format!("crates/twin-core/data/{name}");
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(lines(rows).as_bytes())?;
    std::fs::write(root().join(&path), packed.finish()?)
        .with_context(|| format!("cannot write {path}"))?;
    say(&format!("wrote {path}"));
    Ok(())
}
