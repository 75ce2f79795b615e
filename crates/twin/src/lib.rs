//! A Kubernetes API in this process.
//!
//! ```
//! # tokio_test();
//! # fn tokio_test() {
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! # runtime.block_on(async {
//! let twin = twin::Twin::builder().nodes(3).start();
//! let client = twin.client();
//! let version = client.apiserver_version().await.unwrap();
//! assert_eq!(version.major, "1");
//! # });
//! # }
//! ```
//!
//! No socket, no container: the client's requests are answered by `twin_core` in the same process.
//! What differs from a real API server stands in `docs/twin-fidelity.md`.

mod service;

pub use service::{TwinBody, TwinService};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::time::Instant;
use twin_core::api::{Api, Body, Method, Moment, Request, Response};
use twin_core::time::Timestamp;

/// A running API. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Twin {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    api: Mutex<Api>,
    clock: Clock,
    seeds: Mutex<u64>,
    changed: watch::Sender<()>,
}

/// Time as the runtime has it: paused and moved by tests, or real.
#[derive(Debug)]
struct Clock {
    origin: Duration,
    started: Instant,
}

impl Clock {
    fn now(&self) -> Timestamp {
        let now = self.origin.saturating_add(self.started.elapsed());
        Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
    }
}

/// What a twin starts with.
#[derive(Clone, Debug)]
pub struct Builder {
    nodes: u32,
    seed: u64,
    origin: Option<Duration>,
}

impl Twin {
    /// Starts to describe a twin.
    pub fn builder() -> Builder {
        Builder { nodes: 0, seed: 1, origin: None }
    }

    /// A client for it.
    ///
    /// # Panics
    /// Outside a tokio runtime: the client has a task there.
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.service(), "default")
    }

    /// What answers the client's requests.
    pub fn service(&self) -> TwinService {
        TwinService::new(self.clone())
    }

    /// Forgets the past: watches and pages from before expire, as they do on a cluster in time.
    pub fn compact(&self) {
        self.api().compact();
    }

    /// Bytes of all objects, each shared part once.
    pub fn footprint(&self) -> usize {
        self.api().store().footprint()
    }

    fn api(&self) -> MutexGuard<'_, Api> {
        // A panic inside leaves whole objects behind: each write is one insertion.
        self.shared.api.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self) -> Moment {
        let mut seeds = self.shared.seeds.lock().unwrap_or_else(PoisonError::into_inner);
        *seeds = seeds.wrapping_add(1);
        Moment { now: self.shared.clock.now(), seed: *seeds }
    }

    fn answer(&self, request: &Request<'_>) -> Response {
        let moment = self.moment();
        let mut api = self.api();
        let before = api.store().revision();
        let response = api.handle(request, moment);
        if api.store().revision() != before {
            self.shared.changed.send_replace(());
        }
        response
    }
}

impl Builder {
    /// How many nodes there are: `node-0`, `node-1`…
    #[must_use]
    pub fn nodes(mut self, nodes: u32) -> Self {
        self.nodes = nodes;
        self
    }

    /// Where uids and generated names come from: equal seeds give equal ones.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The time at the start, since 1970. Without it, the time of this machine.
    #[must_use]
    pub fn origin(mut self, origin: Duration) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Starts it.
    pub fn start(self) -> Twin {
        let real = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let origin = self.origin.unwrap_or_else(real);
        let shared = Shared {
            api: Mutex::default(),
            clock: Clock { origin, started: Instant::now() },
            seeds: Mutex::new(self.seed.wrapping_mul(0x1_0000_0001)),
            changed: watch::Sender::new(()),
        };
        let twin = Twin { shared: Arc::new(shared) };
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            twin.seed_object(
                "/api/v1/namespaces",
                &format!(r#"{{"metadata":{{"name":"{name}"}}}}"#),
            );
        }
        for at in 0..self.nodes {
            twin.seed_object("/api/v1/nodes", &node(at));
        }
        twin
    }
}

/// A node of a common size.
fn node(at: u32) -> String {
    let capacity = r#"{"cpu":"32","memory":"256Gi","pods":"110"}"#;
    format!(
        r#"{{"metadata":{{"name":"node-{at}","labels":{{"kubernetes.io/hostname":"node-{at}"}}}},"status":{{"capacity":{capacity},"allocatable":{capacity}}}}}"#
    )
}

impl Twin {
    fn seed_object(&self, path: &str, body: &str) {
        let request = Request {
            method: Method::Post,
            path,
            query: "",
            content_type: "application/json",
            accept: "",
            user_agent: "twin",
            body: body.as_bytes(),
        };
        let response = self.answer(&request);
        debug_assert!(matches!(response.body, Body::Whole(_)) && response.code == 201);
    }
}
