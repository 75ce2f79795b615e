//! A Kubernetes API in this process, to test controllers against: no cluster, no container, no socket.
//!
//! A [`kube::Client`] sends its requests to `twin_core`, which answers them as kube-apiserver would;
//! controllers, a scheduler and nodes of `twin_control` move what is written. A pause of tokio's time
//! is a pause of theirs, so that a day of a cluster takes as long as its events need:
//!
//! ```
//! use k8s_openapi::api::apps::v1::Deployment;
//! use kube::api::{Api, PostParams};
//! use std::time::Duration;
//!
//! #[tokio::main(flavor = "current_thread", start_paused = true)]
//! async fn main() {
//!     let twin = twin::Twin::builder().nodes(3).start();
//!     let deployments: Api<Deployment> = Api::default_namespaced(twin.client());
//!     let web = serde_json::from_value(serde_json::json!({
//!         "metadata": { "name": "web" },
//!         "spec": { "replicas": 5, "selector": { "matchLabels": { "app": "web" } },
//!             "template": { "metadata": { "labels": { "app": "web" } },
//!                 "spec": { "containers": [{ "name": "web", "image": "registry.example/web:1" }] } } }
//!     }));
//!     deployments.create(&PostParams::default(), &web.unwrap()).await.unwrap();
//!     // A minute of the cluster; no time at all here.
//!     tokio::time::sleep(Duration::from_secs(60)).await;
//!     let status = deployments.get("web").await.unwrap().status.unwrap();
//!     assert_eq!(status.ready_replicas, Some(5));
//! }
//! ```
//!
//! In your tests that is `#[tokio::test(start_paused = true)]`; it needs tokio's feature `test-util`.
//! Whole examples lie in `examples/`: `controller` runs a [`kube::runtime::Controller`] through a day,
//! `lost_node` takes a node away, `sidecar` has a webhook add one to pods, `faults` finds a mistake with a seed.
//!
//! # What a test can do to it
//!
//! | To see what happens when… | |
//! |---|---|
//! | a node is gone | [`Twin::lose`], [`Twin::bring_back`] |
//! | pods have load | [`Twin::load`] |
//! | programs start slowly, crash or have no image | annotations of the pod: see `docs/twin.md` |
//! | the client has a bad day | [`Twin::client_with`] and [`Faults`]; over HTTPS [`Served::kubeconfig_with`], [`Served::trouble_agent`] |
//! | a webhook has a say | its configuration, and [`Twin::serve_service`] for who is asked |
//! | somebody else asks | [`Twin::client_as`]; over HTTPS [`Served::kubeconfig_as`] |
//! | the API server starts again | [`Twin::restart`] |
//! | the past is forgotten | [`Twin::compact`] |
//! | nodes have GPUs, zones and racks | [`Builder::shape`], [`Builder::pool`] |
//! | objects live as KWOK's stages say | [`Builder::stages`] |
//! | your own controller manager and scheduler run | [`Motion::Nodes`] |
//! | nobody moves anything | [`Builder::motion`] with [`Motion::Still`]: an API server alone |
//! | your kind is there | apply its definition, or [`Twin::define`] |
//!
//! # The same each time
//!
//! In one thread with paused time, equal seeds ([`Builder::seed`], [`Faults::seeded`]), an equal
//! [`Builder::origin`] and equal requests give equal histories, uids and names included. What a client
//! draws by itself, such as the jitter of a back-off, does not follow from a seed.
//!
//! # Outside of tests
//!
//! [`Twin::serve`] is the same over HTTPS, for kubectl and helm, in real time or faster
//! ([`Builder::speed`]); [`Builder::open`] keeps the cluster in a file. `muster twin` is both.
//!
//! What differs from a real API server stands in `docs/twin-fidelity.md`.

mod builder;
mod clock;
mod faults;
mod fleet;
mod follow;
mod hooks;
mod https;
mod inputs;
mod service;
mod state;
mod told;

pub use builder::{Builder, Motion};
pub use faults::{Fault, FaultLog, Faults, FaultyService, Happened, Percent};
pub use hooks::Backend;
pub use https::{IdentityError, ServeError, Served, USER};
pub use inputs::{LOST, Unknown, Workload};
pub use service::{BodyError, TwinBody, TwinService};
pub use shapes::{Pool, Shape};
pub use state::StateError;
pub use twin_control::{Stages, UnknownKind};
pub use twin_core::registry::Scope;

use clock::Clock;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use hooks::Backends;
use state::{Journal, Stand};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, sleep_until};
use told::{Bell, Listener, Told};
use twin_control::World;
use twin_core::api::{Request, Response, User};
use twin_core::hooks::Inquiry;
use twin_core::store::Revision;
use twin_core::time::Timestamp;
use twin_core::tree::Text;

/// A running API. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Twin {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    clock: Clock,
    /// Tells of changes.
    bell: Arc<Told<Bell>>,
    /// Where what is written is kept, if it is.
    journal: Option<Journal>,
    /// Who stands behind Services.
    backends: Arc<Backends>,
}

impl Twin {
    /// Starts to describe a twin.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A client for it.
    ///
    /// # Panics
    /// Outside a tokio runtime: the client has a task there.
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.service(), "default")
    }

    /// A client that comes under this name, and in these groups. Everybody may do everything; who asks is
    /// told to webhooks and policies.
    ///
    /// # Panics
    /// Outside a tokio runtime: the client has a task there.
    pub fn client_as(&self, name: &str, groups: &[&str]) -> kube::Client {
        let groups = groups.iter().map(Text::new).collect();
        let user = User { name: Text::new(name), groups };
        kube::Client::new(self.service().of(user), "default")
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
        self.shared.bell.tell(Bell::start_again);
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

    /// The answer, and the version that it may show: once all webhooks have spoken that have a say.
    async fn answer(&self, request: &Request<'_>, behind: u64) -> (Response, Revision) {
        let mut inquiry = Inquiry::default();
        loop {
            let answered = self.shared.moved(|world, now| {
                let response = world.handle_asking(request, behind, now, &mut inquiry)?;
                Some((response, world.api().store().revision()))
            });
            match (answered, inquiry.question().cloned()) {
                (Some(answered), _) => return answered,
                (None, Some(question)) => {
                    inquiry.answer(self.shared.backends.clone().ask(question).await);
                }
                (None, None) => unreachable!("what has no answer has a question"),
            }
        }
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
            self.bell.tell(Bell::change);
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

impl Drop for Shared {
    fn drop(&mut self) {
        self.bell.tell(Bell::end);
    }
}

/// So many webhooks are asked at a time because of the control plane's own writes.
const CALLS: usize = 64;

/// Turns the wheel for as long as anybody has the twin.
async fn turn(twin: Weak<Shared>, mut listener: Listener) {
    let mut calls = FuturesUnordered::new();
    loop {
        let Some(shared) = twin.upgrade() else { return };
        // It turns on when its API server is started again.
        let _ = listener.listen();
        let (next, revision) = shared.moved(|world, now| {
            let next = world.settle(now);
            (next, world.api().store().revision())
        });
        let next = next.map(|time| shared.clock.instant(time));
        for (ticket, question) in shared.world().questions(CALLS - calls.len()) {
            let asked = shared.backends.clone().ask(question);
            calls.push(asked.map(move |answer| (ticket, answer)));
        }
        let kept = shared.kept(revision);
        drop(shared);
        // No faster than the disk, and not at all without it.
        if kept.await.is_err() {
            return;
        }
        if next.is_some_and(|time| time <= Instant::now()) {
            // There is more to do at once; requests, watchers and webhooks get their turn between.
            tokio::task::yield_now().await;
            if let Some(Some((ticket, answer))) = calls.next().now_or_never() {
                let Some(shared) = twin.upgrade() else { return };
                shared.moved(|world, now| world.answered(ticket, answer, now));
            }
            continue;
        }
        let due = async {
            match next {
                Some(time) => sleep_until(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some((ticket, answer)) = calls.next(), if !calls.is_empty() => {
                let Some(shared) = twin.upgrade() else { return };
                shared.moved(|world, now| world.answered(ticket, answer, now));
            }
            () = listener.changed() => {}
            () = due => {}
        }
    }
}
