//! Which object, and how it should be.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// Names an object of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Id {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`; none for objects of the whole cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

impl Id {
    /// What an object says about itself; `None` if it has no kind or name.
    pub fn of(object: &Value) -> Option<Self> {
        let text = |pointer: &str| Some(object.pointer(pointer)?.as_str()?.to_owned());
        Some(Self {
            api_version: text("/apiVersion")?,
            kind: text("/kind")?,
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name")?,
        })
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// When an object is applied: a lower stage first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stage(pub u16);

/// An object as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// Which one.
    pub id: Id,
    /// How it should be.
    pub object: Value,
    /// When it is applied.
    pub stage: Stage,
    /// The Compose service that it belongs to.
    pub service: Option<String>,
}

impl Desired {
    /// An object, written in the way in which the API server stores it; `None` if it has no kind or
    /// name.
    pub fn new(mut object: Value, stage: Stage, service: Option<String>) -> Option<Self> {
        let id = Id::of(&object)?;
        if id.kind == "Secret" {
            encode_texts(&mut object);
        }
        Some(Self { id, object, stage, service })
    }
}

/// `stringData` is written only: it can neither be read back nor compared.
fn encode_texts(secret: &mut Value) {
    let Some(fields) = secret.as_object_mut() else { return };
    let Some(Value::Object(texts)) = fields.shift_remove("stringData") else { return };
    let data = fields.entry("data").or_insert_with(|| Value::Object(Map::new()));
    let Some(data) = data.as_object_mut() else { return };
    for (key, text) in texts {
        let encoded = base64(text.as_str().unwrap_or_default().as_bytes());
        data.insert(key, Value::String(encoded));
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_compared_as_they_are_stored() {
        let object = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n"},
            "data": {"b": "AA=="}, "stringData": {"a": "hi"},
        });
        let desired = Desired::new(object, Stage(1), None).unwrap();
        assert_eq!(desired.object["data"], json!({"b": "AA==", "a": "aGk="}));
        assert!(desired.object.get("stringData").is_none());
        assert_eq!(desired.id.to_string(), "Secret/s");
    }
}
