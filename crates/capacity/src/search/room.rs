//! What one replica carries within the promise.

use super::{Candidate, Demand, Question, ladder};
use crate::StepTime;
use crate::engine::{
    self, Bound, Bounds, Fleet, Patience, Percentiles, Promise, Router, Shape, Summary,
    simulate_while,
};
use crate::load::{Arrivals, Load};
use std::num::NonZeroU32;

/// Of which requests a promise holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Percentile {
    /// Half of them.
    P50,
    /// 95 of 100.
    #[default]
    P95,
    /// 99 of 100.
    P99,
}

impl Percentile {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    /// What that percentile is.
    pub fn of(self, values: &Percentiles) -> f64 {
        match self {
            Self::P50 => values.p50.value,
            Self::P95 => values.p95.value,
            Self::P99 => values.p99.value,
        }
    }

    /// So many of a hundred.
    fn hundredths(self) -> u32 {
        match self {
            Self::P50 => 50,
            Self::P95 => 95,
            Self::P99 => 99,
        }
    }

    /// As standard deviations of a normal distribution.
    fn deviations(self) -> f64 {
        match self {
            Self::P50 => 0.0,
            Self::P95 => 1.645,
            Self::P99 => 2.326,
        }
    }
}

/// What one replica carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// The load that was simulated: people, or requests per second.
    pub load: f64,
    /// People who ask and think by turns, for whom there is room.
    pub seats: f64,
    /// How it fares with them.
    pub summary: Summary,
}

/// Why a deployment cannot keep the promise, even for one request at a time.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Shortfall {
    /// The first token is late.
    #[error("the first token takes {:.0} ms even alone, and {:.0} ms are promised", best * 1e3, promised * 1e3)]
    FirstToken {
        /// Seconds.
        best: f64,
        /// Seconds.
        promised: f64,
    },
    /// Tokens are slow.
    #[error("a token takes {:.1} ms even alone, and {:.1} ms are promised", best * 1e3, promised * 1e3)]
    EachToken {
        /// Seconds.
        best: f64,
        /// Seconds.
        promised: f64,
    },
    /// The whole answer is late.
    #[error("an answer takes {best:.1} s even alone, and {promised:.1} s are promised")]
    Answer {
        /// Seconds.
        best: f64,
        /// Seconds.
        promised: f64,
    },
    /// A request is more than the cache holds.
    #[error("a request has {tokens:.0} tokens, and {room} fit beside the weights")]
    Cache {
        /// Of prompt and answer, in the mean.
        tokens: f64,
        /// Of the cache.
        room: u64,
    },
    /// It keeps the promise alone; but with others at random, not for so many of them.
    #[error("it keeps the promise for one request at a time, and not for {} of those that come at random", .0.name())]
    AtRandom(Percentile),
}

/// Requests that a simulation has.
const REQUESTS: u32 = 3_000;
/// So many people are simulated one by one. More of them together come at random, as telephone calls do: each time
/// somebody else asks.
const FEW: f64 = 500.0;
/// The share of what can be served at most from which on queues grow without end.
const FULL: f64 = 0.99;
/// A load is known well enough when the next one that is refused is no more than this above it.
pub(super) const CLOSE: f64 = 1.02;
/// Whether there is a larger load in reach.
pub(super) const LADDER: f64 = 1.12;

/// How large a load a bound lets hope for: with the requests that come by chance on top of the mean.
pub(super) fn bound(question: &Question, candidate: &Candidate<'_>) -> Result<f64, Shortfall> {
    let replica = Replica::new(question, candidate);
    replica.alone()?;
    let (mut low, mut high) = (0.0, replica.most());
    for _ in 0..16 {
        let middle = f64::midpoint(low, high);
        let at = replica.bound(middle);
        let crowd = question.percentile.deviations() / at.batch.max(1.0).sqrt();
        let crowded = replica.bound(middle * (1.0 + crowd));
        if kept(&question.promise, crowded.ttft, crowded.tpot, replica.shape) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let think = think(question);
    let at = replica.bound(low);
    Ok(match question.demand {
        Demand::Users { .. } => at.in_flight + low * think,
        Demand::Rate(_) => low,
    })
}

/// The largest load that the simulation lets pass, searched around one.
pub(super) fn simulated(
    question: &Question,
    candidate: &Candidate<'_>,
    near: f64,
) -> Result<Room, Shortfall> {
    let replica = Replica::new(question, candidate);
    let least = replica.least();
    let mut passed: Option<(f64, Summary)> = None;
    let mut passes =
        |load: f64| replica.run(load).map(|summary| passed = Some((load, summary))).is_some();
    let near = replica.whole(near.max(least));
    let up = |load: f64| Some(replica.whole((load * LADDER).max(load + least)));
    let down = |load: f64| (load > least).then(|| replica.whole((load / LADDER).max(least)));
    let edge = if passes(near) {
        ladder::change(near, up, |load| !passes(load))
    } else {
        ladder::change(near, down, &mut passes).map(|(refused, kept)| (kept, refused))
    };
    if let Some((mut kept, mut refused)) = edge {
        loop {
            let next = replica.whole((kept * refused).sqrt());
            // Between whole people there may be nobody left to ask about.
            if refused <= kept * CLOSE || next <= kept {
                break;
            }
            if passes(next) { kept = next } else { refused = next }
        }
    }
    let (load, summary) = passed.ok_or(Shortfall::AtRandom(question.percentile))?;
    Ok(Room { load, seats: seats(question, load, &summary), summary })
}

pub(super) fn keeps(question: &Question, summary: &Summary) -> bool {
    let at = |values: &Percentiles| question.percentile.of(values);
    let within = |promised: Option<f64>, took: f64| promised.is_none_or(|most| took <= most);
    let promise = &question.promise;
    within(promise.ttft, at(&summary.ttft))
        && within(promise.tpot, at(&summary.tpot))
        && within(promise.e2e, at(&summary.e2e))
        && summary.refused == 0
}

fn kept(promise: &Promise, ttft: f64, tpot: f64, shape: Shape) -> bool {
    let within = |promised: Option<f64>, took: f64| promised.is_none_or(|most| took <= most);
    let whole = ttft + (shape.output - 1.0).max(0.0) * tpot;
    within(promise.ttft, ttft) && within(promise.tpot, tpot) && within(promise.e2e, whole)
}

/// Mean seconds that people think.
fn think(question: &Question) -> f64 {
    match question.demand {
        Demand::Users { think, .. } => think.mean(),
        Demand::Rate(_) => 0.0,
    }
}

/// Little's law: as many people as ask and think at that rate.
pub(super) fn seats(question: &Question, load: f64, summary: &Summary) -> f64 {
    match question.demand {
        Demand::Users { .. } => load,
        Demand::Rate(_) => summary.in_flight_mean,
    }
}

pub(super) struct Replica<'a> {
    question: &'a Question,
    candidate: &'a Candidate<'a>,
    shape: Shape,
    bounds: Bounds<'a, dyn StepTime + 'a>,
}

impl<'a> Replica<'a> {
    pub(super) fn new(question: &'a Question, candidate: &'a Candidate<'a>) -> Self {
        let (prompt, output) = question.lengths.means();
        let shape = Shape { prompt, output };
        let bounds = Bounds::new(&candidate.engine, candidate.times, shape);
        Self { question, candidate, shape, bounds }
    }

    fn bound(&self, rate: f64) -> Bound {
        self.bounds.of(engine::Demand::Rate(rate))
    }

    /// Requests per second that it could serve, whatever the promise.
    fn most(&self) -> f64 {
        self.bounds.most_requests_per_second()
    }

    /// Requests per second of so many people.
    fn asked(&self, people: f64) -> f64 {
        let demand = engine::Demand::Users { users: people, think: think(self.question) };
        self.bounds.of(demand).requests_per_second
    }

    fn at_random(&self, rate: f64) -> Option<Arrivals> {
        (rate < self.most() * FULL).then_some(Arrivals::Poisson { rate })
    }

    /// What one request takes that nobody disturbs.
    fn alone(&self) -> Result<(), Shortfall> {
        let tokens = self.shape.prompt + self.shape.output;
        let room = self.candidate.engine.cached_tokens();
        #[allow(clippy::cast_precision_loss, reason = "caches have fewer tokens")]
        if tokens > room as f64 {
            return Err(Shortfall::Cache { tokens, room });
        }
        let (alone, promise) = (self.bound(1e-6), &self.question.promise);
        let whole = alone.ttft + (self.shape.output - 1.0).max(0.0) * alone.tpot;
        match (promise.ttft, promise.tpot, promise.e2e) {
            (Some(promised), ..) if alone.ttft > promised => {
                Err(Shortfall::FirstToken { best: alone.ttft, promised })
            }
            (_, Some(promised), _) if alone.tpot > promised => {
                Err(Shortfall::EachToken { best: alone.tpot, promised })
            }
            (.., Some(promised)) if whole > promised => {
                Err(Shortfall::Answer { best: whole, promised })
            }
            _ => Ok(()),
        }
    }

    /// The smallest load that is asked about.
    pub(super) fn least(&self) -> f64 {
        match self.question.demand {
            Demand::Users { .. } => 1.0,
            Demand::Rate(_) => self.most() / 1_000.0,
        }
    }

    /// People are whole.
    pub(super) fn whole(&self, load: f64) -> f64 {
        match self.question.demand {
            Demand::Users { .. } => load.floor().max(1.0),
            Demand::Rate(_) => load,
        }
    }

    /// None if the promise is not kept, or if that is more than can be served for ever: a simulation that ends would not
    /// show it.
    pub(super) fn run(&self, load: f64) -> Option<Summary> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few and whole")]
        let arrivals = match self.question.demand {
            Demand::Users { think, .. } if load <= FEW => {
                Arrivals::Users { users: load as u32, think }
            }
            Demand::Users { .. } => self.at_random(self.asked(load))?,
            Demand::Rate(_) => self.at_random(load)?,
        };
        let lengths = self.question.lengths.clone();
        let load = Load::new(arrivals, lengths, REQUESTS, self.question.seed)
            .expect("the question was checked");
        let fleet = Fleet {
            engine: self.candidate.engine,
            replicas: NonZeroU32::MIN,
            router: Router::default(),
        };
        let Question { promise, percentile, .. } = self.question;
        let patience = Patience::new(*promise, load.requests(), percentile.hundredths());
        let history = simulate_while(&fleet, &load, self.candidate.times, patience);
        let summary = history.expect("candidates are checked")?.summary(promise);
        keeps(self.question, &summary).then_some(summary)
    }
}
