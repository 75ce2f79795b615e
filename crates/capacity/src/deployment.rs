//! What is deployed: a model on GPUs in one engine, and whether it fits.

use crate::engine::{self, Admission, PrefixCache, Prompts};
use crate::gpu::{Gpu, LinkKind, Slice};
use crate::memory::Budget;
use crate::model::{Attention, Model, Stored};

/// In what weights are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weights {
    Bf16,
    /// One scale for a tensor.
    Fp8,
    /// One scale for a block of 128 × 128.
    Fp8Block,
    Int8,
    Int4,
    Nvfp4,
    Mxfp4,
}

impl Weights {
    /// Bytes of one weight, its scale included.
    pub fn bytes(self) -> f64 {
        match self {
            Self::Bf16 => 2.0,
            Self::Fp8 | Self::Int8 => 1.0,
            Self::Fp8Block => 1.0 + 4.0 / (128.0 * 128.0),
            Self::Int4 => 0.5 + 2.0 / 128.0,
            Self::Nvfp4 => 0.5 + 1.0 / 16.0,
            Self::Mxfp4 => 0.5 + 1.0 / 32.0,
        }
    }
}

/// Formats as people write them.
const FORMATS: [(&str, Weights); 8] = [
    ("bf16", Weights::Bf16),
    ("fp16", Weights::Bf16),
    ("fp8", Weights::Fp8),
    ("fp8-block", Weights::Fp8Block),
    ("int8", Weights::Int8),
    ("int4", Weights::Int4),
    ("nvfp4", Weights::Nvfp4),
    ("mxfp4", Weights::Mxfp4),
];

/// A format that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no format of {what}; write {known}")]
pub struct UnknownFormat {
    pub text: String,
    /// Of what.
    pub what: &'static str,
    /// With commas.
    pub known: String,
}

impl Weights {
    /// As people write it.
    pub fn name(self) -> &'static str {
        FORMATS.iter().find(|(_, weights)| *weights == self).map_or("", |(name, _)| name)
    }

    /// The format of that name.
    pub fn named(text: &str) -> Result<Self, UnknownFormat> {
        let found = FORMATS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        found.map(|(_, weights)| *weights).ok_or_else(|| UnknownFormat {
            text: text.to_owned(),
            what: "weights",
            known: FORMATS.map(|(name, _)| name).join(", "),
        })
    }
}

impl From<Stored> for Weights {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Plain => Self::Bf16,
            Stored::Fp8 => Self::Fp8,
            Stored::Int8 => Self::Int8,
            Stored::Int4 => Self::Int4,
            Stored::Nvfp4 => Self::Nvfp4,
            Stored::Mxfp4 => Self::Mxfp4,
        }
    }
}

/// In what keys and values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cache {
    Bf16,
    Fp8,
}

impl Cache {
    pub fn bytes(self) -> f64 {
        match self {
            Self::Bf16 => 2.0,
            Self::Fp8 => 1.0,
        }
    }
}

impl Cache {
    /// The format of that name.
    pub fn named(text: &str) -> Result<Self, UnknownFormat> {
        match text.to_ascii_lowercase().as_str() {
            "bf16" | "fp16" => Ok(Self::Bf16),
            "fp8" => Ok(Self::Fp8),
            _ => Err(UnknownFormat {
                text: text.to_owned(),
                what: "a KV cache",
                known: "bf16, fp16, fp8".to_owned(),
            }),
        }
    }
}

/// Engines, by how they form steps.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    Vllm,
    Sglang,
    Trtllm,
}

impl Engine {
    pub const ALL: [Self; 3] = [Self::Vllm, Self::Sglang, Self::Trtllm];

    pub fn name(self) -> &'static str {
        match self {
            Self::Vllm => "vllm",
            Self::Sglang => "sglang",
            Self::Trtllm => "trtllm",
        }
    }

    /// The engine of that name. `LMDeploy`'s is written in C++ as TensorRT-LLM's is, and stands in its place.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_lowercase().as_str() {
            "vllm" => Some(Self::Vllm),
            "sglang" => Some(Self::Sglang),
            "trtllm" | "trt-llm" | "tensorrt-llm" | "tensorrt_llm" | "lmdeploy"
            | "lmdeploy-turbomind" => Some(Self::Trtllm),
            _ => None,
        }
    }

    /// How it works with a cache of so many tokens, so many requests in a batch and so many tokens in a step.
    pub fn set(self, tokens: u64, max_sequences: u32, max_batched_tokens: u32) -> engine::Engine {
        let (admission, prompts) = match self {
            Self::Vllm => (Admission::Prompt, Prompts::Mixed),
            Self::Sglang => (Admission::Prompt, Prompts::Alone),
            Self::Trtllm => (Admission::Everything, Prompts::Whole),
        };
        engine::Engine {
            blocks: u32::try_from(tokens / u64::from(BLOCK)).unwrap_or(u32::MAX).max(1),
            block_tokens: BLOCK,
            max_sequences,
            max_batched_tokens,
            max_tokens: u32::MAX,
            admission,
            prompts,
            prefix_cache: PrefixCache::Off,
        }
    }
}

/// Tokens of a block of the cache.
const BLOCK: u32 = 16;

/// How steps without prompts reach the GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Graphs {
    /// As CUDA graphs, which are captured at the start: one launch for all kernels. What engines do unless they are told
    /// otherwise.
    #[default]
    Replayed,
    /// Kernel by kernel (vLLM's `--enforce-eager`, `SGLang`'s `--disable-cuda-graph`): a step takes at least what its
    /// kernels take to be launched.
    Eager,
}

/// One replica.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub model: Model,
    pub gpu: Gpu,
    pub slice: Option<Slice>,
    pub tensor_parallel: u32,
    pub weights: Weights,
    pub cache: Cache,
    pub engine: Engine,
    pub budget: Budget,
    pub graphs: Graphs,
}

/// Why a deployment cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unfit {
    #[error("nothing was measured of {}", engine.name())]
    Unmeasured { engine: Engine },
    #[error("a MIG slice has no link to others: {tp} of them cannot share a model")]
    SlicesApart { tp: u32 },
    #[error("{tp} GPUs cannot share the {heads} attention heads of {model} evenly")]
    Heads { model: String, heads: u64, tp: u32 },
    #[error(
        "{model} needs {weights_gb:.1} GB for weights and {reserve_gb:.1} GB for the engine on each GPU; the engine may take {usable_gb:.1} GB there"
    )]
    Memory { model: String, weights_gb: f64, reserve_gb: f64, usable_gb: f64 },
}

#[allow(clippy::cast_precision_loss)] // Sizes of models and memories are far below 2^52.
impl Deployment {
    /// Share of the GPU's bandwidth and of its compute.
    pub fn shares(&self) -> (f64, f64) {
        let whole = f64::from(self.gpu.sms.max(1));
        self.slice
            .as_ref()
            .map_or((1.0, 1.0), |s| (f64::from(s.memory) / 8.0, f64::from(s.sms) / whole))
    }

    /// Bytes of weights per GPU. Embeddings and output stay in 16 bits, and attention does where only
    /// the experts are small.
    pub fn weight_bytes(&self) -> f64 {
        let m = &self.model;
        let tables = (m.parameters() - m.block_parameters() - m.expert_parameters()) as f64 * 2.0;
        let blocks = m.block_parameters() as f64 * self.block_weights().bytes();
        (tables + blocks + m.expert_parameters() as f64 * self.weights.bytes())
            / f64::from(self.tensor_parallel)
    }

    /// Bytes of weights per GPU that even a step of one request reads.
    pub fn floor_bytes(&self) -> f64 {
        let m = &self.model;
        let routed = m.experts.map_or(0.0, |e| e.active as f64 / e.count as f64);
        let blocks = m.block_parameters() as f64 * self.block_weights().bytes();
        let experts = m.expert_parameters() as f64 * routed * self.weights.bytes();
        (m.vocabulary_parameters() as f64 * 2.0 + blocks + experts)
            / f64::from(self.tensor_parallel.max(1))
    }

    /// In what weights outside the experts are kept.
    pub fn block_weights(&self) -> Weights {
        if self.weights == Weights::Mxfp4 && self.model.experts.is_some() {
            Weights::Bf16
        } else {
            self.weights
        }
    }

    /// Bytes of one cached token per GPU.
    pub fn kv_bytes(&self) -> f64 {
        self.model.kv_width_per_gpu(u64::from(self.tensor_parallel)) * self.cache.bytes()
    }

    /// Whether the GPUs of a node are linked by more than the bus.
    pub fn linked(&self) -> bool {
        self.gpu.link.kind == LinkKind::Nvlink
    }

    /// Whether one latent vector is kept for all heads.
    pub fn latent(&self) -> bool {
        matches!(self.model.attention, Attention::Latent { .. })
    }
}
