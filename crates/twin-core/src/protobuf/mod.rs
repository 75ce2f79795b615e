//! Bodies as Go clients send and like them: protobuf of the built-in kinds, read into the tree that JSON would
//! be, and written from it.
//!
//! The numbers of fields are data (`data/fields.json`, see `cargo xtask twin-tables`); what the values
//! are, the [`schema`](crate::schema) knows. Zeros of fields that are no pointers are dropped: Go
//! writes them in protobuf, and leaves them out of JSON.

mod layout;
mod message;
mod table;
mod wire;
mod writer;

pub(crate) use table::{Row, Shown, Zero, named};
pub(crate) use wire::Malformed;

use crate::registry::{Registry, Resource};
use crate::schema::{Schema, TypeId};
use crate::tree::Value;
use bytes::Bytes;
use message::Reader;
use wire::last;
use writer::Writer;

/// How the media type is called.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";
/// How that of a watch is called.
pub(crate) const WATCH_TYPE: &str = "application/vnd.kubernetes.protobuf;stream=watch";

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

/// Whether objects of a resource have messages. Those of definitions have schemas inside that JSON alone
/// tells apart here.
pub(crate) fn can_show(resource: &Resource) -> bool {
    let definitions = resource.kind.group == "apiextensions.k8s.io";
    resource.custom.is_none() && !definitions && layout::is_known(resource.ty)
}

/// An object of a resource, or a list of them, as a body; nothing, if it is something else.
pub(crate) fn encode(resource: &Resource, object: &Value) -> Option<Vec<u8>> {
    let (kind, version) = (object.str_at(&["kind"])?, object.str_at(&["apiVersion"])?);
    if version != resource.kind.api_version() {
        return None;
    }
    let ty = resource.ty;
    match kind.strip_prefix(resource.kind.name.as_str())? {
        "" => Some(envelope(kind, version, |message| message.object(ty, object))),
        "List" => Some(envelope(kind, version, |message| list(message, ty, object))),
        _ => None,
    }
}

fn envelope(kind: &str, version: &str, write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut body = Writer::default();
    body.raw(MAGIC);
    body.within(1, |meta| {
        meta.bytes(1, version.as_bytes());
        meta.bytes(2, kind.as_bytes());
    });
    body.within(2, write);
    body.done()
}

fn list(message: &mut Writer, ty: TypeId, list: &Value) {
    let metadata = |field| list.at(&["metadata", field]);
    message.within(1, |meta| {
        for (number, field) in [(2, "resourceVersion"), (3, "continue")] {
            let text = metadata(field).and_then(Value::as_str).unwrap_or_default();
            meta.bytes(number, text.as_bytes());
        }
        if let Some(rest) = metadata("remainingItemCount").and_then(Value::as_int) {
            meta.int(4, rest);
        }
    });
    let items = list.at(&["items"]).and_then(Value::as_list);
    for item in items.into_iter().flat_map(|items| items.iter()) {
        message.within(2, |message| message.object(ty, item));
    }
}

/// A frame of a watch: its length in four bytes, and what happened to an object of a resource.
pub(crate) fn frame(resource: &Resource, kind: &str, object: &Value) -> Bytes {
    framed(kind, &encode(resource, object).unwrap_or_default())
}

/// The frame that says why a watch cannot go on.
pub(crate) fn error_frame(status: &Value) -> Bytes {
    let text = |field| status.str_at(&[field]).unwrap_or_default();
    let body = envelope("Status", "v1", |message| {
        for (number, field) in [(2, "status"), (3, "message"), (4, "reason")] {
            message.bytes(number, text(field).as_bytes());
        }
        message.int(6, status.at(&["code"]).and_then(Value::as_int).unwrap_or_default());
    });
    framed("ERROR", &body)
}

fn framed(kind: &str, body: &[u8]) -> Bytes {
    let mut event = Writer::default();
    event.raw(&[0; 4]);
    event.bytes(1, kind.as_bytes());
    event.within(2, |object| object.bytes(1, body));
    let mut frame = event.done();
    // An object has at most a few MiB.
    let length = u32::try_from(frame.len() - 4).unwrap_or(u32::MAX);
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame.into()
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
