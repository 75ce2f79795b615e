//! How long a batch takes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Device, Precision, Work};

/// What executes a model.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// A compiled engine.
    #[default]
    TensorRt,
    /// `PyTorch`, operator by operator.
    Eager,
}

/// What a batch's time is made of mostly, or why batches are no larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bottleneck {
    Overhead,
    Compute,
    MemoryBandwidth,
    MemoryCapacity,
}

/// What was learnt of a family on a runtime. A batch takes
/// `kernels · start + max(flops / (peak · share · gpu), bytes / (0.8 · bandwidth))`, so that the share of
/// the peak that is reached grows with the batch.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficients {
    /// Seconds from one operator to the next.
    pub start: f64,
    /// Of the dense peak, by large batches.
    pub fp16: f64,
    pub int8: f64,
    /// Of what operators write and read, what goes through memory and not through caches and fusion.
    pub traffic: f64,
    /// chips that were measured: how their peak compares, under their limit of power.
    pub gpus: BTreeMap<String, f64>,
}

/// Of the bandwidth that the data sheet gives.
const REACHED: f64 = 0.8;

/// The parts of a batch's time, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    pub overhead: f64,
    pub compute: f64,
    pub memory: f64,
}

impl Parts {
    /// Of the batch.
    pub fn seconds(self) -> f64 {
        self.overhead + self.compute.max(self.memory)
    }

    /// The largest.
    pub fn bottleneck(self) -> Bottleneck {
        if self.overhead >= self.compute.max(self.memory) {
            Bottleneck::Overhead
        } else if self.compute >= self.memory {
            Bottleneck::Compute
        } else {
            Bottleneck::MemoryBandwidth
        }
    }
}

impl Coefficients {
    /// Of a batch of items on a device.
    pub fn parts(&self, work: &Work, device: &Device, precision: Precision, batch: f64) -> Parts {
        let share = match precision {
            Precision::Fp16 => self.fp16,
            Precision::Fp8 | Precision::Int8 => self.int8,
        };
        let gpu = self.gpus.get(device.chip()).copied().unwrap_or(1.0);
        // Each number is written once and read once.
        let bytes = precision.bytes() * (2.0 * self.traffic * work.outputs * batch + work.weights);
        Parts {
            overhead: work.kernels * self.start,
            compute: work.flops * batch / (device.rate(precision) * share * gpu),
            memory: bytes / (REACHED * device.bandwidth),
        }
    }
}
