//! Step times obey physics, whatever the deployment.

#![allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]

use capacity::closed::{Clients, Method, Start, replay};
use capacity::{
    Budget, Cache, Calibration, Deployment, Engine, Graphs, Roofline, Step, StepTime, Weights, gpu,
    model,
};
use proptest::prelude::*;

fn deployment(
    name: &str,
    gpu_name: &str,
    tensor_parallel: u32,
    weights: Weights,
    engine: Engine,
) -> Deployment {
    Deployment {
        model: model(name).expect("a built-in").clone(),
        gpu: gpu(gpu_name).expect("in the catalogue").clone(),
        slice: None,
        tensor_parallel,
        weights,
        cache: Cache::Bf16,
        engine,
        budget: Budget::USUAL,
        graphs: Graphs::Replayed,
    }
}

fn time(d: &Deployment) -> Roofline {
    Roofline::new(d, &Calibration::stored().coefficients).expect("every engine was fitted")
}

/// `LMDeploy` measured 9.8 ms (2023, no Python in its loop); an engine of today may be a little slower.
#[test]
fn seven_billion_weights_on_an_a100_take_ten_milliseconds() {
    let decode =
        time(&deployment("llama-2-7b", "a100-80", 1, Weights::Bf16, Engine::Trtllm)).decode(1);
    let ms = 1e3 * (decode.base + 128.0 * decode.per_token);
    assert!((9.0..11.0).contains(&ms), "{ms:.2} ms");
}

#[test]
fn a_slice_is_slower_than_the_gpu() {
    let whole = deployment("llama-3.2-1b", "h100", 1, Weights::Bf16, Engine::Vllm);
    let slice = Deployment { slice: whole.gpu.slice("1g.10gb").ok().cloned(), ..whole.clone() };
    let (whole, slice) = (time(&whole).decode(8), time(&slice).decode(8));
    assert!(slice.base > whole.base && slice.per_token > 4.0 * whole.per_token);
}

fn any_deployment() -> impl Strategy<Value = Deployment> {
    let names = [
        "llama-3.1-8b",
        "llama-3.1-70b",
        "qwen3-32b",
        "mixtral-8x7b",
        "gpt-oss-120b",
        "deepseek-v3",
    ];
    let gpus = ["a100-80", "h100", "h200", "b200", "l40s", "l4", "t4"];
    let weights = [Weights::Bf16, Weights::Fp8, Weights::Fp8Block, Weights::Int4, Weights::Nvfp4];
    let one_of = proptest::sample::select::<u32>;
    (
        proptest::sample::select(names.to_vec()),
        proptest::sample::select(gpus.to_vec()),
        one_of(vec![1, 2, 4, 8]),
        proptest::sample::select(weights.to_vec()),
        proptest::sample::select(Engine::ALL.to_vec()),
    )
        .prop_map(|(m, g, tp, w, e)| deployment(m, g, tp, w, e))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_is_faster_than_memory(d in any_deployment(), requests in 1_u32..512, context in 0_u64..1_000_000) {
        let time = time(&d);
        let floor = time.floor();
        let step = Step { decodes: requests, context, ..Step::default() };
        prop_assert!(time.seconds(&step) >= floor.weights + floor.per_token * context as f64);
    }

    #[test]
    fn more_work_takes_longer(d in any_deployment(), requests in 1_u32..512, tokens in 1_u64..8192) {
        let time = time(&d);
        let (few, more) = (time.decode(requests), time.decode(requests + 1));
        prop_assert!(more.base >= few.base && few.per_token > 0.0);
        let prompt = |n: u64| Step { prefill_tokens: n, prefill_pairs: n * (n + 1) / 2, prefill_requests: 1, ..Step::default() };
        prop_assert!(time.seconds(&prompt(tokens + 1)) >= time.seconds(&prompt(tokens)));
        let mixed = Step { decodes: requests, context: 1000, ..prompt(tokens) };
        prop_assert!(time.seconds(&mixed) >= time.seconds(&prompt(tokens)));
    }

    #[test]
    fn steps_without_prefill_are_a_line(d in any_deployment(), requests in 1_u32..2000, context in 0_u64..1_000_000) {
        let time = time(&d);
        let line = time.decode(requests);
        let step = time.seconds(&Step { decodes: requests, context, ..Step::default() });
        prop_assert!((step - line.base - line.per_token * context as f64).abs() < 1e-12);
    }

    #[test]
    fn steps_without_graphs_take_as_long_as_their_launches(d in any_deployment(), requests in 1_u32..600, context in 0_u64..1_000_000) {
        let graphs = time(&d);
        let eager = time(&Deployment { graphs: Graphs::Eager, ..d.clone() });
        // A prompt of one token takes little but its launches, with graphs too.
        let prompt = Step { prefill_tokens: 1, prefill_pairs: 1, prefill_requests: 1, ..Step::default() };
        let step = Step { decodes: requests, context, ..Step::default() };
        let least = eager.decode(requests).least;
        let same = |a: f64, b: f64| (a - b).abs() < 1e-12;
        prop_assert!(least > 0.0 && least <= graphs.seconds(&prompt));
        prop_assert!(same(eager.seconds(&prompt), graphs.seconds(&prompt)));
        prop_assert!(same(eager.seconds(&step), graphs.seconds(&step).max(least)));
        prop_assert!(same(graphs.decode(requests).least, 0.0));
    }

    #[test]
    fn prompts_are_computed_faster_by_more_gpus(d in any_deployment(), tokens in 2048_u64..8192) {
        prop_assume!(d.linked() && d.tensor_parallel < 8);
        let twice = Deployment { tensor_parallel: 2 * d.tensor_parallel, ..d.clone() };
        let step = Step { prefill_tokens: tokens, prefill_pairs: tokens * (tokens + 1) / 2, prefill_requests: 1, ..Step::default() };
        prop_assert!(time(&twice).seconds(&step) <= 1.1 * time(&d).seconds(&step));
    }

    #[test]
    fn every_request_of_a_run_is_answered(
        clients in 1_u32..80, prompt in 1_u32..5000, output in 1_u32..600, cache in 6000_u64..200_000,
        engine in proptest::sample::select(Engine::ALL.to_vec()), spread in any::<bool>(),
    ) {
        let time = time(&deployment("llama-3.1-8b", "h100", 1, Weights::Bf16, engine));
        let engine = engine.set(cache, 64, 4096);
        let start = if spread { Start::Spread } else { Start::Together };
        let method = Method { rounds: 3, prompts: (0.8, 1.0), outputs: (0.8, 1.0), start };
        let means = replay(&time, &engine, &Clients { prompt, output, clients }, &method).expect("one request fits");
        prop_assert!(means.ttft > 0.0 && means.end_to_end >= means.ttft && means.tpot >= 0.0);
    }
}

#[test]
fn more_clients_wait_longer_and_get_more() {
    let d = deployment("llama-3.1-8b", "h100", 1, Weights::Fp8, Engine::Vllm);
    let time = time(&d);
    let engine = Engine::Vllm.set(d.memory().expect("fits").tokens, 1024, 8192);
    let method =
        Method { rounds: 10, prompts: (0.8, 1.0), outputs: (0.8, 1.0), start: Start::Together };
    let run = |clients| {
        replay(&time, &engine, &Clients { prompt: 1024, output: 256, clients }, &method)
            .expect("fits")
    };
    for (few, more) in [(1, 4), (4, 16), (16, 64), (64, 256)] {
        let (few, more) = (run(few), run(more));
        assert!(more.tpot > few.tpot && more.ttft > few.ttft && more.throughput > few.throughput);
    }
}

#[test]
fn a_request_beyond_the_cache_is_refused() {
    let d = deployment("llama-3.1-8b", "h100", 1, Weights::Fp8, Engine::Vllm);
    let engine = Engine::Vllm.set(1000, 1024, 8192);
    let method =
        Method { rounds: 1, prompts: (1.0, 1.0), outputs: (1.0, 1.0), start: Start::Together };
    assert_eq!(
        replay(&time(&d), &engine, &Clients { prompt: 900, output: 200, clients: 1 }, &method),
        None
    );
}
