//! Who may come in.

use crate::service::{TwinBody, refused};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use http::{Request, Response, header};
use std::task::{Context, Poll};
use tower::Service;
use twin_core::status::{Reason, Status};

/// What everybody may see: that it is there.
const OPEN: &[&str] = &["/healthz", "/livez", "/readyz", "/version"];

/// Lets those through who know the token.
#[derive(Clone, Debug)]
pub(super) struct Gate<S> {
    inner: S,
    expected: String,
}

impl<S> Gate<S> {
    pub(super) fn new(inner: S, token: &str) -> Self {
        Self { inner, expected: format!("Bearer {token}") }
    }

    fn lets<B>(&self, request: &Request<B>) -> bool {
        let said = request.headers().get(header::AUTHORIZATION).map(header::HeaderValue::as_bytes);
        OPEN.contains(&request.uri().path())
            || said.is_some_and(|said| equal(said, self.expected.as_bytes()))
    }
}

/// Compared in the same time, wherever they differ.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

impl<S, B> Service<Request<B>> for Gate<S>
where
    S: Service<Request<B>, Response = Response<TwinBody>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<TwinBody>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.lets(&request) {
            return self.inner.call(request).boxed();
        }
        let status = Status::new(Reason::Unauthorized, "Unauthorized");
        ready(Ok(refused(status))).boxed()
    }
}
