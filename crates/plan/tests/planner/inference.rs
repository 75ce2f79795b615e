//! What `x-muster.inference` decides: replicas, GPUs, and what is said where it cannot.

mod cluster;
mod command;
mod replicas;

use crate::common::{container, finds, kind, plan_with, replicas, why, workload};
use model::plan::{Kept, Plan, Serving};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A server of a model with more attributes and a promise.
fn server(rest: &str, inference: &str) -> String {
    let rest = if rest.is_empty() { String::new() } else { format!(", {rest}") };
    format!(
        "chat: {{ image: 'vllm/vllm-openai:v0.15.1', ports: ['8000:8000']{rest}, x-muster: {{ inference: {{ {inference} }} }} }}"
    )
}

/// Nothing open, one kind of GPU: quickly computed.
const SMALL: &str = "model: llama-3.1-8b, users: 500, think_time: 30s, prompt: 1024, output: 256, ttft: 500ms, tpot: 50ms";

fn small(rest: &str, gpu: &str) -> Plan {
    plan_with(&server(rest, &format!("{SMALL}, gpu: {gpu}")))
}

fn serving(plan: &Plan) -> &Serving {
    let [serving] = plan.serving.as_slice() else {
        panic!("{:#?} {:#?}", plan.serving, plan.report.findings)
    };
    serving
}

const ONE: &str = "deploy: { resources: { reservations: { devices: [{ driver: nvidia, count: 1, capabilities: [gpu] }] } } }";
const TWO: &str = "deploy: { resources: { reservations: { devices: [{ driver: nvidia, count: 2, capabilities: [gpu] }] } } }";

const SLICE: &str = "deploy: { resources: { reservations: { devices: [{ capabilities: [gpu], count: 1, options: { mig: 3g.40gb } }] } } }";

fn message<'p>(plan: &'p Plan, code: &str) -> &'p str {
    let found = plan.report.findings.iter().find(|it| it.code == code);
    found.map_or_else(|| panic!("no {code}: {:#?}", plan.report.findings), |it| &it.message)
}

fn devices(plan: &Plan) -> &BTreeMap<String, u32> {
    let found = &container(plan, "chat").resources;
    assert_eq!(found.requests.extended, found.limits.extended);
    &found.limits.extended
}

fn only(name: &str, count: u32) -> BTreeMap<String, u32> {
    BTreeMap::from([(name.to_owned(), count)])
}

#[test]
fn a_promise_sets_replicas_devices_and_nodes() {
    let plan = small(ONE, "h100");
    let found = serving(&plan);
    assert_eq!((found.chosen.gpu.as_str(), found.chosen.tensor_parallel), ("h100", 1));
    assert!(found.chosen.needed >= 1 && found.chosen.spare == 1);
    let planned = found.chosen.needed + 1;
    assert_eq!(replicas(&plan, "chat"), Some(planned));
    assert_eq!((found.replicas, found.promise), ((planned, planned), Kept::WithSpare));
    assert_eq!(*devices(&plan), only("nvidia.com/gpu", 1));
    let selector = &workload(&plan, "chat").pod.node_selector;
    assert_eq!(selector["nvidia.com/gpu.product"], "NVIDIA-H100-80GB-HBM3");
    let why = why(&plan, "Deployment/chat", "spec.replicas");
    assert!(why.contains("500 users") && why.contains("within 500 ms"), "{why}");
    assert_eq!(plan.budgets.len(), 1, "two replicas or more");
    let open = plan.report.questions.iter().any(|it| it.answer.contains("think_time"));
    assert!(!open, "everything was said");
}

#[test]
fn what_was_computed_keeps_the_promise_and_knows_its_error() {
    let plan = small(ONE, "h100");
    let found = serving(&plan);
    let chosen = &found.chosen;
    assert!(chosen.ttft.p95 <= 500.0 && chosen.tpot.p95 <= 50.0, "{chosen:?}");
    assert!(chosen.seats * f64::from(chosen.needed) >= 500.0, "{chosen:?}");
    let (low, high) = chosen.seats_between.unwrap();
    assert!(low <= chosen.seats && chosen.seats <= high, "{chosen:?}");
    assert!(chosen.in_flight > 64.0, "{chosen:?}");
    assert_eq!(chosen.basis, "extrapolated", "nobody measured so many at once");
    assert!(chosen.ttft.between.is_some() && !chosen.bound_by.is_empty());
    assert!(found.curve.points.len() > 3, "{:?}", found.curve);
    assert!(found.curve.points.windows(2).all(|it| it[0].in_flight < it[1].in_flight));
    let slow = plan_with(&server(
        ONE,
        &format!("{}, gpu: h100", SMALL.replace("tpot: 50ms", "tpot: 12ms")),
    ));
    assert_eq!(serving(&slow).chosen.basis, "calibrated", "{:?}", slow.serving[0].chosen);
    assert_eq!(small(ONE, "a100-80gb").serving[0].chosen.basis, "modelled only");
}

#[test]
fn a_stated_number_of_devices_is_the_tensor_parallelism() {
    let plan = small(&format!("command: '--tensor-parallel-size 2', {TWO}"), "h100");
    assert_eq!(*devices(&plan), only("nvidia.com/gpu", 2));
    assert!(serving(&plan).options.iter().all(|it| it.tensor_parallel == 2));
    assert!(!finds(&plan, "engine-arguments"));
}

#[test]
fn a_model_that_needs_more_gpus_than_its_command_says_is_told() {
    let inference = "model: llama-3.1-70b, users: 50, gpu: h100";
    let plan = plan_with(&server("", inference));
    let gpus = serving(&plan).chosen.tensor_parallel;
    assert!(gpus > 1, "{:?}", serving(&plan).chosen);
    assert_eq!(*devices(&plan), only("nvidia.com/gpu", gpus));
    assert!(message(&plan, "engine-arguments").contains("leaves it at 1"));
}

#[test]
fn without_devices_a_slice_may_do() {
    let inference = "model: llama-3.2-1b, users: 5, gpu: a100-80gb";
    let plan = plan_with(&server("", inference));
    let slice = serving(&plan).chosen.slice.clone().unwrap();
    assert_eq!(*devices(&plan), only(&format!("nvidia.com/mig-{slice}"), 1));
    let selector = &workload(&plan, "chat").pod.node_selector;
    assert_eq!(selector["nvidia.com/gpu.product"], "NVIDIA-A100-SXM4-80GB");
    assert!(plan.report.questions.iter().any(|it| it.question.contains("nvidia.com/mig-")));
    let whole = plan_with(&server("gpus: all", inference));
    assert_eq!(*devices(&whole), only("nvidia.com/gpu", 1), "whole GPUs are reserved");
}

#[test]
fn a_stated_slice_is_kept() {
    let plan = small(SLICE, "a100-80gb");
    let names: Vec<_> = serving(&plan).options.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["3g.40gb of a100-80gb"]);
    assert_eq!(*devices(&plan), only("nvidia.com/mig-3g.40gb", 1));
    let whole = small(&SLICE.replace("3g.40gb", "7g.80gb"), "a100-80gb");
    assert_eq!(serving(&whole).chosen.name, "7g.80gb of a100-80gb", "the largest slice too");
}

#[test]
fn any_kind_means_the_cheapest_and_a_question() {
    let plan = plan_with(&server(ONE, SMALL));
    let found = serving(&plan);
    let cost: Vec<_> = found.options.iter().filter_map(|it| it.cost_per_hour).collect();
    assert!(cost.len() > 2 && cost.is_sorted(), "{cost:?}");
    assert_eq!(found.chosen.name, found.options[0].name);
    assert!(plan.report.questions.iter().any(|it| it.question.starts_with("Which GPUs do nodes")));
    assert!(workload(&plan, "chat").pod.node_selector.contains_key("nvidia.com/gpu.product"));
}

#[test]
fn services_that_ask_the_same_get_the_same() {
    let services = [server(ONE, SMALL), server(ONE, SMALL).replacen("chat", "talk", 1)].join("\n");
    let plan = plan_with(&services);
    let [one, other] = plan.serving.as_slice() else { panic!("{:#?}", plan.serving) };
    assert_eq!((&one.chosen, &one.options), (&other.chosen, &other.options));
    assert_ne!(one.service, other.service);
}

#[test]
fn nothing_is_guessed() {
    for (inference, missing) in [
        ("gpu: h100", "no model and no users"),
        ("model: llama-3.1-8b, gpu: h100", "no users"),
        ("users: 5, gpu: h100", "no model"),
    ] {
        let plan = plan_with(&server("", inference));
        assert!(plan.serving.is_empty(), "{inference}");
        assert!(message(&plan, "inference-not-computed").ends_with(missing), "{inference}");
        assert_eq!(replicas(&plan, "chat"), Some(1), "as without the intent: {inference}");
        assert_eq!(*devices(&plan), only("nvidia.com/gpu", 1), "{inference}");
    }
}

#[test]
fn every_no_has_its_reason() {
    let slices = "deploy: { resources: { reservations: { devices: [{ capabilities: [gpu], count: 2, options: { mig: 3g.40gb } }] } } }";
    let shared = "deploy: { resources: { reservations: { devices: [{ capabilities: [gpu], count: 1, options: { sharing: mps } }] } } }";
    let amd = "deploy: { resources: { reservations: { devices: [{ driver: amd, count: 1, capabilities: [gpu] }] } } }";
    let three =
        "deploy: { resources: { reservations: { devices: [{ count: 3, capabilities: [gpu] }] } } }";
    let none = "inference-not-computed";
    let never = "inference-promise-impossible";
    for (rest, inference, code, words) in [
        ("", "model: lama-3.1-8b, users: 5", none, "did you mean `llama-3.1-8b`"),
        ("", "model: ./config.json, users: 5", none, "cannot be read in the project"),
        ("", "model: resnet-50, users: 5", none, "answers whole items"),
        ("", "model: llama-3.1-8b, users: 5, gpu: h101", none, "did you mean `h100`"),
        ("command: '-pp 2'", "model: llama-3.1-8b, users: 5", none, "-pp"),
        (slices, "model: llama-3.1-8b, users: 5", none, "cannot share a model"),
        (shared, "model: llama-3.1-8b, users: 5", none, "nvidia.com/gpu.shared"),
        (amd, "model: llama-3.1-8b, users: 5", none, "amd.com/gpu"),
        (three, "model: llama-3.1-8b, users: 5, gpu: h100", never, "attention heads"),
        (ONE, "model: llama-3.1-70b, users: 5, gpu: h100", never, "GB for weights"),
        (ONE, "model: llama-3.1-8b, users: 5, gpu: h100, ttft: 1ms", never, "first token takes"),
        (ONE, "model: llama-3.1-8b, users: 5, gpu: h100, tpot: 1ms", never, "a token takes"),
    ] {
        let plan = plan_with(&server(rest, inference));
        assert!(plan.serving.is_empty(), "{inference}");
        let message = message(&plan, code);
        assert!(message.contains(words), "{inference}: {message}");
        assert_eq!(replicas(&plan, "chat"), Some(1), "as without the intent: {inference}");
    }
}

#[test]
fn an_engine_that_nobody_measured_is_no_vllm() {
    let plan = plan_with(
        "chat: { image: 'ollama/ollama:0.11.0', x-muster: { inference: { model: llama-3.1-8b, users: 5 } } }",
    );
    assert!(message(&plan, "inference-not-computed").starts_with("Nothing was measured of Ollama"));
    let tgi = "image: 'ghcr.io/huggingface/text-generation-inference:3.3.5'";
    for (command, inference) in [
        ("--num-shard 1", "model: llama-3.1-8b, users: 5, gpu: h100"),
        ("--model-id meta-llama/Llama-3.1-8B-Instruct", "users: 5"),
    ] {
        let plan = plan_with(&format!(
            "chat: {{ {tgi}, command: '{command}', x-muster: {{ inference: {{ {inference} }} }} }}"
        ));
        let found = plan.report.findings.iter().find(|it| it.code == "inference-not-computed");
        let found = found.unwrap_or_else(|| panic!("{:#?}", plan.report.findings));
        assert!(found.message.starts_with("Nothing was measured of Text Generation Inference"));
        assert!(found.fix.contains("deploy.replicas") && found.fix.contains("vllm, sglang"));
        assert!(plan.serving.is_empty() && replicas(&plan, "chat") == Some(1));
    }
}

#[test]
fn an_image_of_ones_own_is_taken_for_vllm_and_asked_about() {
    let plan = plan_with(&format!(
        "chat: {{ image: 'acme/chat:1', ports: ['8000:8000'], x-muster: {{ inference: {{ {SMALL}, gpu: h100 }} }} }}"
    ));
    assert_eq!(serving(&plan).asked.engine, "vllm");
    assert_eq!(replicas(&plan, "chat"), Some(serving(&plan).chosen.needed + 1));
    assert!(plan.report.questions.iter().any(|it| it.question.starts_with("Which engine")));
    let known = small(ONE, "h100");
    assert!(!known.report.questions.iter().any(|it| it.question.starts_with("Which engine")));
}

#[test]
fn a_job_serves_nobody() {
    let plan = plan_with(&format!(
        "chat: {{ image: 'acme/batch:1', x-muster: {{ kind: job, inference: {{ {SMALL} }} }} }}"
    ));
    assert_eq!(kind(&plan, "chat"), "Job");
    assert!(plan.serving.is_empty() && finds(&plan, "intent-without-effect"));
}

#[test]
fn what_is_left_open_is_asked() {
    let plan = plan_with(&server(ONE, "model: llama-3.1-8b, users: 20, gpu: h100, ttft: 400ms"));
    let found = plan.report.questions.iter().find(|it| it.question.contains("think_time"));
    let question = found.unwrap();
    assert!(question.question.starts_with("Which think_time, prompt, output and tpot does"));
    assert_eq!(question.assumed, "think_time: 30s, prompt: 1024, output: 256, tpot: 50ms");
}

#[test]
fn extreme_intents_end_in_a_plan() {
    for inference in [
        "users: 4294967295, think_time: 0s",
        "users: 1, think_time: 9999999h",
        "users: 1, ttft: 0ms, tpot: 0ms",
        "users: 3, prompt: 4294967295, output: 4294967295",
        "users: 3, prompt: 1, output: 1",
        "users: 4294967295, ttft: 9999999h, tpot: 9999999h",
    ] {
        let plan = plan_with(&server(ONE, &format!("model: llama-3.1-8b, gpu: h100, {inference}")));
        assert!(replicas(&plan, "chat").is_some_and(|it| it > 0), "{inference}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Small and large alike: a number of bits, then those bits.
    #[test]
    fn any_intent_ends_in_a_plan(bits in prop::array::uniform6(1_u32..32), any in any::<[u32; 6]>()) {
        let [users, think, prompt, output, ttft, tpot] =
            std::array::from_fn(|at| (any[at] >> (32 - bits[at])).max(1));
        let inference = format!(
            "model: llama-3.1-8b, gpu: h100, users: {users}, think_time: {think}ms, prompt: {prompt}, output: {output}, ttft: {ttft}ms, tpot: {tpot}ms"
        );
        let plan = plan_with(&server(ONE, &inference));
        prop_assert!(replicas(&plan, "chat").is_some_and(|it| it > 0));
        for serving in &plan.serving {
            let chosen = &serving.chosen;
            let carried = f64::from(chosen.needed) * chosen.seats;
            prop_assert!(carried >= 0.999 * f64::from(users), "{chosen:?}");
            prop_assert!(chosen.ttft.p95 <= 1.001 * f64::from(ttft), "{chosen:?}");
            prop_assert!(chosen.tpot.p95 <= 1.001 * f64::from(tpot), "{chosen:?}");
        }
    }
}
