//! Questions over HTTPS.

use super::{backend, trust};
use crate::BodyError;
use bytes::Bytes;
use http::{Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_rustls::TlsConnector;
use twin_core::hooks::{Answer, Question};

/// A longer answer is not read.
pub(super) const LIMIT: usize = 3 * 1024 * 1024;
/// What Go says of one who takes too long.
pub(super) const LATE: &str = "context deadline exceeded";

/// Where to connect.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// Where the address of the webhook says.
    Named,
    At(SocketAddr),
}

/// Puts a question to a program, once there is a place for it. Its time begins then.
pub(super) async fn ask(question: &Question, target: Target, out: &Semaphore) -> Answer {
    let _place = out.acquire().await;
    let limit = Duration::from_secs(question.seconds.into());
    match within(limit, post(question, target)).await {
        Some(Ok(answer)) => answer,
        Some(Err(why)) => Answer::Unreached(why),
        None => Answer::Unreached(LATE.to_owned()),
    }
}

/// Does something with the world outside, and gives up after a time of that world.
///
/// A runtime whose time is paused would let it run while it waits for a socket, hours in a moment. It
/// does not as long as one of its threads is at work; so one waits there.
async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let (done, waiting) = mpsc::channel::<()>();
    let over = spawn_blocking(move || waiting.recv_timeout(limit));
    tokio::select! {
        biased;
        result = work => {
            drop(done);
            Some(result)
        }
        _ = over => None,
    }
}

async fn post(question: &Question, target: Target) -> Result<Answer, String> {
    let url = question.url();
    let uri: Uri = url.parse().map_err(|error| format!("parse {url:?}: {error}"))?;
    if uri.scheme_str() != Some("https") {
        return Err("the address does not begin with https".to_owned());
    }
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
    let stream = connected(&host, uri.port_u16().unwrap_or(443), target).await?;
    let connector = TlsConnector::from(trust::client(&question.authority)?);
    let stream = connector.connect(name, stream).await.map_err(|error| untrusted(&error))?;
    let request = backend::posted(question).ok_or("this is no path")?;
    exchanged(TokioIo::new(stream), request).await
}

async fn connected(host: &str, port: u16, target: Target) -> Result<TcpStream, String> {
    let (connected, shown) = match target {
        Target::Named => (TcpStream::connect((host, port)).await, format!("{host}:{port}")),
        Target::At(address) => (TcpStream::connect(address).await, address.to_string()),
    };
    connected.map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!("dial tcp {shown}: connect: connection refused")
        }
        _ => format!("dial tcp {shown}: {error}"),
    })
}

fn untrusted(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) => {
            format!("tls: failed to verify certificate: x509: {}", trust::UNKNOWN)
        }
        Some(rustls::Error::InvalidCertificate(why)) => {
            format!("tls: failed to verify certificate: x509: {why}")
        }
        _ if error.kind() == io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        _ => error.to_string(),
    }
}

/// A task that ends with this.
struct Held(JoinHandle<()>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchanged<IO>(stream: IO, request: Request<Full<Bytes>>) -> Result<Answer, String>
where
    IO: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| {
        if error.is_incomplete_message() { "EOF".to_owned() } else { error.to_string() }
    };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(stream).await.map_err(broken)?;
    let _held = Held(tokio::spawn(async move {
        // Who waits for the answer hears of it.
        let _ = connection.await;
    }));
    let answer = sender.send_request(request).await.map_err(broken)?;
    said(answer).await.map_err(|error| error.to_string())
}

/// An answer that has come to its end.
pub(super) async fn said<B>(answer: Response<B>) -> Result<Answer, BodyError>
where
    B: http_body::Body,
    B::Error: Into<BodyError>,
{
    let code = answer.status().as_u16();
    let content_type = answer.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
    let body = Limited::new(answer.into_body(), LIMIT).collect().await?.to_bytes().to_vec();
    Ok(Answer::Said { code, content_type, body })
}

#[cfg(test)]
mod tests {
    use super::{LATE, Target, ask};
    use futures::future::join_all;
    use rcgen::{CertificateParams, KeyPair};
    use std::time::{Duration, Instant};
    use tokio::net::TcpListener;
    use tokio::sync::Semaphore;
    use twin_core::hooks::{Answer, Place, Question};
    use twin_core::tree::{Text, Value};

    #[tokio::test]
    async fn threads_are_left_for_others() {
        let key = KeyPair::generate().expect("a key");
        let authority = CertificateParams::new(Vec::new()).expect("no names").self_signed(&key);
        // Nobody accepts, so nobody answers.
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let target = Target::At(silent.local_addr().expect("it has one"));
        let question = Question {
            webhook: Text::new("h"),
            place: Place::Url(Text::new("https://h/")),
            authority: authority.expect("a certificate").pem().into_bytes(),
            seconds: 1,
            review: Value::default(),
        };
        let (out, begin) = (Semaphore::new(2), Instant::now());
        let answers = join_all((0..3).map(|_| ask(&question, target, &out))).await;
        assert!(answers.iter().all(|it| *it == Answer::Unreached(LATE.to_owned())), "{answers:?}");
        // The third waited for a place, and had its time then.
        assert!(begin.elapsed() >= Duration::from_secs(2));
    }
}
