//! What the command tells the engine, and the model that it loads.

use super::{ONE, SLICE, SMALL, TWO, devices, message, only, server, serving, small};
use crate::common::{file, finds, given, plan_with, why};
use model::plan::Plan;
use model::reason::Because;

#[test]
fn a_command_states_the_tensor_parallelism_too() {
    let plan = small("command: '--tensor-parallel-size=2'", "h100");
    assert_eq!(*devices(&plan), only("nvidia.com/gpu", 2));
    assert!(!finds(&plan, "engine-arguments"));
}

#[test]
fn what_a_command_made_dearer_is_not_called_the_cheapest_of_all() {
    let stated = "with the GPUs that the file gives a replica";
    for (rest, want) in
        [("", false), ("gpus: all", false), ("command: '-tp 2'", true), (TWO, true), (SLICE, true)]
    {
        let plan = plan_with(&server(rest, SMALL));
        let found = why(&plan, "Deployment/chat", "nodeSelector.nvidia.com/gpu.product");
        assert_eq!(found.contains(stated), want, "{rest}: {found}");
    }
}

#[test]
fn the_command_names_the_model_if_the_intent_does_not() {
    let command = "command: '--model meta-llama/Llama-3.1-8B-Instruct'";
    let plan = plan_with(&server(command, "users: 20, gpu: h100"));
    assert_eq!(serving(&plan).asked.model, "meta-llama/Llama-3.1-8B-Instruct");
    let copy = "command: '--model acme/Llama-3.1-8B-Instruct-AWQ'";
    let plan = plan_with(&server(copy, "model: llama-3.1-8b-awq, users: 20, gpu: h100"));
    let asked = &serving(&plan).asked;
    assert_eq!((asked.model.as_str(), asked.weights.as_str()), ("llama-3.1-8b-awq", "int4"));
}

#[test]
fn a_model_of_ones_own_is_described_by_its_config() {
    // The shape of Llama 3.1 8B.
    let config = r#"{ "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "torch_dtype": "bfloat16" }"#;
    let plan = |model: &str, config: &str| {
        let compose =
            file(&server(ONE, &format!("{}, gpu: h100", SMALL.replace("llama-3.1-8b", model))));
        given(&compose).file("models/config.json", config).plan()
    };
    let (own, named) = (plan("./models/config.json", config), plan("llama-3.1-8b", config));
    let (own, named) = (serving(&own), serving(&named));
    assert_eq!(own.asked.model, "./models/config.json");
    assert_eq!((own.chosen.needed, own.chosen.seats), (named.chosen.needed, named.chosen.seats));
    for (model, config, words) in [
        ("./models/config.json", "{}", "`hidden_size` is missing"),
        ("./models/config.json", "[", "no JSON"),
        ("./models/other.json", config, "cannot be read in the project"),
        ("../config.json", config, "cannot be read in the project"),
    ] {
        let plan = plan(model, config);
        let message = message(&plan, "inference-not-computed");
        assert!(message.contains(words), "{model} {config}: {message}");
    }
}

#[test]
fn settings_that_the_figures_do_not_know_are_named() {
    let plan = small("command: '--cpu-offload-gb 8'", "h100");
    assert!(message(&plan, "engine-arguments-not-modelled").contains("--cpu-offload-gb"));
    let plan = small("command: '--mem-fraction-static 1.2'", "h100");
    assert!(message(&plan, "engine-arguments-not-modelled").contains("--mem-fraction-static"));
    assert!(!finds(&small(ONE, "h100"), "engine-arguments-not-modelled"));
}

#[test]
fn limits_that_the_engine_is_told_are_computed_with() {
    let plain = small(ONE, "h100");
    let seats = serving(&plain).chosen.seats;
    for (command, less) in [
        ("--max-num-seqs 32", true),
        ("--gpu-memory-utilization 0.3", true),
        ("--max-num-seqs 4294967295 --max-num-batched-tokens 4294967295", false),
    ] {
        let plan = small(&format!("command: '{command}', {ONE}"), "h100");
        let chosen = &serving(&plan).chosen;
        assert!(!less || chosen.seats < 0.9 * seats, "{command}: {} {seats}", chosen.seats);
        assert!(!finds(&plan, "engine-arguments-not-modelled"), "{command}");
    }
    let both = small("command: '--max-num-seqs 64 --max-num-batched-tokens 32'", "h100");
    assert!(message(&both, "inference-not-computed").contains("64 sequences"));
}

#[test]
fn each_engine_is_given_its_share_of_memory() {
    for (image, least, most) in [
        ("lmsysorg/sglang:v0.5.0", "--mem-fraction-static 0.3", "--mem-fraction-static 0.85"),
        (
            "nvcr.io/nvidia/tensorrt-llm/release:1.0.0",
            "--kv_cache_free_gpu_memory_fraction 0.2",
            "--kv_cache_free_gpu_memory_fraction 0.9",
        ),
    ] {
        let seats = |command: &str| {
            let rest = format!("command: '{command}', {ONE}");
            let file = server(&rest, &format!("{SMALL}, gpu: h100"));
            let plan = plan_with(&file.replace("vllm/vllm-openai:v0.15.1", image));
            assert!(!finds(&plan, "engine-arguments-not-modelled"), "{command}");
            serving(&plan).chosen.seats
        };
        let (small, large) = (seats(least), seats(most));
        assert!(small < 0.9 * large, "{image}: {small} {large}");
    }
}

#[test]
fn steps_without_graphs_leave_fewer_seats_and_were_not_measured() {
    let plan = |rest: &str, tpot: &str| {
        let promise = SMALL.replace("tpot: 50ms", tpot);
        plan_with(&server(rest, &format!("{promise}, gpu: h100")))
    };
    let eager = format!("command: '--enforce-eager', {ONE}");
    let (graphs, slow) = (plan(ONE, "tpot: 12ms"), plan(&eager, "tpot: 12ms"));
    let (graphs, chosen) = (&serving(&graphs).chosen, &serving(&slow).chosen);
    assert!(chosen.seats < graphs.seats, "{} {}", chosen.seats, graphs.seats);
    assert_eq!((graphs.basis.as_str(), chosen.basis.as_str()), ("calibrated", "modelled only"));
    assert!(!finds(&slow, "engine-arguments-not-modelled"));
    assert!(serving(&plan(ONE, "tpot: 9ms")).chosen.seats > 1.0);
    let never = plan(&eager, "tpot: 9ms");
    let message = message(&never, "inference-promise-impossible");
    assert!(message.contains("even alone, and 9.0 ms are promised"), "{message}");
}

/// Engines take blocks of the cache as tokens come: the longest request sets none aside.
#[test]
fn the_longest_request_is_judged_and_changes_nothing_else() {
    let plain = small(ONE, "h100");
    for option in ["--max-model-len", "--context-length", "--max_seq_len"] {
        let plan = small(&format!("command: '{option} 1280', {ONE}"), "h100");
        assert!(!finds(&plan, "engine-arguments"), "{option}");
        assert_eq!(serving(&plan).chosen, serving(&plain).chosen, "{option}");
        let plan = small(&format!("command: '{option} 1279', {ONE}"), "h100");
        assert!(message(&plan, "engine-arguments").contains("take 1279"), "{option}");
        assert_eq!(cited(&plan, "engine-arguments"), [("services.chat.command", 3)], "{option}");
    }
}

/// The lines of the file that a finding names, beside those of `x-muster`.
fn cited<'p>(plan: &'p Plan, code: &str) -> Vec<(&'p str, u32)> {
    let found = plan.report.findings.iter().find(|it| it.code == code);
    let lines = found.iter().flat_map(|it| &it.because).filter_map(|because| match because {
        Because::Line { field, span } => Some((field.as_str(), span.start.line)),
        _ => None,
    });
    lines.filter(|(field, _)| !field.contains("x-muster")).collect()
}

#[test]
fn arguments_that_contradict_are_named() {
    for (rest, words) in [
        (TWO.to_owned(), "gets 2 of h100 and its command leaves it at 1"),
        (format!("command: '-tp 4', {TWO}"), "gets 2 of h100 and its command says 4"),
        ("command: '--max-model-len 1024'".to_owned(), "1280 tokens"),
        ("command: '--model Qwen/Qwen3-8B'".to_owned(), "he command loads qwen3-8b"),
        (
            "command: '--model meta-llama/Llama-3.1-8B-Instruct-AWQ -q gguf'".to_owned(),
            "read weights as gguf, and the model's name says AWQ",
        ),
    ] {
        let plan = small(&rest, "h100");
        let message = message(&plan, "engine-arguments");
        assert!(message.contains(words), "{rest}: {message}");
    }
    let right = "command: '--model meta-llama/Llama-3.1-8B-Instruct --max-model-len 8192'";
    assert!(!finds(&small(right, "h100"), "engine-arguments"));
}

#[test]
fn weights_are_those_that_are_loaded() {
    let plain = small(ONE, "h100");
    let small = small(&format!("command: '--quantization fp8', {ONE}"), "h100");
    assert_eq!((plain.serving[0].asked.weights.as_str()), "bf16");
    assert_eq!((small.serving[0].asked.weights.as_str()), "fp8");
    assert!(small.serving[0].chosen.seats > plain.serving[0].chosen.seats);
}
