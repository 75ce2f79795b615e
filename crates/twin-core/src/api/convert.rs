//! What clients may write in another way than it is kept.

use crate::registry::Resource;
use crate::tree::{Text, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The object as it is kept.
pub(super) fn kept(resource: &Resource, object: Value) -> Value {
    if resource.is("", "secrets") { encoded(object) } else { object }
}

/// Text of a Secret is written in plain, and kept beside the rest of its data.
fn encoded(secret: Value) -> Value {
    let Some(plain) = secret.at(&["stringData"]).and_then(Value::as_map).cloned() else {
        return secret;
    };
    plain.iter().fold(secret.without(&["stringData"]), |secret, (key, text)| {
        let bytes = STANDARD.encode(text.as_str().unwrap_or_default());
        secret.with(&["data", key], Text::from(bytes).into())
    })
}
