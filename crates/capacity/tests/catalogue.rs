//! GPUs, models and what follows from their shapes.

#![allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]

use capacity::gpu::gpus;
use capacity::model::{Attention, ConfigError, Stored, as_named, from_config_bytes, model_names};
use capacity::{Budget, Cache, Deployment, Engine, Graphs, Unfit, Weights, gpu, model};

fn deployment(name: &str, gpu_name: &str, tensor_parallel: u32) -> Deployment {
    Deployment {
        model: model(name).expect("a built-in").clone(),
        gpu: gpu(gpu_name).expect("in the catalogue").clone(),
        slice: None,
        tensor_parallel,
        weights: Weights::Bf16,
        cache: Cache::Bf16,
        engine: Engine::Vllm,
        budget: Budget::USUAL,
        graphs: Graphs::Replayed,
    }
}

#[test]
fn every_gpu_is_read_and_answers_to_its_names() {
    assert!(gpus().len() >= 10);
    for (name, id) in [
        ("a100-80", "a100-80gb"),
        ("A100-40", "a100-40gb"),
        ("h100_sxm", "h100"),
        ("H200", "h200"),
        ("NVIDIA A100-SXM4-80GB", "a100-80gb"),
        ("NVIDIA-H100-80GB-HBM3", "h100"),
        ("Tesla-T4", "t4"),
        ("nvidia-tesla-t4", "t4"),
        ("a100_80gb_sxm4", "a100-80gb"),
        ("v100-sxm2-32gb", "v100-32gb"),
        ("nvidia-tesla-a100", "a100-40gb"),
        ("tesla-a100", "a100-40gb"),
    ] {
        assert_eq!(gpu(name).expect(name).id, id);
    }
    for known in gpus() {
        for name in known.aliases.iter().chain([&known.id]) {
            assert_eq!(gpu(name).expect(name).id, known.id);
        }
    }
    let error = gpu("h10").expect_err("no such GPU");
    assert_eq!(error.nearest, "h100");
}

#[test]
fn slices_are_shares_and_a_gpu_without_them_says_so() {
    let h100 = gpu("h100").expect("known");
    assert_eq!(h100.slice("3g.40gb").expect("known").memory, 4);
    let message = gpu("l40s").expect("known").slice("1g.5gb").expect_err("no MIG").to_string();
    assert_eq!(message, "NVIDIA L40S has no MIG, so no slice `1g.5gb`");
}

/// The reference's table.
#[test]
fn cached_tokens_have_the_known_sizes() {
    let kib = |name| deployment(name, "h100", 1).kv_bytes() / 1024.0;
    for (name, expected) in [
        ("llama-2-7b", 512.0),
        ("llama-3.1-8b", 128.0),
        ("mistral-7b", 128.0),
        ("qwen2.5-7b", 56.0),
        ("qwen3-32b", 256.0),
        ("llama-2-70b", 320.0),
        ("llama-3.1-70b", 320.0),
        ("deepseek-v3", 68.625),
    ] {
        assert!((kib(name) - expected).abs() < 0.01, "{name}: {} KiB", kib(name));
    }
}

#[test]
fn parameters_are_those_that_are_published() {
    for (name, billions, active) in [
        ("llama-3.1-8b", 8.03, 7.5),
        ("llama-3.1-70b", 70.6, 69.5),
        ("llama-3.1-405b", 405.9, 403.7),
        ("llama-2-7b", 6.74, 6.6),
        ("qwen2.5-7b", 7.62, 7.1),
        ("qwen3-32b", 32.8, 32.0),
        ("mixtral-8x7b", 46.7, 12.7),
        ("gpt-oss-120b", 116.8, 5.1),
        ("deepseek-v3", 671.0, 37.0),
        ("qwen3-235b", 235.1, 21.6),
        ("codellama-34b", 33.7, 33.5),
        ("mistral-nemo", 12.2, 11.6),
        ("mistral-small-24b", 23.6, 22.9),
        ("mistral-large", 122.6, 122.2),
        ("qwen2.5-3b", 3.09, 3.09),
        ("qwen3-1.7b", 1.72, 1.72),
        ("yi-34b", 34.4, 33.9),
        ("gemma-2-9b", 9.24, 9.24),
        ("gemma-2-27b", 27.2, 27.2),
        ("gemma-3-4b", 3.88, 3.88),
        ("gemma-3-12b", 11.8, 11.8),
        ("gemma-3-27b", 27.0, 27.0),
        ("phi-3-mini", 3.82, 3.72),
        ("phi-4", 14.7, 14.1),
        ("granite-3.1-8b", 8.17, 8.17),
        ("starcoder2-15b", 15.9, 15.6),
        ("deepseek-v2-lite", 15.7, 2.45),
        ("tinyllama-1.1b", 1.10, 1.03),
    ] {
        let m = model(name).expect(name);
        let b = m.parameters() as f64 / 1e9;
        let a = m.active_parameters() as f64 / 1e9;
        assert!((b / billions - 1.0).abs() < 0.01, "{name}: {b:.2} B");
        assert!((a / active - 1.0).abs() < 0.05, "{name}: {a:.2} B active");
    }
}

#[test]
fn a_typo_gets_the_closest_name() {
    assert_eq!(model("lama-3.1-8b").expect_err("a typo").nearest, "llama-3.1-8b");
    assert_eq!(model("Qwen/Qwen3-32b").expect("any case").name, "qwen3-32b");
    assert_eq!(model("RedHatAI/gemma-2-9b-it-FP8").expect("a copy").name, "gemma-2-9b");
    assert!(model_names().count() > 60);
}

const LLAMA: &str = r#"{"architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": 128000,
    "eos_token_id": [128001, 128008], "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
    "intermediate_size": 14336, "max_position_embeddings": 131072, "model_type": "llama", "num_attention_heads": 32,
    "num_hidden_layers": 32, "num_key_value_heads": 8, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
    "rope_scaling": {"factor": 8.0, "rope_type": "llama3"}, "rope_theta": 500000.0, "tie_word_embeddings": false,
    "torch_dtype": "bfloat16", "transformers_version": "4.42.3", "use_cache": true, "vocab_size": 128256}"#;

#[test]
fn a_real_config_is_read() {
    let read = from_config_bytes("mine", LLAMA.as_bytes()).expect("a decoder");
    let known = model("llama-3.1-8b").expect("a built-in");
    assert_eq!(read.parameters(), known.parameters());
    assert_eq!(read.attention, Attention::Grouped { kv_heads: 8, head_dim: 128 });
}

/// A window that holds usual prompts whole keeps as much as no window.
#[test]
fn only_short_windows_spare_the_cache() {
    let kept = |window: u64| {
        let types = r#""layer_types": ["full_attention", "sliding_attention"], "sliding_window": "#;
        let config = LLAMA.replace("\"vocab_size\"", &format!("{types}{window}, \"vocab_size\""));
        from_config_bytes("x", config.as_bytes()).expect("a decoder").full_layers
    };
    assert_eq!((kept(128), kept(1_024)), (31, 32));
    assert_eq!(model("gemma-3-27b").expect("known").full_layers, 62);
}

#[test]
fn copies_come_with_the_weights_that_their_names_speak_of() {
    for (name, stored) in [
        ("meta-llama/Llama-3.1-8B-Instruct", Stored::Plain),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic", Stored::Fp8),
        ("openai/gpt-oss-20b", Stored::Mxfp4),
        ("unsloth/gpt-oss-20b-BF16", Stored::Plain),
        ("moonshotai/Kimi-K2-Thinking", Stored::Int4),
    ] {
        assert_eq!(as_named(name).expect(name).stored, stored, "{name}");
    }
}

#[test]
fn the_language_part_of_a_model_that_sees_is_read() {
    let inside = format!(
        r#"{{"model_type": "llava", "text_config": {LLAMA}, "vision_config": {{"hidden_size": 1}}}}"#
    );
    let read = from_config_bytes("sees", inside.as_bytes()).expect("has a decoder");
    assert_eq!(read.hidden, 4096);
}

#[test]
fn broken_configs_get_answers() {
    let error = |text: &str| from_config_bytes("x", text.as_bytes()).expect_err(text).to_string();
    assert!(error("{").starts_with("this is no JSON"));
    assert!(error("[]").contains("an object"));
    assert!(error("{}").contains("`hidden_size` is missing"));
    assert!(error(r#"{"hidden_size": -1}"#).contains("`hidden_size` is -1"));
    assert!(error(r#"{"model_type": "bert"}"#).contains("not a decoder"));
    let wide = LLAMA
        .replace("\"hidden_size\": 4096", "\"hidden_size\": 2000000")
        .replace("\"intermediate_size\": 14336", "\"intermediate_size\": 2000000")
        .replace("\"num_hidden_layers\": 32", "\"num_hidden_layers\": 10000");
    assert!(error(&wide).starts_with("it describes a model of"), "{}", error(&wide));
    let heads = LLAMA.replace("\"num_key_value_heads\": 8", "\"num_key_value_heads\": 5");
    assert_eq!(
        error(&heads),
        ConfigError::NotDivisible {
            field: "num_attention_heads",
            value: 32,
            by: "num_key_value_heads",
            of: 5
        }
        .to_string()
    );
}

#[test]
fn what_does_not_fit_says_why() {
    let error = deployment("llama-3.1-70b", "h100", 1).memory().expect_err("141 GB on 80");
    assert!(matches!(error, Unfit::Memory { .. }), "{error}");
    assert!(deployment("llama-3.1-70b", "h100", 4).memory().is_ok());
    let error = deployment("qwen2.5-7b", "h100", 8).memory().expect_err("28 heads");
    assert!(error.to_string().contains("28 attention heads"));
    let mut sliced = deployment("llama-3.1-8b", "h100", 2);
    sliced.slice = sliced.gpu.slice("3g.40gb").ok().cloned();
    assert!(matches!(sliced.memory(), Err(Unfit::SlicesApart { tp: 2 })));
}

/// The reference's example: 440 thousand tokens beside 8 B weights on an A100.
#[test]
fn the_cache_of_an_a100_holds_what_the_reference_says() {
    let tokens = deployment("llama-3.1-8b", "a100-80", 1).memory().expect("fits").tokens;
    assert!((430_000..450_000).contains(&tokens), "{tokens}");
}
