//! What is known of each request while a simulation runs.

use super::blocks::Beginning;
use super::config::Engine;
use super::history::{Outcome, Refusal, Request};
use crate::Time;
use crate::load::Arrival;
use std::sync::Arc;

/// Every request that arrived or will, by its number.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: Vec<Entry>,
}

/// One request.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) arrival: Time,
    pub(super) prompt: u32,
    pub(super) output: u32,
    prefix: Option<Arc<[u32]>>,
    /// Tokens of its answer so far, when it is not in a batch.
    pub(super) made: u32,
    /// Tokens of its prompt that were cached when it was first admitted.
    pub(super) cached: Option<u32>,
    pub(super) preemptions: u32,
    pub(super) replica: u32,
    /// How many arrived before it.
    pub(super) place: u32,
    pub(super) first: Option<Time>,
    end: End,
}

#[derive(Debug)]
enum End {
    Open,
    Finished(Time),
    Refused(Refusal),
}

impl Book {
    pub(super) fn open(&mut self, arrival: Arrival) -> u32 {
        let number = u32::try_from(self.entries.len()).expect("a load has fewer requests");
        self.entries.push(Entry {
            arrival: arrival.at,
            prompt: arrival.prompt,
            output: arrival.output,
            prefix: arrival.prefix,
            made: 0,
            cached: None,
            preemptions: 0,
            replica: 0,
            place: 0,
            first: None,
            end: End::Open,
        });
        number
    }

    pub(super) fn of(&self, number: u32) -> &Entry {
        &self.entries[number as usize]
    }

    pub(super) fn of_mut(&mut self, number: u32) -> &mut Entry {
        &mut self.entries[number as usize]
    }

    pub(super) fn finish(&mut self, number: u32, now: Time) {
        self.of_mut(number).end = End::Finished(now);
    }

    pub(super) fn refuse(&mut self, number: u32, why: Refusal) {
        self.of_mut(number).end = End::Refused(why);
    }

    pub(super) fn close(self) -> Vec<Request> {
        self.entries.iter().map(Entry::told).collect()
    }
}

impl Entry {
    /// Tokens that its first admission or the next has to have computed: prompt, and what was made of the answer.
    pub(super) fn known_tokens(&self) -> u64 {
        u64::from(self.prompt) + u64::from(self.made)
    }

    /// Tokens that are cached when the last one is made.
    pub(super) fn most_cached(&self) -> u64 {
        u64::from(self.prompt) + u64::from(self.output) - 1
    }

    pub(super) fn beginning(&self, engine: &Engine) -> Beginning<'_> {
        let names = self.prefix.as_deref().unwrap_or_default();
        Beginning { names, full: self.prompt / engine.block_tokens }
    }

    /// The first piece of its prompt, if it has a name.
    pub(super) fn first_name(&self) -> Option<u32> {
        self.prefix.as_deref()?.first().copied()
    }

    /// What became of it so far.
    pub(super) fn told(&self) -> Request {
        let outcome = match (&self.end, self.first) {
            (End::Finished(end), Some(first)) => {
                Outcome::Finished { first: first.seconds(), end: end.seconds() }
            }
            (End::Refused(why), _) => Outcome::Refused(*why),
            _ => Outcome::Unfinished,
        };
        Request {
            arrival: self.arrival.seconds(),
            prompt: self.prompt,
            output: self.output,
            replica: self.replica,
            cached: self.cached.unwrap_or(0),
            preemptions: self.preemptions,
            outcome,
        }
    }
}
