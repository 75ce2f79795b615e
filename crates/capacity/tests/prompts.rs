//! A simulation of the engine and the replay of a benchmark agree on what a prompt costs.

use capacity::closed::{self, Batching, Method, Start};
use capacity::engine::{Admission, Fleet, PrefixCache, Promise, Router, simulate};
use capacity::gpu::gpu;
use capacity::load::{Arrivals, Length, Lengths, Load};
use capacity::{
    Cache, Calibration, Deployment, Engine, Roofline, StepTime, Weights, engine, model,
};
use std::num::NonZeroU32;

fn h100() -> Roofline {
    let deployment = Deployment {
        model: model("llama-3.1-8b").expect("it is built in").clone(),
        gpu: gpu("h100").expect("it is built in").clone(),
        slice: None,
        tensor_parallel: 1,
        weights: Weights::Bf16,
        cache: Cache::Bf16,
        engine: Engine::Vllm,
        utilisation: 0.9,
    };
    Roofline::new(&deployment, &Calibration::stored().coefficients).expect("vLLM was fitted")
}

#[test]
fn reading_a_longer_prompt_takes_longer() {
    let times = h100();
    let more = times.overhead(32_000) - times.overhead(1_000);
    let measured = times.front_end(32_000) - times.front_end(1_000);
    assert!(more > 0.02 && (more - measured).abs() < 1e-9, "{more} {measured}");
}

#[test]
fn one_client_waits_as_long_in_both() {
    const BUDGET: u32 = 8_192;
    let times = h100();
    for prompt in [1_000, 8_000, 32_000] {
        let load = closed::Load { prompt: u64::from(prompt), output: 64, clients: 1 };
        let batching = Batching {
            engine: Engine::Vllm,
            budget: u64::from(BUDGET),
            cache: 400_000,
            sequences: 256,
        };
        let method =
            Method { rounds: 4, prompts: (1.0, 1.0), outputs: (1.0, 1.0), start: Start::Together };
        let replayed = closed::replay(&times, &batching, &load, &method).expect("it fits");
        let engine = engine::Engine {
            blocks: 25_000,
            block_tokens: 16,
            max_sequences: 256,
            max_batched_tokens: BUDGET,
            max_tokens: u32::MAX,
            admission: Admission::Prompt,
            prefix_cache: PrefixCache::Off,
        };
        let lengths = Lengths::Each { prompt: Length::Fixed(prompt), output: Length::Fixed(64) };
        let load = Load::new(Arrivals::Concurrency(1), lengths, 40, 1).expect("it is a load");
        let fleet = Fleet { engine, replicas: NonZeroU32::MIN, router: Router::default() };
        let history = simulate(&fleet, &load, &times).expect("the engine is sound");
        let simulated = history.summary(&Promise::default()).ttft.mean.value;
        let off = simulated / replayed.ttft - 1.0;
        assert!(off.abs() < 0.01, "{prompt}: {simulated} against {}", replayed.ttft);
    }
}
