//! The most that a deployment puts out.

use super::{Clients, Method, Start, replay};
use crate::{Coefficients, Deployment, Roofline};

/// Tokens of a step and requests at once, as engines are delivered for throughput.
const BUDGET: u32 = 8192;
const SEQUENCES: u32 = 2048;

/// Output tokens a second when all of that many requests are there at once and nobody waits for an answer:
/// no server reads prompts or streams tokens. `None` where it does not fit.
pub fn peak(
    deployment: &Deployment,
    coefficients: &Coefficients,
    prompt: u32,
    output: u32,
    requests: u32,
) -> Option<f64> {
    let mut offline = coefficients.clone();
    let cost = offline.engines.get_mut(&deployment.engine)?;
    *cost = cost.offline();
    let cache = deployment.memory().ok()?.tokens;
    // Twice as many as the cache holds: whoever is done is followed at once.
    let held = 2 * cache / u64::from(prompt + output).max(1);
    let clients = u32::try_from(held.clamp(2, 2 * u64::from(SEQUENCES))).ok()?.min(requests);
    let engine = deployment.engine.set(cache, SEQUENCES, BUDGET.max(prompt));
    let method = Method {
        rounds: requests.div_ceil(clients.max(1)),
        prompts: (1.0, 1.0),
        outputs: (1.0, 1.0),
        start: Start::Together,
    };
    let times = Roofline::new(deployment, &offline)?;
    let clients = Clients { prompt, output, clients };
    Some(replay(&times, &engine, &clients, &method)?.throughput)
}
