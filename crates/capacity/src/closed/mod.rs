//! A benchmark with a fixed number of clients, each of which sends its next request when the last one is
//! answered: what it would measure. Such runs begin with a burst and go on in waves, so that their means
//! are not those of a steady state; therefore the run is replayed, step by step.

mod peak;
mod run;

pub use peak::peak;
use run::Run;

use crate::Roofline;
use crate::deployment::Engine;

/// What the clients send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    pub prompt: u64,
    pub output: u64,
    pub clients: u32,
}

/// How the benchmark is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Method {
    /// Requests of each client.
    pub rounds: u32,
    /// Lengths of prompts are spread evenly between these shares of the nominal one.
    pub prompts: (f64, f64),
    /// The same for answers.
    pub outputs: (f64, f64),
    pub start: Start,
}

/// When clients send their first requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// All at once.
    Together,
    /// Evenly over the time that a request takes, as if they had always been at it.
    Spread,
}

/// Seconds between the first requests of two clients that begin together.
const APART: f64 = 0.000_3;

/// How an engine forms steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batching {
    pub engine: Engine,
    /// Tokens of a step.
    pub budget: u64,
    /// Tokens that the cache holds.
    pub cache: u64,
    /// Requests at once.
    pub sequences: usize,
}

/// Means of a run, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Means {
    pub ttft: f64,
    pub tpot: f64,
    pub end_to_end: f64,
    /// Output tokens a second.
    pub throughput: f64,
    /// Requests that had to be computed again.
    pub preemptions: u32,
}

/// Replays a run. `None` where a single request is more than the cache holds.
pub fn replay(time: &Roofline, batching: &Batching, load: &Load, method: &Method) -> Option<Means> {
    if load.prompt + load.output > batching.cache
        || load.clients == 0
        || load.output == 0
        || load.prompt == 0
    {
        return None;
    }
    let together = Run::new(time, batching, load, method, APART).through();
    Some(match method.start {
        Start::Together => together,
        Start::Spread => {
            let apart = together.end_to_end / f64::from(load.clients);
            Run::new(time, batching, load, method, apart).through()
        }
    })
}
