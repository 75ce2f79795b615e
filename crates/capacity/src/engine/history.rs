//! What became of each request, and how busy the replicas were.

use thiserror::Error;

/// What a simulation tells.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Every request of the load, in the order in which they were made known.
    pub requests: Vec<Request>,
    /// Every replica.
    pub usage: Vec<Usage>,
    /// When the last request ended, in seconds.
    pub end: f64,
    /// Most requests that were there at once, waiting ones included.
    pub in_flight_max: u32,
}

/// A request, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// When it arrived, in seconds.
    pub arrival: f64,
    /// Tokens of its prompt.
    pub prompt: u32,
    /// Tokens of its answer.
    pub output: u32,
    /// Which replica served it.
    pub replica: u32,
    /// Tokens of its prompt that were cached already when it was first admitted.
    pub cached: u32,
    /// How often it was pushed out to make room.
    pub preemptions: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// It got its whole answer.
    Finished {
        /// When its first token came, in seconds.
        first: f64,
        /// When its last token came, in seconds.
        end: f64,
    },
    /// It can never be served.
    Refused(Refusal),
    /// The simulation ended before it did: that does not happen, and tests hold to it.
    Unfinished,
}

/// Why a request can never be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// More than the engine takes.
    #[error("{tokens} tokens with the answer: the engine takes {most}")]
    TooLong {
        /// Of the prompt and the answer.
        tokens: u64,
        /// `max_tokens` of the engine.
        most: u32,
    },
    /// More than the cache holds, even alone.
    #[error("{tokens} tokens with the answer: the cache holds {most}")]
    LargerThanCache {
        /// Of the prompt and the answer.
        tokens: u64,
        /// Tokens in all blocks.
        most: u64,
    },
}

/// How busy a replica was. Times are in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// In steps that compute no prompt.
    pub decoding: f64,
    /// In steps that compute prompts, alone or with decoding.
    pub prefilling: f64,
    /// Of both, while the head of the queue found too few blocks.
    pub short_of_blocks: f64,
    /// Of both, while the head of the queue found the batch full.
    pub short_of_seats: f64,
    /// Of both, while the budget of tokens did not suffice for the queue.
    pub short_of_budget: f64,
    /// Steps.
    pub steps: u64,
    /// Requests with their prompt behind them, each times the seconds that it was in a batch.
    pub batch_seconds: f64,
    /// Share of blocks in use times seconds; between the ends of a stretch of equal steps a straight line is assumed.
    pub cache_seconds: f64,
    /// Largest share of blocks in use.
    pub cache_max: f64,
    /// How often a request was pushed out.
    pub preemptions: u64,
    /// Tokens of prompts that were computed, those computed again included.
    pub prefill_tokens: u64,
}

impl Usage {
    /// Of all replicas together; the largest of what is largest.
    pub(super) fn sum(usages: &[Usage]) -> Usage {
        let mut sum = Usage::default();
        for usage in usages {
            sum.decoding += usage.decoding;
            sum.prefilling += usage.prefilling;
            sum.short_of_blocks += usage.short_of_blocks;
            sum.short_of_seats += usage.short_of_seats;
            sum.short_of_budget += usage.short_of_budget;
            sum.steps += usage.steps;
            sum.batch_seconds += usage.batch_seconds;
            sum.cache_seconds += usage.cache_seconds;
            sum.cache_max = sum.cache_max.max(usage.cache_max);
            sum.preemptions += usage.preemptions;
            sum.prefill_tokens += usage.prefill_tokens;
        }
        sum
    }

    /// Seconds in steps.
    pub fn busy(&self) -> f64 {
        self.decoding + self.prefilling
    }
}
