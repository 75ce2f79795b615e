//! Bodies to objects: media types, kinds, unknown fields.

use super::{Api, Call};
use crate::schema::{Mismatch, apply_custom_defaults, apply_defaults, conform, lost, prune_custom};
use crate::status::{Cause, Status};
use crate::tree::{DecodeError, Value, decode, doubled};

/// An object that was read, with what its writer should know.
pub(super) struct Read {
    pub(super) object: Value,
    pub(super) warnings: Vec<String>,
}

const ACCEPTED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

impl Api {
    /// The object of a create or replace.
    pub(super) fn read_body(&self, call: &Call<'_>) -> Result<Read, Status> {
        let media = call.request.content_type.split(';').next().unwrap_or_default().trim();
        if !matches!(media, "" | "application/json") {
            return Err(Status::media_type(ACCEPTED));
        }
        let tree = decode(call.request.body).map_err(|error| malformed(call, &error))?;
        // Who asks for no word about it is spared the second look.
        let doubled = match call.query.get("fieldValidation") {
            "Ignore" => Vec::new(),
            _ => doubled(call.request.body),
        };
        self.typed_as(call, &tree, &doubled)
    }

    /// A tree as an object of the resource, with its defaults.
    pub(super) fn typed(&self, call: &Call<'_>, tree: &Value) -> Result<Read, Status> {
        self.typed_as(call, tree, &[])
    }

    /// The same for a text in which these fields stood twice.
    fn typed_as(&self, call: &Call<'_>, tree: &Value, doubled: &[String]) -> Result<Read, Status> {
        let kind = &call.address.resource.kind;
        if tree.as_map().is_none() {
            return Err(Status::bad_request(
                "the object provided is unrecognized (must be of type object)",
            ));
        }
        let version = kind.api_version();
        let said = |field| tree.str_at(&[field]).filter(|text| !text.is_empty());
        let wrong_version = said("apiVersion").is_some_and(|said| said != version);
        if wrong_version {
            let said = said("apiVersion").unwrap_or_default();
            return Err(Status::bad_request(format!(
                "the API version in the data ({said}) does not match the expected API version ({version})"
            )));
        }
        if let Some(other) = said("kind").filter(|said| *said != kind.name) {
            if call.address.resource.custom.is_some() {
                return Err(another_kind(call, tree, other));
            }
            return Err(Status::bad_request(format!(
                "{other} in version {:?} cannot be handled as a {}: no match for kind",
                kind.version.as_str(),
                kind.name
            )));
        }
        let (object, unknown) = self.complete(call, tree)?;
        let warnings = odd_fields(call, &unknown, doubled)?;
        Ok(Read { object, warnings })
    }

    /// What admission makes of an object, with its defaults: what its type does not know is dropped,
    /// whatever the client wants to hear of such fields.
    pub(super) fn pruned(&self, call: &Call<'_>, tree: &Value) -> Result<Value, Status> {
        self.complete(call, tree).map(|(object, _)| object)
    }

    /// A tree with its type's defaults, and the fields that the type does not know.
    fn complete(&self, call: &Call<'_>, tree: &Value) -> Result<(Value, Vec<String>), Status> {
        let kind = &call.address.resource.kind;
        let ty = call.address.resource.ty;
        let conformed =
            conform(&self.schema, ty, tree).map_err(|mismatch| {
                match Self::mistyped(call, tree) {
                    Err(invalid) => invalid,
                    Ok(()) => wrong_kind(call, &mismatch),
                }
            })?;
        let object = apply_defaults(&self.schema, ty, &conformed.value);
        let mut unknown = conformed.unknown;
        let object = match &call.address.resource.custom {
            Some(custom) => {
                let known = prune_custom(&custom.openapi, &object);
                unknown.extend(lost(&object, &known));
                apply_custom_defaults(&custom.openapi, &known)
            }
            None => object,
        };
        let object = object
            .with(&["kind"], kind.name.clone().into())
            .with(&["apiVersion"], kind.api_version().into());
        Ok((object, unknown))
    }
}

fn another_kind(call: &Call<'_>, tree: &Value, said: &str) -> Status {
    let kind = &call.address.resource.kind;
    let cause = Cause {
        reason: "FieldValueInvalid",
        message: format!("Invalid value: {said:?}: must be {}", kind.name),
        field: "kind".to_owned(),
    };
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
    Status::invalid(&kind.group, said, name, vec![cause])
}

/// Bodies that are quoted in a message are cut after so many bytes.
const QUOTED: usize = 1024;

fn malformed(call: &Call<'_>, error: &DecodeError) -> Status {
    let kind = &call.address.resource.kind.name;
    let error =
        if error.is_cut() { "unexpected end of JSON input".to_owned() } else { error.to_string() };
    let body = call.request.body;
    let body = String::from_utf8_lossy(&body[..body.len().min(QUOTED)]);
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {error} ({body})"
    ))
}

fn wrong_kind(call: &Call<'_>, mismatch: &Mismatch) -> Status {
    let kind = &call.address.resource.kind;
    Status::bad_request(format!(
        "{name} in version {version:?} cannot be handled as a {name}: {mismatch}",
        name = kind.name,
        version = kind.version.as_str()
    ))
}

/// What is said of fields that nobody knows and of those that stand twice.
fn odd_fields(
    call: &Call<'_>,
    unknown: &[String],
    doubled: &[String],
) -> Result<Vec<String>, Status> {
    let said = |what: &str, fields: &[String]| -> Vec<String> {
        fields.iter().map(|field| format!("{what} field {field:?}")).collect()
    };
    let (unknown, doubled) = (said("unknown", unknown), said("duplicate", doubled));
    // Texts of custom resources are read before anybody looks at their schema.
    let custom = call.address.resource.custom.is_some();
    let sentences = if custom { [doubled, unknown] } else { [unknown, doubled] }.concat();
    match call.query.get("fieldValidation") {
        "Ignore" => Ok(Vec::new()),
        "Strict" if !sentences.is_empty() => {
            let kind = &call.address.resource.kind;
            Err(Status::bad_request(format!(
                "{name} in version {version:?} cannot be handled as a {name}: strict decoding error: {}",
                sentences.join(", "),
                name = kind.name,
                version = kind.version.as_str()
            )))
        }
        _ => Ok(sentences),
    }
}
