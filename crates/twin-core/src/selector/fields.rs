//! `spec.nodeName=a,status.phase!=Running`

use crate::names::quoted;
use crate::registry::{Resource, Scope};
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

/// A kind whose objects can be selected by more than their name and namespace.
struct Selectable {
    group: &'static str,
    kind: &'static str,
    fields: &'static [&'static str],
}

const fn selectable(
    group: &'static str,
    kind: &'static str,
    fields: &'static [&'static str],
) -> Selectable {
    Selectable { group, kind, fields }
}

const NAME: &str = "metadata.name";
const NAMESPACE: &str = "metadata.namespace";

/// Those of other kinds are known by name and namespace.
const SELECTABLE: &[Selectable] = &[
    selectable(
        "",
        "Pod",
        &[
            NAME,
            NAMESPACE,
            "spec.nodeName",
            "spec.host",
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
    selectable("", "Node", &[NAME, "spec.unschedulable"]),
    selectable("", "Namespace", &[NAME, "status.phase"]),
    selectable("", "Secret", &[NAME, NAMESPACE, "type"]),
    selectable("", "Service", &[NAME, NAMESPACE, "spec.clusterIP", "spec.type"]),
    selectable("", "ReplicationController", &[NAME, NAMESPACE, "status.replicas"]),
    selectable("batch", "Job", &[NAME, NAMESPACE, "status.successful"]),
    selectable(
        "",
        "Event",
        &[
            NAME,
            NAMESPACE,
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
    selectable(
        "events.k8s.io",
        "Event",
        &[
            NAME,
            NAMESPACE,
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingController",
            "type",
        ],
    ),
    selectable("certificates.k8s.io", "CertificateSigningRequest", &[NAME, "spec.signerName"]),
    selectable("certificates.k8s.io", "ClusterTrustBundle", &[NAME, "spec.signerName"]),
    selectable(
        "certificates.k8s.io",
        "PodCertificateRequest",
        &[NAME, NAMESPACE, "spec.signerName", "spec.podName", "spec.nodeName"],
    ),
    selectable(
        "resource.k8s.io",
        "ResourceSlice",
        &[NAME, "spec.nodeName", "spec.driver", "spec.pool.name"],
    ),
];

impl FieldSelector {
    /// Reads a selector for a resource; an error is Kubernetes' sentence.
    ///
    /// # Errors
    /// If the text is no selector, or names a field that cannot be selected.
    pub fn parse(text: &str, resource: &Resource) -> Result<Self, String> {
        let mut parts = parts(text);
        parts.sort_unstable();
        let requirements = parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| requirement(part, text))
            // Nothing about nothing: that holds for everything.
            .filter(|read| {
                !read.as_ref().is_ok_and(|(field, _, value)| field.is_empty() && value.is_empty())
            })
            .collect::<Result<Vec<_>, _>>()?;
        for (field, _, _) in &requirements {
            check_selectable(field, resource)?;
        }
        let kept = |(field, test, value)| (kept_name(resource, field), test, value);
        Ok(Self { requirements: requirements.into_iter().map(kept).collect() })
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
        self.wanted("spec.nodeName")
            .or_else(|| self.wanted("spec.host"))
            .filter(|node| !node.is_empty())
            .map(terms::node)
    }

    fn wanted(&self, name: &str) -> Option<&str> {
        let found =
            self.requirements.iter().find(|(field, test, _)| field == name && *test == Test::Is);
        found.map(|(_, _, value)| value.as_str())
    }
}

/// Between commas, except those behind a backslash.
fn parts(text: &str) -> Vec<&str> {
    let (mut found, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found
}

fn requirement(part: &str, all: &str) -> Result<(Text, Test, Text), String> {
    let marked = |at: usize| {
        let marks = [("!=", Test::IsNot), ("==", Test::Is), ("=", Test::Is)];
        let found = marks.into_iter().find(|(mark, _)| part[at..].starts_with(mark));
        found.map(|(mark, test)| (&part[..at], test, &part[at + mark.len()..]))
    };
    let Some((field, test, value)) = part.char_indices().find_map(|(at, _)| marked(at)) else {
        return Err(format!("invalid selector: '{all}'; can't understand '{part}'"));
    };
    Ok((Text::new(field), test, Text::from(unescaped(value)?)))
}

fn unescaped(value: &str) -> Result<String, String> {
    let wrong =
        |sequence: &str| format!("invalid field selector: invalid escape sequence: {sequence}");
    let mut plain = String::new();
    let mut letters = value.chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' => match letters.next() {
                Some(c @ ('\\' | ',' | '=')) => plain.push(c),
                Some(c) => return Err(wrong(&format!("\\{c}"))),
                None => return Err(wrong("\\")),
            },
            ',' | '=' => {
                let code = u32::from(c);
                return Err(format!(
                    "invalid field selector: unescaped character in value: {code}"
                ));
            }
            c => plain.push(c),
        }
    }
    Ok(plain)
}

fn check_selectable(field: &str, resource: &Resource) -> Result<(), String> {
    let kind = &resource.kind;
    if let Some(custom) = &resource.custom {
        let spaced = resource.scope == Scope::Namespaced && field == NAMESPACE;
        return if field == NAME || spaced || custom.selectable.iter().any(|it| it == field) {
            Ok(())
        } else {
            Err(format!("field label not supported: {field}"))
        };
    }
    let own = SELECTABLE.iter().find(|it| it.group == kind.group && it.kind == kind.name);
    match own {
        Some(own) if own.fields.contains(&field) => Ok(()),
        None if [NAME, NAMESPACE].contains(&field) => Ok(()),
        None => {
            let field = quoted(field);
            Err(format!("{field} is not a known field selector: only {NAME:?}, {NAMESPACE:?}"))
        }
        Some(_) if kind.name == "Job" => {
            Err(format!("field label {} not supported for Job", quoted(field)))
        }
        Some(_) if kind.name == "ResourceSlice" => {
            let version = kind.api_version();
            Err(format!("field label not supported for {version}, Kind=ResourceSlice: {field}"))
        }
        Some(_) => Err(format!("field label not supported: {field}")),
    }
}

/// Events are kept as the core group has them, whose names are other ones.
fn kept_name(resource: &Resource, field: Text) -> Text {
    if resource.kind.group != "events.k8s.io" {
        return field;
    }
    match field.split_once('.') {
        Some(("regarding", rest)) => Text::from(format!("involvedObject.{rest}")),
        None if field == "reportingController" => Text::new_static("reportingComponent"),
        _ => field,
    }
}

fn value_of(object: &Value, field: &str) -> String {
    let said = |path: &[&str]| object.str_at(path).is_some_and(|text| !text.is_empty());
    let path: Vec<_> = match field {
        "source" if said(&["source", "component"]) => vec!["source", "component"],
        // Events of the newer group say it under another name.
        "source" => vec!["reportingComponent"],
        "spec.host" => vec!["spec", "nodeName"],
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
