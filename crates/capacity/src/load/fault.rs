//! Why a load cannot be.

use thiserror::Error;

/// What is wrong with a load, and what to write instead.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum LoadFault {
    /// Nobody asks anything.
    #[error("there are no requests: ask for at least one")]
    NoRequests,
    /// More than fit into memory.
    #[error("{requests} requests: at most twenty million are simulated")]
    TooManyRequests {
        /// As given.
        requests: u32,
    },
    /// A closed loop of nobody.
    #[error("there are no users: name at least one")]
    NoUsers,
    /// A rate that never comes or is not a number.
    #[error("a rate of {rate} requests per second: it must be above 0, and finite")]
    Rate {
        /// As given.
        rate: f64,
    },
    /// A burstiness that cannot be.
    #[error(
        "a coefficient of variation of {cv} between arrivals: it must be from 0.01 to 100 (1 is Poisson)"
    )]
    Burstiness {
        /// As given.
        cv: f64,
    },
    /// Negative or no number.
    #[error("a think time of {seconds} s: it must not be negative, and finite")]
    Think {
        /// As given.
        seconds: f64,
    },
    /// Traces are played at a speed.
    #[error("a trace played {speed} times as fast: it must be above 0, and finite")]
    Speed {
        /// As given.
        speed: f64,
    },
    /// A prompt or an answer without tokens.
    #[error("prompts and answers have at least one token")]
    NoTokens,
    /// More than anything reads.
    #[error("{tokens} tokens: at most a hundred million are simulated")]
    TooLong {
        /// As given.
        tokens: u32,
    },
    /// The wrong way round.
    #[error("tokens from {low} to {high}: the first must not be above the second")]
    Range {
        /// As given.
        low: u32,
        /// As given.
        high: u32,
    },
    /// Prompt and answer both need a part.
    #[error("a share of {share} for the prompt: it must be above 0 and below 1")]
    PromptShare {
        /// As given.
        share: f64,
    },
    /// A distribution of nothing.
    #[error(
        "the distribution has no points: write pairs of tokens and the share with so many or fewer"
    )]
    NoPoints,
    /// A distribution that falls.
    #[error(
        "point {at} of the distribution: tokens must rise from point to point and shares must not fall; both are above 0"
    )]
    Points {
        /// Counted from one.
        at: usize,
    },
}
