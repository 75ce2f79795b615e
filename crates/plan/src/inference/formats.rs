//! Formats of weights, as options of engines and names of models say them.

use capacity::Weights;

/// A format of weights, as options and names of models say it.
pub(super) struct Format {
    pub(super) name: &'static str,
    pub(super) weights: Weights,
    /// Options begin so.
    said: &'static [&'static str],
    /// Names end so.
    ends: &'static [&'static str],
}

impl Format {
    pub(super) fn is_said(&self, option: &str) -> bool {
        self.said.iter().any(|word| option.starts_with(word))
    }
}

/// The formats that the figures know.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: "FP8",
        weights: Weights::Fp8,
        said: &["fp8", "w8a8_fp8", "fbgemm_fp8"],
        ends: &["-fp8", "-fp8-dynamic"],
    },
    Format {
        name: "NVFP4",
        weights: Weights::Nvfp4,
        said: &["modelopt_fp4", "nvfp4"],
        ends: &["-fp4", "-nvfp4"],
    },
    Format { name: "AWQ", weights: Weights::Int4, said: &["awq"], ends: &["-awq"] },
    Format {
        name: "GPTQ",
        weights: Weights::Int4,
        said: &["gptq"],
        ends: &["-gptq", "-gptq-int4", "-w4a16"],
    },
    Format { name: "INT8", weights: Weights::Int8, said: &["w8a8_int8"], ends: &["-w8a8"] },
    Format { name: "GPTQ in INT8", weights: Weights::Int8, said: &["gptq"], ends: &["-gptq-int8"] },
];

/// The format that a name ends with, and that end.
pub(super) fn ending(name: &str) -> Option<(&'static Format, &'static str)> {
    let name = name.to_ascii_lowercase();
    let ends = FORMATS.iter().flat_map(|format| format.ends.iter().map(move |end| (format, *end)));
    ends.into_iter().find(|(_, end)| name.ends_with(end))
}

/// The name without the format of its weights, if it is only known so: quantised copies have the shape of the model.
pub(super) fn plain(name: &str) -> &str {
    match ending(name) {
        Some((_, end)) if capacity::model(name).is_err() => {
            name.get(..name.len() - end.len()).unwrap_or(name)
        }
        _ => name,
    }
}

/// Options that leave the format to the model's own files, or load several.
pub(super) const GENERAL: &[&str] =
    &["auto", "compressed-tensors", "modelopt", "moe_wna16", "quark", "petit_nvfp4", "none"];
