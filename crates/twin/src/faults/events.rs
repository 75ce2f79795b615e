//! The text of a watch, event by event.

use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use twin_core::status::{Reason, Status};
use twin_core::tree::{Value, decode};

/// What a line of a watch is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// An object, by its namespace and name.
    Object(String),
    Bookmark,
    /// The end of what was there at the start.
    InitialEnd,
    Error,
}

/// A line of a watch.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) meaning: Meaning,
    /// `ADDED default/web-0`
    pub(super) title: String,
    pub(super) line: Bytes,
}

impl Event {
    fn read(line: Bytes) -> Self {
        let tree = decode(&line).unwrap_or_default();
        let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
        let meta = |field: &str| text(&["object", "metadata", field]);
        let object = format!("{}/{}", meta("namespace"), meta("name"));
        let kind = text(&["type"]);
        let title = format!("{kind} {object}");
        let annotations = ["object", "metadata", "annotations", "k8s.io/initial-events-end"];
        let meaning = match kind {
            "BOOKMARK" if tree.str_at(&annotations) == Some("true") => Meaning::InitialEnd,
            "BOOKMARK" => Meaning::Bookmark,
            "ERROR" => Meaning::Error,
            _ => Meaning::Object(object),
        };
        Self { meaning, title, line }
    }
}

/// Cuts bytes into lines, wherever they come apart.
#[derive(Debug, Default)]
pub(super) struct Lines {
    rest: BytesMut,
}

impl Lines {
    pub(super) fn take(&mut self, bytes: &[u8], events: &mut VecDeque<Event>) {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            events.push_back(Event::read(self.rest.split_to(end + 1).freeze()));
        }
    }
}

/// The line that says that a watch cannot go on.
pub(super) fn expired() -> Bytes {
    let status = Status::new(Reason::Expired, "too old resource version").value();
    let event = Value::from([("type", "ERROR".into()), ("object", status)]);
    let mut line = event.encoded();
    line.push(b'\n');
    line.into()
}

#[cfg(test)]
mod tests {
    use super::{Lines, Meaning};
    use std::collections::VecDeque;

    #[test]
    fn lines_are_told_apart_wherever_they_are_cut() {
        let text = concat!(
            r#"{"type":"ADDED","object":{"metadata":{"namespace":"x","name":"a"}}}"#,
            "\n",
            r#"{"type":"BOOKMARK","object":{"metadata":{"annotations":{"k8s.io/initial-events-end":"true"}}}}"#,
            "\n",
            r#"{"type":"BOOKMARK","object":{}}"#,
            "\n",
            r#"{"type":"ERROR","object":{}}"#,
            "\n",
        );
        for cut in 0..text.len() {
            let (mut lines, mut events) = (Lines::default(), VecDeque::new());
            lines.take(&text.as_bytes()[..cut], &mut events);
            lines.take(&text.as_bytes()[cut..], &mut events);
            let found: Vec<_> = events.into_iter().map(|event| event.meaning).collect();
            let object = Meaning::Object("x/a".to_owned());
            assert_eq!(
                found,
                [object, Meaning::InitialEnd, Meaning::Bookmark, Meaning::Error],
                "{cut}"
            );
        }
    }
}
