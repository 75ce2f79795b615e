//! What can stand behind a Service.

use super::transport::{self, Target};
use crate::BodyError;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use kube::Resource;
use kube::core::admission::{AdmissionRequest, AdmissionResponse, AdmissionReview};
use serde::de::DeserializeOwned;
use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower::Service;
use twin_core::hooks::{Answer, Question};

/// Who answers for a Service: see [`Twin::serve_service`](crate::Twin::serve_service).
#[derive(Clone)]
pub struct Backend(Kind);

type Posted = BoxFuture<'static, Result<Answer, BodyError>>;

#[derive(Clone)]
enum Kind {
    /// A program of this machine.
    At(SocketAddr),
    Here(Arc<dyn Fn(Request<Full<Bytes>>) -> Posted + Send + Sync>),
}

impl fmt::Debug for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::At(address) => write!(formatter, "Backend({address})"),
            Kind::Here(_) => formatter.write_str("Backend(in this process)"),
        }
    }
}

impl From<SocketAddr> for Backend {
    fn from(address: SocketAddr) -> Self {
        Self(Kind::At(address))
    }
}

impl Backend {
    /// A whole web server without its socket, such as an axum `Router`.
    pub fn service<S, B>(service: S) -> Self
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<BodyError>,
        S::Future: Send,
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<BodyError>,
    {
        let service = Mutex::new(service);
        Self(Kind::Here(Arc::new(move |request| {
            let mut service = service.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let posted = async move {
                poll_fn(|context| service.poll_ready(context)).await.map_err(Into::into)?;
                let answer = service.call(request).await.map_err(Into::into)?;
                transport::said(answer).await
            };
            posted.boxed()
        })))
    }

    /// What a webhook makes of a review, whichever path it is asked at. Objects are read as `T`:
    /// `DynamicObject` reads any.
    pub fn reviews<T, F>(answer: F) -> Self
    where
        T: Resource + DeserializeOwned,
        F: Fn(&AdmissionRequest<T>) -> AdmissionResponse + Send + Sync + 'static,
    {
        let answer = Arc::new(answer);
        Self(Kind::Here(Arc::new(move |request| {
            let answer = answer.clone();
            let posted = async move {
                // All of it is there already.
                let Ok(body) = request.into_body().collect().await;
                let body = reviewed(&body.to_bytes(), &*answer)?;
                Ok(Answer::Said { code: 200, content_type: String::new(), body })
            };
            posted.boxed()
        })))
    }

    pub(super) async fn ask(&self, question: &Question, out: &Semaphore) -> Answer {
        let handler = match &self.0 {
            Kind::At(address) => return transport::ask(question, Target::At(*address), out).await,
            Kind::Here(handler) => handler,
        };
        let Some(request) = posted(question) else {
            return Answer::Unreached("this is no path".to_owned());
        };
        let limit = Duration::from_secs(question.seconds.into());
        // A handler that panics fails, as a program would.
        let answer = AssertUnwindSafe(async { handler(request).await }).catch_unwind();
        match timeout(limit, answer).await {
            Ok(Ok(Ok(answer))) => answer,
            Ok(Ok(Err(error))) => Answer::Unreached(error.to_string()),
            Ok(Err(_)) => Answer::Unreached("the handler panicked".to_owned()),
            Err(_) => Answer::Unreached(transport::LATE.to_owned()),
        }
    }
}

fn reviewed<T: Resource + DeserializeOwned>(
    body: &[u8],
    answer: &impl Fn(&AdmissionRequest<T>) -> AdmissionResponse,
) -> Result<Vec<u8>, BodyError> {
    let review: AdmissionReview<T> = serde_json::from_slice(body)?;
    let request: AdmissionRequest<T> = review.try_into()?;
    Ok(serde_json::to_vec(&answer(&request).into_review())?)
}

/// The question as HTTP carries it.
pub(super) fn posted(question: &Question) -> Option<Request<Full<Bytes>>> {
    let uri: http::Uri = question.url().parse().ok()?;
    Request::post(uri.path_and_query()?.as_str())
        .header(header::HOST, uri.authority()?.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, */*")
        .header(header::USER_AGENT, "kube-apiserver-admission")
        .body(Full::new(question.review.encoded().into()))
        .ok()
}
