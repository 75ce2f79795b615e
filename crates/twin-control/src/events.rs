//! What a cluster tells people about an object.

use twin_core::store::Object;
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// How much an event should worry people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Normal,
    Warning,
}

/// One sentence about an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    about: Value,
    namespace: Text,
    name: Text,
    severity: Severity,
    reason: Text,
    message: Text,
}

impl Event {
    /// A sentence with the reason in one word.
    pub fn new(
        object: &Object,
        severity: Severity,
        reason: &str,
        message: impl AsRef<str>,
    ) -> Self {
        let mut about = Value::default();
        for field in ["kind", "apiVersion"] {
            about = about.with(&[field], object.tree.at(&[field]).cloned().unwrap_or_default());
        }
        for field in ["name", "namespace", "uid", "resourceVersion"] {
            if let Some(value) = object.tree.at(&["metadata", field]) {
                about = about.with(&[field], value.clone());
            }
        }
        Self {
            about,
            namespace: Text::new(object.key.namespace()),
            name: Text::new(object.key.name()),
            severity,
            reason: Text::new(reason),
            message: Text::new(message.as_ref()),
        }
    }

    /// The sentence is about a part of the object, such as `spec.containers{web}`.
    #[must_use]
    pub fn of_part(mut self, path: impl AsRef<str>) -> Self {
        self.about = self.about.with(&["fieldPath"], Value::text(path.as_ref()));
        self
    }

    /// The namespace that it lies in: events about cluster-wide objects lie in `default`.
    pub(crate) fn namespace(&self) -> &str {
        if self.namespace.is_empty() { "default" } else { &self.namespace }
    }

    /// The object, as `source` tells it; `number` makes its name one of its own.
    pub(crate) fn object(&self, source: &str, now: Timestamp, number: u64) -> Value {
        let severity = if self.severity == Severity::Normal { "Normal" } else { "Warning" };
        let text = |text: &Text| Value::Text(text.clone());
        Value::from([
            (
                "metadata",
                Value::from([
                    ("name", Text::from(format!("{}.{number:016x}", self.name)).into()),
                    ("namespace", self.namespace().into()),
                ]),
            ),
            ("involvedObject", self.about.clone()),
            ("type", severity.into()),
            ("reason", text(&self.reason)),
            ("message", text(&self.message)),
            ("source", Value::from([("component", source.into())])),
            ("reportingComponent", source.into()),
            ("firstTimestamp", now.value()),
            ("lastTimestamp", now.value()),
            ("count", 1.into()),
        ])
    }
}
