//! Models: their shapes, and what follows from those.

mod builtin;
mod config;
mod name;

pub use builtin::{UnknownModel, as_named, model, model_names};
pub use config::{ConfigError, from_config, from_config_bytes};
pub use name::{Format, format};

/// How a model attends, and so what it keeps of each token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// Keys and values per head, heads sharing them in groups.
    Grouped { kv_heads: u64, head_dim: u64 },
    /// One latent vector for all heads (MLA).
    Latent { q_rank: Option<u64>, kv_rank: u64, rope: u64, nope: u64, value: u64 },
}

/// Experts of the layers that have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Experts {
    pub count: u64,
    /// How many a token goes through.
    pub active: u64,
    /// Inner width of one.
    pub width: u64,
    /// Inner width of those that every token goes through, together.
    pub shared_width: u64,
    /// Layers that have experts.
    pub layers: u64,
}

/// In what the weights come, if the file says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    Plain,
    Fp8,
    Int8,
    Int4,
    Nvfp4,
    Mxfp4,
}

/// A decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub name: String,
    pub hidden: u64,
    pub layers: u64,
    pub heads: u64,
    pub attention: Attention,
    /// Layers that attend to all of the context; the others see a short window only.
    pub full_layers: u64,
    /// Inner width of layers without experts.
    pub ffn: u64,
    /// Matrices of such a layer: three when gated, else two.
    pub ffn_matrices: u64,
    pub experts: Option<Experts>,
    pub vocab: u64,
    pub tied: bool,
    pub stored: Stored,
}

impl Model {
    /// Layers without experts.
    pub fn dense_layers(&self) -> u64 {
        self.layers - self.experts.map_or(0, |e| e.layers)
    }

    /// Weights of the attention of one layer.
    pub fn attention_parameters(&self) -> u64 {
        let (h, n) = (self.hidden, self.heads);
        match self.attention {
            Attention::Grouped { kv_heads, head_dim } => 2 * h * head_dim * (n + kv_heads),
            Attention::Latent { q_rank, kv_rank, rope, nope, value } => {
                let query = n * (nope + rope);
                q_rank.map_or(h * query, |r| r * (h + query))
                    + h * (kv_rank + rope)
                    + kv_rank * n * (nope + value)
                    + n * value * h
            }
        }
    }

    /// Weights of all experts of all layers that have them.
    pub fn expert_parameters(&self) -> u64 {
        self.experts.map_or(0, |e| e.layers * e.count * 3 * self.hidden * e.width)
    }

    /// Weights outside embeddings, output and routed experts.
    pub fn block_parameters(&self) -> u64 {
        let dense = self.dense_layers() * self.ffn_matrices * self.hidden * self.ffn;
        let moe =
            self.experts.map_or(0, |e| e.layers * self.hidden * (e.count + 3 * e.shared_width));
        self.layers * (self.attention_parameters() + 2 * self.hidden) + dense + moe
    }

    /// Weights of the output layer; those of the embedding are as many.
    pub fn vocabulary_parameters(&self) -> u64 {
        self.vocab * self.hidden
    }

    /// All weights.
    pub fn parameters(&self) -> u64 {
        let tables = if self.tied { 1 } else { 2 };
        self.block_parameters() + self.expert_parameters() + tables * self.vocabulary_parameters()
    }

    /// Weights that a token goes through.
    pub fn active_parameters(&self) -> u64 {
        let routed = self.experts.map_or(0, |e| self.expert_parameters() / e.count * e.active);
        self.block_parameters() + routed + self.vocabulary_parameters()
    }

    /// Numbers that one layer keeps of one token.
    pub fn kv_width(&self) -> u64 {
        match self.attention {
            Attention::Grouped { kv_heads, head_dim } => 2 * kv_heads * head_dim,
            Attention::Latent { kv_rank, rope, .. } => kv_rank + rope,
        }
    }

    /// Numbers that are kept of one token in all layers which see the whole context, on one of `tp` GPUs:
    /// heads are shared out until each GPU has one, a latent vector lies on all of them.
    pub fn kv_width_per_gpu(&self, tp: u64) -> f64 {
        #[allow(clippy::cast_precision_loss)] // Far below 2^52.
        let all = (self.full_layers * self.kv_width()) as f64;
        match self.attention {
            #[allow(clippy::cast_precision_loss)]
            Attention::Grouped { kv_heads, .. } => all / tp.min(kv_heads) as f64,
            Attention::Latent { .. } => all,
        }
    }
}
