//! A web server with webhooks, on a loopback port of its own, as programs are that people deploy.

#![allow(clippy::unwrap_used, dead_code, reason = "only tests use it, and not all of it")]

pub(crate) mod script;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a server does when it is asked at a path with a review; nothing, if it never answers.
pub(crate) type Handler = fn(&str, &Value) -> Option<(u16, String)>;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// As a configuration has it.
    pub(crate) authority: String,
    asked: Arc<Mutex<Vec<Value>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn certified() -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "test-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let names = ["localhost", "127.0.0.1", "injector.shop.svc"].map(str::to_owned);
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], key)
        .unwrap();
    (STANDARD.encode(authority), Arc::new(server))
}

impl Server {
    pub(crate) async fn start(handler: Handler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (authority, config) = certified();
        let asked = Arc::default();
        let task =
            tokio::spawn(serve(listener, TlsAcceptor::from(config), handler, Arc::clone(&asked)));
        Self { address, authority, asked, task }
    }

    /// What it was asked up to now.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    handler: Handler,
    asked: Arc<Mutex<Vec<Value>>>,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (acceptor, asked) = (acceptor.clone(), asked.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| answer(request, handler, asked.clone()));
            let server = auto::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    handler: Handler,
    asked: Arc<Mutex<Vec<Value>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let review: Value = serde_json::from_slice(&body).unwrap();
    asked.lock().unwrap().push(review.clone());
    let Some((code, body)) = handler(&path, &review) else {
        return std::future::pending().await;
    };
    // Who says TEXT says no JSON.
    let (kind, body) = match body.strip_prefix("TEXT") {
        Some(text) => ("text/plain; charset=utf-8", text.to_owned()),
        None => ("application/json", body),
    };
    let answer = Response::builder().status(code).header("content-type", kind);
    Ok(answer.body(Full::new(body.into())).unwrap())
}

/// A review with a response, the right one if `fields` do not say it otherwise.
pub(crate) fn reviewed(review: &Value, fields: &Value) -> String {
    let mut response = json!({ "uid": review["request"]["uid"], "allowed": true });
    response.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": response })
        .to_string()
}

/// A patch as a response carries it.
pub(crate) fn patched(operations: &Value) -> Value {
    json!({ "patchType": "JSONPatch", "patch": STANDARD.encode(operations.to_string()) })
}
