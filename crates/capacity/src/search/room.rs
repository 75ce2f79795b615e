//! What one replica carries within the promise.

use super::steady::{Steady, steady};
use super::{Candidate, Demand, Proof, Question};
use crate::engine::{Bottleneck, Fleet, Percentiles, Promise, Router, Summary, simulate};
use crate::load::{Arrivals, Load};
use std::num::NonZeroU32;

/// What one replica carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Requests that were admitted and are not finished, in the mean.
    pub in_flight: f64,
    /// People who ask and think by turns.
    pub seats: f64,
    /// Requests per second.
    pub requests: f64,
    /// Output tokens per second.
    pub output_tokens: f64,
    /// Seconds to the first token.
    pub ttft: Percentiles,
    /// Seconds for each further token.
    pub tpot: Percentiles,
    /// Seconds to the last token.
    pub end_to_end: Percentiles,
    /// What stands in the way of more.
    pub bottleneck: Bottleneck,
    /// How that was found.
    pub proof: Proof,
}

/// Why a deployment cannot keep the promise, even for one request at a time.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Shortfall {
    /// The first token is late.
    #[error("the first token takes {:.0} ms even alone; {:.0} ms are promised", best * 1e3, promised * 1e3)]
    FirstToken {
        /// Seconds.
        best: f64,
        /// Seconds.
        promised: f64,
    },
    /// Tokens are slow.
    #[error("a token takes {:.1} ms even alone; {:.1} ms are promised", best * 1e3, promised * 1e3)]
    EachToken {
        /// Seconds.
        best: f64,
        /// Seconds.
        promised: f64,
    },
    /// One request is more than the cache holds.
    #[error("a request of {tokens} tokens is more than the {room} that fit beside the weights")]
    Cache {
        /// Of prompt and answer.
        tokens: u64,
        /// Of the cache.
        room: u64,
    },
}
