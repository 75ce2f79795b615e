//! Long answers, packed for clients that take them so.

use crate::BodyError;
use crate::service::TwinBody;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::{BodyExt, Full};
use std::io::Write;

/// What is no longer goes as it is, as with an API server.
const SHORT: u64 = 128 << 10;

type Answer = BoxFuture<'static, Result<Response<TwinBody>, BodyError>>;

/// What a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Gzip,
}

impl Packing {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if takes_gzip(headers) { Self::Gzip } else { Self::None }
    }

    /// The answer as the client takes it. Watches, which have no length, stay as they are.
    pub(super) fn pack(self, answer: Answer) -> Answer {
        match self {
            Self::None => answer,
            Self::Gzip => async move {
                let answer = answer.await?;
                if is_long(&answer) { gzipped(answer).await } else { Ok(answer) }
            }
            .boxed(),
        }
    }
}

/// Weights are not looked at, as an API server does not.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let said = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut forms = said.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    forms.any(|form| form.trim() == "gzip")
}

fn is_long(answer: &Response<TwinBody>) -> bool {
    let length = http_body::Body::size_hint(answer.body()).exact();
    answer.status().is_success() && length.is_some_and(|length| length > SHORT)
}

async fn gzipped(answer: Response<TwinBody>) -> Result<Response<TwinBody>, BodyError> {
    let (mut parts, body) = answer.into_parts();
    let bytes = body.collect().await?.to_bytes();
    // Megabytes take a while, in which others want answers.
    let packed = tokio::task::spawn_blocking(move || packed(&bytes)).await??;
    let headers = &mut parts.headers;
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Full::new(packed).boxed_unsync()))
}

fn packed(bytes: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::takes_gzip;
    use http::{HeaderMap, HeaderValue, header};

    #[test]
    fn clients_say_what_they_take() {
        for (said, takes) in [
            ("gzip", true),
            ("deflate, gzip ,br", true),
            ("gzip;q=0", false),
            ("identity", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(said));
            assert_eq!(takes_gzip(&headers), takes, "{said}");
        }
    }
}
