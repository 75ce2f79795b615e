//! What a cluster tells people about an object.

use twin_core::store::{Key, Object};
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
    /// What has to be there for it to be true.
    made: Option<Key>,
}

impl Event {
    /// A sentence with the reason in one word.
    pub fn new(
        object: &Object,
        severity: Severity,
        reason: &str,
        message: impl AsRef<str>,
    ) -> Self {
        let fields = [
            ("apiVersion", object.tree.at(&["apiVersion"])),
            ("kind", object.tree.at(&["kind"])),
            ("name", object.tree.at(&["metadata", "name"])),
            ("namespace", object.tree.at(&["metadata", "namespace"])),
            ("resourceVersion", object.tree.at(&["metadata", "resourceVersion"])),
            ("uid", object.tree.at(&["metadata", "uid"])),
        ];
        let said = |(field, value): (&'static str, Option<&Value>)| {
            Some((Text::new_static(field), value?.clone()))
        };
        let about = Value::Map(fields.into_iter().filter_map(said).collect());
        Self {
            about,
            namespace: Text::new(object.key.namespace()),
            name: Text::new(object.key.name()),
            severity,
            reason: Text::new(reason),
            message: Text::new(message.as_ref()),
            made: None,
        }
    }

    /// It is told only if the object of this key could be made by the same look.
    #[must_use]
    pub fn once_there(mut self, made: Key) -> Self {
        self.made = Some(made);
        self
    }

    /// What has to be there for it to be true.
    pub(crate) fn made(&self) -> Option<&Key> {
        self.made.as_ref()
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

    /// The object, as `source` tells it, with all that its type has; `number` makes its name one of
    /// its own.
    pub(crate) fn object(&self, source: &str, now: Timestamp, number: u64) -> Value {
        let severity = if self.severity == Severity::Normal { "Normal" } else { "Warning" };
        let text = |text: &Text| Value::Text(text.clone());
        Value::from([
            ("apiVersion", "v1".into()),
            ("count", 1.into()),
            ("eventTime", Value::Null),
            ("firstTimestamp", now.value()),
            ("involvedObject", self.about.clone()),
            ("kind", "Event".into()),
            ("lastTimestamp", now.value()),
            ("message", text(&self.message)),
            (
                "metadata",
                Value::from([
                    ("name", Text::from(format!("{}.{number:016x}", self.name)).into()),
                    ("namespace", self.namespace().into()),
                ]),
            ),
            ("reason", text(&self.reason)),
            ("reportingComponent", source.into()),
            ("reportingInstance", "".into()),
            ("source", Value::from([("component", source.into())])),
            ("type", severity.into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Severity};
    use crate::tables::{EVENTS, NAMESPACES};
    use twin_core::api::{Act, Api, Deed, Moment};
    use twin_core::store::{Key, Object, Revision};
    use twin_core::time::Timestamp;
    use twin_core::tree::{Value, decode};

    /// What is kept of an event, and of one like it after it, that come in this way.
    fn kept(event: &Event, deed: fn(Value) -> Deed) -> [Value; 2] {
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let mut api = Api::default();
        let mut act = |table, namespace, deed, seed| {
            let act = Act { table, key: Key::new(namespace, ""), deed };
            api.act("kubelet", &act, Moment { now, seed }).unwrap()
        };
        let space = decode(br#"{"metadata":{"name":"default"}}"#).unwrap();
        act(NAMESPACES, "", Deed::Create(space), 0);
        [1, 2].map(|at| act(EVENTS, "default", deed(event.object("kubelet", now, at)), at))
    }

    #[test]
    fn events_have_all_that_their_type_has() {
        let tree = br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"default","uid":"u"}}"#;
        let tree = decode(tree).unwrap();
        let (key, revision) = (Key::new("default", "a"), Revision::from_number(1));
        let pod = Object { key, revision, tree };
        let plain = Event::new(&pod, Severity::Normal, "Started", "Container started");
        let node = Object { key: Key::new("", "n"), revision, tree: Value::default() };
        for event in [
            plain.clone(),
            plain.of_part("spec.containers{a}"),
            Event::new(&node, Severity::Warning, "Rebooted", "Node n has been rebooted"),
        ] {
            assert_eq!(kept(&event, Deed::Tell), kept(&event, Deed::Create));
        }
    }
}
