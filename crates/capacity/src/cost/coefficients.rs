//! What is fitted. All of it is positive.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::deployment::{Engine, Weights};
use crate::gpu::{Generation, Gpu};

/// In what a matrix product is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arithmetic {
    Bf16,
    Fp8,
    Fp8Block,
    Fp4,
}

impl Arithmetic {
    /// What the GPU computes in for weights of that kind: those that its tensor cores do not know are
    /// widened on the way.
    pub fn of(weights: Weights, gpu: &Gpu) -> Self {
        match weights {
            Weights::Fp8 if gpu.fp8 > 0.0 => Self::Fp8,
            Weights::Fp8Block if gpu.fp8 > 0.0 => Self::Fp8Block,
            Weights::Nvfp4 | Weights::Mxfp4 if gpu.fp4 > 0.0 => Self::Fp4,
            _ => Self::Bf16,
        }
    }

    /// Operations a second.
    pub fn rate(self, gpu: &Gpu) -> f64 {
        1e12 * match self {
            Self::Bf16 => gpu.fp16,
            Self::Fp8 | Self::Fp8Block => gpu.fp8,
            Self::Fp4 => gpu.fp4,
        }
    }
}

/// Products of matrices: `fixed + ((bytes / bandwidth)^s + (operations / rate)^s)^(1/s)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gemm {
    pub fixed_us: f64,
    /// Share of the bandwidth that is reached.
    pub bandwidth: f64,
    /// Share of the rate that is reached.
    pub compute: f64,
    /// How sharply one limit gives way to the other.
    pub sharpness: f64,
}

/// Attention, of prompts and of single tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttentionCost {
    pub prefill_fixed_us: f64,
    /// Share of the 16-bit rate.
    pub prefill_compute: f64,
    /// Nanoseconds for a head of a token.
    pub prefill_head_ns: f64,
    pub decode_fixed_us: f64,
    pub decode_bandwidth: f64,
    pub decode_head_ns: f64,
}

/// Sums over GPUs: `fixed + each * gpus + bytes on the ring / link`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reduce {
    pub fixed_us: f64,
    pub each_us: f64,
    /// Share of one direction of the link.
    pub link: f64,
}

/// Kernels of a generation of GPUs, from operator tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernels {
    pub gemm: BTreeMap<Arithmetic, Gemm>,
    pub attention: AttentionCost,
    pub reduce: Reduce,
}

impl Kernels {
    /// The products in that arithmetic, or in the nearest that was measured.
    pub fn gemm(&self, arithmetic: Arithmetic) -> Gemm {
        let measured = self.gemm.get(&arithmetic).or_else(|| self.gemm.get(&Arithmetic::Fp8));
        *measured.or_else(|| self.gemm.get(&Arithmetic::Bf16)).unwrap_or(&UNMEASURED)
    }
}

const UNMEASURED: Gemm = Gemm { fixed_us: 5.0, bandwidth: 0.75, compute: 0.7, sharpness: 2.0 };

/// What an engine adds, from measurements end to end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineCost {
    /// Of each step: scheduling, launch, sampling.
    pub step_us: f64,
    /// Of each layer in each step: norms, rotation, activation, gaps between kernels.
    pub layer_us: f64,
    /// Of each request that gets a token in a step.
    pub request_us: f64,
    /// Of each layer in a step with prefill, at least: its kernels are launched one by one, while in other
    /// steps a graph is replayed.
    pub launch_us: f64,
    /// Matrix products of this engine against those of the tables: where compute limits.
    pub compute: f64,
    /// The same where bandwidth limits.
    pub bandwidth: f64,
    /// Of a request, outside steps.
    pub overhead_ms: f64,
    /// Of the front end for a request: it handles one after the other.
    pub front_ms: f64,
    /// Of the front end for each prompt token.
    pub prompt_us: f64,
    /// Experts' products against plain ones: where bandwidth limits.
    pub experts: f64,
    /// The same where compute limits: rows are few for each expert, and differ in number.
    pub experts_compute: f64,
    /// Of each layer with experts: routing, sorting, gathering.
    pub experts_layer_us: f64,
    /// Of each layer with experts in a step with prefill, at least, on top of `launch_us`.
    pub experts_launch_us: f64,
    /// Of each layer with latent attention (MLA): it has more and smaller kernels than grouped heads.
    pub latent_layer_us: f64,
    /// Of each such layer in a step with prefill, at least, on top of `launch_us`.
    pub latent_launch_us: f64,
    /// What a product of weights in FP8 by blocks takes at least, against that of the tables, which quantise
    /// activations in a kernel of its own: engines fuse that into others.
    pub block: f64,
}

impl EngineCost {
    /// Without a server: nothing is read from clients or streamed to them.
    #[must_use]
    pub fn offline(&self) -> Self {
        Self { request_us: 0.0, overhead_ms: 0.0, front_ms: 0.0, prompt_us: 0.0, ..*self }
    }

    /// In the order of the fields.
    pub fn values(&self) -> [f64; 16] {
        let e = self;
        [
            e.step_us,
            e.layer_us,
            e.request_us,
            e.launch_us,
            e.compute,
            e.bandwidth,
            e.overhead_ms,
            e.front_ms,
            e.prompt_us,
            e.experts,
            e.experts_compute,
            e.experts_layer_us,
            e.experts_launch_us,
            e.latent_layer_us,
            e.latent_launch_us,
            e.block,
        ]
    }

    /// From the same order; missing ones are 1.
    pub fn from_values(values: &[f64]) -> Self {
        let at = |i: usize| values.get(i).copied().unwrap_or(1.0);
        Self {
            step_us: at(0),
            layer_us: at(1),
            request_us: at(2),
            launch_us: at(3),
            compute: at(4),
            bandwidth: at(5),
            overhead_ms: at(6),
            front_ms: at(7),
            prompt_us: at(8),
            experts: at(9),
            experts_compute: at(10),
            experts_layer_us: at(11),
            experts_launch_us: at(12),
            latent_layer_us: at(13),
            latent_launch_us: at(14),
            block: at(15),
        }
    }
}

/// All that is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficients {
    pub kernels: BTreeMap<Generation, Kernels>,
    pub engines: BTreeMap<Engine, EngineCost>,
}

impl Coefficients {
    /// Kernels of a generation, or of the nearest that was measured.
    pub fn kernels(&self, generation: Generation) -> Option<&Kernels> {
        let stand_in = match generation {
            Generation::Volta | Generation::Turing | Generation::Ampere => Generation::Ampere,
            Generation::Ada | Generation::Hopper | Generation::Blackwell => Generation::Hopper,
        };
        self.kernels.get(&generation).or_else(|| self.kernels.get(&stand_in))
    }
}
