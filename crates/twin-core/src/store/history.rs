//! What happened to a table, as far back as it is known.

use super::{Expired, Object, Revision};
use crate::protobuf;
use crate::registry::Resource;
use crate::tree::Value;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

impl ChangeKind {
    /// As a watch names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// One change.
#[derive(Debug)]
pub struct Change {
    pub kind: ChangeKind,
    /// As it is after the change; a deleted one as it was, with the version of its end.
    pub object: Arc<Object>,
    pub previous: Option<Arc<Object>>,
    frames: Mutex<Frames>,
}

/// What watches send for a change, in the forms in which it was written lately.
#[derive(Debug, Default)]
struct Frames {
    plain: Option<Bytes>,
    binary: Option<Bytes>,
}

/// The form of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form<'a> {
    /// JSON.
    Plain,
    /// Protobuf. All who see an object as it is kept have the same resource.
    Binary(&'a Resource),
}

impl Change {
    pub(super) fn new(
        kind: ChangeKind,
        object: Arc<Object>,
        previous: Option<Arc<Object>>,
    ) -> Self {
        Self { kind, object, previous, frames: Mutex::default() }
    }

    pub(super) fn write(&self, form: Form<'_>) -> Bytes {
        let (kind, tree) = (self.kind.name(), &self.object.tree);
        match form {
            Form::Plain => frame(kind, tree),
            Form::Binary(resource) => protobuf::frame(resource, kind, tree),
        }
    }

    fn frames(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A frame of a watch: `{"type":"ADDED","object":…}` and a line's end.
pub(crate) fn frame(kind: &str, object: &Value) -> Bytes {
    let mut text = format!(r#"{{"type":"{kind}","object":"#).into_bytes();
    text.extend(object.encoded());
    text.extend(b"}\n");
    text.into()
}

/// More changes than this are not kept for one table.
const KEPT: usize = 100_000;
/// More bytes of frames than this are not kept for one table: those of a large rollout would be most of
/// what the twin needs. Who is further behind has them written again.
const KEPT_FRAMES: usize = 16 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct History {
    changes: VecDeque<Arc<Change>>,
    /// The last version whose change is forgotten.
    forgotten: Revision,
    written: Mutex<WrittenFrames>,
}

/// Changes with frames, the one written first in front.
#[derive(Debug, Default)]
struct WrittenFrames {
    changes: VecDeque<(Arc<Change>, usize)>,
    bytes: usize,
}

impl WrittenFrames {
    fn push(&mut self, change: &Arc<Change>, bytes: usize) {
        self.changes.push_back((change.clone(), bytes));
        self.bytes += bytes;
        while self.bytes > KEPT_FRAMES {
            let Some((oldest, bytes)) = self.changes.pop_front() else { return };
            *oldest.frames() = Frames::default();
            self.bytes -= bytes;
        }
    }
}

impl History {
    pub(super) fn push(&mut self, change: Change) {
        self.changes.push_back(Arc::new(change));
        if self.changes.len() > KEPT {
            self.drop_first();
        }
    }

    /// The frame that watches send for a change. It is written once, however many watch.
    pub(super) fn frame(&self, change: &Arc<Change>, form: Form<'_>) -> Bytes {
        let mut frames = change.frames();
        let place = match form {
            Form::Plain => &mut frames.plain,
            Form::Binary(_) => &mut frames.binary,
        };
        if let Some(written) = place {
            return written.clone();
        }
        let bytes = place.insert(change.write(form)).clone();
        drop(frames);
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.push(change, bytes.len());
        bytes
    }

    fn drop_first(&mut self) {
        if let Some(change) = self.changes.pop_front() {
            self.forgotten = change.object.revision;
        }
    }

    pub(super) fn since(
        &self,
        after: Revision,
    ) -> Result<impl Iterator<Item = &Arc<Change>>, Expired> {
        if after < self.forgotten {
            return Err(Expired { asked: after, oldest: self.forgotten });
        }
        let first = self.changes.partition_point(|change| change.object.revision <= after);
        Ok(self.changes.range(first..))
    }

    pub(super) fn forget(&mut self, up_to: Revision) {
        while self.changes.front().is_some_and(|change| change.object.revision <= up_to) {
            self.drop_first();
        }
        self.forgotten = self.forgotten.max(up_to);
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, KEPT_FRAMES};
    use crate::store::{Key, Revision, Store, TableName};
    use crate::tree::Value;
    use std::sync::Arc;

    #[test]
    fn frames_are_written_once_and_kept_while_they_are_few() {
        let (mut store, table) = (Store::default(), TableName("maps".into()));
        let long = "x".repeat(KEPT_FRAMES / 10);
        for at in 0..14 {
            let tree = Value::from([("n", Value::Int(at)), ("data", long.as_str().into())]);
            store.put(&table, &Key::new("x", &at.to_string()), &tree);
        }
        let changes: Vec<_> =
            store.changes(&table, Revision::default()).unwrap().cloned().collect();
        let frame = |at: usize| store.frame(&table, &changes[at], Form::Plain);
        let first = frame(0);
        assert_eq!(frame(0).as_ptr(), first.as_ptr());
        let all: Vec<_> = (0..14).map(frame).collect();
        let kept = changes.iter().filter(|change| change.frames().plain.is_some()).count();
        assert_eq!(kept, 9);
        assert_eq!(frame(0), first, "it is written anew");
        assert_eq!(frame(13).as_ptr(), all[13].as_ptr());
        assert!(changes.iter().all(|change| Arc::strong_count(change) <= 3));
    }
}
