//! The cheapest deployment that keeps a promise.
//!
//! Each candidate (a kind of GPU, a tensor parallelism, a slice) is judged alone: how much load does one replica carry
//! within the promise ([`Room`])? A bound says where to look, the simulation finds out. From that follow replicas, with
//! one to spare and those that a growing load needs before new ones are up ([`Replicas`]), and cost.

mod answer;
mod ladder;
mod range;
mod replay;
mod replica;
mod replicas;
mod room;
mod sweep;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walked;

pub use answer::{Answer, Choice, Denied};
pub use range::seats_between;
pub use replay::replay;
pub use replicas::Replicas;
pub use room::{Percentile, Room, Shortfall};
pub use sweep::{Point, knee, sweep};

use crate::StepTime;
use crate::engine::{Engine, EngineFault, Promise};
use crate::load::{Arrivals, Lengths, Load, LoadFault, Think};
use std::cmp::Ordering;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who asks how often.
    pub demand: Demand,
    /// How long prompts and answers are.
    pub lengths: Lengths,
    /// What they are promised.
    pub promise: Promise,
    /// For how many of them.
    pub percentile: Percentile,
    /// Output tokens per second of work that may wait, on the same replicas.
    pub batch: f64,
    /// How much the load may grow within a minute, as a share of it.
    pub growth: f64,
    /// Where chance comes from.
    pub seed: u64,
}

/// Who asks how often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Demand {
    /// People who read an answer before they ask again.
    Users {
        /// How many; without a number, as many as one replica serves.
        users: Option<u32>,
        /// How long they read and write.
        think: Think,
    },
    /// Requests per second, at random.
    Rate(f64),
}

/// A deployment that could be.
#[derive(Clone)]
pub struct Candidate<'a> {
    /// What it is called.
    pub name: Name,
    /// How long its steps take.
    pub times: &'a dyn StepTime,
    /// One replica's engine.
    pub engine: Engine,
    /// GPUs of a replica: a slice is a share of one.
    pub gpus: f64,
    /// What a GPU costs an hour, in dollars, if that is known.
    pub price: Option<f64>,
    /// Seconds from the wish for a replica until it serves.
    pub cold_start: f64,
}

impl std::fmt::Debug for Candidate<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Candidate").field(&self.name).finish()
    }
}

/// A question without an answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unanswerable {
    /// The load is none.
    #[error(transparent)]
    Load(#[from] LoadFault),
    /// An engine's settings contradict each other.
    #[error(transparent)]
    Engine(#[from] EngineFault),
}

impl Question {
    fn check(&self, candidates: &[Candidate<'_>]) -> Result<(), Unanswerable> {
        let arrivals = match self.demand {
            Demand::Users { users, think } => Arrivals::Users { users: users.unwrap_or(1), think },
            Demand::Rate(rate) => Arrivals::Poisson { rate },
        };
        Load::new(arrivals, self.lengths.clone(), 1, self.seed)?;
        candidates.iter().try_for_each(|candidate| candidate.engine.check())?;
        Ok(())
    }
}

/// What a candidate is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The kind of GPU.
    pub gpu: String,
    /// GPUs that compute a step together.
    pub tensor_parallel: u32,
    /// The slice of a GPU.
    pub slice: Option<String>,
}

impl std::fmt::Display for Name {
    /// `2 × h100`, `h100` or `3g.40gb of h100`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.slice, self.tensor_parallel) {
            (Some(slice), _) => write!(formatter, "{slice} of {}", self.gpu),
            (None, 1) => formatter.write_str(&self.gpu),
            (None, count) => write!(formatter, "{count} × {}", self.gpu),
        }
    }
}

/// Judges all candidates.
pub fn search(question: &Question, candidates: &[Candidate<'_>]) -> Result<Answer, Unanswerable> {
    search_with(question, candidates, |_| false)
}

/// Judges all candidates; some of them however dear they are.
pub fn search_with(
    question: &Question,
    candidates: &[Candidate<'_>],
    always: impl Fn(&Name) -> bool,
) -> Result<Answer, Unanswerable> {
    question.check(candidates)?;
    let mut answer = Answer::default();
    let mut near = Vec::new();
    for candidate in candidates {
        match room::bound(question, candidate) {
            Ok(load) => near.push((answer::hoped(question, candidate, load), load, candidate)),
            Err(why) => answer.denied.push(Denied { name: candidate.name.clone(), why }),
        }
    }
    let cheapest = near.iter().map(|(cost, ..)| *cost).fold(f64::INFINITY, f64::min);
    for (cost, load, candidate) in near {
        if cost.is_finite() && cost > DEAR * cheapest && !always(&candidate.name) {
            answer.dear.push(candidate.name.clone());
            continue;
        }
        match room::simulated(question, candidate, load) {
            Ok(room) => answer.choices.push(answer::choice(question, candidate, room)),
            Err(why) => answer.denied.push(Denied { name: candidate.name.clone(), why }),
        }
    }
    answer.choices.sort_by(order);
    Ok(answer)
}

/// What would cost so many times as much as the cheapest by the bound is not looked at more closely.
const DEAR: f64 = 4.0;

/// Cheapest first; those without a price by their GPUs, after the others.
fn order(one: &Choice, other: &Choice) -> Ordering {
    let cost = |choice: &Choice| choice.cost_per_hour.unwrap_or(f64::INFINITY);
    cost(one)
        .total_cmp(&cost(other))
        .then(one.gpus.total_cmp(&other.gpus))
        .then_with(|| one.name.cmp(&other.name))
}
