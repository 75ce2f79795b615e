//! What `cargo xtask calibrate` stores: coefficients, where they come from, and how wrong they are.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::gpu::Generation;
use crate::{Coefficients, Deployment, Graphs};

/// A data set that was fitted or checked against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSet {
    pub file: String,
    pub rows: u64,
    pub source: String,
}

/// What a measurement may be, as multiples of what is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Four of five measurements lie between these.
    pub p10: f64,
    pub p90: f64,
    /// Nine of ten lie between these.
    pub p5: f64,
    pub p95: f64,
}

/// Bands of one class of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bands {
    pub rows: u64,
    pub ttft: Band,
    pub tpot: Band,
}

/// Errors of rows that the fit had not seen, in per cent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errors {
    /// What was left out: `group`, `tensor parallelism`, `shape`, or `never fitted`.
    pub left_out: String,
    pub models: String,
    pub model: String,
    pub gpu: String,
    pub engine: String,
    pub rows: u64,
    pub ttft_mean: f64,
    pub ttft_median: f64,
    pub tpot_mean: f64,
    pub tpot_median: f64,
}

/// One figure against what was measured, outside the fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub what: String,
    pub unit: String,
    pub measured: f64,
    pub predicted: f64,
}

/// Sweeps over concurrency: where saturation was predicted against where it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knees {
    pub sweeps: u64,
    /// Sweeps that were measured to saturate.
    pub with_knee: u64,
    pub exact: u64,
    /// The next measured concurrency, in either direction.
    pub one_off: u64,
    pub farther: u64,
}

/// The stored calibration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    pub date: String,
    pub coefficients: Coefficients,
    pub bands: BTreeMap<String, Bands>,
    /// Of dense models, each group left out.
    pub knees: Knees,
    pub data: Vec<DataSet>,
    pub errors: Vec<Errors>,
    pub checks: Vec<Check>,
}

/// Whether measurements stand behind a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// GPUs, engine and kind of model are those that were measured.
    Calibrated,
    /// The same, under a load or with lengths that no measured row reaches.
    Extrapolated,
    /// Kernels or engine are taken from the nearest that was measured.
    ModelledOnly,
}

/// Clients of the rows that bands come from.
pub(crate) const CLIENTS: u32 = 64;
/// Tokens of their prompts.
const PROMPTS: (f64, f64) = (128.0, 8_192.0);
/// Tokens of their answers.
const ANSWERS: (f64, f64) = (100.0, 8_192.0);

/// Which loads the rows have that bands come from, in words.
pub fn measured_loads() -> String {
    let (from, to) = PROMPTS;
    let (least, most) = ANSWERS;
    format!(
        "up to {CLIENTS} requests in flight, prompts of {from} to {to} tokens and answers of {least} to {most}"
    )
}

impl Basis {
    /// The same for so many requests in flight and such lengths: is it among what was measured?
    #[must_use]
    pub fn at(self, in_flight: f64, prompt: f64, answer: f64) -> Self {
        let within = |value: f64, (low, high): (f64, f64)| (low..=high).contains(&value);
        let reached =
            in_flight <= f64::from(CLIENTS) && within(prompt, PROMPTS) && within(answer, ANSWERS);
        if self == Self::Calibrated && !reached { Self::Extrapolated } else { self }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Calibrated => "calibrated",
            Self::Extrapolated => "extrapolated",
            Self::ModelledOnly => "modelled only",
        }
    }
}

static STORED: LazyLock<Calibration> = LazyLock::new(|| {
    toml::from_str(include_str!("../data/calibration.toml"))
        .expect("calibration.toml is read by a test")
});

impl Calibration {
    /// What this build was calibrated with.
    pub fn stored() -> &'static Self {
        &STORED
    }

    /// How sure a deployment's numbers are.
    pub fn bands(&self, deployment: &Deployment) -> (Basis, Option<&Bands>) {
        let measured = deployment.gpu.generation == Generation::Hopper
            && deployment.slice.is_none()
            // No measured engine launched its kernels one by one.
            && deployment.graphs == Graphs::Replayed;
        let class = if measured { class(deployment) } else { elsewhere(deployment) };
        let bands = self.bands.get(&class);
        let basis =
            if measured && bands.is_some() { Basis::Calibrated } else { Basis::ModelledOnly };
        (basis, bands.or_else(|| self.bands.get(&elsewhere(deployment))))
    }
}

fn kind(deployment: &Deployment) -> &'static str {
    if deployment.model.experts.is_some() { "experts" } else { "dense" }
}

/// The class of predictions that a deployment's belong to, where it was measured.
pub(crate) fn class(deployment: &Deployment) -> String {
    format!("{}-{}", deployment.engine.name(), kind(deployment))
}

/// The class where it was not: what is known of the error on a GPU that no fit saw.
pub(crate) fn elsewhere(deployment: &Deployment) -> String {
    format!("elsewhere-{}", kind(deployment))
}

#[cfg(test)]
mod tests {
    use super::Basis;

    #[test]
    fn beyond_what_was_measured_nothing_is_calibrated() {
        for (in_flight, prompt, answer, want) in [
            (64.0, 1_024.0, 256.0, Basis::Calibrated),
            (64.5, 1_024.0, 256.0, Basis::Extrapolated),
            (8.0, 16_000.0, 256.0, Basis::Extrapolated),
            (8.0, 64.0, 256.0, Basis::Extrapolated),
            (8.0, 1_024.0, 10_000.0, Basis::Extrapolated),
        ] {
            assert_eq!(
                Basis::Calibrated.at(in_flight, prompt, answer),
                want,
                "{in_flight} {prompt}"
            );
            let modelled = Basis::ModelledOnly.at(in_flight, prompt, answer);
            assert_eq!(modelled, Basis::ModelledOnly);
        }
    }
}
