//! Watches: a place in history, asked for what came since.

use super::convert::{is_shown_as_kept, shown};
use super::projection::Projection;
use super::{Call, beats};
use crate::protobuf;
use crate::registry::Resource;
use crate::selector::{FieldSelector, LabelSelector};
use crate::status::{Cause, Status};
use crate::store::{Change, ChangeKind, Expired, Form, Narrow, Object, Revision, Store, frame};
use crate::table::Head;
use crate::time::Timestamp;
use crate::tree::{Text, Value};
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::VecDeque;
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
    resource: Arc<Resource>,
    filter: Filter,
    projection: Projection,
    /// Whether the columns of a table have been named.
    head: Head,
    at: Revision,
    /// What was there at the start and has not been told.
    initial: VecDeque<Arc<Object>>,
    /// Whether it has to be said that all of it has been.
    initial_end: Option<Bookmark>,
    /// In seconds; what the client asked for.
    timeout: Option<u64>,
    bookmarks: bool,
    /// The next time at which something is told though nobody wrote it.
    beat: Option<Timestamp>,
}

/// What a bookmark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bookmark {
    Progress,
    /// All that was there at the start has been sent.
    InitialEnd,
}

/// Bytes that are written for a client at once. A slow one must not have a whole rollout written for it
/// that it reads later.
const BATCH: usize = 256 * 1024;

/// Frames for one client.
#[derive(Debug, Default)]
struct Batch {
    frames: Vec<Bytes>,
    bytes: usize,
}

impl Batch {
    fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push(frame);
    }

    fn is_full(&self) -> bool {
        self.bytes >= BATCH
    }
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
            resource: resource.clone(),
            filter,
            projection: Projection::wanted(call)?,
            head: Head::Shown,
            at: since.unwrap_or(store.revision()),
            initial: VecDeque::new(),
            initial_end: None,
            timeout: query.get("timeoutSeconds").parse().ok(),
            bookmarks: query.says("allowWatchBookmarks"),
            beat: beats::has(&resource.table).then(|| beats::next(call.moment.now)),
        };
        // Without a version, a watch starts with what is there.
        let declined = query.get("sendInitialEvents") == "false";
        if streaming || (since.is_none() && !declined) {
            watch.at = store.revision();
            let objects = store.list(&resource.table, &watch.filter.narrow, None);
            let matching = objects.filter(|object| watch.filter.matches(&object.tree));
            watch.initial = matching.cloned().collect();
        }
        if streaming && watch.bookmarks {
            watch.initial_end = Some(Bookmark::InitialEnd);
        }
        Ok(watch)
    }

    /// What was there at the start, as far as it goes into a batch.
    fn tell_initial(&mut self, batch: &mut Batch, now: Timestamp) {
        while !batch.is_full()
            && let Some(object) = self.initial.pop_front()
        {
            let seen = shown(&self.resource, &self.seen(&object, now));
            batch.push(self.framed("ADDED", &seen, now));
        }
        if self.initial.is_empty()
            && let Some(end) = self.initial_end.take()
        {
            batch.push(self.bookmark_of(end));
        }
    }

    /// An object as it is shown at this time.
    fn seen<'a>(&self, object: &'a Object, now: Timestamp) -> Cow<'a, Value> {
        match self.beat {
            Some(_) => beats::renewed(object, now),
            None => Cow::Borrowed(&object.tree),
        }
    }

    fn framed(&mut self, kind: &str, object: &Value, now: Timestamp) -> Bytes {
        let head = std::mem::replace(&mut self.head, Head::Known);
        let shown = self.projection.framed(object, head, now);
        match self.projection {
            Projection::Binary => protobuf::frame(&self.resource, kind, &shown),
            _ => frame(kind, &shown),
        }
    }

    /// What its frames are.
    pub(super) fn media_type(&self) -> &'static str {
        match self.projection {
            Projection::Binary => protobuf::WATCH_TYPE,
            _ => super::JSON,
        }
    }

    /// The end, and why.
    fn gone(&self, expired: Expired) -> Gone {
        let status = Status::from(expired).value();
        match self.projection {
            Projection::Binary => Gone(protobuf::error_frame(&status)),
            _ => Gone(frame("ERROR", &status)),
        }
    }

    /// Whether what is kept is what the client sees.
    fn is_plain(&self, kept: &Value) -> bool {
        self.projection.is_whole() && self.beat.is_none() && is_shown_as_kept(&self.resource, kept)
    }

    /// How long the client wants to listen, in seconds.
    pub fn timeout(&self) -> Option<u64> {
        self.timeout
    }

    /// Whether the client wants to be told how far it is.
    pub fn wants_bookmarks(&self) -> bool {
        self.bookmarks
    }

    /// When there is something to tell next, though nobody writes.
    pub fn beat(&self) -> Option<Timestamp> {
        self.beat
    }

    /// What is told at this time though nobody wrote it.
    fn beaten(&mut self, store: &Store, now: Timestamp) -> Vec<Bytes> {
        if self.beat.is_none_or(|beat| beat > now) {
            return Vec::new();
        }
        self.beat = Some(beats::next(now));
        let leases: Vec<_> = beats::all(store).filter(|lease| self.filter.covers(lease)).collect();
        let told = |lease| self.framed("MODIFIED", &beats::renewed(lease, now), now);
        leases.into_iter().map(told).collect()
    }

    /// How far the client is.
    pub fn bookmark(&mut self) -> Bytes {
        self.bookmark_of(Bookmark::Progress)
    }

    fn bookmark_of(&mut self, meaning: Bookmark) -> Bytes {
        let version = Text::from(self.at.to_string());
        let mut object = Value::from([
            ("kind", self.resource.kind.name.clone().into()),
            ("apiVersion", self.resource.kind.api_version().into()),
            ("metadata", Value::from([("resourceVersion", version.into())])),
        ]);
        if meaning == Bookmark::InitialEnd {
            let end = Value::from([("k8s.io/initial-events-end", "true".into())]);
            object = object.with(&["metadata", "annotations"], end);
        }
        // It has no age.
        self.framed("BOOKMARK", &object, Timestamp::default())
    }

    /// What came since it was asked last, in order; if that is much, the first part of it, and the
    /// rest when it is asked again. Nothing came if it is empty.
    ///
    /// # Errors
    /// If that is no longer known.
    pub fn poll(&mut self, store: &Store, now: Timestamp) -> Result<Vec<Bytes>, Gone> {
        let mut batch = Batch::default();
        self.tell_initial(&mut batch, now);
        let table = self.resource.table.clone();
        let mut changes = store.changes(&table, self.at).map_err(|expired| self.gone(expired))?;
        while !batch.is_full() {
            let Some(change) = changes.next() else {
                self.at = store.revision();
                batch.frames.extend(self.beaten(store, now));
                break;
            };
            self.at = change.object.revision;
            if let Some(frame) = self.shown(store, change, now) {
                batch.push(frame);
            }
        }
        Ok(batch.frames)
    }

    /// A change as this client sees it: an object can come into its view and leave it.
    fn shown(&mut self, store: &Store, change: &Arc<Change>, now: Timestamp) -> Option<Bytes> {
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
        if kind == change.kind && self.is_plain(&change.object.tree) {
            let form = match self.projection {
                Projection::Binary => Form::Binary(&self.resource),
                _ => Form::Plain,
            };
            return Some(store.frame(&self.resource.table, change, form));
        }
        let tree = match (&change.previous, kind) {
            // What leaves the view is shown as it was last seen.
            (Some(previous), ChangeKind::Deleted) => {
                let version = Text::from(change.object.revision.to_string());
                previous.tree.with(&["metadata", "resourceVersion"], version.into())
            }
            _ => self.seen(&change.object, now).into_owned(),
        };
        Some(self.framed(kind.name(), &shown(&self.resource, &tree), now))
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

#[cfg(test)]
mod tests {
    use super::BATCH;
    use crate::api::{Api, Body, Method, Moment, Request, Watch};
    use crate::time::Timestamp;

    const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    fn ask(api: &mut Api, method: Method, path: &str, body: &str) -> Body {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (content_type, body) =
            (if method == Method::Patch { MERGE } else { "" }, body.as_bytes());
        let request = Request {
            method,
            path,
            query,
            content_type,
            accept: "",
            user_agent: "test",
            user: None,
            body,
        };
        let response = api.handle(&request, Moment { now: Timestamp::default(), seed: 1 });
        assert!(response.code < 300, "{:?}", response.body);
        response.body
    }

    const MERGE: &str = "application/merge-patch+json";

    /// A definition of two versions, with one of them for what is kept.
    fn definition(kept: &str) -> String {
        let version = |name: &str| {
            format!(
                r#"{{"name":"{name}","served":true,"storage":{},"schema":{{"openAPIV3Schema":{{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}}"#,
                name == kept
            )
        };
        format!(
            r#"{{"metadata":{{"name":"things.x.dev"}},"spec":{{"group":"x.dev","scope":"Cluster","names":{{"plural":"things","kind":"Thing"}},"versions":[{},{}]}}}}"#,
            version("v1"),
            version("v2")
        )
    }

    fn told(watch: &mut Watch, api: &Api) -> Vec<String> {
        let frames = watch.poll(api.store(), Timestamp::default()).unwrap();
        let text = |frame: &bytes::Bytes| String::from_utf8(frame.to_vec()).unwrap();
        frames.iter().map(text).collect()
    }

    #[test]
    fn a_watch_stays_in_its_version_whichever_is_kept() {
        let mut api = Api::default();
        ask(&mut api, Method::Post, DEFINITIONS, &definition("v1"));
        let path = |version: &str| format!("/apis/x.dev/{version}/things");
        for name in ["old", "older"] {
            let body = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
            ask(&mut api, Method::Post, &path("v1"), &body);
        }
        let watching = |version: &str| format!("{}?watch=true", path(version));
        let watches = ["v1", "v2"].map(|version| {
            let Body::Watch(watch) = ask(&mut api, Method::Get, &watching(version), "") else {
                panic!("a watch")
            };
            (version, watch)
        });
        ask(&mut api, Method::Patch, &format!("{DEFINITIONS}/things.x.dev"), &definition("v2"));
        ask(&mut api, Method::Patch, &format!("{}/old", path("v1")), r#"{"n":1}"#);
        ask(&mut api, Method::Patch, &format!("{}/old", path("v2")), r#"{"n":2}"#);
        ask(&mut api, Method::Delete, &format!("{}/older", path("v2")), "");
        let Body::Watch(late) = ask(&mut api, Method::Get, &watching("v2"), "") else {
            panic!("a watch")
        };
        for (version, mut watch) in watches.into_iter().chain([("v2", late)]) {
            let frames = told(&mut watch, &api);
            assert!(!frames.is_empty());
            let own = format!(r#""apiVersion":"x.dev/{version}""#);
            assert!(frames.iter().all(|frame| frame.contains(&own)), "{version} {frames:?}");
        }
    }

    const MAPS: &str = "/api/v1/namespaces/default/configmaps";

    /// The names that a watch is told, part by part.
    fn parts(watch: &mut Watch, api: &Api) -> Vec<Vec<String>> {
        let name = |frame: String| {
            let (_, rest) = frame.split_once(r#""name":""#)?;
            rest.split('"').next().map(str::to_owned)
        };
        let part = |frames: Vec<String>| frames.into_iter().filter_map(name).collect::<Vec<_>>();
        std::iter::from_fn(|| Some(told(watch, api)))
            .take_while(|frames| !frames.is_empty())
            .map(part)
            .collect()
    }

    #[test]
    fn much_is_told_in_parts_and_each_thing_once() {
        let mut api = Api::default();
        let namespace = r#"{"metadata":{"name":"default"}}"#;
        ask(&mut api, Method::Post, "/api/v1/namespaces", namespace);
        let Body::Watch(mut early) = ask(&mut api, Method::Get, &format!("{MAPS}?watch=true"), "")
        else {
            panic!("a watch")
        };
        let names: Vec<_> = (0..40).map(|at| format!("map-{at:02}")).collect();
        let long = "x".repeat(BATCH / 10);
        for name in &names {
            let body = format!(r#"{{"metadata":{{"name":"{name}"}},"data":{{"a":"{long}"}}}}"#);
            ask(&mut api, Method::Post, MAPS, &body);
        }
        let from_the_start = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true\
            &resourceVersionMatch=NotOlderThan";
        let path = format!("{MAPS}?{from_the_start}");
        let Body::Watch(mut late) = ask(&mut api, Method::Get, &path, "") else {
            panic!("a watch")
        };
        for watch in [&mut early, &mut late] {
            let parts = parts(watch, &api);
            assert!(parts.len() >= 4 && parts.iter().all(|part| part.len() <= 11), "{parts:?}");
            assert_eq!(parts.concat(), names);
        }
    }
}
