//! Watches: a place in history, asked for what came since.

use super::Call;
use super::projection::Projection;
use crate::registry::Kind;
use crate::selector::{FieldSelector, LabelSelector};
use crate::status::{Cause, Status};
use crate::store::{Change, ChangeKind, Narrow, Object, Revision, Store, TableName, frame};
use crate::table::Head;
use crate::time::Timestamp;
use crate::tree::{Text, Value};
use bytes::Bytes;
use std::sync::Arc;

/// Which objects a client asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) narrow: Narrow,
    pub(super) labels: LabelSelector,
    pub(super) fields: FieldSelector,
}

impl Filter {
    pub(super) fn matches(&self, tree: &Value) -> bool {
        let labels = tree.at(&["metadata", "labels"]).and_then(Value::as_map);
        self.labels.matches(labels) && self.fields.matches(tree)
    }

    fn covers(&self, object: &Object) -> bool {
        let namespace = self.narrow.namespace.as_deref();
        namespace.is_none_or(|own| own == object.key.namespace()) && self.matches(&object.tree)
    }
}

/// A client that watches.
#[derive(Debug)]
pub struct Watch {
    table: TableName,
    kind: Kind,
    filter: Filter,
    projection: Projection,
    /// Whether the columns of a table have been named.
    head: Head,
    at: Revision,
    initial: Vec<Bytes>,
    /// In seconds; what the client asked for.
    timeout: Option<u64>,
    bookmarks: bool,
}

/// What a bookmark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bookmark {
    Progress,
    /// All that was there at the start has been sent.
    InitialEnd,
}

/// The client has to list again: its place in history is gone. The frame says so.
#[derive(Debug)]
pub struct Gone(pub Bytes);

impl Watch {
    pub(super) fn start(store: &Store, call: &Call<'_>, filter: Filter) -> Result<Self, Status> {
        let resource = &call.address.resource;
        let query = &call.query;
        let since = query.revision("resourceVersion")?;
        let streaming = query.says("sendInitialEvents");
        if streaming && query.get("resourceVersionMatch") != "NotOlderThan" {
            return Err(streaming_without_match());
        }
        let mut watch = Self {
            table: resource.table.clone(),
            kind: resource.kind.clone(),
            filter,
            projection: Projection::wanted(call)?,
            head: Head::Shown,
            at: since.unwrap_or(store.revision()),
            initial: Vec::new(),
            timeout: query.get("timeoutSeconds").parse().ok(),
            bookmarks: query.says("allowWatchBookmarks"),
        };
        // Without a version, a watch starts with what is there.
        let declined = query.get("sendInitialEvents") == "false";
        if streaming || (since.is_none() && !declined) {
            watch.at = store.revision();
            watch.initial = watch.present(store, call.moment.now);
        }
        if streaming && watch.bookmarks {
            let end = watch.bookmark_of(Bookmark::InitialEnd);
            watch.initial.push(end);
        }
        Ok(watch)
    }

    fn present(&mut self, store: &Store, now: Timestamp) -> Vec<Bytes> {
        let objects = store.list(&self.table, &self.filter.narrow, None);
        let filter = self.filter.clone();
        let matching = objects.filter(|object| filter.matches(&object.tree));
        matching.map(|object| self.framed("ADDED", &object.tree, now)).collect()
    }

    fn framed(&mut self, kind: &str, object: &Value, now: Timestamp) -> Bytes {
        let head = std::mem::replace(&mut self.head, Head::Known);
        frame(kind, &self.projection.framed(object, head, now))
    }

    /// How long the client wants to listen, in seconds.
    pub fn timeout(&self) -> Option<u64> {
        self.timeout
    }

    /// Whether the client wants to be told how far it is.
    pub fn wants_bookmarks(&self) -> bool {
        self.bookmarks
    }

    /// How far the client is.
    pub fn bookmark(&mut self) -> Bytes {
        self.bookmark_of(Bookmark::Progress)
    }

    fn bookmark_of(&mut self, meaning: Bookmark) -> Bytes {
        let version = Text::from(self.at.to_string());
        let mut object = Value::from([
            ("kind", self.kind.name.clone().into()),
            ("apiVersion", self.kind.api_version().into()),
            ("metadata", Value::from([("resourceVersion", version.into())])),
        ]);
        if meaning == Bookmark::InitialEnd {
            let end = Value::from([("k8s.io/initial-events-end", "true".into())]);
            object = object.with(&["metadata", "annotations"], end);
        }
        // It has no age.
        self.framed("BOOKMARK", &object, Timestamp::default())
    }

    /// What came since it was asked last.
    ///
    /// # Errors
    /// If that is no longer known.
    pub fn poll(&mut self, store: &Store, now: Timestamp) -> Result<Vec<Bytes>, Gone> {
        let mut frames = std::mem::take(&mut self.initial);
        let table = self.table.clone();
        let changes = store
            .changes(&table, self.at)
            .map_err(|expired| Gone(frame("ERROR", &Status::from(expired).value())))?;
        frames.extend(changes.filter_map(|change| self.shown(change, now)));
        self.at = store.revision();
        Ok(frames)
    }

    /// A change as this client sees it: an object can come into its view and leave it.
    fn shown(&mut self, change: &Arc<Change>, now: Timestamp) -> Option<Bytes> {
        let covered =
            |object: &Option<Arc<Object>>| object.as_ref().is_some_and(|o| self.filter.covers(o));
        let before = covered(&change.previous);
        let after = change.kind != ChangeKind::Deleted && self.filter.covers(&change.object);
        let kind = match (before, after) {
            (false, false) => return None,
            (false, true) => ChangeKind::Added,
            (true, true) => ChangeKind::Modified,
            (true, false) => ChangeKind::Deleted,
        };
        if kind == change.kind && self.projection.is_whole() {
            return Some(change.frame());
        }
        let tree = match (&change.previous, kind) {
            // What leaves the view is shown as it was last seen.
            (Some(previous), ChangeKind::Deleted) => {
                let version = Text::from(change.object.revision.to_string());
                previous.tree.with(&["metadata", "resourceVersion"], version.into())
            }
            _ => change.object.tree.clone(),
        };
        Some(self.framed(kind.name(), &tree, now))
    }
}

fn streaming_without_match() -> Status {
    let cause = Cause {
        reason: "FieldValueForbidden",
        message:
            "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
                .to_owned(),
        field: "resourceVersionMatch".to_owned(),
    };
    Status::invalid("meta.k8s.io", "ListOptions", "", vec![cause])
}
