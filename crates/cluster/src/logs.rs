//! What containers wrote.

use crate::connect::Cluster;
use crate::error::{Ask, Error};
use futures::stream::{self, BoxStream};
use futures::{AsyncBufRead, AsyncBufReadExt, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use std::pin::Pin;

/// Which run of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// The one that runs.
    Current,
    /// The one that ended before.
    Previous,
}

/// Which lines of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Of which run.
    pub run: Run,
    /// Whether lines that are written later come too.
    pub end: End,
    /// The last ones only.
    pub tail: Option<u32>,
    /// Those of the last seconds only.
    pub since: Option<u32>,
}

/// When reading a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// After what is there.
    Now,
    /// When the container ends.
    WithContainer,
}

/// What a container wrote.
pub enum Written {
    /// Lines, each with its time in front.
    Lines(BoxStream<'static, String>),
    /// There is no log, for this reason.
    Nothing(String),
}

impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lines(_) => f.write_str("Lines"),
            Self::Nothing(why) => write!(f, "Nothing({why})"),
        }
    }
}

impl Cluster {
    /// Lines that a container wrote, or writes.
    pub async fn written(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        reading: Reading,
    ) -> Result<Written, Error> {
        let api: Api<Pod> = Api::namespaced(self.client(), namespace);
        let params = LogParams {
            container: Some(container.to_owned()),
            follow: reading.end == End::WithContainer,
            previous: reading.run == Run::Previous,
            tail_lines: reading.tail.map(Into::into),
            since_seconds: reading.since.map(Into::into),
            timestamps: true,
            ..LogParams::default()
        };
        let object = format!("Pod/{pod}");
        let resource = "pods/log".to_owned();
        let ask = Ask { verb: "get", resource, namespace: Some(namespace), object };
        match self.ask(&ask, || api.log_stream(pod, &params)).await {
            Ok(reader) => Ok(Written::Lines(lines(Box::pin(reader)))),
            Err(Error::Refused { said, .. } | Error::Api { code: 404, said, .. }) => {
                Ok(Written::Nothing(said))
            }
            Err(error) => Err(error),
        }
    }

    /// The last lines that a container wrote.
    pub async fn last_lines(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        run: Run,
        lines: u32,
    ) -> Result<String, Error> {
        let api: Api<Pod> = Api::namespaced(self.client(), namespace);
        let params = LogParams {
            container: Some(container.to_owned()),
            previous: run == Run::Previous,
            tail_lines: Some(lines.into()),
            ..LogParams::default()
        };
        let object = format!("Pod/{pod}");
        let resource = "pods/log".to_owned();
        let ask = Ask { verb: "get", resource, namespace: Some(namespace), object };
        self.ask(&ask, || api.logs(pod, &params)).await
    }
}

/// Lines until the log ends or breaks off. What is no text is shown as far as it is one.
fn lines(reader: Pin<Box<dyn AsyncBufRead + Send>>) -> BoxStream<'static, String> {
    stream::unfold(reader, |mut reader| async move {
        let mut line = Vec::new();
        match reader.read_until(b'\n', &mut line).await {
            Ok(read) if read > 0 => {
                let text = String::from_utf8_lossy(&line);
                Some((text.trim_end_matches(['\r', '\n']).to_owned(), reader))
            }
            _ => None,
        }
    })
    .boxed()
}
