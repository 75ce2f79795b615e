//! Watches: a place in history, asked for what came since.

use super::Call;
use crate::registry::{Kind, Resource};
use crate::selector::{FieldSelector, LabelSelector};
use crate::status::{Cause, Status};
use crate::store::{Change, ChangeKind, Narrow, Object, Revision, Store, TableName, frame};
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

/// How much of an object a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Projection {
    Whole,
    Metadata,
}

const META: &str = "meta.k8s.io/v1";

impl Projection {
    pub(super) fn wanted(accept: &str) -> Self {
        if accept.contains("as=PartialObjectMetadata") { Self::Metadata } else { Self::Whole }
    }

    pub(super) fn show(self, object: &Value) -> Value {
        match self {
            Self::Whole => object.clone(),
            Self::Metadata => Value::from([
                ("kind", "PartialObjectMetadata".into()),
                ("apiVersion", META.into()),
                ("metadata", object.at(&["metadata"]).cloned().unwrap_or_default()),
            ]),
        }
    }

    /// In a list of one built-in kind nobody repeats it.
    pub(super) fn item(self, resource: &Resource, object: &Value) -> Value {
        match self {
            Self::Whole if resource.custom.is_some() => object.clone(),
            Self::Whole => object.without(&["kind"]).without(&["apiVersion"]),
            Self::Metadata => self.show(object),
        }
    }

    pub(super) fn list_kind(self, kind: &Kind) -> (Text, Text) {
        match self {
            Self::Whole => (Text::from(format!("{}List", kind.name)), kind.api_version()),
            Self::Metadata => {
                (Text::new_static("PartialObjectMetadataList"), Text::new_static(META))
            }
        }
    }
}

/// A client that watches.
#[derive(Debug)]
pub struct Watch {
    table: TableName,
    kind: Kind,
    filter: Filter,
    projection: Projection,
    at: Revision,
    initial: Vec<Bytes>,
    /// In seconds; what the client asked for.
    timeout: Option<u64>,
    bookmarks: bool,
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
            projection: Projection::wanted(call.request.accept),
            at: since.unwrap_or(store.revision()),
            initial: Vec::new(),
            timeout: query.get("timeoutSeconds").parse().ok(),
            bookmarks: query.says("allowWatchBookmarks"),
        };
        // Without a version, a watch starts with what is there.
        let declined = query.get("sendInitialEvents") == "false";
        if streaming || (since.is_none() && !declined) {
            watch.at = store.revision();
            watch.initial = watch.present(store);
        }
        if streaming && watch.bookmarks {
            watch.initial.push(watch.bookmark_of(true));
        }
        Ok(watch)
    }

    fn present(&self, store: &Store) -> Vec<Bytes> {
        let objects = store.list(&self.table, &self.filter.narrow, None);
        let matching = objects.filter(|object| self.filter.matches(&object.tree));
        matching.map(|object| frame("ADDED", &self.projection.show(&object.tree))).collect()
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
    pub fn bookmark(&self) -> Bytes {
        self.bookmark_of(false)
    }

    fn bookmark_of(&self, initial_end: bool) -> Bytes {
        let version = Text::from(self.at.to_string());
        let mut object = Value::from([
            ("kind", self.kind.name.clone().into()),
            ("apiVersion", self.kind.api_version().into()),
            ("metadata", Value::from([("resourceVersion", version.into())])),
        ]);
        if initial_end {
            let end = Value::from([("k8s.io/initial-events-end", "true".into())]);
            object = object.with(&["metadata", "annotations"], end);
        }
        frame("BOOKMARK", &object)
    }

    /// What came since it was asked last.
    ///
    /// # Errors
    /// If that is no longer known.
    pub fn poll(&mut self, store: &Store) -> Result<Vec<Bytes>, Gone> {
        let mut frames = std::mem::take(&mut self.initial);
        let changes = store
            .changes(&self.table, self.at)
            .map_err(|expired| Gone(frame("ERROR", &Status::from(expired).value())))?;
        frames.extend(changes.filter_map(|change| self.shown(change)));
        self.at = store.revision();
        Ok(frames)
    }

    /// A change as this client sees it: an object can come into its view and leave it.
    fn shown(&self, change: &Arc<Change>) -> Option<Bytes> {
        let covered =
            |object: &Option<Arc<Object>>| object.as_ref().is_some_and(|o| self.filter.covers(o));
        let before = covered(&change.previous);
        let now = change.kind != ChangeKind::Deleted && self.filter.covers(&change.object);
        let kind = match (before, now) {
            (false, false) => return None,
            (false, true) => ChangeKind::Added,
            (true, true) => ChangeKind::Modified,
            (true, false) => ChangeKind::Deleted,
        };
        if kind == change.kind && self.projection == Projection::Whole {
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
        Some(frame(kind.name(), &self.projection.show(&tree)))
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
