//! Faults of requests: a layer before the twin's service.

use super::watched::{Debts, watched};
use super::{Dice, Fault, FaultLog, Faults, Pen};
use crate::service::{Behind, TwinBody, refused};
use crate::{BodyError, Twin, TwinService};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::sleep;
use tower::Service;
use twin_core::status::{Reason, Status};

/// Answers HTTP requests as a [`TwinService`] does on a bad day.
#[derive(Clone, Debug)]
pub struct FaultyService {
    twin: Twin,
    inner: TwinService,
    faults: Arc<Faults>,
    log: FaultLog,
    requests: Arc<AtomicU64>,
    debts: Debts,
}

impl FaultyService {
    pub(super) fn new(twin: Twin, faults: Faults) -> Self {
        Self {
            inner: twin.service(),
            twin,
            faults: Arc::new(faults),
            log: FaultLog::default(),
            requests: Arc::default(),
            debts: Debts::default(),
        }
    }

    /// What went wrong so far.
    pub fn log(&self) -> FaultLog {
        self.log.clone()
    }
}

/// What was drawn for a request.
#[derive(Debug, Default)]
struct Fate {
    refused: Option<Response<TwinBody>>,
    wait: Duration,
    behind: u64,
    answer_lost: bool,
}

/// A request in its short form, for notes and decisions.
struct Asked {
    method: Method,
    path: String,
    query: String,
}

impl Asked {
    fn of<B>(request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
        }
    }

    fn says(&self, key: &str) -> Option<&str> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    fn is_watch(&self) -> bool {
        self.method == Method::GET && matches!(self.says("watch"), Some("true" | "1"))
    }

    fn writes(&self) -> bool {
        self.method != Method::GET
    }

    /// Whether it goes on from a place in history.
    fn resumes(&self) -> bool {
        !matches!(self.says("resourceVersion"), None | Some("" | "0"))
            && self.says("sendInitialEvents") != Some("true")
    }

    fn title(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Fate {
    /// All is drawn, whether it matters or not: so the rest of chance does not depend on it.
    fn drawn(faults: &Faults, asked: &Asked, dice: &mut Dice, pen: &Pen) -> Self {
        let requests = &faults.requests;
        let [throttled, failing, unanswered, conflicting, slow, stale] = [
            requests.throttled.0,
            requests.failing,
            requests.unanswered,
            requests.conflicting,
            requests.slow.0,
            requests.stale.0,
        ]
        .map(|often| dice.hits(often));
        let (wait, behind) = (dice.within(requests.slow.1), dice.up_to(requests.stale.1));
        let changes = matches!(asked.method, Method::PUT | Method::PATCH);
        let mut fate = Self::default();
        let note = |fault| pen.note(fault, asked.title());
        if throttled {
            note(Fault::Throttled);
            fate.refused = Some(too_many(requests.throttled.1));
        } else if failing {
            note(Fault::Failed);
            fate.refused = Some(refused(Status::new(Reason::Internal, "Internal error occurred")));
        } else if conflicting && changes {
            note(Fault::Conflicted);
            fate.refused = Some(refused(Status::new(Reason::Conflict, CONFLICT)));
        }
        if fate.refused.is_some() {
            return fate;
        }
        if slow && asked.writes() {
            note(Fault::Slowed(wait));
            fate.wait = wait;
        }
        if unanswered && asked.writes() {
            note(Fault::AnswerLost);
            fate.answer_lost = true;
        }
        if stale && !asked.writes() && !asked.is_watch() {
            note(Fault::Stale(behind));
            fate.behind = behind;
        }
        fate
    }
}

const CONFLICT: &str = "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again";

fn too_many(retry_after: Duration) -> Response<TwinBody> {
    let seconds = i64::try_from(retry_after.as_secs()).unwrap_or(i64::MAX).max(1);
    let details = vec![("retryAfterSeconds", seconds.into())];
    let message = "the server has received too many requests and has asked us to try again later";
    let status = Status { details, ..Status::new(Reason::TooManyRequests, message) };
    let mut response = refused(status);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Events are told apart by their lines: a client that likes JSON less gets it all the same.
fn only_lines(headers: &mut HeaderMap) {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let lines = accept.unwrap_or_default().split(',').filter(|form| !form.contains("protobuf"));
    let lines = lines.collect::<Vec<_>>().join(",");
    let lines = if lines.is_empty() { "application/json" } else { &lines };
    if let Ok(lines) = HeaderValue::from_str(lines) {
        headers.insert(header::ACCEPT, lines);
    }
}

impl<B> Service<Request<B>> for FaultyService
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

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut dice = Dice::new(self.faults.seed, number);
        let pen = Pen { twin: self.twin.clone(), log: self.log.clone(), request: number };
        let asked = Asked::of(&request);
        let fate = Fate::drawn(&self.faults, &asked, &mut dice, &pen);
        request.extensions_mut().insert(Behind(fate.behind));
        if asked.is_watch() {
            only_lines(request.headers_mut());
        }
        let (mut inner, faults, debts) =
            (self.inner.clone(), self.faults.clone(), self.debts.clone());
        async move {
            if let Some(refused) = fate.refused {
                return Ok(refused);
            }
            if !fate.wait.is_zero() {
                sleep(fate.wait).await;
            }
            let response = inner.call(request).await?;
            if fate.answer_lost {
                return Ok(refused(Status::new(Reason::Internal, "the answer was lost")));
            }
            if !asked.is_watch() || !response.status().is_success() {
                return Ok(response);
            }
            let owed = asked.resumes() && debts.pay(&asked.path);
            let faults = faults.events.clone();
            Ok(response.map(|body| watched(body, faults, dice, pen, debts.at(asked.path), owed)))
        }
        .boxed()
    }
}
