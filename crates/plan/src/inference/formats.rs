//! Formats of weights, as options of engines say them.

use capacity::Weights;

/// A format of weights, as options say it.
pub(super) struct Format {
    /// As [`capacity::model::Format`] has it.
    pub(super) name: &'static str,
    pub(super) weights: Weights,
    /// Options begin so.
    said: &'static [&'static str],
}

impl Format {
    pub(super) fn is_said(&self, option: &str) -> bool {
        self.said.iter().any(|word| option.starts_with(word))
    }
}

/// The formats that the figures know.
pub(super) const FORMATS: &[Format] = &[
    Format { name: "FP8", weights: Weights::Fp8, said: &["fp8", "w8a8_fp8", "fbgemm_fp8"] },
    Format { name: "NVFP4", weights: Weights::Nvfp4, said: &["modelopt_fp4", "nvfp4"] },
    Format { name: "AWQ", weights: Weights::Int4, said: &["awq"] },
    Format { name: "GPTQ", weights: Weights::Int4, said: &["gptq"] },
    Format { name: "INT8", weights: Weights::Int8, said: &["w8a8_int8"] },
    Format { name: "GPTQ in INT8", weights: Weights::Int8, said: &["gptq"] },
];

/// The format that the name of a model speaks of.
pub(super) fn of(name: &str) -> Option<&'static Format> {
    let said = capacity::model::format(name)?.name;
    FORMATS.iter().find(|format| format.name == said)
}

/// Options that leave the format to the model's own files, or load several.
pub(super) const GENERAL: &[&str] =
    &["auto", "compressed-tensors", "modelopt", "moe_wna16", "quark", "petit_nvfp4", "none"];
