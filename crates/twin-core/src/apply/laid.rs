//! A configuration laid over an object by nobody: no field gets an owner.

use super::merge::merge;
use crate::schema::{Grain, Schema, Shape, Topology, TypeId};
use crate::tree::Value;

/// The object with what a configuration says.
///
/// # Errors
/// The configuration has a part that would replace what it does not say: Kubernetes' sentence.
pub(crate) fn laid_over(
    schema: &Schema,
    ty: TypeId,
    object: &Value,
    config: &Value,
) -> Result<Value, String> {
    let mut found = Vec::new();
    atomics(schema, ty, config, "", &mut found);
    if found.is_empty() {
        return Ok(merge(schema, ty, object, config));
    }
    let places = found.join(", ");
    Err(format!(
        "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {places}"
    ))
}

/// Places of lists and maps that are one piece.
fn atomics(schema: &Schema, ty: TypeId, value: &Value, path: &str, found: &mut Vec<String>) {
    let is_piece = match (schema.shape(ty), value) {
        (Shape::Struct { grain, .. } | Shape::Map { grain, .. }, Value::Map(_)) => {
            *grain == Grain::Atomic
        }
        (Shape::List { topology, .. }, Value::List(_)) => *topology == Topology::Atomic,
        (Shape::Any, Value::List(_)) => true,
        _ => false,
    };
    if is_piece {
        found.push(path.to_owned());
    }
    match value {
        Value::Map(map) => {
            for (key, value) in map {
                let below = schema.child(ty, key).map_or(schema.any(), |(child, _)| child);
                atomics(schema, below, value, &format!("{path}.{key}"), found);
            }
        }
        Value::List(list) => {
            let Shape::List { items, .. } = schema.shape(ty) else { return };
            for item in list.iter() {
                atomics(schema, *items, item, path, found);
            }
        }
        _ => {}
    }
}
