//! What comes out of a search.

use super::{Candidate, Demand, Name, Question, Replicas, Room, Shortfall};

/// All options, and why the others are none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Those that keep the promise, cheapest first: the first is recommended, the second the runner-up.
    pub choices: Vec<Choice>,
    /// Those that cannot.
    pub denied: Vec<Denied>,
    /// Those that would cost more than four times as much as the cheapest, by a bound: they were not simulated.
    pub dear: Vec<Name>,
}

/// A deployment that keeps the promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What it is called.
    pub name: Name,
    /// What one replica carries.
    pub room: Room,
    /// How many replicas the load needs.
    pub replicas: Replicas,
    /// GPUs of all replicas.
    pub gpus: f64,
    /// GPUs of one replica: a slice is a share of one.
    pub gpus_each: f64,
    /// Dollars for an hour of all GPUs, if the price is known.
    pub cost_per_hour: Option<f64>,
    /// Dollars for a million output tokens at this load, spare replicas included.
    pub cost_per_million: Option<f64>,
    /// Seconds from the wish for a replica until it serves.
    pub cold_start: f64,
}

/// A deployment that does not keep the promise.
#[derive(Clone, Debug, PartialEq)]
pub struct Denied {
    /// What it is called.
    pub name: Name,
    /// Why it cannot.
    pub why: Shortfall,
}

/// What follows from what one replica carries.
pub(super) fn choice(question: &Question, candidate: &Candidate<'_>, room: Room) -> Choice {
    let share = share(question, &room);
    let replicas = Replicas::of(share, question.growth, candidate.cold_start);
    let gpus = candidate.gpus * f64::from(replicas.all());
    let cost_per_hour = candidate.price.map(|price| price * gpus);
    // Tokens follow the load, not the replicas.
    let tokens_per_hour = room.summary.output_tokens_per_second * share * 3600.0;
    Choice {
        name: candidate.name.clone(),
        replicas,
        gpus,
        gpus_each: candidate.gpus,
        cost_per_hour,
        cost_per_million: cost_per_hour.map(|cost| cost / tokens_per_hour * 1e6),
        cold_start: candidate.cold_start,
        room,
    }
}

/// Dollars for an hour if a replica carries that much; infinite without a price.
pub(super) fn hoped(question: &Question, candidate: &Candidate<'_>, load: f64) -> f64 {
    let share = match question.demand {
        Demand::Users { users, .. } => users.map_or(1.0, |users| f64::from(users) / load),
        Demand::Rate(rate) => rate / load,
    };
    let replicas = Replicas::of(share, question.growth, candidate.cold_start);
    let price = candidate.price.unwrap_or(f64::INFINITY);
    price * candidate.gpus * f64::from(replicas.all())
}

/// The load as a multiple of what one replica carries. Work that may wait takes the tokens that are left.
fn share(question: &Question, room: &Room) -> f64 {
    let asked = match question.demand {
        Demand::Users { users: Some(users), .. } => f64::from(users) / room.seats,
        Demand::Users { users: None, .. } => 1.0,
        Demand::Rate(rate) => rate / room.load,
    };
    asked + question.batch / room.summary.output_tokens_per_second
}
