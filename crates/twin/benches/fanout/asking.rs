//! Requests as they are written, so that answers have the bytes that clients get.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
pub(crate) use serde_json::Value as Json;
use tower::Service;
use twin::{Twin, TwinBody};

pub(crate) trait Asking {
    /// A request that is granted.
    async fn ask(&self, method: &str, path: &str, body: &Json) -> TwinBody;

    /// What is there.
    async fn get(&self, path: &str) -> Json;
}

impl Asking for Twin {
    async fn ask(&self, method: &str, path: &str, body: &Json) -> TwinBody {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let kind =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let request = Request::builder().method(method).uri(path).header("content-type", kind);
        let request = request.body(Full::<Bytes>::from(text)).expect("the path is plain");
        let response = self.service().call(request).await.expect("the body is whole");
        assert!(response.status().is_success(), "{method} {path}: {}", response.status());
        response.into_body()
    }

    async fn get(&self, path: &str) -> Json {
        let body = self.ask("GET", path, &Json::Null).await.collect().await;
        let bytes = body.expect("it is in memory").to_bytes();
        serde_json::from_slice(&bytes).expect("answers are JSON")
    }
}
