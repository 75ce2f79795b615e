//! Objects that are written as they stand.

use crate::labels::Scope;
use crate::object::{Object, stage};
use model::plan::Raw;
use serde_json::{Map, Value, json};

/// The object with the usual metadata.
pub(crate) fn extra(scope: &Scope<'_>, raw: &Raw) -> Object {
    let mut labels = scope.labels_like(&raw.name, "extra");
    labels.extend(raw.labels.clone());
    let mut value = Map::new();
    value.insert("apiVersion".to_owned(), json!(raw.api_version));
    value.insert("kind".to_owned(), json!(raw.kind));
    value.insert("metadata".to_owned(), json!(scope.meta(&raw.name, labels)));
    if let Value::Object(body) = &raw.body {
        value.extend(body.clone());
    }
    Object::new(stage::EXTRAS, None, &value)
}
