//! A row of measurements as a deployment, a load and the way that it was measured.

use super::csv::Table;
use crate::closed::{Clients, Means, Method, Start};
use crate::{Budget, Cache, Coefficients, Deployment, Engine, Graphs, Roofline, Weights, engine};

/// A benchmark of one deployment.
#[derive(Clone, Debug)]
pub struct Case {
    pub deployment: Deployment,
    pub load: Clients,
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
    /// `InferenceX`: lengths between 0.8 and 1.0 of the nominal ones, ten requests for each client, vLLM with
    /// steps of 8,192 tokens, TensorRT-LLM with steps just large enough for one prompt
    /// (`SemiAnalysisAI/InferenceX`: `benchmarks/`, `utils/bench_serving`).
    InferenceX,
    /// Sweeps of aiconfigurator's authors: lengths as they are named, steps just large enough for one prompt.
    /// Of the latter we know only what the rows show: their TTFT is that of prompts computed one by one.
    Sweep,
    /// Such a sweep whose engine took one request fewer than there were clients: over the TTFT of the others,
    /// its rows have what a single request of each round waits for all of another one.
    OneShort,
    /// Such a sweep in which clients do not begin together: its rows show no burst.
    Spread,
    /// Anybody's: lengths as they are named, engines as they are delivered.
    Plain,
}

impl Source {
    fn of(text: &str) -> Self {
        match text {
            t if t.contains("source_file=20") || t.contains("db-dump") => Self::InferenceX,
            t if t.contains("trtllm/1.0.0rc3/meta-llama_Llama-3.1-8B-Instruct.csv") => {
                Self::OneShort
            }
            t if t.contains("source_file=h200_sxm/") => Self::Spread,
            t if t.contains("source_file=") => Self::Sweep,
            _ => Self::Plain,
        }
    }

    /// GPUs of a replica. `InferenceX` says that experts were spread over as many GPUs as the rest; in later
    /// exports of aiconfigurator that product stands for the tensor parallelism, 64 for eight GPUs, in rows
    /// that repeat those of earlier ones to the last digit.
    fn gpus(self, said: u64, [sliced, spread]: [Option<u64>; 2]) -> u64 {
        match (sliced, spread) {
            (Some(a), Some(b))
                if self == Self::InferenceX && a == b && a.checked_mul(b) == Some(said) =>
            {
                a
            }
            _ => said,
        }
    }

    /// How its runs go.
    pub fn method(self) -> Method {
        let lengths = if self == Self::InferenceX { (0.8, 1.0) } else { (1.0, 1.0) };
        let start = if self == Self::Spread { Start::Spread } else { Start::Together };
        Method { rounds: 10, prompts: lengths, outputs: lengths, start }
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
        let model = crate::model::as_named(text("model_path")).map_err(|e| unknown(&e))?;
        let gpu = crate::gpu(text("system")).map_err(|e| unknown(&e))?.clone();
        let engine = text("backend");
        let engine = Engine::named(engine)
            .ok_or_else(|| NotModelled::Unknown(format!("no engine is called `{engine}`")))?;
        let source = Source::of(text("silicon_data_source"));
        let weights =
            weights(text("gemm_quant_mode"), text("moe_quant_mode"), text("precision"), &model);
        let small = !matches!(weights, Weights::Bf16 | Weights::Mxfp4);
        // Who measured for publication had small caches too; engines do not by themselves.
        let small = small && engine != Engine::Sglang && source != Source::Plain;
        let cache = if small { Cache::Fp8 } else { Cache::Bf16 };
        let tensor_parallel = source.gpus(
            number(text("tp_size")).or_else(|| number(text("tp_label"))).unwrap_or(1),
            [number(text("moe_tp_size")), number(text("moe_ep_size"))],
        );
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
                budget: Budget::USUAL,
                graphs: Graphs::Replayed,
            },
            load: Clients {
                prompt: small_number(count("isl")?),
                output: small_number(count("osl")?),
                clients: small_number(clients.ok_or(NotModelled::Missing("concurrency"))?),
            },
            source,
            group: text("group").to_owned(),
            ttft: text("silicon_ttft_ms").parse().ok().filter(|t: &f64| *t > 0.0),
            tpot: text("silicon_tpot_ms").parse().ok().filter(|t: &f64| *t > 0.0),
        })
    }

    /// How the engine was set up for it.
    pub fn engine(&self, cache: u64) -> engine::Engine {
        let engine = self.deployment.engine;
        let Clients { prompt, clients, .. } = self.load;
        let budget = match (engine, self.source) {
            (Engine::Sglang, _) | (_, Source::Plain) | (Engine::Vllm, Source::InferenceX) => 8192,
            _ => prompt.saturating_add(clients).saturating_add(64),
        };
        let sequences =
            if self.source == Source::OneShort { clients.saturating_sub(1).max(1) } else { 1024 };
        engine.set(cache, sequences.min(budget), budget)
    }

    /// What the run would have measured.
    ///
    /// # Errors
    /// Where it does not fit, or nothing was fitted for it.
    pub fn replay(&self, coefficients: &Coefficients) -> Result<Means, NotModelled> {
        let memory =
            self.deployment.memory().map_err(|e| NotModelled::DoesNotFit(e.to_string()))?;
        let name = self.deployment.engine.name();
        let times = Roofline::new(&self.deployment, coefficients)
            .ok_or_else(|| NotModelled::Unknown(format!("nothing was fitted for {name}")))?;
        let engine = self.engine(memory.tokens);
        let too_long = || {
            NotModelled::DoesNotFit(format!(
                "one request is more than the {} tokens of the cache",
                memory.tokens
            ))
        };
        crate::closed::replay(&times, &engine, &self.load, &self.source.method())
            .ok_or_else(too_long)
    }

    /// Whether the caches of all clients' requests fit at once: beyond that, requests queue.
    pub fn within_cache(&self) -> bool {
        let load = &self.load;
        let wanted = u64::from(load.clients) * u64::from(load.prompt + load.output);
        self.deployment.memory().is_ok_and(|m| wanted <= m.tokens)
    }
}

/// A count; means, such as that of requests in flight, are rounded.
fn number(text: &str) -> Option<u64> {
    let value: f64 = text.parse().ok()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Checked.
    (1.0..1e7).contains(&value).then_some(value.round() as u64)
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

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn a_product_of_equal_degrees_is_read_as_one_of_them() {
        for (source, said, sliced, spread, gpus) in [
            (Source::InferenceX, 64, Some(8), Some(8), 8),
            (Source::InferenceX, 4, Some(2), Some(2), 2),
            (Source::InferenceX, 8, Some(1), Some(8), 8),
            (Source::InferenceX, 8, Some(8), Some(1), 8),
            (Source::InferenceX, 1, Some(1), Some(1), 1),
            (Source::Sweep, 4, Some(2), Some(2), 4),
            (Source::Plain, 4, None, None, 4),
        ] {
            assert_eq!(source.gpus(said, [sliced, spread]), gpus, "{source:?} {said}");
        }
    }
}
