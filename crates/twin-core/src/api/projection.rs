//! In which form a client wants to see objects.

use super::{Body, Call, Method, Response};
use crate::protobuf;
use crate::registry::Resource;
use crate::status::{Reason, Status};
use crate::table::{Head, Include, Layout, partial};
use crate::time::Timestamp;
use crate::tree::{Map, Text, Value};

/// How much of an object a client wants, and how.
#[derive(Clone, Debug)]
pub(super) enum Projection {
    Whole,
    /// Whole, as protobuf.
    Binary,
    /// Its metadata, in this version of their type.
    Metadata(Text),
    Table(Layout),
}

const GROUP: &str = "meta.k8s.io";
const FORMS: &str = "406: Not Acceptable\n\nAvailable representations: ";
/// How it begins for custom resources.
const ONLY: &str = "only the following media types are accepted: ";
const MEDIA: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
/// What lists and watches have beside those.
const STREAMS: &str =
    ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

/// What a clause of `Accept` asks for.
enum Asked {
    Whole,
    Binary,
    Metadata(Text),
    Table(Text),
}

impl Asked {
    /// The first form that the client likes and that is known here.
    fn best(call: &Call<'_>) -> Result<Self, Status> {
        if call.request.accept.is_empty() {
            return Ok(Self::Whole);
        }
        let can = |asked: &Self| {
            !matches!(asked, Self::Binary) || protobuf::can_show(&call.address.resource)
        };
        let clauses = call.request.accept.split(',').filter_map(clause);
        let mut clauses: Vec<_> = clauses.filter(|(_, asked)| can(asked)).collect();
        clauses.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let best = clauses.into_iter().next();
        best.map(|(_, asked)| asked).ok_or_else(|| unacceptable(call))
    }
}

fn unacceptable(call: &Call<'_>) -> Status {
    if call.address.resource.custom.is_some() {
        return Status::new(Reason::NotAcceptable, format!("{ONLY}{MEDIA}"));
    }
    let lists = call.request.method == Method::Get && call.address.name.is_empty();
    let streams = if lists { STREAMS } else { "" };
    Status::undetailed(Reason::NotAcceptable, format!("{FORMS}{MEDIA}{streams}"))
}

impl Projection {
    /// Refuses a client that takes no answer: for it nothing is written. What else is wrong with its
    /// wishes is said after the write, as upstream does.
    pub(super) fn check(call: &Call<'_>) -> Result<(), Status> {
        Asked::best(call).map(drop)
    }

    /// Refuses a client that wants an answer that is no object in the form of one.
    pub(super) fn check_whole(call: &Call<'_>) -> Result<(), Status> {
        match Asked::best(call)? {
            Asked::Whole | Asked::Binary => Ok(()),
            Asked::Metadata(_) | Asked::Table(_) => Err(unacceptable(call)),
        }
    }

    /// The form that the client gets.
    pub(super) fn wanted(call: &Call<'_>) -> Result<Self, Status> {
        match Asked::best(call)? {
            Asked::Whole => Ok(Self::Whole),
            Asked::Binary => Ok(Self::Binary),
            Asked::Metadata(version) => Ok(Self::Metadata(version)),
            Asked::Table(version) => {
                let said = call.query.get("includeObject");
                let include = Include::parse(said).ok_or_else(|| wrong_include(said))?;
                Ok(Self::Table(Layout::new(&call.address.resource, version, include)))
            }
        }
    }

    /// One object.
    pub(super) fn show(&self, object: &Value, now: Timestamp) -> Value {
        self.framed(object, Head::Shown, now)
    }

    /// One object of a watch.
    pub(super) fn framed(&self, object: &Value, head: Head, now: Timestamp) -> Value {
        match self {
            Self::Whole | Self::Binary => object.clone(),
            Self::Metadata(version) => partial(object, version),
            Self::Table(layout) => {
                let version = object.at(&["metadata", "resourceVersion"]).cloned();
                let mut metadata = Value::Map(Map::default());
                if let Some(version) = version {
                    metadata = metadata.with(&["resourceVersion"], version);
                }
                layout.table(std::iter::once(object), metadata, head, now)
            }
        }
    }

    /// A list of objects of one kind.
    pub(super) fn list<'a>(
        &self,
        resource: &Resource,
        objects: impl Iterator<Item = &'a Value>,
        metadata: Value,
        now: Timestamp,
    ) -> Value {
        let (name, version, items): (_, _, Vec<_>) = match self {
            Self::Table(layout) => return layout.table(objects, metadata, Head::Shown, now),
            Self::Whole | Self::Binary => (
                Text::from(format!("{}List", resource.kind.name)),
                resource.kind.api_version(),
                objects.map(|object| item(resource, object)).collect(),
            ),
            Self::Metadata(version) => (
                Text::new_static("PartialObjectMetadataList"),
                version.clone(),
                objects.map(|it| partial(it, version)).collect(),
            ),
        };
        Value::from([
            ("kind", name.into()),
            ("apiVersion", version.into()),
            ("metadata", metadata),
            ("items", items.into()),
        ])
    }

    pub(super) fn is_whole(&self) -> bool {
        matches!(self, Self::Whole | Self::Binary)
    }

    /// What was shown, as an answer. What has no messages is JSON.
    pub(super) fn answer(&self, call: &Call<'_>, code: u16, shown: &Value) -> Response {
        let binary = match self {
            Self::Binary => protobuf::encode(&call.address.resource, shown),
            _ => None,
        };
        binary.map_or_else(
            || Response::json(code, shown),
            |body| Response {
                code,
                content_type: protobuf::MEDIA_TYPE.to_owned(),
                warnings: Vec::new(),
                body: Body::Whole(body.into()),
            },
        )
    }
}

/// In a list of one built-in kind nobody repeats it.
fn item(resource: &Resource, object: &Value) -> Value {
    match resource.custom {
        Some(_) => object.clone(),
        None => object.without(&["kind"]).without(&["apiVersion"]),
    }
}

/// What a clause asks for and how much it is liked, if it can be had.
fn clause(text: &str) -> Option<(u16, Asked)> {
    let mut parts = text.split(';').map(str::trim);
    let whole = match parts.next() {
        Some("application/json" | "application/*" | "*/*") => Asked::Whole,
        Some(protobuf::MEDIA_TYPE) => Asked::Binary,
        _ => return None,
    };
    let (mut form, mut group, mut version, mut weight) = ("", "", "", 1000);
    for (key, value) in parts.filter_map(|part| part.split_once('=')) {
        match key.trim() {
            "as" => form = value,
            "g" => group = value,
            "v" => version = value,
            "q" => weight = thousandths(value),
            _ => {}
        }
    }
    let known = group == GROUP && matches!(version, "v1" | "v1beta1");
    let version = Text::from(format!("{group}/{version}"));
    let asked = match form {
        "" => whole,
        _ if matches!(whole, Asked::Binary) => return None,
        "Table" if known => Asked::Table(version),
        "PartialObjectMetadata" | "PartialObjectMetadataList" if known => Asked::Metadata(version),
        _ => return None,
    };
    Some((weight, asked))
}

/// `0.8`, in thousandths.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    format!("{whole}{fraction}").parse().unwrap_or(1000)
}

fn wrong_include(said: &str) -> Status {
    Status::bad_request(format!(
        "Unable to convert to Table as requested: includeObject: Invalid value: {said:?}: must be 'Metadata', 'Object', 'None', or empty"
    ))
}

#[cfg(test)]
mod tests {
    use super::{Asked, clause, thousandths};

    #[test]
    fn clauses_are_read_in_any_order_of_their_parameters() {
        for text in [
            "application/json;as=Table;v=v1;g=meta.k8s.io",
            " application/json; g=meta.k8s.io; v=v1; as=Table",
        ] {
            assert!(matches!(clause(text), Some((1000, Asked::Table(v))) if v == "meta.k8s.io/v1"));
        }
        assert!(matches!(clause("*/*;q=0.8"), Some((800, Asked::Whole))));
        let binary = "application/vnd.kubernetes.protobuf";
        assert!(matches!(clause(binary), Some((1000, Asked::Binary))));
        assert!(clause(&format!("{binary};as=Table;v=v1;g=meta.k8s.io")).is_none());
        assert!(clause("application/json;as=Table;v=v7;g=meta.k8s.io").is_none());
        assert_eq!(thousandths("1"), 1000);
    }
}
