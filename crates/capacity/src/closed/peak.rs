//! Runs without a server, and the most that a deployment puts out.

use super::{Clients, Means, Method, Start, replay};
use crate::{Coefficients, Deployment, Roofline};

/// Tokens of a step and requests at once, as engines are delivered for throughput.
const BUDGET: u32 = 8192;
const SEQUENCES: u32 = 2048;

/// Output tokens a second when all of that many requests are there at once and nobody waits for an answer.
/// `None` where it does not fit.
pub fn peak(
    deployment: &Deployment,
    coefficients: &Coefficients,
    prompt: u32,
    output: u32,
    requests: u32,
) -> Option<f64> {
    // Twice as many as the cache holds: whoever is done is followed at once.
    let held = 2 * deployment.memory().ok()?.tokens / u64::from(prompt + output).max(1);
    let clients = u32::try_from(held.clamp(2, 2 * u64::from(SEQUENCES))).ok()?.min(requests);
    let rounds = requests.div_ceil(clients.max(1));
    let clients = Clients { prompt, output, clients };
    Some(offline(deployment, coefficients, &clients, rounds)?.throughput)
}

/// A run of that many rounds without a server, which would read prompts and stream tokens. `None` where it
/// does not fit.
pub fn offline(
    deployment: &Deployment,
    coefficients: &Coefficients,
    clients: &Clients,
    rounds: u32,
) -> Option<Means> {
    let mut offline = coefficients.clone();
    let cost = offline.engines.get_mut(&deployment.engine)?;
    *cost = cost.offline();
    let cache = deployment.memory().ok()?.tokens;
    let engine = deployment.engine.set(cache, SEQUENCES, BUDGET.max(clients.prompt));
    let method =
        Method { rounds, prompts: (1.0, 1.0), outputs: (1.0, 1.0), start: Start::Together };
    replay(&Roofline::new(deployment, &offline)?, &engine, clients, &method)
}
