//! A benchmark with a fixed number of clients, each of which sends its next request when the last one is
//! answered: what it would measure. Such runs begin with a burst and go on in waves, so that their means
//! are not those of a steady state; therefore the run is simulated as it was, from its first request to its last.

mod peak;

pub use peak::{offline, peak};

use crate::StepTime;
use crate::engine::{Engine, Fleet, History, Outcome, Request, Router, simulate};
use crate::load::{Arrivals, Length, Lengths, Load};
use std::num::NonZeroU32;

/// What the clients send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clients {
    /// Tokens of a prompt.
    pub prompt: u32,
    /// Tokens of an answer.
    pub output: u32,
    /// How many of them.
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

/// Runs a benchmark. `None` where a request is more than the cache holds, or there is none.
pub fn replay(
    times: &dyn StepTime,
    engine: &Engine,
    clients: &Clients,
    method: &Method,
) -> Option<Means> {
    let together = run(times, engine, clients, method, APART)?;
    match method.start {
        Start::Together => Some(together),
        Start::Spread => {
            let apart = together.end_to_end / f64::from(clients.clients);
            run(times, engine, clients, method, apart)
        }
    }
}

fn run(
    times: &dyn StepTime,
    engine: &Engine,
    clients: &Clients,
    method: &Method,
    apart: f64,
) -> Option<Means> {
    let lengths = Lengths::Each {
        prompt: spread(clients.prompt, method.prompts),
        output: spread(clients.output, method.outputs),
    };
    let arrivals = Arrivals::Staggered { clients: clients.clients, apart };
    let requests = clients.clients.saturating_mul(method.rounds.max(1));
    let load = Load::new(arrivals, lengths, requests, 0).ok()?;
    let fleet = Fleet { engine: *engine, replicas: NonZeroU32::MIN, router: Router::default() };
    means(&simulate(&fleet, &load, times).ok()?)
}

/// Between these shares of a nominal length, at least one token.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares of a length")]
fn spread(nominal: u32, (low, high): (f64, f64)) -> Length {
    let part = |share: f64| (f64::from(nominal) * share).round() as u32;
    let (low, high) = (part(low), part(high));
    if low == high { Length::Fixed(high) } else { Length::Even(low.max(1), high) }
}

/// Of all requests. `None` where one was refused.
fn means(history: &History) -> Option<Means> {
    let mut sums = Means { ttft: 0.0, tpot: 0.0, end_to_end: 0.0, throughput: 0.0, preemptions: 0 };
    for request in &history.requests {
        let Request { arrival, output, preemptions, outcome, .. } = *request;
        let Outcome::Finished { first, end } = outcome else { return None };
        sums.ttft += first - arrival;
        sums.tpot += (end - first) / f64::from(output.max(2) - 1);
        sums.end_to_end += end - arrival;
        sums.throughput += f64::from(output);
        sums.preemptions += preemptions;
    }
    #[allow(clippy::cast_precision_loss, reason = "a number of requests")]
    let n = history.requests.len() as f64;
    Some(Means {
        ttft: sums.ttft / n,
        tpot: sums.tpot / n,
        end_to_end: sums.end_to_end / n,
        throughput: sums.throughput / history.end,
        preemptions: sums.preemptions,
    })
}
