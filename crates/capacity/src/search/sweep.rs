//! Latency against requests in flight.

use super::Candidate;
use crate::engine::{Fleet, Promise, Router, Summary, simulate};
use crate::load::{Arrivals, Length, Lengths, Load};
use std::num::NonZeroU32;

/// One replica with a fixed number of requests in flight, as benchmarks ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// How many.
    pub in_flight: u32,
    /// How it fares.
    pub summary: Summary,
}

/// From the knee on, the first token takes so many times as long as it does alone.
const KNEE: f64 = 5.0;
/// Each client asks so often.
const ROUNDS: u32 = 8;
/// Requests that a point has at least.
const REQUESTS: u32 = 200;

/// Requests that are all alike stay in step for ever: their prompts come together, as nobody's do. A quarter more or less
/// is enough for them to part.
fn spread(lengths: &Lengths) -> Lengths {
    let part = |length: &Length| match length {
        Length::Fixed(tokens) => Length::Uniform((tokens - tokens / 4).max(1), tokens + tokens / 4),
        other => other.clone(),
    };
    match lengths {
        Lengths::Each { prompt, output } => {
            Lengths::Each { prompt: part(prompt), output: part(output) }
        }
        Lengths::Together { .. } => lengths.clone(),
    }
}

/// So many in flight are drawn at most, however large a batch may be.
const MOST: u32 = 4_096;

/// Doubles the requests in flight, until it is past the knee or more than the batch holds.
pub fn sweep(
    candidate: &Candidate<'_>,
    lengths: &Lengths,
    promise: &Promise,
    seed: u64,
) -> Vec<Point> {
    let lengths = spread(lengths);
    let mut points: Vec<Point> = Vec::new();
    let mut in_flight = 1_u32;
    while in_flight <= candidate.engine.max_sequences.min(MOST) {
        let requests = in_flight.saturating_mul(ROUNDS).max(REQUESTS);
        let arrivals = Arrivals::Concurrency(in_flight);
        let Ok(load) = Load::new(arrivals, lengths.clone(), requests, seed) else { break };
        let fleet = Fleet {
            engine: candidate.engine,
            replicas: NonZeroU32::MIN,
            router: Router::default(),
        };
        let Ok(history) = simulate(&fleet, &load, candidate.times) else { break };
        points.push(Point { in_flight, summary: history.summary(promise) });
        let past = knee(&points).is_some_and(|knee| knee < in_flight);
        if past {
            break;
        }
        in_flight = in_flight.saturating_mul(2);
    }
    points
}

/// Where the first token first takes five times as long as alone.
pub fn knee(points: &[Point]) -> Option<u32> {
    let alone = points.first()?.summary.ttft.mean.value;
    let late = points.iter().find(|it| it.summary.ttft.mean.value > KNEE * alone);
    late.map(|point| point.in_flight)
}
