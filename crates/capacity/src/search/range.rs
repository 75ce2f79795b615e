//! How far off a number of seats may be.

use super::{Candidate, Question, room};
use crate::{Decode, Step, StepTime};

/// Steps that take so many times as long.
struct Scaled<'a> {
    times: &'a dyn StepTime,
    factor: f64,
}

impl StepTime for Scaled<'_> {
    fn seconds(&self, step: &Step) -> f64 {
        self.factor * self.times.seconds(step)
    }

    fn decode(&self, requests: u32) -> Decode {
        let line = self.times.decode(requests);
        Decode { base: self.factor * line.base, per_token: self.factor * line.per_token }
    }

    fn front_end(&self, prompt: u32) -> f64 {
        self.factor * self.times.front_end(prompt)
    }

    fn crossing(&self) -> f64 {
        self.factor * self.times.crossing()
    }
}

/// Seats of a replica whose steps take so many times as long as was predicted: none, if it then cannot keep the promise.
pub fn seats_if(question: &Question, candidate: &Candidate<'_>, factor: f64) -> f64 {
    let scaled = Scaled { times: candidate.times, factor };
    let candidate = Candidate { times: &scaled, ..candidate.clone() };
    let room = room::bound(question, &candidate)
        .and_then(|near| room::simulated(question, &candidate, near));
    room.map_or(0.0, |room| room.seats)
}
