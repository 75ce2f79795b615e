//! What is asked and what is answered.

use std::fmt;

use serde::Serialize;

use super::queue::Batching;
use super::search::Promise;
use super::{Bottleneck, ItemModel, Precision, Runtime, UnknownModel};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub model: String,
    /// Tokens of a sequence, steps of a picture; None: what is usual for the model.
    pub size: Option<u32>,
    pub precision: Precision,
    pub runtime: Runtime,
    pub promise: Promise,
    /// Items a second, of all users together; None: as many as one device bears.
    pub rate: Option<f64>,
    /// Seconds a request spends outside the batcher: network, decoding of the image.
    pub outside: f64,
    /// Devices that may fail while the promise is kept.
    pub spares: u32,
    pub seed: u64,
}

/// Why there is no answer at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    Model(#[from] UnknownModel),
    #[error("{model} takes sizes from 1 to {most}, not {size}")]
    Size { model: String, size: u32, most: u32 },
    #[error("{what} must be a number above zero, not {value}")]
    Number { what: &'static str, value: f64 },
    #[error("a promise holds for a part of requests between 0 and 1, such as 0.99, not {0}")]
    Part(f64),
    #[error(
        "no measurement of {model} on this runtime, nor of any model like it; ask for TensorRT"
    )]
    Unmeasured { model: String },
    #[error("no kind of GPU was given to choose from")]
    NoDevices,
}

/// Why a device cannot do it.
#[derive(Clone, Debug, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Impossible {
    #[error("one {item} alone takes {} on {device}; a promise of {} cannot be kept{}", ms(*alone), ms(*promise), faster(other.as_ref()))]
    Slow {
        item: String,
        device: String,
        alone: f64,
        promise: f64,
        /// The fastest of the others, and its time.
        other: Option<(String, f64)>,
    },
    #[error("{needed:.1} GB are needed for one {item}; {device} has {has:.1} GB")]
    Memory { item: String, device: String, needed: f64, has: f64 },
    #[error("{device} does not compute in {precision}")]
    Precision { device: String, precision: &'static str },
    #[error("{device} bears one {item} in {}, but no stream of them within {}", ms(*alone), ms(*promise))]
    Crowded { item: String, device: String, alone: f64, promise: f64 },
}

fn ms(seconds: f64) -> String {
    let ms = seconds * 1e3;
    if ms < 10.0 { format!("{ms:.2} ms") } else { format!("{ms:.0} ms") }
}

fn faster(other: Option<&(String, f64)>) -> String {
    other.map_or_else(String::new, |(name, seconds)| format!("; {name} needs {}", ms(*seconds)))
}

/// What a prediction rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// This model was measured, and this GPU.
    Measured,
    /// Models like it on this GPU.
    OtherModel,
    /// Models like it on other GPUs.
    OtherGpu,
    /// Nothing like it was measured.
    ModelledOnly,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Measured => "measured",
            Self::OtherModel => "other models measured on this GPU",
            Self::OtherGpu => "measured on other GPUs",
            Self::ModelledOnly => "modelled only",
        })
    }
}

/// Seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

/// How a device does it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    pub batching: Batching,
    /// Items a second that one device bears within the promise.
    pub rate: f64,
    /// Of one item alone.
    pub alone: f64,
    /// Devices, the spares among them.
    pub devices: u32,
    /// When all spares have failed.
    pub latency: Latency,
    /// Items of a batch then, in the mean.
    pub batch: f64,
    /// At the highest rate.
    pub bottleneck: Bottleneck,
    pub cost_per_hour: Option<f64>,
    pub cost_per_million: Option<f64>,
    pub basis: Basis,
    /// Mean error of predicted times on that basis: 0.1 is a tenth.
    pub error: Option<f64>,
}

/// A kind of device, and what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub device: String,
    pub outcome: Result<Plan, Impossible>,
}

/// All kinds: those that can, the cheapest first (the fastest where prices are unknown); then the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub model: &'static ItemModel,
    pub size: u32,
    pub choices: Vec<Choice>,
}

impl Answer {
    /// The first that can.
    pub fn best(&self) -> Option<(&str, &Plan)> {
        self.choices.iter().find_map(|c| Some((c.device.as_str(), c.outcome.as_ref().ok()?)))
    }
}
