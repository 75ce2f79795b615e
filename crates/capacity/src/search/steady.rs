//! A replica with a fixed number of requests in flight, in the mean.

use super::Candidate;
use crate::Step;

/// Means of a steady state, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steady {
    pub(super) ttft: f64,
    pub(super) tpot: f64,
    pub(super) end_to_end: f64,
    /// What a prompt holds up: steps that compute it.
    pub(super) prefill: f64,
    /// Requests a second.
    pub(super) rate: f64,
}

/// With so many requests between their first and last token, of `prompt` and `output` tokens.
///
/// A request gets its first token with its prompt and the others step by step; so, in the mean, `decoding / output`
/// prompts are computed in each step. Steps with prompts take longer, and everybody waits for them.
pub(super) fn steady(candidate: &Candidate<'_>, (prompt, output): (f64, f64), decoding: f64) -> Steady {
    let budget = f64::from(candidate.engine.max_batched_tokens);
    let piece = prompt.min((budget - decoding).max(1.0));
    let pieces = (prompt / piece).ceil();
    let steps = (output - 1.0).max(1.0);
    let context = decoding * (prompt + output / 2.0);
    let alone = step(candidate, decoding, context, 0.0, prompt);
    let mixed = step(candidate, decoding, context, piece, prompt);
    // Pieces for each step; more than one is a step with prompts and a longer one.
    let share = decoding / steps * pieces;
    let tpot = if share < 1.0 {
        alone + share * (mixed - alone)
    } else {
        step(candidate, decoding, context, (share * piece).min(budget), prompt) * (share * piece / budget).max(1.0)
    };
    let prefill = mixed * pieces;
    // It arrives while a step runs.
    let ttft = candidate.times.overhead() + tpot / 2.0 + prefill;
    let end_to_end = ttft + (output - 1.0) * tpot;
    Steady { ttft, tpot, end_to_end, prefill, rate: decoding / (steps * tpot) }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of tokens, at least zero")]
fn step(candidate: &Candidate<'_>, decoding: f64, context: f64, prefill: f64, prompt: f64) -> f64 {
    let requests = if prefill > 0.0 { (prefill / prompt).ceil() } else { 0.0 };
    candidate.times.seconds(&Step {
        prefill_tokens: prefill.round() as u64,
        prefill_pairs: (prefill * (prompt + 1.0) / 2.0).round() as u64,
        prefill_requests: requests as u32,
        decodes: decoding.ceil() as u32,
        context: context.round() as u64,
    })
}
