//! `spec.nodeName=a,status.phase!=Running`

use crate::registry::Resource;
use crate::store::terms;
use crate::tree::{Text, Value};

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
    ("certificates.k8s.io/certificatesigningrequests", &["spec.signerName"]),
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
    let own = SELECTABLE.iter().find(|(table, _)| *table == resource.table.0);
    let selectable =
        known.contains(&field) || own.is_some_and(|(_, fields)| fields.contains(&field));
    if !selectable {
        let builtin = known.map(|name| format!("{name:?}")).join(", ");
        return Err(if own.is_some() {
            format!("field label not supported: {field}")
        } else {
            format!("{field:?} is not a known field selector: only {builtin}")
        });
    }
    Ok((Text::new(field), test, Text::new(value)))
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
