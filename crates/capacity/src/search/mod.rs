//! The cheapest deployment that keeps a promise.
//!
//! Each candidate (a kind of GPU, a tensor parallelism, a slice) is judged alone: how much load does one replica carry
//! within the promise ([`room`])? A bound says so for all of them at once; the simulation confirms those that could win,
//! cheapest first, until the recommended one and the runner-up are certain. From that follow replicas, with one to spare
//! and those that a growing load needs before new ones are up ([`replicas`]), and cost.

mod answer;
mod replicas;
mod room;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Choice, Denied, Proof};
pub use replicas::Replicas;
pub use room::{Room, Shortfall};

use crate::StepTime;
use crate::engine::{Engine, Promise};
use crate::load::{Lengths, Think};
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

/// Options within the promise are confirmed until so many are certain.
const CERTAIN: usize = 2;

/// Judges all candidates.
pub fn search(question: &Question, candidates: &[Candidate<'_>]) -> Answer {
    let mut choices = Vec::new();
    let mut denied = Vec::new();
    for candidate in candidates {
        match room::bound(question, candidate) {
            Ok(room) => choices.push((answer::choice(question, candidate, room), candidate)),
            Err(why) => denied.push(Denied { name: candidate.name.clone(), why }),
        }
    }
    let mut certain = 0;
    let mut at = 0;
    choices.sort_by(|(one, _), (other, _)| order(one, other));
    while certain < CERTAIN && at < choices.len() {
        let (choice, candidate) = &choices[at];
        if choice.proof == Proof::Simulated {
            certain += 1;
            at += 1;
            continue;
        }
        match room::confirmed(question, candidate, &choice.room) {
            Ok(room) => choices[at].0 = answer::choice(question, candidate, room),
            Err(why) => {
                denied.push(Denied { name: candidate.name.clone(), why });
                choices.remove(at);
            }
        }
        // It may have become dearer than the next.
        choices[at.min(choices.len())..].sort_by(|(one, _), (other, _)| order(one, other));
    }
    denied.sort_by(|one, other| one.name.cmp(&other.name));
    Answer { choices: choices.into_iter().map(|(choice, _)| choice).collect(), denied }
}

/// Cheapest first; those without a price by their GPUs, after the others.
fn order(one: &Choice, other: &Choice) -> Ordering {
    let cost = |choice: &Choice| choice.cost_per_hour.unwrap_or(f64::INFINITY);
    cost(one)
        .total_cmp(&cost(other))
        .then(one.gpus.total_cmp(&other.gpus))
        .then_with(|| one.name.cmp(&other.name))
}
