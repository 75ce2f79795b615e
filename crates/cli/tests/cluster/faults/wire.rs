//! As much of HTTP/1.1 as goes between a client and `kubectl proxy`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A request, as it came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Such as `GET`.
    pub(super) method: String,
    /// With its query.
    pub(super) path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Asked {
    /// The next request of a connection; none if it is closed.
    pub(super) fn read(from: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        from.read_exact(&mut body)?;
        Ok(Some(Self { method, path, headers, body }))
    }

    /// Whether it changes something: a review is a question, and a dry run is none.
    pub(super) fn writes(&self) -> bool {
        let asks = ["authorization.k8s.io", "authentication.k8s.io", "dryRun=All"];
        self.method != "GET" && !asks.iter().any(|it| self.path.contains(it))
    }

    /// Passes it on, over a connection of its own that ends with the answer.
    pub(super) fn forward(&self, port: u16) -> io::Result<TcpStream> {
        let mut upstream = TcpStream::connect(("127.0.0.1", port))?;
        write!(upstream, "{} {} HTTP/1.1\r\nConnection: close\r\n", self.method, self.path)?;
        for (name, value) in &self.headers {
            if !name.eq_ignore_ascii_case("connection") {
                write!(upstream, "{name}: {value}\r\n")?;
            }
        }
        upstream.write_all(b"\r\n")?;
        upstream.write_all(&self.body)?;
        Ok(upstream)
    }
}

/// An answer as the API server gives it when it refuses.
pub(super) fn refusal(status: u16) -> String {
    let (reason, more) = match status {
        429 => ("TooManyRequests", ",\"details\":{\"retryAfterSeconds\":1}"),
        503 => ("ServiceUnavailable", ""),
        _ => ("InternalError", ""),
    };
    let body = format!(
        "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\
         \"trouble, as a test wants it\",\"reason\":\"{reason}\",\"code\":{status}{more}}}"
    );
    let retry = if status == 429 { "Retry-After: 1\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n{retry}Connection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
