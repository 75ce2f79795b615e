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

mod clock;
mod faults;
mod https;
mod inputs;
mod service;
mod state;

pub use faults::{Fault, FaultLog, Faults, FaultyService, Happened, Percent};
pub use https::{IdentityError, ServeError, Served};
pub use inputs::{LOST, Unknown, Workload};
pub use service::{BodyError, TwinBody, TwinService};
pub use state::StateError;
pub use twin_core::registry::Scope;

use clock::Clock;
use state::{Journal, Stand};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use twin_control::{Controller, World};
use twin_core::api::{Body, Method, Request, Response};
use twin_core::store::Revision;
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
    /// Tells of changes; its number is how often it was started again.
    changed: watch::Sender<u64>,
    /// Where what is written is kept, if it is.
    journal: Option<Journal>,
}

/// What a twin starts with.
#[derive(Clone, Debug)]
pub struct Builder {
    nodes: u32,
    seed: u64,
    origin: Option<Duration>,
    motion: Motion,
    speed: NonZeroU32,
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
        Builder { nodes: 0, seed: 1, origin: None, motion: Motion::default(), speed: NonZeroU32::MIN }
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
        UNIX_EPOCH + self.shared.clock.since_1970()
    }

    /// Forgets the past: watches and pages from before expire, as they do on a cluster in time.
    pub fn compact(&self) {
        self.shared.moved(World::compact);
    }

    /// As if its API server was started again: all watches end, and those that want to go on from
    /// before expire with 410.
    pub fn restart(&self) {
        self.compact();
        self.shared.changed.send_modify(|starts| *starts += 1);
    }

    /// Waits until all that was written up to now is in the file of its state, if it has one.
    ///
    /// # Errors
    /// If that cannot be written.
    pub async fn saved(&self) -> Result<(), StateError> {
        let revision = self.world().api().store().revision();
        self.shared.kept(revision).await
    }

    /// Lets go of the file of its state, if it has one, when all that was written is in there: another
    /// twin can go on from it. This one refuses all requests from then on.
    ///
    /// # Errors
    /// If that cannot be written.
    pub async fn close(self) -> Result<(), StateError> {
        match &self.shared.journal {
            Some(journal) => journal.close().await,
            None => Ok(()),
        }
    }

    /// Waits until its state is not kept any more: from then on it refuses all requests.
    /// Without a state, that never happens.
    pub async fn state_lost(&self) -> StateError {
        let failure = self.shared.journal.as_ref().map(Journal::failure);
        match failure {
            Some(failure) => failure.await,
            None => std::future::pending().await,
        }
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.world().api().store().count(&twin_control::tables::NODES)
    }

    /// Bytes of all objects, each shared part once.
    pub fn footprint(&self) -> usize {
        self.world().api().store().footprint()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// The answer, and the version that it may show.
    fn answer(&self, request: &Request<'_>, behind: u64) -> (Response, Revision) {
        self.shared.moved(|world, now| {
            let response = world.handle_late(request, behind, now);
            (response, world.api().store().revision())
        })
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
        let store = world.api().store();
        if store.revision() != before {
            if let Some(journal) = &self.journal {
                journal.take(store, before, self.stand(&world));
            }
            self.changed.send_modify(|_| ());
        }
        result
    }

    fn stand(&self, world: &World) -> Stand {
        Stand { now: self.clock.now(), chance: world.chance() }
    }

    /// Waits until all up to this version is kept.
    fn kept(
        &self,
        revision: Revision,
    ) -> impl Future<Output = Result<(), StateError>> + Send + 'static {
        let reached = self.journal.as_ref().map(|journal| journal.reach(revision));
        async move {
            match reached {
                Some(reached) => reached.await,
                None => Ok(()),
            }
        }
    }
}

/// Turns the wheel for as long as anybody has the twin.
async fn turn(twin: Weak<Shared>, mut changes: watch::Receiver<u64>) {
    loop {
        let Some(shared) = twin.upgrade() else { return };
        changes.mark_unchanged();
        let (next, revision) = shared.moved(|world, now| {
            let next = world.settle(now);
            (next, world.api().store().revision())
        });
        let next = next.map(|time| shared.clock.instant(time));
        let kept = shared.kept(revision);
        drop(shared);
        // No faster than the disk, and not at all without it.
        if kept.await.is_err() {
            return;
        }
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

    /// How much faster time goes in the twin: with 60, a minute there is a second here. 1 without it.
    #[must_use]
    pub fn speed(mut self, speed: NonZeroU32) -> Self {
        self.speed = speed;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// Outside a tokio runtime, unless it is to be still: the controllers turn in a task there.
    pub fn start(self) -> Twin {
        let (world, clock) = (World::new(self.controllers(), self.seed), self.clock(None));
        let twin = self.run(world, clock, None);
        twin.furnish(self.nodes);
        twin
    }

    /// Starts it with what a file holds, and keeps there what is written: no answer leaves before what
    /// it shows is on the disk. If there is no such file, it is made; nodes, seed and origin count for
    /// a new one only.
    ///
    /// Time goes on from where it was, or from now if that is later. Watches from before expire.
    ///
    /// # Errors
    /// If the file is none of a twin's, is damaged, belongs to a twin that runs, or the disk says no.
    ///
    /// # Panics
    /// Outside a tokio runtime: the file is written in a task there.
    pub fn open(self, path: &Path) -> Result<Twin, StateError> {
        let (opened, kept) = state::open(path)?;
        let clock = self.clock(kept.as_ref().map(|kept| kept.stand.now));
        let fresh = kept.as_ref().is_none_or(|kept| kept.store.revision() == Revision::default());
        let world = match kept {
            Some(kept) if !fresh => {
                let chance = kept.stand.chance;
                World::restored(kept.store, self.controllers(), chance, clock.now())
            }
            _ => World::new(self.controllers(), self.seed),
        };
        let (journal, keeper) = Journal::new(opened, world.api().store().revision());
        let twin = self.run(world, clock, Some(journal));
        tokio::spawn(keeper.keep(Arc::downgrade(&twin.shared)));
        if fresh {
            twin.furnish(self.nodes);
        }
        Ok(twin)
    }

    fn controllers(&self) -> Vec<Box<dyn Controller>> {
        match self.motion {
            Motion::Controllers => twin_control::standard(),
            Motion::Still => Vec::new(),
        }
    }

    fn clock(&self, earliest: Option<Timestamp>) -> Clock {
        let real = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let earliest = earliest.map(|time| time.since(Timestamp::default())).unwrap_or_default();
        let origin = self.origin.unwrap_or_else(real).max(earliest);
        Clock::new(origin, self.speed)
    }

    fn run(&self, world: World, clock: Clock, journal: Option<Journal>) -> Twin {
        let (changed, changes) = watch::channel(0);
        let shared = Shared { world: Mutex::new(world), clock, changed, journal };
        let twin = Twin { shared: Arc::new(shared) };
        if self.motion == Motion::Controllers {
            tokio::spawn(turn(Arc::downgrade(&twin.shared), changes));
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
    /// Gives it what every cluster has, and nodes.
    fn furnish(&self, nodes: u32) {
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            let body = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
            self.seed_object("/api/v1/namespaces", &body);
        }
        for at in 0..nodes {
            self.seed_object("/api/v1/nodes", &node(at));
        }
    }

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
        let (response, _) = self.answer(&request, 0);
        debug_assert!(matches!(response.body, Body::Whole(_)) && response.code == 201);
    }
}
