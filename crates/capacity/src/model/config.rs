//! Hugging Face's `config.json`.

use serde_json::Value;

use super::{Attention, Experts, Model, Stored};

/// Why a config.json says too little.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    #[error("this is no JSON: {0}")]
    NotJson(String),
    #[error("a config.json is an object with fields such as `hidden_size`; this is something else")]
    NotAnObject,
    #[error("`{0}` is missing: without it the size of the model is unknown")]
    Missing(&'static str),
    #[error("`{field}` is {found}; it has to be a whole number from 1 to {most}")]
    NoCount { field: &'static str, found: String, most: u64 },
    #[error("`{field}` ({value}) is not a multiple of `{by}` ({of})")]
    NotDivisible { field: &'static str, value: u64, by: &'static str, of: u64 },
    #[error("a token goes through {active} experts, but there are {count}")]
    TooFewExperts { active: u64, count: u64 },
    #[error("it describes a model of {0:.0e} weights: are its widths those of the model?")]
    TooLarge(f64),
    #[error("`{0}` is not a decoder with attention; only such models are understood")]
    NotADecoder(String),
}

/// The model in the bytes of a `config.json`.
///
/// # Errors
/// In the user's terms.
pub fn from_config_bytes(name: &str, bytes: &[u8]) -> Result<Model, ConfigError> {
    let value = serde_json::from_slice(bytes).map_err(|e| ConfigError::NotJson(e.to_string()))?;
    from_config(name, &value)
}

/// The model that a `config.json` describes.
///
/// # Errors
/// In the user's terms.
pub fn from_config(name: &str, config: &Value) -> Result<Model, ConfigError> {
    if !config.is_object() {
        return Err(ConfigError::NotAnObject);
    }
    // Models that see or hear have that of their language part inside.
    let text = config.get("text_config").filter(|t| t.is_object()).unwrap_or(config);
    let fields = Fields(text);
    let kind = fields.kind();
    if matches!(
        kind,
        "bert" | "roberta" | "t5" | "whisper" | "mamba" | "mamba2" | "rwkv" | "clip" | "vit"
    ) {
        return Err(ConfigError::NotADecoder(kind.to_owned()));
    }
    let hidden = fields.need(&["hidden_size", "n_embd", "d_model"], WIDE)?;
    let layers = fields.need(&["num_hidden_layers", "n_layer", "num_layers"], 10_000)?;
    let heads = fields.need(&["num_attention_heads", "n_head"], 100_000)?;
    let experts = fields.experts(layers)?;
    let ffn = match fields.count(&["intermediate_size", "ffn_hidden_size", "n_inner"], WIDE)? {
        Some(width) => width,
        None if experts.is_some() || kind == "gpt2" => 4 * hidden,
        None => return Err(ConfigError::Missing("intermediate_size")),
    };
    // Its files leave out what is so by default.
    let gemma = kind.starts_with("gemma");
    let plain_ffn =
        matches!(kind, "gpt2" | "opt" | "gpt_neox" | "bloom" | "falcon" | "phi" | "starcoder2");
    let model = Model {
        name: name.to_owned(),
        hidden,
        layers,
        heads,
        attention: fields.attention(hidden, heads)?,
        full_layers: fields.full_layers(layers),
        ffn,
        ffn_matrices: if plain_ffn { 2 } else { 3 },
        experts,
        vocab: fields.need(&["vocab_size"], WIDE)?,
        tied: fields.0.get("tie_word_embeddings").and_then(Value::as_bool).unwrap_or(gemma),
        stored: stored(
            config.get("quantization_config").or_else(|| text.get("quantization_config")),
        ),
    };
    let weights = at_most(&model);
    if weights > MOST_WEIGHTS { Err(ConfigError::TooLarge(weights)) } else { Ok(model) }
}

/// Weights that it does not have more of, in numbers that do not overflow.
#[allow(clippy::cast_precision_loss)]
fn at_most(model: &Model) -> f64 {
    let [hidden, layers, heads, ffn, vocab] =
        [model.hidden, model.layers, model.heads, model.ffn, model.vocab].map(|n| n as f64);
    let attention = match model.attention {
        Attention::Grouped { kv_heads, head_dim } => {
            2.0 * hidden * head_dim as f64 * (heads + kv_heads as f64)
        }
        Attention::Latent { q_rank, kv_rank, rope, nope, value } => {
            let ranks = (q_rank.unwrap_or(0) + kv_rank + rope) as f64;
            (ranks + hidden) * (hidden + heads * (nope + rope + value) as f64)
        }
    };
    let experts = model.experts.map_or(0.0, |e| {
        (e.count as f64 * e.width as f64 + e.shared_width as f64 + e.count as f64) * 3.0 * hidden
    });
    layers * (attention + experts + 3.0 * hidden * (ffn + 1.0)) + 2.0 * vocab * hidden
}

/// Above this no width is believed.
const WIDE: u64 = 2_000_000;
/// A layer that sees a window of no more tokens keeps next to nothing of a prompt; one that sees more counts as if it
/// saw all, which is the safe side: Gemma's windows hold most prompts whole.
const SHORT: u64 = 256;
/// Weights that no model has; below that, all sums fit 64 bits.
const MOST_WEIGHTS: f64 = 1e15;

struct Fields<'a>(&'a Value);

impl Fields<'_> {
    fn kind(&self) -> &str {
        self.0.get("model_type").and_then(Value::as_str).unwrap_or_default()
    }

    /// The first of these that is there and not null.
    fn count(&self, names: &[&'static str], most: u64) -> Result<Option<u64>, ConfigError> {
        for &field in names {
            match self.0.get(field) {
                None | Some(Value::Null) => {}
                Some(v) => {
                    let whole = v.as_u64().filter(|n| (1..=most).contains(n));
                    let wrong = || ConfigError::NoCount { field, found: shown(v), most };
                    return whole.ok_or_else(wrong).map(Some);
                }
            }
        }
        Ok(None)
    }

    fn need(&self, names: &[&'static str], most: u64) -> Result<u64, ConfigError> {
        self.count(names, most)?
            .ok_or(ConfigError::Missing(names.first().copied().unwrap_or_default()))
    }

    fn attention(&self, hidden: u64, heads: u64) -> Result<Attention, ConfigError> {
        if let Some(kv_rank) = self.count(&["kv_lora_rank"], WIDE)? {
            return Ok(Attention::Latent {
                q_rank: self.count(&["q_lora_rank"], WIDE)?,
                kv_rank,
                rope: self.need(&["qk_rope_head_dim"], 10_000)?,
                nope: self.need(&["qk_nope_head_dim"], 10_000)?,
                value: self.need(&["v_head_dim"], 10_000)?,
            });
        }
        let kv_heads =
            self.count(&["num_key_value_heads", "num_kv_heads"], 100_000)?.unwrap_or(heads);
        let head_dim = match self.count(&["head_dim"], 10_000)? {
            Some(d) => d,
            None => divided("hidden_size", hidden, "num_attention_heads", heads)?,
        };
        divided("num_attention_heads", heads, "num_key_value_heads", kv_heads)?;
        Ok(Attention::Grouped { kv_heads, head_dim })
    }

    fn experts(&self, layers: u64) -> Result<Option<Experts>, ConfigError> {
        let Some(count) =
            self.count(&["n_routed_experts", "num_local_experts", "num_experts"], 100_000)?
        else {
            return Ok(None);
        };
        let active =
            self.need(&["num_experts_per_tok", "experts_per_token", "moe_topk"], 100_000)?;
        if active > count {
            return Err(ConfigError::TooFewExperts { active, count });
        }
        let width = self.need(&["moe_intermediate_size", "intermediate_size"], WIDE)?;
        let shared =
            self.0.get("n_shared_experts").and_then(Value::as_u64).unwrap_or(0).min(count) * width;
        let shared = self.count(&["shared_expert_intermediate_size"], WIDE)?.unwrap_or(shared);
        let dense =
            self.0.get("first_k_dense_replace").and_then(Value::as_u64).unwrap_or(0).min(layers);
        Ok(Some(Experts { count, active, width, shared_width: shared, layers: layers - dense }))
    }

    fn full_layers(&self, layers: u64) -> u64 {
        let window = self.0.get("sliding_window").and_then(Value::as_u64);
        if window.is_some_and(|tokens| tokens > SHORT) {
            return layers;
        }
        let kinds = self.0.get("layer_types").and_then(Value::as_array);
        if let Some(kinds) = kinds {
            let short =
                kinds.iter().filter(|k| k.as_str() == Some("sliding_attention")).count() as u64;
            return layers.saturating_sub(short).max(1);
        }
        // gpt-oss sees a window of 128 tokens in every other layer.
        if self.kind() == "gpt_oss" { layers.div_ceil(2) } else { layers }
    }
}

fn divided(field: &'static str, value: u64, by: &'static str, of: u64) -> Result<u64, ConfigError> {
    if value.is_multiple_of(of) {
        Ok(value / of)
    } else {
        Err(ConfigError::NotDivisible { field, value, by, of })
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    let short: String = text.chars().take(40).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

fn stored(quantization: Option<&Value>) -> Stored {
    let Some(quantization) = quantization else { return Stored::Plain };
    let word = |field: &str| {
        quantization.get(field).and_then(Value::as_str).unwrap_or_default().to_lowercase()
    };
    let bits = quantization.get("bits").and_then(Value::as_u64);
    let words = [word("quant_method"), word("quant_algo"), word("format")].join(" ");
    let has = |w: &str| words.contains(w);
    match bits {
        _ if has("mxfp4") => Stored::Mxfp4,
        _ if has("nvfp4") => Stored::Nvfp4,
        _ if has("fp8") || has("float-quantized") => Stored::Fp8,
        Some(4) => Stored::Int4,
        Some(8) => Stored::Int8,
        _ if has("awq") || has("gptq") || has("pack-quantized") => Stored::Int4,
        _ if has("int-quantized") => Stored::Int8,
        _ => Stored::Plain,
    }
}
