//! What engines add, from measurements end to end.

use std::collections::BTreeMap;

use super::fit::{Problem, solve};
use crate::cost::{EngineCost, Kernels};
use crate::evaluate::Case;
use crate::gpu::Generation;
use crate::{Coefficients, Engine};

/// What is expected of an engine before anything was measured.
const EXPECTED: EngineCost = EngineCost {
    step_us: 300.0,
    layer_us: 8.0,
    request_us: 10.0,
    launch_us: 300.0,
    compute: 1.0,
    bandwidth: 1.0,
    overhead_ms: 20.0,
    front_ms: 1.0,
    prompt_us: 1.0,
    experts: 0.7,
    experts_compute: 0.5,
    experts_layer_us: 10.0,
    experts_launch_us: 300.0,
    latent_layer_us: 10.0,
    latent_launch_us: 100.0,
    block: 1.0,
};

/// How far dense models may move that, in logarithms: times and overheads by factors, kernels hardly. Those were
/// measured one by one, also on GPUs that no engine was measured on: what an engine adds must not pass for slow
/// kernels, which would be slow on those GPUs too.
const DENSE: [f64; 16] =
    [1.0, 0.7, 1.0, 1.0, 0.05, 0.05, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
/// Models with experts move what only they have; all that have latent attention are among them.
const EXPERTS: [f64; 16] =
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.7, 1.0, 1.0, 1.0, 1.0, 1.5];

/// TTFT hangs on how a benchmark was run; TPOT on the engine alone.
const TTFT_WEIGHT: f64 = 0.3;
/// Logarithms from which on a row counts as measured on something else, one fit after the other.
const SCALES: [f64; 3] = [2.0, 0.7, 0.25];
/// Beyond that many clients the clients are measured too.
const MOST_CLIENTS: u32 = 128;

/// Which rows fit what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Dense,
    Experts,
}

/// Fits one engine on rows of Hopper GPUs.
pub fn engine(
    engine: Engine,
    cases: &[&Case],
    kernels: &BTreeMap<Generation, Kernels>,
) -> EngineCost {
    let dense = stage(Stage::Dense, engine, cases, kernels, EXPECTED, EXPECTED, 15);
    let afresh = expected(Stage::Experts, dense);
    stage(Stage::Experts, engine, cases, kernels, afresh, afresh, 15)
}

/// What a stage expects that starts from such costs.
pub(super) fn expected(of: Stage, cost: EngineCost) -> EngineCost {
    match of {
        Stage::Dense => EXPECTED,
        Stage::Experts => EngineCost {
            experts: EXPECTED.experts,
            experts_compute: EXPECTED.experts_compute,
            experts_layer_us: EXPECTED.experts_layer_us,
            experts_launch_us: EXPECTED.experts_launch_us,
            latent_layer_us: EXPECTED.latent_layer_us,
            latent_launch_us: EXPECTED.latent_launch_us,
            block: EXPECTED.block,
            ..cost
        },
    }
}

/// Whether a row is of that stage, engine and the GPUs that engines are fitted on.
pub fn belongs(stage: Stage, engine: Engine, case: &Case) -> bool {
    let d = &case.deployment;
    let experts = d.model.experts.is_some();
    d.engine == engine
        && d.gpu.generation == Generation::Hopper
        && experts == (stage == Stage::Experts)
}

/// One stage, from a start.
pub(super) fn stage(
    stage: Stage,
    engine: Engine,
    cases: &[&Case],
    kernels: &BTreeMap<Generation, Kernels>,
    expected: EngineCost,
    start: EngineCost,
    rounds: u32,
) -> EngineCost {
    let mine = |c: &&&Case| belongs(stage, engine, c) && c.load.clients <= MOST_CLIENTS;
    let mine: Vec<&Case> = cases.iter().filter(mine).copied().collect();
    if mine.is_empty() {
        return start;
    }
    let mut sizes: BTreeMap<&str, f64> = BTreeMap::new();
    for case in &mine {
        *sizes.entry(&case.group).or_default() += 1.0;
    }
    let residuals = |at: &[f64]| {
        let coefficients = Coefficients {
            kernels: kernels.clone(),
            engines: [(engine, EngineCost::from_values(at))].into(),
        };
        let of = |case: &&Case| {
            // Of a sweep of five, each row says less than a row that stands alone.
            let weight = 50.0 / sizes.get(case.group.as_str()).copied().unwrap_or(1.0).sqrt();
            misses(case, &coefficients, weight)
        };
        mine.iter().flat_map(of).collect()
    };
    let freedom = if stage == Stage::Dense { DENSE } else { EXPERTS };
    let mut at = start.values().to_vec();
    // Nothing is known of experts at the start: most rows would pass for outliers.
    let is_afresh = stage == Stage::Experts && start == expected;
    for robust in if is_afresh { &SCALES[..] } else { &SCALES[SCALES.len() - 1..] } {
        let problem = Problem {
            expected: &expected.values(),
            freedom: &freedom,
            start: &at,
            residuals: &residuals,
            robust: *robust,
            rounds,
        };
        at = solve(&problem);
    }
    EngineCost::from_values(&at)
}

fn misses(case: &Case, coefficients: &Coefficients, weight: f64) -> [(f64, f64); 2] {
    let means = case.replay(coefficients).ok();
    let miss =
        |predicted: Option<f64>, measured: Option<f64>, weight: f64| match (predicted, measured) {
            (Some(p), Some(m)) => ((p * 1e3 / m).ln(), weight),
            _ => (0.0, 0.0),
        };
    [
        miss(means.map(|m| m.ttft), case.ttft, weight * TTFT_WEIGHT),
        miss(means.map(|m| m.tpot), case.tpot, weight),
    ]
}
