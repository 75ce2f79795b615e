//! Patches of all kinds, server-side apply among them.

use super::body::Read;
use super::write::{Track, writer};
use super::{Api, Call, Response};
use crate::apply::{ApplyError, Force, apply};
use crate::patch::{self, PatchError};
use crate::schema::empty;
use crate::status::{Cause, Reason, Status};
use crate::tree::{Value, decode};

/// Server-side apply.
pub(super) const APPLY: &str = "application/apply-patch+yaml";
/// What custom resources can be patched with.
const CUSTOM_PATCHES: &str =
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

/// How a patch is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchForm {
    Json,
    Merge,
    Strategic,
    /// Server-side apply, which makes an object that is not there, and takes over what others own.
    Apply,
}

impl PatchForm {
    /// How a request names it.
    pub fn media(self) -> &'static str {
        match self {
            Self::Json => "application/json-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::Strategic => "application/strategic-merge-patch+json",
            Self::Apply => APPLY,
        }
    }
}

/// An object after a patch.
pub(super) struct Patched {
    code: u16,
    pub(super) object: Value,
}

impl Api {
    pub(super) fn patch(&mut self, call: &Call<'_>) -> Result<Response, Status> {
        let done = self.patch_object(call)?;
        Self::answered(call, done.code, &done.object)
    }

    pub(super) fn patch_object(&mut self, call: &Call<'_>) -> Result<Patched, Status> {
        let media = call.request.content_type.split(';').next().unwrap_or_default().trim();
        if media == PatchForm::Apply.media() {
            return self.apply(call);
        }
        let live = self.live(call)?;
        let read = self.patched(call, media, &live)?;
        self.warned.extend(read.warnings);
        let object = self.change(call, &live, &read.object, Track::Writes)?;
        Ok(Patched { code: 200, object })
    }

    /// A live object with a patch of some kind.
    pub(super) fn patched(
        &self,
        call: &Call<'_>,
        media: &str,
        live: &Value,
    ) -> Result<Read, Status> {
        let known = [PatchForm::Json, PatchForm::Merge, PatchForm::Strategic].map(PatchForm::media);
        // Lists of custom resources have no merge strategies.
        if call.address.resource.custom.is_some() && media == known[2] {
            return Err(Status::media_type(CUSTOM_PATCHES));
        }
        if !known.contains(&media) {
            return Err(Status::undetailed(
                Reason::UnsupportedMediaType,
                "415: Unsupported Media Type",
            ));
        }
        let body = decode(call.request.body).map_err(|error| match media {
            "application/merge-patch+json" => Status::bad_request("invalid JSON patch"),
            _ => Status::bad_request(format!("error decoding patch: {error}")),
        })?;
        let ty = call.address.resource.ty;
        let patched = match media {
            "application/json-patch+json" => patch::json(live, &body),
            "application/merge-patch+json" => Ok(patch::merge(live, &body)),
            _ => patch::strategic(&self.schema, ty, live, &body),
        };
        self.typed(call, &patched.map_err(refused)?)
    }

    fn apply(&mut self, call: &Call<'_>) -> Result<Patched, Status> {
        if call.query.get("fieldManager").is_empty() {
            let cause = Cause {
                reason: "FieldValueRequired",
                message: "Required value: is required for apply patch".to_owned(),
                field: "fieldManager".to_owned(),
            };
            return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", vec![cause]));
        }
        let config = decode(call.request.body)
            .map_err(|error| Status::bad_request(format!("error decoding YAML: {error}")))?;
        check_kind(call, &config)?;
        let live = self.live(call).ok();
        if live.is_none() && !call.address.subresource.is_empty() {
            return Err(Status::not_found(&call.address.resource, &call.address.name));
        }
        let nothing = empty(&self.schema, call.address.resource.ty);
        let force = if call.query.says("force") { Force::Take } else { Force::Refuse };
        let before = live.as_ref().unwrap_or(&nothing);
        let version = call.address.resource.kind.api_version();
        let writer = writer(&self.schema, call, &call.address.subresource, &version);
        let applied = apply(&writer, before, &config, force)
            .map_err(|error| not_applied(call, &config, &error))?;
        let read = self.typed(call, &applied)?;
        match &live {
            Some(live) => {
                let object = self.change(call, live, &read.object, Track::Done)?;
                Ok(Patched { code: 200, object })
            }
            None if config.str_at(&["metadata", "name"]).is_none() => {
                let name = &call.address.name;
                Err(Status::bad_request(format!(
                    "the name of the object ({name} based on URL) was undeterminable: name must be provided"
                )))
            }
            None => {
                let named =
                    read.object.with(&["metadata", "name"], call.address.name.as_str().into());
                let object = self.add(call, &named, Track::Done)?;
                Ok(Patched { code: 201, object })
            }
        }
    }
}

fn check_kind(call: &Call<'_>, config: &Value) -> Result<(), Status> {
    let kind = &call.address.resource.kind;
    let text = |field| config.str_at(&[field]).unwrap_or_default();
    if text("kind").is_empty() {
        return Err(Status::bad_request("Object 'Kind' is missing in the apply configuration"));
    }
    if text("kind") != kind.name || text("apiVersion") != kind.api_version() {
        return Err(Status::bad_request(format!(
            "invalid object type: {}, Kind={}",
            slashed(text("apiVersion")),
            text("kind")
        )));
    }
    let name = config.str_at(&["metadata", "name"]).unwrap_or_default();
    if !name.is_empty() && name != call.address.name {
        return Err(Status::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            call.address.name
        )));
    }
    Ok(())
}

/// A version as Go prints it: the core group has an empty name.
fn slashed(version: &str) -> String {
    if version.contains('/') { version.to_owned() } else { format!("/{version}") }
}

fn refused(error: PatchError) -> Status {
    match error {
        PatchError::Malformed(sentence) => Status::bad_request(sentence),
        PatchError::Broken(sentence) => Status::new(Reason::Internal, sentence),
        // Kubernetes keeps the sentence to itself.
        PatchError::Refused(_) => Status::undetailed(
            Reason::Invalid,
            "the server rejected our request due to an error in our request",
        ),
    }
}

fn not_applied(call: &Call<'_>, config: &Value, error: &ApplyError) -> Status {
    match error {
        ApplyError::Conflicts(conflicts) => {
            let cause = |conflict: &crate::apply::Conflict| Cause {
                reason: "FieldManagerConflict",
                message: format!("conflict with {}", conflict.manager.shown()),
                field: conflict.path.clone(),
            };
            let causes = conflicts.iter().map(cause).collect();
            Status { causes, ..Status::new(Reason::Conflict, error.to_string()) }
        }
        ApplyError::ManagedFields => Status::bad_request(error.to_string()),
        ApplyError::Faults(_) => {
            let kind = &call.address.resource.kind;
            let said = |field| config.str_at(&["metadata", field]).unwrap_or_default();
            let (namespace, name) = (said("namespace"), said("name"));
            let version = slashed(&kind.api_version());
            Status::new(
                Reason::Internal,
                format!(
                    "failed to create typed patch object ({namespace}/{name}; {version}, Kind={}): {error}",
                    kind.name
                ),
            )
        }
    }
}
