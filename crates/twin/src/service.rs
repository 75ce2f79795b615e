//! The twin as a `tower::Service` over HTTP requests.

use crate::follow::followed;
use crate::told::Listener;
use crate::{StateError, Twin};
use bytes::{Bytes, BytesMut};
use futures::stream::{self, Stream};
use futures::{FutureExt, future::BoxFuture};
use http::{Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, StreamBody};
use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use twin_core::api::{Body, Gone, Method, Request as Asked, Response as Answer, User, Watch};
use twin_core::status::{Reason, Status};
use twin_core::store::Revision;
use twin_core::tree::Text;

/// What an answer carries: all at once, or frames.
pub type TwinBody = UnsyncBoxBody<Bytes, Infallible>;

/// Answers HTTP requests in this process.
#[derive(Clone, Debug)]
pub struct TwinService {
    twin: Twin,
    /// In whose name requests come that do not say it.
    user: Option<User>,
}

impl TwinService {
    pub(crate) fn new(twin: Twin) -> Self {
        Self { twin, user: None }
    }

    /// The same for somebody with a name.
    pub(crate) fn of(self, user: User) -> Self {
        Self { user: Some(user), ..self }
    }
}

/// An extension of a request: so many versions behind is the server that answers a read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behind(pub(crate) u64);

/// What a client does not get through: the body could not be read to its end.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// The longest body that is read, as with an API server.
const LIMIT: usize = 3 * 1024 * 1024;

impl<B> tower::Service<Request<B>> for TwinService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BodyError>,
{
    type Response = Response<TwinBody>;
    type Error = BodyError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (twin, user) = (self.twin.clone(), self.user.clone());
        async move {
            let (mut parts, body) = request.into_parts();
            if let Some(user) = user {
                parts.extensions.insert(user);
            }
            match Limited::new(body, LIMIT).collect().await {
                Ok(body) => Ok(respond(twin, &parts, &body.to_bytes()).await),
                Err(error) if error.is::<LengthLimitError>() => Ok(refused(too_large())),
                Err(error) => Err(error),
            }
        }
        .boxed()
    }
}

fn too_large() -> Status {
    Status::new(Reason::TooLarge, format!("Request entity too large: limit is {LIMIT}"))
}

/// What was written may not outlive this process.
fn unkept(error: &StateError) -> Status {
    Status::new(Reason::Internal, format!("Internal error occurred: {error}"))
}

/// A refusal from outside the API.
pub(crate) fn refused(status: Status) -> Response<TwinBody> {
    let answer = Answer::from(status);
    let code = StatusCode::from_u16(answer.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match answer.body {
        Body::Whole(bytes) => Response::new(whole(bytes)),
        Body::Watch(_) | Body::Log(_) => empty(code),
    };
    *response.status_mut() = code;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

async fn respond(twin: Twin, parts: &http::request::Parts, body: &[u8]) -> Response<TwinBody> {
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
    let user = match user(parts) {
        Ok(user) => user,
        Err(nameless) => return refused(nameless),
    };
    let listener = Listener::new(&twin.shared.bell);
    let asked = Asked {
        method,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        content_type: header(header::CONTENT_TYPE),
        accept: header(header::ACCEPT),
        user_agent: header(header::USER_AGENT),
        user: user.as_ref(),
        body,
    };
    let behind = parts.extensions.get::<Behind>().map_or(0, |behind| behind.0);
    let (answer, shown) = twin.answer(&asked, behind).await;
    match twin.shared.kept(shown).await {
        Ok(()) => carried(&twin, answer, listener),
        Err(error) => refused(unkept(&error)),
    }
}

/// Who asks: somebody whom the request names, or who has come in as somebody.
fn user(parts: &http::request::Parts) -> Result<Option<User>, Status> {
    let named = |name| {
        let all = parts.headers.get_all(name).iter();
        all.map(|value| Text::new(String::from_utf8_lossy(value.as_bytes())))
    };
    let groups: Vec<_> = named(AS_GROUP).collect();
    match named(AS).next().filter(|name| !name.is_empty()) {
        Some(name) => Ok(Some(User { name, groups })),
        None if groups.is_empty() => Ok(parts.extensions.get().cloned()),
        None => Err(nameless(&groups)),
    }
}

/// Groups are somebody's. The sentence prints a struct of Go.
fn nameless(groups: &[Text]) -> Status {
    let groups: Vec<_> = groups.iter().map(|group| format!("{:?}", group.as_str())).collect();
    Status::bad_request(format!(
        "requested &user.DefaultInfo{{Name:\"\", UID:\"\", Groups:[]string{{{}}}, Extra:map[string][]string(nil)}} without impersonating a user name",
        groups.join(", ")
    ))
}

/// Headers of who asks in the name of somebody else, as everybody may here: `kubectl --as`.
const AS: &str = "impersonate-user";
const AS_GROUP: &str = "impersonate-group";

fn empty(code: StatusCode) -> Response<TwinBody> {
    let mut response = Response::new(whole(Bytes::new()));
    *response.status_mut() = code;
    response
}

fn whole(bytes: Bytes) -> TwinBody {
    Full::new(bytes).boxed_unsync()
}

fn carried(twin: &Twin, answer: Answer, listener: Listener) -> Response<TwinBody> {
    let mut builder =
        Response::builder().status(answer.code).header(header::CONTENT_TYPE, answer.content_type);
    for warning in answer.warnings {
        // A text of a webhook may have any letters, and what is no header is left out.
        let text = header::HeaderValue::from_bytes(format!("299 - {warning:?}").as_bytes());
        builder = text.into_iter().fold(builder, |it, text| it.header(header::WARNING, text));
    }
    let body = match answer.body {
        Body::Whole(bytes) => whole(bytes),
        Body::Watch(watch) => {
            let frames = frames(twin.clone(), *watch, listener);
            StreamBody::new(frames).boxed_unsync()
        }
        Body::Log(follow) => {
            let lines = followed(twin.clone(), *follow, listener);
            StreamBody::new(lines).boxed_unsync()
        }
    };
    builder.body(body).unwrap_or_else(|_| empty(StatusCode::INTERNAL_SERVER_ERROR))
}

/// How often a watch that wants it is told how far it is.
const BOOKMARKS: Duration = Duration::from_mins(1);
/// How long a watch lasts that does not say it.
const LASTS_SECONDS: u64 = 1_800;
/// Nobody waits longer than ten years.
const MOST_SECONDS: u64 = 10 * 365 * 24 * 3_600;

struct Listening {
    twin: Twin,
    watch: Watch,
    listener: Listener,
    ends: Instant,
    bookmark: Instant,
    open: bool,
}

/// Frames for as long as the watch lasts. They are taken from history: a slow client holds up nobody.
fn frames(
    twin: Twin,
    watch: Watch,
    listener: Listener,
) -> impl Stream<Item = Result<http_body::Frame<Bytes>, Infallible>> {
    let now = Instant::now();
    let lasts = Duration::from_secs(watch.timeout().unwrap_or(LASTS_SECONDS).min(MOST_SECONDS));
    let listening = Listening {
        twin,
        watch,
        listener,
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
    /// What came, and the version that it shows.
    fn poll(&mut self) -> (Result<Vec<Bytes>, Gone>, Revision) {
        let now = self.twin.shared.clock.now();
        let world = self.twin.world();
        let store = world.api().store();
        (self.watch.poll(store, now), store.revision())
    }

    async fn next(&mut self) -> Option<Bytes> {
        while self.open {
            self.listener.listen().ok()?;
            let (polled, shown) = self.poll();
            // Nobody sees what a lost disk could take back.
            self.twin.shared.kept(shown).await.ok()?;
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
            let clock = &self.twin.shared.clock;
            let beat = self.watch.beat().map(|beat| clock.instant(beat));
            let beat = async {
                match beat {
                    Some(beat) => sleep_until(beat).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.listener.changed() => {}
                () = beat => {}
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
