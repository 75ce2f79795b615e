//! A row of measurements as a deployment, a load and the way that it was measured.

use super::csv::Table;
use crate::closed::{Batching, Load, Means, Method};
use crate::gpu::Generation;
use crate::{Cache, Coefficients, Deployment, Engine, Roofline, Weights};

/// A benchmark of one deployment.
#[derive(Clone, Debug)]
pub struct Case {
    pub deployment: Deployment,
    pub load: Load,
    pub source: Source,
    /// Rows of one group come from one sweep.
    pub group: String,
    /// Milliseconds, where they were measured.
    pub ttft: Option<f64>,
    pub tpot: Option<f64>,
}

/// Why a row is not predicted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotModelled {
    #[error("prefill and decode on separate GPUs are not modelled")]
    Disaggregated,
    #[error("attention with data parallelism is not modelled")]
    AttentionInParallel,
    #[error("pipelines over GPUs are not modelled")]
    Pipeline,
    #[error("{0}")]
    Unknown(String),
    #[error("`{0}` is not given")]
    Missing(&'static str),
    #[error("it does not fit: {0}")]
    DoesNotFit(String),
}

/// Whose benchmark a row comes from, and so how it was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// InferenceX: lengths between 0.8 and 1.0 of the nominal ones, ten requests for each client, steps
    /// of TensorRT-LLM just large enough for one prompt
    /// (SemiAnalysisAI/InferenceX `benchmarks/`, `utils/bench_serving`).
    InferenceX,
    /// Sweeps with fixed lengths.
    Fixed,
}

impl Source {
    fn of(text: &str) -> Self {
        if text.contains("source_file=20") || text.contains("db-dump") {
            Self::InferenceX
        } else {
            Self::Fixed
        }
    }

    /// How its runs go.
    pub fn method(self) -> Method {
        match self {
            Self::InferenceX => {
                Method { rounds: 10, prompts: (0.8, 1.0), outputs: (0.8, 1.0), stagger: 0.000_3 }
            }
            Self::Fixed => {
                let v = |n: &str, d: f64| {
                    std::env::var(n).ok().and_then(|x| x.parse().ok()).unwrap_or(d)
                };
                let w = v("SPREAD", 0.0);
                Method {
                    rounds: v("ROUNDS", 10.0) as u32,
                    prompts: (1.0, 1.0),
                    outputs: (1.0 - w, 1.0 + w),
                    stagger: v("STAGGER", 0.0003),
                }
            }
        }
    }
}

impl Case {
    /// Reads a row.
    ///
    /// # Errors
    /// What stands in the way of predicting it.
    pub fn read(table: &Table, row: &[String]) -> Result<Self, NotModelled> {
        let text = |name| table.field(row, name);
        if text("mode") == "disagg" {
            return Err(NotModelled::Disaggregated);
        }
        let count = |name: &'static str| number(text(name)).ok_or(NotModelled::Missing(name));
        let at_most_one = |name: &'static str| number(text(name)).is_none_or(|n| n <= 1);
        if !at_most_one("attention_dp_size") {
            return Err(NotModelled::AttentionInParallel);
        }
        if !at_most_one("pp_size") {
            return Err(NotModelled::Pipeline);
        }
        let unknown = |e: &dyn std::fmt::Display| NotModelled::Unknown(e.to_string());
        let model = crate::model(text("model_path")).map_err(|e| unknown(&e))?.clone();
        let gpu = crate::gpu(text("system")).map_err(|e| unknown(&e))?.clone();
        let engine = text("backend");
        let engine = Engine::named(engine)
            .ok_or_else(|| NotModelled::Unknown(format!("no engine is called `{engine}`")))?;
        let source = Source::of(text("silicon_data_source"));
        let weights =
            weights(text("gemm_quant_mode"), text("moe_quant_mode"), text("precision"), &model);
        let small = !matches!(weights, Weights::Bf16 | Weights::Mxfp4);
        let cache = if small && engine != Engine::Sglang { Cache::Fp8 } else { Cache::Bf16 };
        let tensor_parallel =
            number(text("tp_size")).or_else(|| number(text("tp_label"))).unwrap_or(1);
        let clients = number(text("concurrency")).or_else(|| number(text("batch_size")));
        Ok(Self {
            deployment: Deployment {
                model,
                gpu,
                slice: None,
                tensor_parallel: small_number(tensor_parallel),
                weights,
                cache,
                engine,
                utilisation: 0.9,
            },
            load: Load {
                prompt: count("isl")?,
                output: count("osl")?,
                clients: small_number(clients.ok_or(NotModelled::Missing("concurrency"))?),
            },
            source,
            group: text("group").to_owned(),
            ttft: text("silicon_ttft_ms").parse().ok().filter(|t: &f64| *t > 0.0),
            tpot: text("silicon_tpot_ms").parse().ok().filter(|t: &f64| *t > 0.0),
        })
    }

    /// How the engine was set up for it.
    pub fn batching(&self, cache: u64) -> Batching {
        let engine = self.deployment.engine;
        let (prompt, clients) = (self.load.prompt, u64::from(self.load.clients));
        let budget = match (engine, self.source) {
            (Engine::Trtllm, Source::InferenceX) => (prompt + clients + 127) / 64 * 64,
            _ => 8192,
        };
        Batching {
            engine,
            budget,
            cache,
            sequences: if engine == Engine::Vllm { 1024 } else { 2048 },
        }
    }

    /// What the run would have measured.
    ///
    /// # Errors
    /// Where it does not fit, or nothing was fitted for it.
    pub fn replay(&self, coefficients: &Coefficients) -> Result<Means, NotModelled> {
        let memory =
            self.deployment.memory().map_err(|e| NotModelled::DoesNotFit(e.to_string()))?;
        let engine = self.deployment.engine.name();
        let time = Roofline::new(&self.deployment, coefficients)
            .ok_or_else(|| NotModelled::Unknown(format!("nothing was fitted for {engine}")))?;
        let batching = self.batching(memory.tokens);
        let too_long = || {
            NotModelled::DoesNotFit(format!(
                "one request is more than the {} tokens of the cache",
                memory.tokens
            ))
        };
        crate::closed::replay(&time, &batching, &self.load, &self.source.method())
            .ok_or_else(too_long)
    }

    /// Whether measurements of this kind of GPU went into the fit.
    pub fn measured_gpu(&self) -> bool {
        matches!(self.deployment.gpu.generation, Generation::Hopper)
            && matches!(self.deployment.gpu.id.as_str(), "h100" | "h200")
    }
}

fn number(text: &str) -> Option<u64> {
    let value: f64 = text.parse().ok()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Checked.
    (1.0..1e7).contains(&value).then_some(value as u64)
}

fn small_number(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn weights(gemm: &str, experts: &str, precision: &str, model: &crate::Model) -> Weights {
    let named = if model.experts.is_some() && !experts.is_empty() { experts } else { gemm };
    let named = if named.is_empty() { precision } else { named };
    match named {
        "fp8_block" => Weights::Fp8Block,
        n if n.starts_with("fp8") => Weights::Fp8,
        "nvfp4" | "fp4" => {
            if model.stored == crate::model::Stored::Mxfp4 {
                Weights::Mxfp4
            } else {
                Weights::Nvfp4
            }
        }
        n if n.contains("mxfp4") => Weights::Mxfp4,
        n if n.starts_with("int8") => Weights::Int8,
        n if n.starts_with("int4") || n.starts_with("w4") => Weights::Int4,
        "" => model.stored.into(),
        _ => Weights::Bf16,
    }
}
