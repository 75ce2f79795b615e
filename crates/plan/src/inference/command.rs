//! What a command tells its engine.

use super::formats::{self, FORMATS, Format, GENERAL};
use capacity::offers::Settings;
use capacity::{Budget, Cache, Graphs, Weights};
use model::project::Service;

/// Pipelines, and attention of which each GPU has its own requests.
const PARALLEL: &[&str] =
    &["--pipeline-parallel-size", "-pp", "--pp-size", "--data-parallel-size", "-dp", "--dp-size"];
/// Tokens that a smaller model guesses.
const SPECULATIVE: &[&str] =
    &["--speculative-config", "--speculative-model", "--speculative-algorithm"];
/// Memory and batches, in ways that the figures do not know.
const UNREAD: &[&str] = &["--cpu-offload-gb", "--cache-max-entry-count", "--extra-llm-api-options"];
/// An option with a share, and of what it is one.
type Shared = (&'static str, fn(f64) -> Budget);
/// What the engine takes of a GPU's memory: vLLM, `SGLang`, TensorRT-LLM by two names.
const BUDGETS: &[Shared] = &[
    ("--gpu-memory-utilization", Budget::Engine),
    ("--mem-fraction-static", Budget::WeightsAndCache),
    ("--kv-cache-free-gpu-memory-fraction", Budget::Free),
    ("--free-gpu-memory-fraction", Budget::Free),
];
/// Steps without CUDA graphs: vLLM, `SGLang`.
const EAGER: &[&str] = &["--enforce-eager", "--disable-cuda-graph"];
/// Requests in a batch: vLLM, `SGLang`, TensorRT-LLM and `LMDeploy`.
const SEQUENCES: &[&str] = &["--max-num-seqs", "--max-running-requests", "--max-batch-size"];
/// Tokens of a step: vLLM, `SGLang`, TensorRT-LLM.
const BATCHED: &[&str] =
    &["--max-num-batched-tokens", "--chunked-prefill-size", "--max-num-tokens"];

/// In what format weights are.
const QUANTIZED: &[&str] = &["--quantization", "-q"];

/// The words of a service's command, those of scripts in it included.
pub(super) struct Command<'a> {
    words: Vec<&'a str>,
}

impl<'a> Command<'a> {
    pub(super) fn of(service: &'a Service) -> Self {
        let parts = service.entrypoint.iter().chain(&service.command).flat_map(|it| &it.value);
        let quotes = |c: char| matches!(c, '"' | '\'');
        let words = parts.flat_map(|part| part.split_whitespace());
        Self { words: words.map(|word| word.trim_matches(quotes)).collect() }
    }

    /// The value of the first of these options: `--name value` or `--name=value`, with `_` for `-` as engines allow.
    fn value(&self, names: &[&str]) -> Option<&'a str> {
        let named = |word: &str| names.iter().any(|name| word.replace('_', "-") == *name);
        self.words.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
            Some((name, value)) if named(name) => Some(value),
            None if named(word) => self.words.get(at + 1).copied(),
            _ => None,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.words.iter().any(|word| {
            let option = word.split_once('=').map_or(*word, |(option, _)| option);
            option.replace('_', "-") == name
        })
    }

    /// An option of an engine that works in a way that is not modelled.
    pub(super) fn beyond(&self) -> Option<&'static str> {
        let split = PARALLEL.iter().find(|name| self.number(&[name]).is_some_and(|it| it > 1));
        split.or_else(|| SPECULATIVE.iter().find(|name| self.has(name))).copied()
    }

    /// Options that change what a replica carries, and that the figures do not know: formats of weights
    /// that have none are among them.
    pub(super) fn unread(&self) -> Vec<&'static str> {
        let odd = self.weights("").is_none();
        let formats = QUANTIZED.iter().filter(|name| odd && self.has(name));
        let Settings { budget, max_sequences, max_batched_tokens, .. } = self.settings();
        let shares = BUDGETS.iter().filter(|_| budget.is_none()).map(|(name, _)| name);
        let limits =
            [(SEQUENCES, max_sequences.is_none()), (BATCHED, max_batched_tokens.is_none())];
        let broken = limits.iter().filter(|(_, is_none)| *is_none).flat_map(|(names, _)| *names);
        let there = UNREAD.iter().chain(shares).chain(broken).filter(|name| self.has(name));
        there.chain(formats).copied().collect()
    }

    /// What the engine is told of its limits. It sets what is nought or no number itself.
    pub(super) fn settings(&self) -> Settings {
        let above = |names| self.number(names).filter(|it| *it > 0);
        Settings {
            budget: self.budget(),
            max_sequences: above(SEQUENCES),
            max_batched_tokens: above(BATCHED),
            graphs: if EAGER.iter().any(|name| self.has(name)) {
                Graphs::Eager
            } else {
                Graphs::Replayed
            },
        }
    }

    /// What the engine takes of a GPU's memory, if it would start with that.
    fn budget(&self) -> Option<Budget> {
        let read = |(name, of): &Shared| self.value(&[name])?.parse().ok().map(of);
        BUDGETS.iter().filter_map(read).find(|it| it.is_sound())
    }

    fn number(&self, names: &[&str]) -> Option<u32> {
        self.value(names)?.parse().ok()
    }

    /// The model that is loaded.
    pub(super) fn model(&self) -> Option<&'a str> {
        // `vllm serve`, `lmdeploy serve api_server`, `trtllm-serve`.
        let served = || {
            let at =
                self.words.iter().position(|word| matches!(*word, "serve" | "trtllm-serve"))?;
            let next = self.words.iter().skip(at + 1).find(|word| **word != "api_server").copied();
            next.filter(|word| !word.starts_with('-'))
        };
        self.value(&["--model", "--model-path", "--model-id"]).or_else(served)
    }

    /// GPUs that compute a step together.
    pub(super) fn tensor_parallel(&self) -> Option<u32> {
        self.number(&["--tensor-parallel-size", "-tp", "--tp-size", "--tp"])
    }

    /// Tokens of prompt and answer that the engine takes at most.
    pub(super) fn longest(&self) -> Option<u32> {
        self.number(&["--max-model-len", "--context-length", "--max-seq-len"])
    }

    /// In what weights are kept, if the command or the model's name says so.
    pub(super) fn weights(&self, model: &str) -> Option<Weights> {
        let (said, stored) = (self.format(), self.stored(model));
        // One option may load several formats: the name then knows better.
        let named = stored.filter(|format| format.is_said(&said));
        let by_option = || FORMATS.iter().find(|format| format.is_said(&said));
        named.or_else(by_option).or(stored).map(|format| format.weights)
    }

    /// The format of weights that an option asks for, where the model's name says another.
    pub(super) fn contradicted(&self, model: &str) -> Option<(String, &'static str)> {
        let (said, stored) = (self.format(), self.stored(model)?);
        let general = said.is_empty() || GENERAL.iter().any(|word| said == *word);
        (!general && !stored.is_said(&said)).then_some((said, stored.name))
    }

    fn format(&self) -> String {
        self.value(QUANTIZED).unwrap_or_default().to_ascii_lowercase()
    }

    /// The format that a model's name speaks of.
    fn stored(&self, model: &str) -> Option<&'static Format> {
        formats::of(self.model().unwrap_or(model))
    }

    /// In what keys and values are kept.
    pub(super) fn cache(&self) -> Cache {
        match self.value(&["--kv-cache-dtype"]) {
            Some(format) if format.starts_with("fp8") => Cache::Fp8,
            _ => Cache::Bf16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Command;
    use capacity::{Budget, Graphs, Weights};

    fn command(text: &str) -> Command<'_> {
        Command { words: text.split(' ').collect() }
    }

    #[test]
    fn options_are_read_as_engines_read_them() {
        for (text, model, tensor_parallel, longest) in [
            ("--model a/b --max-model-len 8192 -tp 2", Some("a/b"), Some(2), Some(8_192)),
            ("vllm serve a/b --tensor-parallel-size=4", Some("a/b"), Some(4), None),
            ("--model=a/b --tensor_parallel_size 8", Some("a/b"), Some(8), None),
            (
                "sglang --model-path a/b --tp 2 --context-length 4096",
                Some("a/b"),
                Some(2),
                Some(4_096),
            ),
            ("trtllm-serve a/b --max_seq_len 2048", Some("a/b"), None, Some(2_048)),
            ("lmdeploy serve api_server a/b", Some("a/b"), None, None),
            ("--model-id a/b", Some("a/b"), None, None),
            ("vllm serve --port 80", None, None, None),
            ("--model a/b --tp", Some("a/b"), None, None),
            ("--served-model-name a --max-model-len 8k", None, None, None),
            ("", None, None, None),
        ] {
            let read = command(text);
            let got = (read.model(), read.tensor_parallel(), read.longest());
            assert_eq!(got, (model, tensor_parallel, longest), "{text}");
        }
    }

    #[test]
    fn what_is_not_modelled_is_found() {
        for (text, beyond, unread) in [
            ("-tp 2 -pp 2", Some("-pp"), 0),
            ("--pipeline-parallel-size 1", None, 0),
            ("--data-parallel-size=4", Some("--data-parallel-size"), 0),
            ("--speculative_config={}", Some("--speculative-config"), 0),
            ("--max-num-seqs 64 --gpu-memory-utilization=0.8", None, 0),
            ("--max-num-seqs many --gpu-memory-utilization=8 --chunked-prefill-size -1", None, 3),
            ("--mem-fraction-static 0.8 --enforce-eager", None, 0),
            ("--mem-fraction-static 1 --cpu-offload-gb 8", None, 2),
            ("--kv_cache_free_gpu_memory_fraction 1.2", None, 1),
            ("--extra_llm_api_options more.yaml", None, 1),
            ("--quantization bitsandbytes", None, 1),
            ("-q fp8", None, 0),
        ] {
            let read = command(text);
            assert_eq!((read.beyond(), read.unread().len()), (beyond, unread), "{text}");
        }
    }

    #[test]
    fn limits_are_those_that_the_engine_is_told() {
        for (text, want) in [
            ("", (None, None)),
            ("--max-num-seqs 64 --max_num_batched_tokens=4096", (Some(64), Some(4_096))),
            ("--max-running-requests 32 --chunked-prefill-size 2048", (Some(32), Some(2_048))),
            ("--max_batch_size 16 --max_num_tokens 8192", (Some(16), Some(8_192))),
            ("--max-num-seqs 0", (None, None)),
        ] {
            let read = command(text).settings();
            assert_eq!((read.max_sequences, read.max_batched_tokens), want, "{text}");
        }
    }

    #[test]
    fn each_engine_says_in_its_own_way_what_it_takes_of_memory() {
        for (text, want) in [
            ("", None),
            ("--gpu-memory-utilization 0.85", Some(Budget::Engine(0.85))),
            ("--mem-fraction-static 0.85", Some(Budget::WeightsAndCache(0.85))),
            ("--mem_fraction_static=0.85", Some(Budget::WeightsAndCache(0.85))),
            ("--kv_cache_free_gpu_memory_fraction 0.85", Some(Budget::Free(0.85))),
            ("--free_gpu_memory_fraction 0.85", Some(Budget::Free(0.85))),
            ("--gpu-memory-utilization NaN", None),
            ("--mem-fraction-static 0", None),
            ("--mem-fraction-static 1", None),
            ("--kv_cache_free_gpu_memory_fraction -0.5", None),
            ("--mem-fraction-static", None),
        ] {
            assert_eq!(command(text).settings().budget, want, "{text}");
        }
    }

    #[test]
    fn graphs_are_replayed_unless_the_command_says_otherwise() {
        for (text, want) in [
            ("--model a/b", Graphs::Replayed),
            ("--model a/b --enforce-eager", Graphs::Eager),
            ("--enforce_eager", Graphs::Eager),
            ("--disable-cuda-graph --tp 2", Graphs::Eager),
            ("--disable-cuda-graph-padding", Graphs::Replayed),
            ("--no-enforce-eager", Graphs::Replayed),
        ] {
            assert_eq!(command(text).settings().graphs, want, "{text}");
        }
    }

    #[test]
    fn formats_of_weights_come_from_the_option_or_the_name() {
        for (text, want) in [
            ("--model a/b", None),
            ("--model a/b --quantization fp8", Some(Weights::Fp8)),
            ("--model Qwen/Qwen3-8B-FP8", Some(Weights::Fp8)),
            ("--model nvidia/x-FP4", Some(Weights::Nvfp4)),
            ("--model x/y-AWQ", Some(Weights::Int4)),
            ("--model x/y -q gptq_marlin", Some(Weights::Int4)),
            ("--model x/y --quantization w8a8_fp8", Some(Weights::Fp8)),
            ("--model x/y --quantization gguf", None),
            ("--model x/y-GPTQ-Int8 -q gptq_marlin", Some(Weights::Int8)),
        ] {
            assert_eq!(command(text).weights("model"), want, "{text}");
        }
        assert_eq!(command("").weights("qwen3-8b-fp8"), Some(Weights::Fp8));
    }

    #[test]
    fn an_option_that_the_name_contradicts_is_found() {
        for (text, want) in [
            ("--model x/y-AWQ -q gguf", Some(("gguf", "AWQ"))),
            ("--model x/y-AWQ --quantization=fp8", Some(("fp8", "AWQ"))),
            ("--model x/y-FP8 -q awq", Some(("awq", "FP8"))),
            ("--model x/y-AWQ -q awq_marlin", None),
            ("--model x/y-GPTQ-Int4 -q gptq", None),
            ("--model x/y-W4A16 -q compressed-tensors", None),
            ("--model x/y -q gguf", None),
            ("--model x/y-AWQ", None),
            ("-q gguf", Some(("gguf", "AWQ"))),
        ] {
            let found = command(text).contradicted("z-awq");
            let found = found.as_ref().map(|(said, name)| (said.as_str(), *name));
            assert_eq!(found, want, "{text}");
        }
    }
}
