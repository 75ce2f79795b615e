//! What a webhook's answer means.

use super::{Hook, Question, Sort, Version};
use crate::policy::OnFailure;
use crate::status::{Cause, Reason, Status};
use crate::tree::{Map, Value, decode};
use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine};

/// What came back from a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP answer.
    Said { code: u16, content_type: String, body: Vec<u8> },
    /// It was not reached, in the words of who tried: `connection refused`.
    Unreached(String),
}

/// What an answer means for a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    /// For the client.
    pub(crate) warnings: Vec<String>,
    /// Operations of a JSON patch, if there are any; or why the request does not go on.
    pub(crate) verdict: Result<Option<Value>, Status>,
}

/// What an answer means for the request; a failure that is ignored allows it.
pub(crate) fn heard(hook: &Hook, question: &Question, answer: &Answer) -> Heard {
    let silent = |verdict| Heard { warnings: Vec::new(), verdict };
    let response = match (response(hook, question, answer), hook.on_failure()) {
        (Ok(response), _) => response,
        (Err(_), OnFailure::Ignore) => return silent(Ok(None)),
        (Err(why), OnFailure::Refuse) => return silent(Err(not_called(hook, &why))),
    };
    let Response { said, patch } = response;
    let warnings = said.at(&["warnings"]).and_then(Value::as_list);
    let warnings = warnings.into_iter().flat_map(|list| list.iter()).filter_map(Value::as_str);
    let verdict = match said.at(&["allowed"]).and_then(Value::as_bool) {
        Some(true) => operations(&patch).map_err(|why| Status::unexpected(&why)),
        _ => Err(denied(hook, said.at(&["status"]))),
    };
    Heard { warnings: warnings.map(str::to_owned).collect(), verdict }
}

/// A webhook that could not be asked.
fn not_called(hook: &Hook, why: &str) -> Status {
    Status::unexpected(&format!("failed calling webhook {:?}: {why}", hook.name.as_str()))
}

/// A response that makes sense.
struct Response {
    said: Value,
    /// The text of a JSON patch.
    patch: Vec<u8>,
}

/// The response in an answer, or why there is none.
fn response(hook: &Hook, question: &Question, answer: &Answer) -> Result<Response, String> {
    let body = match answer {
        Answer::Unreached(why) => {
            return Err(format!("failed to call webhook: Post {:?}: {why}", question.url()));
        }
        Answer::Said { code: 200..=299, body, .. } => body,
        Answer::Said { code, content_type, body } => {
            let text = shown(content_type, body);
            return Err(format!("failed to call webhook: {}", unexpected(*code, &text)));
        }
    };
    let review = decode(body).map_err(|error| format!("failed to call webhook: {error}"))?;
    // Go's decoder reads the patch before anybody looks at the rest.
    let patch = review.at(&["response", "patch"]).map(bytes).transpose();
    let patch = patch.map_err(|why| format!("failed to call webhook: {why}"))?;
    let response = verified(hook, question, &review)
        .map_err(|why| format!("received invalid webhook response: {why}"))?;
    match response.str_at(&["patchType"]) {
        None | Some("JSONPatch") => {
            Ok(Response { said: response, patch: patch.unwrap_or_default() })
        }
        Some(other) => Err(format!("unsupported patch type {other:?}")),
    }
}

/// What a message shows of a body: texts alone.
fn shown(content_type: &str, body: &[u8]) -> String {
    if content_type.is_empty() || content_type.starts_with("text/") {
        return String::from_utf8_lossy(body).trim().to_owned();
    }
    "unknown".to_owned()
}

fn verified(hook: &Hook, question: &Question, review: &Value) -> Result<Value, String> {
    let response = review.at(&["response"]).filter(|it| it.as_map().is_some());
    let response = response.ok_or("webhook response was absent")?;
    if hook.version == Some(Version::V1Beta1) {
        return Ok(response.clone());
    }
    let asked = question.review.str_at(&["request", "uid"]).unwrap_or_default();
    let said = response.str_at(&["uid"]).unwrap_or_default();
    if asked != said {
        return Err(format!("expected response.uid={asked:?}, got {said:?}"));
    }
    let part = |field: &str| review.str_at(&[field]).unwrap_or_default();
    let (version, kind) = (part("apiVersion"), part("kind"));
    if (version, kind) != (Version::V1.name(), "AdmissionReview") {
        let slash = if version.contains('/') { "" } else { "/" };
        return Err(format!(
            "expected webhook response of {}, Kind=AdmissionReview, got {slash}{version}, Kind={kind}",
            Version::V1.name()
        ));
    }
    let is_there = |field: &str| {
        response.at(&[field]).is_some_and(|it| !it.is_null() && it.as_str() != Some(""))
    };
    let typed = response.at(&["patchType"]).is_some_and(|it| !it.is_null());
    match (hook.sort, is_there("patch"), typed) {
        (Sort::Validating, true, _) => {
            Err("validating webhook may not return response.patch".to_owned())
        }
        (Sort::Validating, _, true) => {
            Err("validating webhook may not return response.patchType".to_owned())
        }
        (Sort::Mutating, true, false) => {
            Err("webhook returned response.patch but not response.patchType".to_owned())
        }
        (Sort::Mutating, false, true) => {
            Err("webhook returned response.patchType but not response.patch".to_owned())
        }
        (_, false, false) | (Sort::Mutating, true, true) => Ok(response.clone()),
    }
}

/// The operations of a patch.
fn operations(patch: &[u8]) -> Result<Option<Value>, String> {
    if patch.is_empty() {
        return Ok(None);
    }
    let operations = decode(patch).map_err(|error| error.to_string())?;
    let is_empty = operations.as_list().is_some_and(|list| list.is_empty());
    Ok(Some(operations).filter(|_| !is_empty))
}

/// Go's decoder takes bytes as a list of numbers, too, and that is how `kube` writes them.
fn bytes(patch: &Value) -> Result<Vec<u8>, String> {
    let byte = |number: &Value| u8::try_from(number.as_int()?).ok();
    let listed = || patch.as_list()?.iter().map(byte).collect::<Option<_>>();
    match patch {
        Value::Null => Ok(Vec::new()),
        Value::Text(text) => {
            // As in Go, a text may have several lines.
            let text: Vec<_> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
            STANDARD.decode(&text).map_err(|error| illegal(&text, &error))
        }
        _ => listed().ok_or_else(|| "the patch is no text in base64".to_owned()),
    }
}

/// What Go says of a text that is no base64.
fn illegal(text: &[u8], error: &DecodeError) -> String {
    let at = match error {
        DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol(at, _) => *at,
        // The last four letters are not all there.
        DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => text.len() / 4 * 4,
    };
    format!("illegal base64 data at input byte {at}")
}

/// What a client of Go's says of an answer that is none.
fn unexpected(code: u16, body: &str) -> String {
    match code {
        400 => "the server rejected our request for an unknown reason".to_owned(),
        401 => "the server has asked for the client to provide credentials".to_owned(),
        403 | 415 => body.to_owned(),
        404 => "the server could not find the requested resource".to_owned(),
        405 => "the server does not allow this method on the requested resource".to_owned(),
        409 => "the server reported a conflict".to_owned(),
        422 => "the server rejected our request due to an error in our request".to_owned(),
        429 => "the server has received too many requests and has asked us to try again later"
            .to_owned(),
        503 => "the server is currently unable to handle the request".to_owned(),
        504 => "the server was unable to return a response in the time allotted, but may still be processing the request".to_owned(),
        500.. => format!(
            "an error on the server ({body:?}) has prevented the request from succeeding"
        ),
        _ => format!(
            "the server responded with the status code {code} but did not return more information"
        ),
    }
}

/// A webhook's own status, so that nobody takes it for a success.
fn denied(hook: &Hook, said: Option<&Value>) -> Status {
    let empty = Value::Map(Map::default());
    let said = said.filter(|it| it.as_map().is_some()).unwrap_or(&empty);
    let text = |field: &str| said.str_at(&[field]).unwrap_or_default();
    let by = format!("admission webhook {:?} denied the request", hook.name.as_str());
    let message = match (text("message"), text("reason")) {
        ("", "") => format!("{by} without explanation"),
        ("", why) | (why, _) => format!("{by}: {why}"),
    };
    let code = said.at(&["code"]).and_then(Value::as_int).unwrap_or(0).max(400);
    let code = u16::try_from(code).ok().filter(|code| *code < 600).unwrap_or(500);
    let state = Some(text("status")).filter(|it| !matches!(*it, "" | "Success"));
    let whole = said
        .with(&["kind"], "Status".into())
        .with(&["apiVersion"], "v1".into())
        .with(&["metadata"], empty.clone())
        .with(&["status"], state.unwrap_or("Failure").into())
        .with(&["message"], Value::text(&message))
        .with(&["code"], i64::from(code).into());
    Status::of_another(whole, message, code)
}

impl Status {
    /// What went wrong where nobody expected it, as Kubernetes tells it.
    pub(crate) fn unexpected(why: &str) -> Self {
        let cause = Cause { reason: "", message: why.to_owned(), field: String::new() };
        let message = format!("Internal error occurred: {why}");
        Self { causes: vec![cause], ..Self::new(Reason::Unexpected, message) }
    }
}
