//! A simulation of continuous batching.
//!
//! An engine computes in steps. In each step every request that has its prompt behind it gets one more token, and what
//! is left of the budget of tokens goes to prompts, first come first served, in pieces if need be. The step that ends
//! a prompt gives its first token. Tokens are kept in blocks of a cache; a request that finds no block pushes the
//! request that was admitted last back to the head of the queue, where it is computed again (as vLLM 1 schedules), or
//! is not admitted before there is room for all that it will ever need (as TensorRT-LLM without eviction). Engines differ
//! in what shares a step with prompts ([`Prompts`]).
//!
//! # How it is fast
//!
//! Most steps do the same as the one before: each request in the batch gets a token. How long such steps take is a line
//! over the cached tokens, flat below a floor ([`crate::StepTime::decode`]), so that any number of them has a closed form. The simulation
//! goes from event to event: an arrival, the end of a request, a piece of a prompt, the end of the free blocks. A
//! request costs a handful of events, however many tokens it has.
//!
//! Time is counted in integers ([`crate::Time`]): the closed form gives the very moment that adding step by step gives,
//! and the same question gives the same bytes. The tests compare it with a simulator that walks token by token.
//!
//! # What it leaves out
//!
//! Speculative decoding, priorities, adapters, pipeline stages, caches below the GPU's memory, and the step of delay
//! between scheduling and sampling of asynchronous engines. Tokens of answers are not shared with later prompts.

mod blocks;
mod book;
mod bound;
mod config;
mod history;
mod hunch;
mod line;
mod patience;
mod replica;
mod router;
mod simulate;
mod summary;
mod window;

pub use bound::{Bound, Bounds, Demand, Shape};
pub use config::{Admission, Engine, EngineFault, PrefixCache, Prompts};
pub use history::{History, Outcome, Refusal, Request, Usage};
pub(crate) use hunch::Hunch;
pub use patience::Patience;
pub use router::Router;
pub(crate) use simulate::glance;
pub use simulate::{Fleet, simulate, simulate_while};
pub use summary::{Bottleneck, Estimate, Percentiles, Promise, Summary};

#[cfg(test)]
mod tests;
