//! The twin as a `tower::Service` over HTTP requests.

use crate::Twin;
use bytes::{Bytes, BytesMut};
use futures::stream::{self, Stream};
use futures::{FutureExt, future::BoxFuture};
use http::{Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::client::Body as ClientBody;
use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};
use twin_core::api::{Body, Method, Request as Asked, Response as Answer, Watch};

/// What an answer carries: all at once, or frames.
pub type TwinBody = UnsyncBoxBody<Bytes, Infallible>;

/// Answers HTTP requests in this process.
#[derive(Clone, Debug)]
pub struct TwinService {
    twin: Twin,
}

impl TwinService {
    pub(crate) fn new(twin: Twin) -> Self {
        Self { twin }
    }
}

impl tower::Service<Request<ClientBody>> for TwinService {
    type Response = Response<TwinBody>;
    type Error = kube::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ClientBody>) -> Self::Future {
        let twin = self.twin.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok(respond(&twin, &parts, &body))
        }
        .boxed()
    }
}

fn respond(twin: &Twin, parts: &http::request::Parts, body: &[u8]) -> Response<TwinBody> {
    let header = |name: header::HeaderName| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    };
    let method = match parts.method {
        http::Method::GET => Method::Get,
        http::Method::POST => Method::Post,
        http::Method::PUT => Method::Put,
        http::Method::PATCH => Method::Patch,
        http::Method::DELETE => Method::Delete,
        _ => return empty(StatusCode::METHOD_NOT_ALLOWED),
    };
    let changes = twin.shared.changed.subscribe();
    let asked = Asked {
        method,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        content_type: header(header::CONTENT_TYPE),
        accept: header(header::ACCEPT),
        user_agent: header(header::USER_AGENT),
        body,
    };
    let answer = twin.answer(&asked);
    carried(twin, answer, changes)
}

fn empty(code: StatusCode) -> Response<TwinBody> {
    let mut response = Response::new(whole(Bytes::new()));
    *response.status_mut() = code;
    response
}

fn whole(bytes: Bytes) -> TwinBody {
    Full::new(bytes).boxed_unsync()
}

fn carried(twin: &Twin, answer: Answer, changes: Receiver<()>) -> Response<TwinBody> {
    let mut builder =
        Response::builder().status(answer.code).header(header::CONTENT_TYPE, answer.content_type);
    for warning in answer.warnings {
        builder = builder.header(header::WARNING, format!("299 - {warning:?}"));
    }
    let body = match answer.body {
        Body::Whole(bytes) => whole(bytes),
        Body::Watch(watch) => {
            let frames = frames(twin.clone(), *watch, changes);
            StreamBody::new(frames).boxed_unsync()
        }
    };
    builder.body(body).unwrap_or_else(|_| empty(StatusCode::INTERNAL_SERVER_ERROR))
}

/// How often a watch that wants it is told how far it is.
const BOOKMARKS: Duration = Duration::from_mins(1);
/// How long a watch lasts that does not say it.
const LASTS_SECONDS: u64 = 1_800;

struct Listening {
    twin: Twin,
    watch: Watch,
    changes: Receiver<()>,
    ends: Instant,
    bookmark: Instant,
    open: bool,
}

/// Frames for as long as the watch lasts. They are taken from history: a slow client holds up nobody.
fn frames(
    twin: Twin,
    watch: Watch,
    changes: Receiver<()>,
) -> impl Stream<Item = Result<http_body::Frame<Bytes>, Infallible>> {
    let now = Instant::now();
    let lasts = Duration::from_secs(watch.timeout().unwrap_or(LASTS_SECONDS));
    let listening = Listening {
        twin,
        watch,
        changes,
        ends: now + lasts,
        bookmark: now + BOOKMARKS,
        open: true,
    };
    stream::unfold(listening, |mut listening| async move {
        let bytes = listening.next().await?;
        Some((Ok(http_body::Frame::data(bytes)), listening))
    })
}

impl Listening {
    async fn next(&mut self) -> Option<Bytes> {
        while self.open {
            self.changes.mark_unchanged();
            let polled = self.watch.poll(self.twin.world().api().store());
            match polled {
                Err(gone) => {
                    self.open = false;
                    return Some(gone.0);
                }
                Ok(frames) if !frames.is_empty() => return Some(joined(frames)),
                Ok(_) => {}
            }
            let wake =
                if self.watch.wants_bookmarks() { self.bookmark.min(self.ends) } else { self.ends };
            tokio::select! {
                biased;
                changed = self.changes.changed() => changed.ok()?,
                () = sleep_until(wake) => {
                    self.open = wake < self.ends;
                    self.bookmark = wake + BOOKMARKS;
                    if self.watch.wants_bookmarks() {
                        return Some(self.watch.bookmark());
                    }
                }
            }
        }
        None
    }
}

/// Many small frames cost more than their bytes.
fn joined(mut frames: Vec<Bytes>) -> Bytes {
    if frames.len() == 1 {
        return frames.swap_remove(0);
    }
    let mut all = BytesMut::with_capacity(frames.iter().map(Bytes::len).sum());
    for frame in &frames {
        all.extend_from_slice(frame);
    }
    all.freeze()
}
