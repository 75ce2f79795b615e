//! What people and repositories call one and the same model.

use super::Stored;

/// A format of weights that copies of a model come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// What people call it.
    pub name: &'static str,
    pub stored: Stored,
    /// What the names of copies end with.
    ends: &'static [&'static str],
}

const FORMATS: &[Format] = &[
    Format { name: "FP8", stored: Stored::Fp8, ends: &["-fp8", "-fp8-dynamic", "-fp8-block"] },
    Format { name: "NVFP4", stored: Stored::Nvfp4, ends: &["-fp4", "-nvfp4"] },
    Format { name: "AWQ", stored: Stored::Int4, ends: &["-awq", "-awq-int4"] },
    Format { name: "GPTQ", stored: Stored::Int4, ends: &["-gptq", "-gptq-int4"] },
    Format { name: "GPTQ in INT8", stored: Stored::Int8, ends: &["-gptq-int8"] },
    Format { name: "INT4", stored: Stored::Int4, ends: &["-int4", "-w4a16", "-quantized.w4a16"] },
    Format {
        name: "INT8",
        stored: Stored::Int8,
        ends: &["-int8", "-w8a8", "-quantized.w8a8", "-w8a16", "-quantized.w8a16"],
    },
    Format { name: "BF16", stored: Stored::Plain, ends: &["-bf16", "-fp16"] },
];

/// Copies that were trained further: they have the shape of the model.
const TUNED: &[&str] = &[
    "-instruct",
    "-instruct-2507",
    "-thinking-2507",
    "-chat",
    "-base",
    "-hf",
    "-it",
    "-v0.1",
    "-v0.2",
    "-v0.3",
    "-2407",
];

/// The format of weights that a name speaks of.
pub fn format(name: &str) -> Option<&'static Format> {
    read(name).1
}

/// What is left of a name without the organisation, the format of weights and the tuning.
pub(super) fn key(name: &str) -> String {
    read(name).0
}

fn read(name: &str) -> (String, Option<&'static Format>) {
    let name = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase().replace('_', "-");
    let mut left = name.strip_prefix("meta-").unwrap_or(&name);
    let mut format = None;
    while let Some((end, of)) = ending(left) {
        left = left.get(..left.len() - end.len()).unwrap_or_default();
        format = format.or(of);
    }
    (left.to_owned(), format)
}

/// The longest ending, since some end in others.
fn ending(name: &str) -> Option<(&'static str, Option<&'static Format>)> {
    let formats = FORMATS.iter().flat_map(|it| it.ends.iter().map(move |end| (*end, Some(it))));
    let tuned = TUNED.iter().map(|end| (*end, None));
    formats.chain(tuned).filter(|(end, _)| name.ends_with(end)).max_by_key(|(end, _)| end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_model_have_its_key() {
        for (name, left) in [
            ("RedHatAI/Meta-Llama-3.1-70B-Instruct-FP8-dynamic", "llama-3.1-70b"),
            ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "llama-3.1-8b"),
            ("Qwen/Qwen2.5-32B-Instruct-GPTQ-Int4", "qwen2.5-32b"),
            ("Qwen/Qwen3-14B-AWQ", "qwen3-14b"),
            ("mistralai/Mixtral-8x7B-Instruct-v0.1", "mixtral-8x7b"),
            ("google/gemma-3-27b-it", "gemma-3-27b"),
            ("llama-3.1-8b_fp8", "llama-3.1-8b"),
            ("-fp8", ""),
            ("", ""),
        ] {
            assert_eq!(key(name), left, "{name}");
        }
    }

    #[test]
    fn names_say_formats() {
        for (name, said) in [
            ("a/b-FP8", Some("FP8")),
            ("a/b-fp8-dynamic", Some("FP8")),
            ("a/b-GPTQ-Int8", Some("GPTQ in INT8")),
            ("a/b-awq", Some("AWQ")),
            ("a/b-Instruct-AWQ-INT4", Some("AWQ")),
            ("a/b_fp8", Some("FP8")),
            ("a/b-FP8-Instruct", Some("FP8")),
            ("a/b", None),
        ] {
            assert_eq!(format(name).map(|f| f.name), said, "{name}");
        }
    }
}
