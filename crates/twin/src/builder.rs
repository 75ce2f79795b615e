//! What a twin starts with.

use crate::clock::Clock;
use crate::state::{self, Journal, StateError};
use crate::told::Listener;
use crate::{Pool, Shape, Shared, Stages, Twin, fleet, turn};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use twin_control::{Controller, World};
use twin_core::api::{Body, Method, Request};
use twin_core::store::Revision;
use twin_core::time::Timestamp;

/// What a twin starts with: see [`Twin::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    nodes: u32,
    shape: &'static Shape,
    pools: Vec<Pool>,
    stages: Stages,
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
    /// The twin's nodes alone: who schedules and controls comes as a client.
    Nodes,
    /// Nobody: objects stay as clients write them, as with an API server alone.
    Still,
}

impl Default for Builder {
    fn default() -> Self {
        let (motion, speed) = (Motion::default(), NonZeroU32::MIN);
        let (shape, pools, stages) = (shapes::standard(), Vec::new(), Stages::default());
        Self { nodes: 0, shape, pools, stages, seed: 1, origin: None, motion, speed }
    }
}

impl Builder {
    /// How many nodes there are: `node-0`, `node-1`…
    #[must_use]
    pub fn nodes(mut self, nodes: u32) -> Self {
        self.nodes = nodes;
        self
    }

    /// What those nodes are: one of [`shapes::shapes`]. Without it, 16 processors and 64 GiB.
    #[must_use]
    pub fn shape(mut self, shape: &'static Shape) -> Self {
        self.shape = shape;
        self
    }

    /// More nodes, called after their pool: `gpu-0`, `gpu-1`… A pool of a name that is there already
    /// takes its place; [`Builder::nodes`] are the pool `node`.
    #[must_use]
    pub fn pool(mut self, pool: Pool) -> Self {
        self.pools.retain(|known| known.name() != pool.name());
        self.pools.push(pool);
        self
    }

    /// How nodes, pods and other objects live, as KWOK's `Stage` files say it. Those of pods and nodes
    /// take the place of the twin's own kubelets; its controllers go on.
    #[must_use]
    pub fn stages(mut self, stages: Stages) -> Self {
        self.stages = stages;
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
        self.furnish(&twin);
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
            self.furnish(&twin);
        }
        Ok(twin)
    }

    fn controllers(&self) -> Vec<Box<dyn Controller>> {
        match self.motion {
            Motion::Controllers => twin_control::standard(&self.stages, self.seed),
            Motion::Nodes => twin_control::nodes_alone(&self.stages, self.seed),
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
        let bell = Arc::default();
        let listener = Listener::new(&bell);
        let shared =
            Shared { world: Mutex::new(world), clock, bell, journal, backends: Arc::default() };
        let twin = Twin { shared: Arc::new(shared) };
        if self.motion != Motion::Still {
            tokio::spawn(turn(Arc::downgrade(&twin.shared), listener));
        }
        twin
    }
}

impl Builder {
    /// Gives it what every cluster has, and nodes: all at once, so that no state has a part of it.
    fn furnish(&self, twin: &Twin) {
        let plain = Pool::new(PLAIN, self.nodes, self.shape)
            .expect("the name has nothing but small letters");
        twin.shared.moved(|world, now| {
            for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
                let body = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
                add(world, now, "/api/v1/namespaces", &body);
            }
            let plain = (!self.pools.iter().any(|pool| pool.name() == PLAIN)).then_some(&plain);
            for node in plain.into_iter().chain(&self.pools).flat_map(Pool::nodes) {
                add(world, now, "/api/v1/nodes", &fleet::object(&node).to_string());
            }
        });
    }
}

/// How nodes are called that nobody gave a name.
const PLAIN: &str = "node";

fn add(world: &mut World, now: Timestamp, path: &str, body: &str) {
    let request = Request {
        method: Method::Post,
        path,
        query: "",
        content_type: "application/json",
        accept: "",
        user_agent: "twin",
        user: None,
        body: body.as_bytes(),
    };
    let response = world.handle(&request, now);
    debug_assert!(matches!(response.body, Body::Whole(_)) && response.code == 201);
}
