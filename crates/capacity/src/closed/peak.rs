//! The most that a deployment puts out.

use super::{Batching, Load, Method, Start, replay};
use crate::{Coefficients, Deployment, Roofline};

/// Tokens of a step and requests at once, as engines are delivered for throughput.
const BUDGET: u64 = 8192;
const SEQUENCES: u64 = 2048;

/// Output tokens a second when all of that many requests are there at once and nobody waits for an answer:
/// no server reads prompts or streams tokens. `None` where it does not fit.
pub fn peak(
    deployment: &Deployment,
    coefficients: &Coefficients,
    prompt: u64,
    output: u64,
    requests: u32,
) -> Option<f64> {
    let engine = deployment.engine;
    let mut offline = coefficients.clone();
    let cost = offline.engines.get_mut(&engine)?;
    *cost = cost.offline();
    let cache = deployment.memory().ok()?.tokens;
    // Twice as many as the cache holds: whoever is done is followed at once.
    let held = 2 * cache / (prompt + output).max(1);
    let clients = u32::try_from(held.clamp(2, 2 * SEQUENCES)).ok()?.min(requests);
    let batching = Batching {
        engine,
        budget: BUDGET.max(prompt),
        cache,
        sequences: usize::try_from(SEQUENCES).ok()?,
    };
    let method = Method {
        rounds: requests.div_ceil(clients.max(1)),
        prompts: (1.0, 1.0),
        outputs: (1.0, 1.0),
        start: Start::Together,
    };
    let load = Load { prompt, output, clients };
    let time = Roofline::new(deployment, &offline)?;
    Some(replay(&time, &batching, &load, &method)?.throughput)
}
