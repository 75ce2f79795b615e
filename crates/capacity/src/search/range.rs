//! How far off a number of seats may be.

use super::replica::Replica;
use super::{Candidate, Question, Room, room};
use crate::calibration::Bands;
use crate::engine::Promise;
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
        self.times.decode(requests).times(self.factor)
    }

    fn front_end(&self, prompt: u32) -> f64 {
        self.factor * self.times.front_end(prompt)
    }

    fn crossing(&self) -> f64 {
        self.factor * self.times.crossing()
    }
}

/// Between how many seats a replica has, as far off as nine of ten measurements were. Each latency is judged with its
/// own band, and the one that leaves fewer seats counts.
pub fn seats_between(
    question: &Question,
    candidate: &Candidate<'_>,
    bands: &Bands,
    seats: f64,
) -> (f64, f64) {
    let at = |first, each| lower(question, candidate, first, each);
    let low = at(bands.ttft.p95, bands.tpot.p95).unwrap_or(seats);
    let high = at(bands.ttft.p5, bands.tpot.p5).unwrap_or(seats);
    (low.min(seats), high.max(seats))
}

/// The seats that are left if first tokens, and steps, take so many times as long as was predicted; none, if it then
/// cannot keep the promise. Nothing, if nothing is promised.
fn lower(question: &Question, candidate: &Candidate<'_>, first: f64, each: f64) -> Option<f64> {
    let Promise { ttft, tpot, e2e } = question.promise;
    let promised =
        |ttft, tpot, e2e| Question { promise: Promise { ttft, tpot, e2e }, ..question.clone() };
    let by_first = ttft.map(|ttft| promised(Some(ttft / first), None, None));
    let scaled = Scaled { times: candidate.times, factor: each };
    let slower = Candidate { times: &scaled, ..candidate.clone() };
    let by_each =
        (tpot.is_some() || e2e.is_some()).then(|| room_of(&promised(None, tpot, e2e), &slower));
    match (by_first, by_each) {
        (Some(by_first), Some(Some(room))) if !keeps(&by_first, candidate, room.load) => {
            Some(room_of(&by_first, candidate).map_or(0.0, |first| first.seats.min(room.seats)))
        }
        (Some(by_first), None) => Some(seats_of(room_of(&by_first, candidate))),
        (_, by_each) => by_each.map(seats_of),
    }
}

fn room_of(question: &Question, candidate: &Candidate<'_>) -> Option<Room> {
    let near = room::bound(question, candidate).ok()?;
    room::simulated(question, candidate, near).ok()
}

fn seats_of(room: Option<Room>) -> f64 {
    room.map_or(0.0, |room| room.seats)
}

/// One run tells, where a search would take many.
fn keeps(question: &Question, candidate: &Candidate<'_>, load: f64) -> bool {
    Replica::new(question, candidate).run(load).is_some()
}
