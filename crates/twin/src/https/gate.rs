//! Who may come in, and through which door.

use super::packed::Packing;
use crate::service::{TwinBody, refused};
use crate::{BodyError, FaultyService, TwinService};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use http::{HeaderMap, Request, Response, header};
use std::cmp::Reverse;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tower::Service;
use twin_core::api::User;
use twin_core::status::{Reason, Status};

/// What everybody may see: that it is there.
const OPEN: &[&str] = &["/healthz", "/livez", "/readyz", "/version"];

/// What those say who know a token.
fn said_with(token: &str) -> String {
    format!("Bearer {token}")
}

/// Doors behind which things go wrong.
#[derive(Clone, Debug, Default)]
pub(super) struct Doors(Arc<Mutex<Behind>>);

#[derive(Debug, Default)]
struct Behind {
    /// By what those say who know a token.
    tokens: Vec<(String, FaultyService)>,
    /// By how a `User-Agent` begins, the longest first.
    agents: Vec<(String, FaultyService)>,
}

impl Doors {
    pub(super) fn open(&self, token: &str, service: FaultyService) {
        self.all().tokens.push((said_with(token), service));
    }

    pub(super) fn open_for_agent(&self, agent: &str, service: FaultyService) {
        let mut doors = self.all();
        doors.agents.push((agent.to_owned(), service));
        doors.agents.sort_by_key(|(agent, _)| Reverse(agent.len()));
    }

    fn all(&self) -> MutexGuard<'_, Behind> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_agent(&self, headers: &HeaderMap) -> Option<FaultyService> {
        let agent = headers.get(header::USER_AGENT)?.as_bytes();
        let doors = self.all();
        let door = doors.agents.iter().find(|(begin, _)| agent.starts_with(begin.as_bytes()));
        door.map(|(_, service)| service.clone())
    }

    fn behind(&self, said: &[u8]) -> Option<FaultyService> {
        let doors = self.all();
        let door = doors.tokens.iter().find(|(expected, _)| equal(said, expected.as_bytes()));
        door.map(|(_, service)| service.clone())
    }
}

/// Lets those through who know a token, or have shown a certificate.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    inner: TwinService,
    expected: String,
    doors: Doors,
    /// Who has shown a certificate.
    user: Option<User>,
}

impl Gate {
    pub(super) fn new(inner: TwinService, token: &str, doors: Doors) -> Self {
        Self { inner, expected: said_with(token), doors, user: None }
    }

    /// The gate for somebody who is known already.
    pub(super) fn of(self, user: Option<User>) -> Self {
        Self { user, ..self }
    }
}

/// Compared in the same time, wherever they differ.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

impl<B> Service<Request<B>> for Gate
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
        let said = request.headers().get(header::AUTHORIZATION);
        let said = said.map(header::HeaderValue::as_bytes).unwrap_or_default();
        if OPEN.contains(&request.uri().path()) {
            return self.inner.call(request);
        }
        let packing = Packing::of(request.headers());
        if self.user.is_some() || equal(said, self.expected.as_bytes()) {
            if let Some(user) = &self.user {
                request.extensions_mut().insert(user.clone());
            }
            return packing.pack(match self.doors.of_agent(request.headers()) {
                Some(mut service) => service.call(request),
                None => self.inner.call(request),
            });
        }
        if let Some(mut service) = self.doors.behind(said) {
            return packing.pack(service.call(request));
        }
        let status = Status::new(Reason::Unauthorized, "Unauthorized");
        ready(Ok(refused(status))).boxed()
    }
}
