//! The search over all kinds of GPUs × tensor parallelism × slices for one model, by the length of prompts.

#![allow(clippy::print_stdout, reason = "a benchmark tells the person who runs it")]

use capacity::engine::Promise;
use capacity::gpu::gpus;
use capacity::load::{Length, Lengths, Think};
use capacity::offers::{Offer, Settings, Slices, Wish, offers};
use capacity::search::{Demand, Percentile, Question, search};
use capacity::{Cache, Engine, Prices, Weights, model, usual};
use std::time::Instant;

/// Tokens of prompts, and promised seconds to the first token.
const PROMPTS: [(u32, f64); 3] = [(1_024, 0.5), (8_000, 2.0), (100_000, 20.0)];

fn main() {
    let think = Think::Exponential { seconds: 30.0 };
    for demand in [Demand::Users { users: Some(500), think }, Demand::Rate(2.0)] {
        for (prompt, ttft) in PROMPTS {
            ask(prompt, ttft, demand);
        }
    }
}

fn ask(prompt: u32, ttft: f64, demand: Demand) {
    let question = Question {
        demand,
        lengths: Lengths::Each { prompt: Length::Fixed(prompt), output: Length::Fixed(256) },
        promise: Promise { ttft: Some(ttft), tpot: Some(0.05), e2e: None },
        percentile: Percentile::P95,
        batch: 0.0,
        growth: 0.0,
        seed: 1,
    };
    let wish = Wish {
        model: model("llama-3.1-8b").expect("it is built in"),
        gpus: gpus().iter().collect(),
        tensor_parallel: usual::TENSOR_PARALLEL.to_vec(),
        slices: Slices::Any,
        weights: Weights::Bf16,
        cache: Cache::Bf16,
        engine: Engine::Vllm,
        settings: Settings::default(),
    };
    let start = Instant::now();
    let (offers, _) = offers(&wish, &Prices::list());
    let candidates: Vec<_> = offers.iter().map(Offer::candidate).collect();
    let answer = search(&question, &candidates).expect("it is a question");
    let seconds = start.elapsed().as_secs_f64();
    let best = answer.choices.first().map_or("nothing".to_owned(), |best| best.name.to_string());
    println!(
        "prompts of {prompt}, {demand:?}: {seconds:.2} s over {} options, best {best}",
        offers.len()
    );
}
