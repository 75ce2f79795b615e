//! Secrets: the only place where a secret value is exposed.

use crate::labels::{Map, Scope, map};
use crate::object::{Object, stage};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use model::SecretText;
use model::plan::{Secret as Planned, SecretEntry};
use std::collections::BTreeMap;

/// Names the keys that people must fill in.
const FILL_IN: &str = "muster.dev/fill-in";

/// The Secret; `None` if it exists already.
pub(crate) fn secret(scope: &Scope<'_>, planned: &Planned) -> Option<Object> {
    if planned.external {
        return None;
    }
    let mut metadata = scope.meta(&planned.name, labels(scope, planned));
    metadata.annotations = fill_in(planned);
    let (text, bytes) = split(planned);
    let secret = Secret {
        metadata,
        type_: Some("Opaque".to_owned()),
        string_data: crate::labels::some(text),
        data: crate::labels::some(bytes),
        ..Secret::default()
    };
    let service = single_user(planned);
    Some(Object { secret: true, ..Object::new(stage::SECRETS, service, &secret) })
}

/// Text as it is, so that people can read and edit it; bytes apart. A key that nobody filled in is
/// there with an empty value, so that the pod finds it.
fn split(planned: &Planned) -> (Map, BTreeMap<String, ByteString>) {
    let (mut text, mut bytes) = (BTreeMap::new(), BTreeMap::new());
    for (key, entry) in &planned.entries {
        match entry {
            SecretEntry::Value(value) => {
                text.insert(key.clone(), expose(value).to_owned());
            }
            SecretEntry::Binary(value) => match decode(expose(value)) {
                Some(decoded) => drop(bytes.insert(key.clone(), ByteString(decoded))),
                None => drop(text.insert(key.clone(), String::new())),
            },
            SecretEntry::Missing => drop(text.insert(key.clone(), String::new())),
        }
    }
    (text, bytes)
}

/// The one place.
pub(crate) fn expose(value: &SecretText) -> &str {
    value.expose()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn fill_in(planned: &Planned) -> Option<Map> {
    let missing: Vec<_> = planned
        .entries
        .iter()
        .filter(|(_, entry)| **entry == SecretEntry::Missing)
        .map(|(key, _)| key.as_str())
        .collect();
    (!missing.is_empty()).then(|| map([(FILL_IN, missing.join(",").as_str())]))
}

fn labels(scope: &Scope<'_>, planned: &Planned) -> Map {
    scope.labels_of_service(single_user(planned).unwrap_or_default(), "secret")
}

fn single_user(planned: &Planned) -> Option<&str> {
    match planned.users.as_slice() {
        [user] => Some(user),
        _ => None,
    }
}
