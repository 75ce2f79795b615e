//! One replica under the loads that are asked about.

use super::ladder::Steps;
use super::{Candidate, Demand, Question, Shortfall, room};
use crate::StepTime;
use crate::engine::{
    self, Bound, Bounds, Fleet, Hunch, Patience, Router, Shape, Summary, glance, simulate_while,
};
use crate::load::{Arrivals, Load};
use std::num::NonZeroU32;

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

/// A glance ends before queues are as long as they become where requests come at random, whoever waits for an answer:
/// so much more is asked there.
const GROWING: f64 = 1.03;

/// One replica of a candidate.
pub(super) struct Replica<'a> {
    question: &'a Question,
    candidate: &'a Candidate<'a>,
    pub(super) shape: Shape,
    bounds: Bounds<'a, dyn StepTime + 'a>,
}

impl<'a> Replica<'a> {
    pub(super) fn new(question: &'a Question, candidate: &'a Candidate<'a>) -> Self {
        let (prompt, output) = question.lengths.means();
        let shape = Shape { prompt, output };
        let bounds = Bounds::new(&candidate.engine, candidate.times, shape);
        Self { question, candidate, shape, bounds }
    }

    pub(super) fn bound(&self, rate: f64) -> Bound {
        self.bounds.of(engine::Demand::Rate(rate))
    }

    /// Requests per second that it could serve, whatever the promise.
    pub(super) fn most(&self) -> f64 {
        self.bounds.most_requests_per_second()
    }

    /// Requests per second of so many people.
    fn asked(&self, people: f64) -> f64 {
        let demand = engine::Demand::Users { users: people, think: room::think(self.question) };
        self.bounds.of(demand).requests_per_second
    }

    fn at_random(&self, rate: f64) -> Option<Arrivals> {
        (rate < self.most() * FULL).then_some(Arrivals::Poisson { rate })
    }

    /// What one request takes that nobody disturbs.
    pub(super) fn alone(&self) -> Result<(), Shortfall> {
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
        let Question { promise, percentile, .. } = self.question;
        let load = self.load(load)?;
        let patience = Patience::new(*promise, load.requests(), percentile.hundredths());
        let history = simulate_while(&self.fleet(), &load, self.candidate.times, patience);
        let summary = history.expect("candidates are checked")?.summary(promise);
        room::keeps(self.question, &summary).then_some(summary)
    }

    /// How strained the first requests make it look.
    pub(super) fn glance(&self, load: f64) -> f64 {
        let Question { promise, percentile, .. } = self.question;
        let more = match self.question.demand {
            Demand::Users { .. } if load <= FEW => 1.0,
            Demand::Users { .. } | Demand::Rate(_) => GROWING,
        };
        let Some(load) = self.load(load * more) else { return f64::INFINITY };
        let hunch = Hunch::new(*promise, REQUESTS, percentile.hundredths());
        glance(&self.fleet(), &load, self.candidate.times, hunch).expect("candidates are checked")
    }

    fn fleet(&self) -> Fleet {
        let (engine, replicas) = (self.candidate.engine, NonZeroU32::MIN);
        Fleet { engine, replicas, router: Router::default() }
    }

    /// None if that is more than can be served for ever.
    fn load(&self, load: f64) -> Option<Load> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few and whole")]
        let arrivals = match self.question.demand {
            Demand::Users { think, .. } if load <= FEW => {
                Arrivals::Users { users: load as u32, think }
            }
            Demand::Users { .. } => self.at_random(self.asked(load))?,
            Demand::Rate(_) => self.at_random(load)?,
        };
        let lengths = self.question.lengths.clone();
        let load = Load::new(arrivals, lengths, REQUESTS, self.question.seed);
        Some(load.expect("the question was checked"))
    }
}

impl Steps for Replica<'_> {
    fn above(&self, load: f64) -> f64 {
        self.whole((load * LADDER).max(load + self.least()))
    }

    fn below(&self, load: f64) -> Option<f64> {
        let least = self.least();
        (load > least).then(|| self.whole((load / LADDER).max(least)))
    }

    /// Between whole people there may be nobody left to ask about.
    fn between(&self, low: f64, high: f64) -> Option<f64> {
        let middle = self.whole((low * high).sqrt());
        (high > low * CLOSE && middle > low && middle < high).then_some(middle)
    }
}
