//! What lies in the memory of a GPU, and how much of it an engine takes.

use crate::deployment::{Deployment, Unfit};

/// What an engine is told to take of a GPU's memory, as a share from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// Of all: weights, cache and what the engine needs besides. vLLM's `--gpu-memory-utilization`
    /// (<https://docs.vllm.ai/en/stable/cli/serve>).
    Engine(f64),
    /// Of all, for weights and cache alone: activations and graphs come on top. `SGLang`'s `--mem-fraction-static`
    /// (<https://docs.sglang.io/advanced_features/hyperparameter_tuning.html>). Where nobody says it, `SGLang` leaves
    /// memory by the size of its steps and graphs, between 10 and 20 % of a GPU; the 0.9 of [`Budget::Engine`] leaves as
    /// much.
    WeightsAndCache(f64),
    /// Of what weights and buffers leave, for the cache. TensorRT-LLM's `--kv_cache_free_gpu_memory_fraction`
    /// (<https://nvidia.github.io/TensorRT-LLM/commands/trtllm-serve.html>). Its own default, 0.9, leaves more than
    /// [`Budget::USUAL`] where weights fill most of a GPU; the published runs that engines are fitted on do not say.
    Free(f64),
}

impl Budget {
    /// What is taken where nobody says it: vLLM's default.
    pub const USUAL: Self = Self::Engine(0.9);

    /// Whether an engine starts with it: above nothing, and not all for weights and cache where more has to lie beside.
    pub fn is_sound(self) -> bool {
        match self {
            Self::Engine(share) | Self::Free(share) => share > 0.0 && share <= 1.0,
            Self::WeightsAndCache(share) => share > 0.0 && share < 1.0,
        }
    }
}

/// What the memory of one GPU holds, bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// For weights, cache and reserve.
    pub usable: f64,
    pub weights: f64,
    /// Activations, context of the driver, graphs, buffers of the links.
    pub reserve: f64,
    /// Of one token in the cache.
    pub per_token: f64,
    /// Tokens that the cache holds.
    pub tokens: u64,
}

/// What aiconfigurator reserves (`systems/a100_sxm.yaml`), bytes: for NCCL, and for all else.
const RESERVE: (f64, f64) = (0.37e9, 3.5e9);
/// Of it, what a small GPU needs at least: it runs smaller batches.
const LEAST_RESERVE: f64 = 1.0e9;

impl Deployment {
    /// Bytes of memory per GPU or slice.
    #[allow(clippy::cast_precision_loss)] // Far below 2^52.
    pub fn memory_bytes(&self) -> f64 {
        let whole = self.gpu.memory_mib as f64 * 1_048_576.0;
        self.slice.as_ref().map_or(whole, |s| s.gib * 1_073_741_824.0)
    }

    /// What lies where, or why it does not fit.
    ///
    /// # Errors
    /// With the figures.
    pub fn memory(&self) -> Result<Memory, Unfit> {
        self.shared()?;
        let (weights, per_token) = (self.weight_bytes(), self.kv_bytes());
        let (usable, reserve) = self.taken(weights);
        let left = usable - weights - reserve;
        if left < per_token {
            return Err(Unfit::Memory {
                model: self.model.name.clone(),
                weights_gb: weights / 1e9,
                reserve_gb: reserve / 1e9,
                usable_gb: usable / 1e9,
            });
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Positive, below 2^40.
        let tokens = (left / per_token) as u64;
        Ok(Memory { usable, weights, reserve, per_token, tokens })
    }

    /// Whether the GPUs can share the model.
    fn shared(&self) -> Result<(), Unfit> {
        let (tp, heads) = (self.tensor_parallel, self.model.heads);
        if self.slice.is_some() && tp > 1 {
            return Err(Unfit::SlicesApart { tp });
        }
        if tp == 0 || !heads.is_multiple_of(u64::from(tp)) {
            return Err(Unfit::Heads { model: self.model.name.clone(), heads, tp });
        }
        Ok(())
    }

    /// Bytes that may be taken with so much for weights, and of these the reserve.
    fn taken(&self, weights: f64) -> (f64, f64) {
        let whole = self.memory_bytes();
        let links = if self.tensor_parallel > 1 { RESERVE.0 } else { 0.0 };
        let reserve = |of: f64| links + RESERVE.1.min(LEAST_RESERVE.max(of / 10.0));
        match self.budget {
            Budget::Engine(share) => {
                let usable = whole * share.clamp(0.0, 1.0);
                (usable, reserve(usable))
            }
            Budget::WeightsAndCache(share) => {
                let fixed = whole * share.clamp(0.0, 1.0);
                // What is not there cannot hold activations.
                ((fixed + reserve(fixed)).min(whole), reserve(fixed))
            }
            Budget::Free(share) => {
                let free = whole - weights - reserve(whole);
                (whole - (1.0 - share.clamp(0.0, 1.0)) * free.max(0.0), reserve(whole))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Memory};
    use crate::deployment::{Cache, Deployment, Engine, Graphs, Unfit, Weights};

    fn memory(budget: Budget, tensor_parallel: u32) -> Result<Memory, Unfit> {
        let model = crate::model("llama-3.1-8b").unwrap().clone();
        let gpu = crate::gpu("h100").unwrap().clone();
        let (weights, cache, engine) = (Weights::Bf16, Cache::Bf16, Engine::Sglang);
        let graphs = Graphs::Replayed;
        let deployment = Deployment {
            model,
            gpu,
            slice: None,
            tensor_parallel,
            weights,
            cache,
            engine,
            budget,
            graphs,
        };
        deployment.memory()
    }

    /// Bytes of an H100 as its driver shows it.
    const WHOLE: f64 = 81_559.0 * 1_048_576.0;

    #[test]
    fn each_engine_counts_its_share_of_something_else() {
        for (budget, of_cache) in [
            (Budget::Engine(0.8), (|w, r| 0.8 * WHOLE - w - r) as fn(f64, f64) -> f64),
            (Budget::WeightsAndCache(0.8), |w, _| 0.8 * WHOLE - w),
            (Budget::Free(0.8), |w, r| 0.8 * (WHOLE - w - r)),
        ] {
            for gpus in [1, 2] {
                let found = memory(budget, gpus).unwrap();
                let want = of_cache(found.weights, found.reserve) / found.per_token;
                #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
                let off = found.tokens as f64 - want;
                assert!(off.abs() <= 1.0, "{budget:?} {gpus}: {off}");
            }
        }
    }

    #[test]
    fn no_share_takes_more_than_there_is() {
        let all = memory(Budget::Engine(1.0), 1).unwrap();
        for budget in [Budget::WeightsAndCache(0.999), Budget::Free(1.0)] {
            assert!(memory(budget, 1).unwrap().tokens <= all.tokens, "{budget:?}");
        }
        for budget in [Budget::Engine(0.1), Budget::WeightsAndCache(0.1), Budget::Free(0.0)] {
            assert!(matches!(memory(budget, 1), Err(Unfit::Memory { .. })), "{budget:?}");
        }
    }

    #[test]
    fn an_engine_starts_with_a_share_of_something() {
        for (budget, want) in [
            (Budget::Engine(1.0), true),
            (Budget::Engine(1.01), false),
            (Budget::WeightsAndCache(0.88), true),
            (Budget::WeightsAndCache(1.0), false),
            (Budget::Free(1.0), true),
            (Budget::Free(0.0), false),
            (Budget::Free(f64::NAN), false),
        ] {
            assert_eq!(budget.is_sound(), want, "{budget:?}");
        }
    }
}
