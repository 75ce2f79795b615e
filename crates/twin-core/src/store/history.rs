//! What happened to a table, as far back as it is known.

use super::{Expired, Object, Revision};
use crate::protobuf;
use crate::registry::Resource;
use crate::tree::Value;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

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

/// One change. Its text is written once, however many watch.
#[derive(Debug)]
pub struct Change {
    pub kind: ChangeKind,
    /// As it is after the change; a deleted one as it was, with the version of its end.
    pub object: Arc<Object>,
    pub previous: Option<Arc<Object>>,
    encoded: OnceLock<Bytes>,
    /// As protobuf.
    binary: OnceLock<Bytes>,
}

impl Change {
    pub(super) fn new(
        kind: ChangeKind,
        object: Arc<Object>,
        previous: Option<Arc<Object>>,
    ) -> Self {
        Self { kind, object, previous, encoded: OnceLock::new(), binary: OnceLock::new() }
    }

    /// The frame that a watch of plain JSON sends for it.
    pub fn frame(&self) -> Bytes {
        self.encoded.get_or_init(|| frame(self.kind.name(), &self.object.tree)).clone()
    }

    /// The frame that a watch of protobuf sends for it. All who see an object as it is kept have the same
    /// resource.
    pub(crate) fn binary_frame(&self, resource: &Resource) -> Bytes {
        let write = || protobuf::frame(resource, self.kind.name(), &self.object.tree);
        self.binary.get_or_init(write).clone()
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

#[derive(Debug, Default)]
pub(super) struct History {
    changes: VecDeque<Arc<Change>>,
    /// The last version whose change is forgotten.
    forgotten: Revision,
}

impl History {
    pub(super) fn push(&mut self, change: Change) {
        self.changes.push_back(Arc::new(change));
        if self.changes.len() > KEPT {
            self.drop_first();
        }
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
