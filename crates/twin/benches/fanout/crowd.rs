//! Many who watch the same, and what they are told.

use super::asking::{Asking, Json};
use bytes::Bytes;
use http_body_util::BodyExt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use twin::{Twin, TwinBody};

/// What all watchers together were told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) bytes: u64,
    pub(crate) events: u64,
    /// Texts by where they lie in memory, with the number of events in each: one that is sent to all is
    /// there once.
    pub(crate) texts: BTreeMap<usize, u64>,
}

impl Told {
    fn hear(&mut self, text: &Bytes) {
        let count = || text.split(|byte| *byte == b'\n').count() as u64 - 1;
        self.bytes += text.len() as u64;
        self.events += *self.texts.entry(text.as_ptr().addr()).or_insert_with(count);
    }
}

/// Watchers of one list, each with a request of its own.
#[derive(Debug)]
pub(crate) struct Crowd(Arc<Mutex<Told>>);

impl Crowd {
    /// So many watchers from now on, of what this path with a query lists.
    pub(crate) async fn gather(twin: &Twin, path: &str, watchers: u32) -> Self {
        let list = twin.get(path).await;
        let since = list["metadata"]["resourceVersion"].as_str().expect("a list has a version");
        let path = format!("{path}&watch=true&resourceVersion={since}");
        let told = Arc::default();
        for _ in 0..watchers {
            let body = twin.ask("GET", &path, &Json::Null).await;
            tokio::spawn(listen(body, Arc::clone(&told)));
        }
        Self(told)
    }

    /// What was told since this was asked last.
    pub(crate) fn take(&self) -> Told {
        std::mem::take(&mut *lock(&self.0))
    }
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(mut body: TwinBody, told: Arc<Mutex<Told>>) {
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(text) = frame.data_ref() {
            lock(&told).hear(text);
        }
    }
}
