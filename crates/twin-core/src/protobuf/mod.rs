//! Bodies as Go clients send them: protobuf of the built-in kinds, read into the tree that JSON would be.
//!
//! The numbers of fields are data (`data/fields.json`, see `cargo xtask twin-tables`); what the values
//! are, the [`schema`](crate::schema) knows. Zeros of fields that are no pointers are dropped: Go
//! writes them in protobuf, and leaves them out of JSON.

mod message;
mod table;
mod wire;

pub(crate) use table::{Row, Shown, Zero, named};
pub(crate) use wire::Malformed;

use crate::registry::Registry;
use crate::schema::{Schema, TypeId};
use crate::tree::Value;
use message::Reader;
use wire::last;

/// How the media type is called.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// What each body starts with.
const MAGIC: &[u8] = b"k8s\0";

/// The object in a body.
pub(crate) fn decode(
    schema: &Schema,
    registry: &Registry,
    body: &[u8],
) -> Result<Value, Malformed> {
    let envelope = body.strip_prefix(MAGIC).ok_or(Malformed)?;
    let meta = last(envelope, 1)?;
    let text = |number| {
        let bytes = last(meta, number)?;
        std::str::from_utf8(bytes).map_err(|_| Malformed)
    };
    let (version, kind) = (text(1)?, text(2)?);
    let ty = type_of(schema, registry, version, kind).ok_or(Malformed)?;
    let object = Reader::new(schema).object(ty, last(envelope, 2)?)?;
    Ok(object.with(&["apiVersion"], version.into()).with(&["kind"], kind.into()))
}

fn type_of(schema: &Schema, registry: &Registry, version: &str, kind: &str) -> Option<TypeId> {
    let named = match kind {
        // Every group has these.
        "DeleteOptions" => "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
        "Eviction" => "io.k8s.api.policy.v1.Eviction",
        "Scale" => "io.k8s.api.autoscaling.v1.Scale",
        "TokenRequest" => "io.k8s.api.authentication.v1.TokenRequest",
        _ => return registry.of_kind(version, kind).map(|resource| resource.ty),
    };
    schema.named(named)
}

#[cfg(test)]
mod tests;
