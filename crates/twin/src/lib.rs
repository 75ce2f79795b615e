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
//! No socket, no container: the client's requests are answered by `twin_core` in the same process,
//! and the controllers, the scheduler and the nodes of `twin_control` turn in a task of the runtime.
//! Where the runtime's time is paused, a day of theirs takes as long as its events need.
//! What differs from a real API server stands in `docs/twin-fidelity.md`.

mod https;
mod inputs;
mod service;

pub use https::{IdentityError, ServeError, Served};
pub use inputs::{LOST, Unknown, Workload};
pub use service::{BodyError, TwinBody, TwinService};
pub use twin_core::registry::Scope;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use twin_control::World;
use twin_core::api::{Body, Method, Request, Response};
use twin_core::time::Timestamp;

/// A running API. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Twin {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    clock: Clock,
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

    /// When it is this time; soon, if it is past.
    fn instant(&self, time: Timestamp) -> Instant {
        Instant::now() + time.since(self.now())
    }
}

/// What a twin starts with.
#[derive(Clone, Debug)]
pub struct Builder {
    nodes: u32,
    seed: u64,
    origin: Option<Duration>,
    motion: Motion,
}

/// Who moves what clients write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Motion {
    /// The twin's own controllers, scheduler and nodes.
    #[default]
    Controllers,
    /// Nobody: objects stay as clients write them, as with an API server alone.
    Still,
}

impl Twin {
    /// Starts to describe a twin.
    pub fn builder() -> Builder {
        Builder { nodes: 0, seed: 1, origin: None, motion: Motion::default() }
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

    /// The time in the twin.
    pub fn now(&self) -> SystemTime {
        let clock = &self.shared.clock;
        UNIX_EPOCH + clock.origin.saturating_add(clock.started.elapsed())
    }

    /// Forgets the past: watches and pages from before expire, as they do on a cluster in time.
    pub fn compact(&self) {
        self.world().compact();
    }

    /// Bytes of all objects, each shared part once.
    pub fn footprint(&self) -> usize {
        self.world().api().store().footprint()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    fn answer(&self, request: &Request<'_>) -> Response {
        self.shared.moved(|world, now| world.handle(request, now))
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        // A panic inside leaves whole objects behind: each write is one insertion.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something in the world, and tells those who wait for changes.
    fn moved<T>(&self, act: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        let mut world = self.world();
        let before = world.api().store().revision();
        let result = act(&mut world, self.clock.now());
        if world.api().store().revision() != before {
            self.changed.send_replace(());
        }
        result
    }
}

/// Turns the wheel for as long as anybody has the twin.
async fn turn(twin: Weak<Shared>, mut changes: watch::Receiver<()>) {
    loop {
        let Some(shared) = twin.upgrade() else { return };
        changes.mark_unchanged();
        let next = shared.moved(World::settle).map(|time| shared.clock.instant(time));
        drop(shared);
        let due = async {
            match next {
                Some(time) if time <= Instant::now() => tokio::task::yield_now().await,
                Some(time) => sleep_until(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = due => {}
        }
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

    /// Who moves what clients write. Without it, the twin's own controllers.
    #[must_use]
    pub fn motion(mut self, motion: Motion) -> Self {
        self.motion = motion;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// Outside a tokio runtime, unless it is to be still: the controllers turn in a task there.
    pub fn start(self) -> Twin {
        let real = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let origin = self.origin.unwrap_or_else(real);
        let controllers = match self.motion {
            Motion::Controllers => twin_control::standard(),
            Motion::Still => Vec::new(),
        };
        let (changed, changes) = watch::channel(());
        let shared = Shared {
            world: Mutex::new(World::new(controllers, self.seed)),
            clock: Clock { origin, started: Instant::now() },
            changed,
        };
        let twin = Twin { shared: Arc::new(shared) };
        if self.motion == Motion::Controllers {
            tokio::spawn(turn(Arc::downgrade(&twin.shared), changes));
        }
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
    let capacity = r#"{"cpu":"16","memory":"64Gi","ephemeral-storage":"200Gi","pods":"110"}"#;
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
