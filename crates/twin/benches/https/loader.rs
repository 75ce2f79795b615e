//! Requests, many at a time, and a watch that says when all is as it should be.

use futures::io::Lines;
use futures::{AsyncBufRead, AsyncBufReadExt, TryStreamExt};
use http::Request;
use http_body_util::BodyExt;
use k8s_openapi::serde::Deserialize;
use kube::Client;
use kube::client::Body;
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::task::JoinSet;

/// Requests that are under way at a time, each on a connection of its own.
const WORKERS: u32 = 32;

/// An event of a watch, as far as it is looked at.
#[derive(Debug, Deserialize)]
#[serde(crate = "k8s_openapi::serde")]
pub(crate) struct Told {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) object: Object,
}

#[derive(Debug, Deserialize)]
#[serde(crate = "k8s_openapi::serde")]
pub(crate) struct Object {
    pub(crate) metadata: Metadata,
    #[serde(default)]
    pub(crate) spec: Spec,
    #[serde(default)]
    pub(crate) status: Status,
}

#[derive(Debug, Deserialize)]
#[serde(crate = "k8s_openapi::serde")]
pub(crate) struct Metadata {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(crate = "k8s_openapi::serde", rename_all = "camelCase")]
pub(crate) struct Spec {
    node_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(crate = "k8s_openapi::serde")]
pub(crate) struct Status {
    #[serde(default)]
    phase: String,
    #[serde(default)]
    conditions: Vec<Condition>,
}

#[derive(Debug, Deserialize)]
#[serde(crate = "k8s_openapi::serde")]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

impl Told {
    pub(crate) fn is_ready(&self) -> bool {
        self.object.status.conditions.iter().any(|it| it.kind == "Ready" && it.status == "True")
    }

    /// Bound and Running.
    pub(crate) fn runs(&self) -> bool {
        self.object.spec.node_name.is_some() && self.object.status.phase == "Running"
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.kind == "DELETED"
    }
}

/// A request whose answer is read to its end.
pub(crate) async fn ask(client: &Client, method: &str, path: &str, body: String) {
    let request = Request::builder().method(method).uri(path);
    let request =
        request.header("content-type", "application/json").body(Body::from(body.into_bytes()));
    let response = client.send(request.expect("the path is plain")).await.expect("a twin answers");
    assert!(response.status().is_success(), "{method} {path}: {}", response.status());
    response.into_body().collect().await.expect("a twin answers to the end");
}

/// The requests `0..count`, so many at a time.
pub(crate) async fn ask_all(
    client: &Client,
    count: u32,
    request: impl Fn(u32) -> (&'static str, String, String) + Send + Sync + 'static,
) {
    let (next, request) = (Arc::new(AtomicU32::new(0)), Arc::new(request));
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let (client, next, request) = (client.clone(), next.clone(), request.clone());
        workers.spawn(async move {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= count {
                    return;
                }
                let (method, path, body) = request(at);
                ask(&client, method, &path, body).await;
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.expect("a worker ends by itself");
    }
}

/// A watch of what happens to the objects of a list.
pub(crate) struct Watching(Lines<BoxReader>);

type BoxReader = Pin<Box<dyn AsyncBufRead>>;

impl Watching {
    /// From now on.
    pub(crate) async fn start(client: &Client, path: &str) -> Self {
        let list = Request::get(format!("{path}?limit=1")).body(Vec::new());
        let list = client.request_text(list.expect("the path is plain")).await;
        let list: List =
            serde_json::from_str(&list.expect("a twin answers")).expect("it is a list");
        let path = format!("{path}?watch=true&resourceVersion={}", list.metadata.resource_version);
        let request = Request::get(path).body(Vec::new()).expect("the path is plain");
        let reader: BoxReader =
            Box::pin(client.request_stream(request).await.expect("a twin answers"));
        Self(reader.lines())
    }

    /// Reads on until this was told of so many objects.
    pub(crate) async fn until(mut self, count: u32, told: fn(&Told) -> bool) {
        let mut seen = BTreeSet::new();
        while seen.len() < count as usize {
            let line = self.0.try_next().await.expect("a watch lasts").expect("a watch lasts");
            let event: Told = serde_json::from_str(&line).expect("an event is JSON");
            if told(&event) {
                seen.insert(event.object.metadata.name);
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(crate = "k8s_openapi::serde")]
struct List {
    metadata: ListMetadata,
}

#[derive(Deserialize)]
#[serde(crate = "k8s_openapi::serde", rename_all = "camelCase")]
struct ListMetadata {
    resource_version: String,
}
