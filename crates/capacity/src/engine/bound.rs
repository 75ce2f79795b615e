//! What can be said without a simulation.
//!
//! With requests alike that arrive evenly, everything settles at a fixed point. A second has room for prompts and for
//! decode steps: at a rate λ, prompts take λ times what one adds to a step, and the rest goes to steps of the batch, so
//! that a token takes `decode / (1 - λ · prompt)`. The batch is what arrives while an answer is written:
//! `λ · (output - 1) · token`. Queues form only where the batch or the cache is full.
//! Prompts with answers of one token share steps in an engine; here each has its own, unless prompts are computed alone
//! and many wait. How many share one then is a guess for answers alike, which end together: with short prompts and uneven
//! answers an engine serves up to a quarter less.

use super::config::{Engine, Prompts};
use crate::{Step, StepTime};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

/// Requests alike: their mean tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Tokens of a prompt.
    pub prompt: f64,
    /// Tokens of an answer, at least one.
    pub output: f64,
}

/// How many ask one replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Demand {
    /// Requests a second, whatever happens.
    Rate(f64),
    /// People who ask, read for so many seconds, and ask again.
    Users {
        /// How many.
        users: f64,
        /// Seconds; zero keeps as many in flight.
        think: f64,
    },
}

/// What settles on one replica. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// Requests a second: what is asked or, if that is less, all that can be served.
    pub requests_per_second: f64,
    /// Time to first token; infinite where more is asked for ever than can be served.
    pub ttft: f64,
    /// Time per output token after the first.
    pub tpot: f64,
    /// Requests that get tokens at once.
    pub batch: f64,
    /// Requests there at once; infinite as above.
    pub in_flight: f64,
}

/// One replica that is asked about many demands.
pub struct Bounds<'a, T: StepTime + ?Sized> {
    engine: &'a Engine,
    times: &'a T,
    shape: Shape,
    /// What a prompt adds, by the requests beside it: a long one has many pieces, and is asked about for each guess.
    prompts: RefCell<BTreeMap<u32, Prompt>>,
    most: OnceCell<Bound>,
}

impl<T: StepTime + ?Sized> std::fmt::Debug for Bounds<'_, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Bounds").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl<'a, T: StepTime + ?Sized> Bounds<'a, T> {
    /// Of requests of this shape.
    pub fn new(engine: &'a Engine, times: &'a T, shape: Shape) -> Self {
        let (prompts, most) = (RefCell::default(), OnceCell::new());
        Self { engine, times, shape, prompts, most }
    }

    /// Of a demand.
    pub fn of(&self, demand: Demand) -> Bound {
        let most = self.full();
        let settled = match demand {
            Demand::Rate(rate) if rate < most.requests_per_second => self.at_rate(rate),
            Demand::Rate(_) => Bound { ttft: f64::INFINITY, in_flight: f64::INFINITY, ..most },
            Demand::Users { users, think } => self.with_users(users, think, most),
        };
        Bound { tpot: if self.shape.output > 1.0 { settled.tpot } else { 0.0 }, ..settled }
    }

    /// Requests that it can serve in a second.
    pub fn most_requests_per_second(&self) -> f64 {
        self.full().requests_per_second
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of tokens and requests, rounded on purpose"
)]
impl<T: StepTime + ?Sized> Bounds<'_, T> {
    /// With as large a batch as there is room for.
    fn full(&self) -> Bound {
        *self.most.get_or_init(|| self.fullest())
    }

    fn largest(&self) -> f64 {
        let tokens = self.shape.prompt + self.shape.output / 2.0;
        let room = self.engine.cached_tokens() as f64 / tokens.max(1.0);
        room.min(f64::from(self.engine.max_sequences)).max(1.0)
    }

    fn fullest(&self) -> Bound {
        let batch = self.largest();
        let each = (self.answer(batch) + self.least_prompt(batch)).max(self.front_end());
        self.settled(1.0 / each.max(f64::MIN_POSITIVE), batch)
    }

    /// Seconds that an answer costs: a share of a step for each token, of which one comes with the prompt.
    fn answer(&self, batch: f64) -> f64 {
        (self.shape.output - 1.0).max(0.0) / batch * self.decode(batch)
    }

    /// Seconds that a prompt costs where many wait: those that are computed without tokens beside them share steps.
    fn least_prompt(&self, batch: f64) -> f64 {
        let goal = (self.shape.prompt.round() as u64).max(1);
        let together = u64::from(self.engine.max_batched_tokens) / goal;
        let together = together.min(self.largest() as u64);
        if self.engine.prompts != Prompts::Alone || together < 2 {
            return self.prompt(batch).seconds;
        }
        let step = Step {
            prefill_tokens: together * goal,
            prefill_pairs: together * goal * (goal + 1) / 2,
            prefill_requests: u32::try_from(together).unwrap_or(u32::MAX),
            ..Step::default()
        };
        self.times.seconds(&step) / together as f64
    }

    /// What a prompt costs at a rate: as much as alone, unless then more would wait, and share steps.
    fn prompt_at(&self, rate: f64, batch: f64) -> Prompt {
        let alone = self.prompt(batch);
        if self.engine.prompts != Prompts::Alone {
            return alone;
        }
        let left = 1.0 / rate.max(f64::MIN_POSITIVE) - self.answer(self.largest());
        Prompt { seconds: alone.seconds.min(left.max(self.least_prompt(batch))), ..alone }
    }

    /// The batch grows until it is what arrives while an answer is written.
    fn at_rate(&self, rate: f64) -> Bound {
        let (mut low, mut high) = (0.0, self.full().batch);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            let prompt = self.prompt_at(rate, middle);
            let batch = rate * self.whole_answer(self.token(rate, &prompt, middle));
            if batch > middle { low = middle } else { high = middle }
        }
        self.settled(rate, high)
    }

    /// The rate at which as many are there as there are people.
    fn with_users(&self, users: f64, think: f64, most: Bound) -> Bound {
        let people = |bound: &Bound| bound.in_flight + bound.requests_per_second * think;
        let near = self.at_rate(most.requests_per_second * 0.999_999);
        if people(&near) < users {
            // Whoever is too many waits for the first token.
            let in_flight = users - most.requests_per_second * think;
            let answer = self.whole_answer(most.tpot);
            let ttft = in_flight / most.requests_per_second - answer;
            return Bound { in_flight, ttft: ttft.max(near.ttft), ..most };
        }
        let (mut low, mut high) = (0.0, most.requests_per_second);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if people(&self.at_rate(middle)) < users { low = middle } else { high = middle }
        }
        self.at_rate(low)
    }

    /// At a rate and with steps of this batch.
    fn settled(&self, rate: f64, batch: f64) -> Bound {
        let prompt = self.prompt_at(rate, batch);
        let tpot = self.token(rate, &prompt, batch);
        let answer = self.whole_answer(tpot);
        let beside = if batch < 1.0 { 0.0 } else { self.decode(batch) };
        let outside = self.reading(rate) + self.times.crossing();
        let ttft = outside + first_token(rate, &prompt, beside);
        let in_flight = rate * (ttft + answer);
        Bound { requests_per_second: rate, ttft, tpot, batch: rate * answer, in_flight }
    }

    /// Seconds for a token: prompts leave so much of the time to the batch.
    fn token(&self, rate: f64, prompt: &Prompt, batch: f64) -> f64 {
        let left = (1.0 - rate * prompt.seconds).max(1e-9);
        self.decode(batch) / left
    }

    fn whole_answer(&self, tpot: f64) -> f64 {
        (self.shape.output - 1.0).max(0.0) * tpot
    }

    fn front_end(&self) -> f64 {
        self.times.front_end(self.shape.prompt.round() as u32)
    }

    /// At the front end, a queue that serves all in the same time (Pollaczek and Khinchine).
    fn reading(&self, rate: f64) -> f64 {
        let own = self.front_end();
        let busy = (rate * own).min(0.999_999);
        own + own * busy / (2.0 * (1.0 - busy))
    }

    /// A step of this batch, between the whole numbers next to it.
    fn decode(&self, batch: f64) -> f64 {
        let tokens = self.shape.prompt + self.shape.output / 2.0;
        let step = |requests: f64| {
            self.times.decode(requests.max(1.0) as u32).seconds(requests.max(1.0) * tokens)
        };
        let below = batch.floor();
        step(below) + (step(below + 1.0) - step(below)) * (batch - below)
    }

    /// What a prompt adds to the steps that compute it.
    fn prompt(&self, batch: f64) -> Prompt {
        let decodes = match self.engine.prompts {
            Prompts::Mixed | Prompts::Whole => {
                batch.min(f64::from(self.engine.max_sequences - 1)) as u32
            }
            Prompts::Alone => 0,
        };
        *self.prompts.borrow_mut().entry(decodes).or_insert_with(|| self.pieces(decodes))
    }

    fn pieces(&self, decodes: u32) -> Prompt {
        let budget = u64::from(self.engine.max_batched_tokens - decodes);
        let tokens = self.shape.prompt + self.shape.output / 2.0;
        let context = (f64::from(decodes) * tokens) as u64;
        let base = Step { decodes, context, ..Step::default() };
        let without = if decodes == 0 { 0.0 } else { self.times.seconds(&base) };
        let goal = (self.shape.prompt.round() as u64).max(1);
        let budget = if self.engine.prompts == Prompts::Whole { goal } else { budget };
        let (mut computed, mut prompt) = (0, Prompt { seconds: 0.0, pieces: 0.0, without });
        while computed < goal {
            let piece = (goal - computed).min(budget);
            let prefill_pairs = piece * computed + piece * (piece + 1) / 2;
            let step = Step { prefill_tokens: piece, prefill_pairs, prefill_requests: 1, ..base };
            prompt.seconds += (self.times.seconds(&step) - without).max(0.0);
            prompt.pieces += 1.0;
            computed += piece;
        }
        prompt
    }
}

/// Seconds from the queue to the first token: the rest of the step that runs, then the steps that compute the prompt,
/// together with those of others that came in the same step.
fn first_token(rate: f64, prompt: &Prompt, beside: f64) -> f64 {
    let mut step = beside;
    // Nobody's tokens are made beside prompts that are computed alone.
    let with = if prompt.without > 0.0 { beside } else { 0.0 };
    let mut own = prompt.seconds + prompt.pieces * with;
    for _ in 0..20 {
        let others = rate * step;
        own = prompt.seconds * (1.0 + others) + prompt.pieces * with;
        let with_prompts = (rate / (1.0 + others) * own).min(1.0);
        let length = own / prompt.pieces;
        step = (with_prompts * length + (1.0 - with_prompts) * beside).min(length);
    }
    step / 2.0 + own
}

#[derive(Clone, Copy)]
struct Prompt {
    seconds: f64,
    pieces: f64,
    /// Seconds of a step beside it without it.
    without: f64,
}
