//! `spec.nodeName=a,status.phase!=Running`

use crate::registry::Resource;
use crate::store::terms;
use crate::tree::{Text, Value};
use std::borrow::Cow;

/// Requirements on fields, all of which hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    requirements: Vec<(Text, Test, Text)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Is,
    IsNot,
}

/// Fields by which objects of a resource can be selected, beside their name and namespace.
const SELECTABLE: &[(&str, &[&str])] = &[
    (
        "/pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
    ),
    ("/nodes", &["spec.unschedulable"]),
    ("/namespaces", &["status.phase"]),
    ("/secrets", &["type"]),
    ("/replicationcontrollers", &["status.replicas"]),
    ("apps/replicasets", &["status.replicas"]),
    ("batch/jobs", &["status.successful"]),
    (
        "/events",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    ("/services", &["spec.clusterIP", "spec.type"]),
    ("certificates.k8s.io/certificatesigningrequests", &["spec.signerName"]),
    ("certificates.k8s.io/clustertrustbundles", &["spec.signerName"]),
    (
        "certificates.k8s.io/podcertificaterequests",
        &["spec.signerName", "spec.podName", "spec.nodeName"],
    ),
    ("resource.k8s.io/resourceslices", &["spec.nodeName", "spec.driver", "spec.pool.name"]),
];

impl FieldSelector {
    /// Reads a selector for a resource; an error is Kubernetes' sentence.
    ///
    /// # Errors
    /// If the text is no selector, or names a field that cannot be selected.
    pub fn parse(text: &str, resource: &Resource) -> Result<Self, String> {
        let parts = text.split(',').filter(|part| !part.is_empty());
        let requirements =
            parts.map(|part| requirement(part, text, resource)).collect::<Result<_, _>>()?;
        Ok(Self { requirements })
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether this object is meant.
    pub fn matches(&self, object: &Value) -> bool {
        self.requirements.iter().all(|(field, test, wanted)| {
            let same = value_of(object, field) == wanted.as_str();
            same == (*test == Test::Is)
        })
    }

    /// The name that every object meant has, if one is asked for.
    pub fn name(&self) -> Option<&str> {
        self.wanted("metadata.name")
    }

    /// A term that every object meant has, if there is one.
    pub(crate) fn term(&self) -> Option<Text> {
        self.wanted("spec.nodeName").filter(|node| !node.is_empty()).map(terms::node)
    }

    fn wanted(&self, name: &str) -> Option<&str> {
        let found =
            self.requirements.iter().find(|(field, test, _)| field == name && *test == Test::Is);
        found.map(|(_, _, value)| value.as_str())
    }
}

fn requirement(part: &str, all: &str, resource: &Resource) -> Result<(Text, Test, Text), String> {
    let split = [("!=", Test::IsNot), ("==", Test::Is), ("=", Test::Is)]
        .into_iter()
        .find_map(|(mark, test)| part.split_once(mark).map(|(field, value)| (field, test, value)));
    let Some((field, test, value)) = split else {
        return Err(format!("invalid selector: '{all}'; can't understand '{part}'"));
    };
    let known = ["metadata.name", "metadata.namespace"];
    let kept = kept_name(resource, field);
    let own = SELECTABLE.iter().find(|(table, _)| *table == resource.table.0);
    let selectable =
        known.contains(&field) || own.is_some_and(|(_, fields)| fields.contains(&&*kept));
    if !selectable {
        let builtin = known.map(|name| format!("{name:?}")).join(", ");
        return Err(if own.is_some() {
            not_supported(resource, field)
        } else {
            format!("{field:?} is not a known field selector: only {builtin}")
        });
    }
    Ok((Text::new(&kept), test, Text::new(value)))
}

/// Events are kept as the core group has them, whose names are other ones.
fn kept_name<'a>(resource: &Resource, field: &'a str) -> Cow<'a, str> {
    if resource.kind.group != "events.k8s.io" {
        return field.into();
    }
    match field.split_once('.') {
        Some(("regarding", rest)) => format!("involvedObject.{rest}").into(),
        Some(("involvedObject", _)) => "".into(),
        _ if field == "reportingController" => "reportingComponent".into(),
        _ if matches!(field, "source" | "reportingComponent") => "".into(),
        _ => field.into(),
    }
}

fn not_supported(resource: &Resource, field: &str) -> String {
    let kind = &resource.kind;
    match kind.name.as_str() {
        "Job" => format!("field label {field:?} not supported for Job"),
        "ResourceSlice" => format!(
            "field label not supported for {}, Kind=ResourceSlice: {field}",
            kind.api_version()
        ),
        _ => format!("field label not supported: {field}"),
    }
}

fn value_of(object: &Value, field: &str) -> String {
    let path: Vec<_> = match field {
        "source" => vec!["source", "component"],
        other => other.split('.').collect(),
    };
    match object.at(&path) {
        Some(Value::Text(text)) => text.to_string(),
        Some(Value::Int(int)) => int.to_string(),
        Some(Value::Bool(bool)) => bool.to_string(),
        _ if matches!(field, "spec.unschedulable" | "spec.hostNetwork") => "false".to_owned(),
        _ if matches!(field, "status.replicas" | "status.successful") => "0".to_owned(),
        _ => String::new(),
    }
}
