//! A load, one request after the other.

use super::chance::Chance;
use super::{Arrivals, Load, Think};
use crate::time::Time;
use std::sync::Arc;

/// A request that arrives.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// When.
    pub at: Time,
    /// Tokens of its prompt, at least one.
    pub prompt: u32,
    /// Tokens of the answer, at least one.
    pub output: u32,
    /// What the prompt begins with, as of [`super::Trace`].
    pub prefix: Option<Arc<[u32]>>,
}

/// Where requests come from.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    load: &'a Load,
    left: u32,
    given: u32,
    last: Time,
    gaps: Chance,
    lengths: Chance,
    thinking: Chance,
}

impl<'a> Source<'a> {
    pub(crate) fn new(load: &'a Load) -> Source<'a> {
        let chance = |sequence| Chance::new(load.seed, sequence);
        let (gaps, lengths, thinking) = (chance(0), chance(1), chance(2));
        let (left, last) = (load.requests, Time::ZERO);
        Source { load, left, given: 0, last, gaps, lengths, thinking }
    }

    /// What is known from the start: the first of an open loop, the first of each user of a closed one.
    pub(crate) fn start(&mut self) -> Vec<Arrival> {
        match self.load.arrivals {
            Arrivals::Concurrency(users) => {
                (0..users).map_while(|_| self.next(Time::ZERO)).collect()
            }
            Arrivals::Staggered { clients, apart } => (0..clients)
                .map_while(|client| self.next(Time::from_seconds(f64::from(client) * apart)))
                .collect(),
            Arrivals::Users { users, think } => (0..users)
                .map_while(|_| {
                    let at = Time::from_seconds(self.first_thought(think));
                    self.next(at)
                })
                .collect(),
            _ => self.after_arrival().into_iter().collect(),
        }
    }

    /// What follows an arrival in an open loop.
    pub(crate) fn after_arrival(&mut self) -> Option<Arrival> {
        let at = match &self.load.arrivals {
            Arrivals::Poisson { rate } => {
                self.last + Time::from_seconds(self.gaps.exponential() / rate)
            }
            Arrivals::Bursty { rate, cv } => {
                self.last + Time::from_seconds(self.gaps.gamma(1.0 / (cv * cv)) / rate)
            }
            Arrivals::Trace { trace, speed } => {
                Time::from_seconds(trace.rows().get(self.given as usize)?.at / speed)
            }
            Arrivals::Concurrency(_) | Arrivals::Staggered { .. } | Arrivals::Users { .. } => {
                return None;
            }
        };
        self.last = at;
        self.next(at)
    }

    /// What follows an answer in a closed loop.
    pub(crate) fn after_end(&mut self, now: Time) -> Option<Arrival> {
        match self.load.arrivals {
            Arrivals::Concurrency(_) | Arrivals::Staggered { .. } => self.next(now),
            Arrivals::Users { think, .. } => {
                let at = now + Time::from_seconds(self.thought(think));
                self.next(at)
            }
            _ => None,
        }
    }

    fn next(&mut self, at: Time) -> Option<Arrival> {
        self.left = self.left.checked_sub(1)?;
        let row = self.given;
        self.given += 1;
        if let Arrivals::Trace { trace, .. } = &self.load.arrivals {
            let row = trace.rows().get(row as usize)?;
            let (prompt, output, prefix) = (row.prompt, row.output, row.prefix.clone());
            return Some(Arrival { at, prompt, output, prefix });
        }
        let (prompt, output) = self.load.lengths.draw(row, &mut self.lengths);
        Some(Arrival { at, prompt, output, prefix: None })
    }

    fn thought(&mut self, think: Think) -> f64 {
        match think {
            Think::Fixed { seconds } => seconds,
            Think::Exponential { seconds } => seconds * self.thinking.exponential(),
        }
    }

    /// People do not come all at once.
    fn first_thought(&mut self, think: Think) -> f64 {
        match think {
            Think::Fixed { seconds } => seconds * self.thinking.share(),
            Think::Exponential { .. } => self.thought(think),
        }
    }
}
