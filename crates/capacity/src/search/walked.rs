//! The search against one that tries every rung of the ladder.

use super::replica::{CLOSE, LADDER, Replica};
use super::{Answer, Candidate, Demand, Percentile, Question, answer, order, room, search};
use crate::engine::Promise;
use crate::gpu::gpu;
use crate::load::{Length, Lengths, Think};
use crate::offers::{Offer, Settings, Slices, Wish, offers};
use crate::{Cache, Engine, Prices, Weights};

/// The largest load that passes, rung by rung from the bound.
fn walked(question: &Question, candidate: &Candidate<'_>, near: f64) -> Option<f64> {
    let replica = Replica::new(question, candidate);
    let passes = |load| replica.run(load).is_some();
    let (mut kept, mut refused) = (None, f64::INFINITY);
    let mut next = near.max(replica.least());
    loop {
        next = replica.whole(next);
        if passes(next) {
            kept = Some(next);
        } else {
            refused = next;
        }
        next = match kept {
            Some(load) if refused.is_infinite() => (load * LADDER).max(load + replica.least()),
            Some(load) => (load * refused).sqrt(),
            None if refused <= replica.least() => return None,
            None => (refused / LADDER).max(replica.least()),
        };
        let is_last = |load| refused <= load * CLOSE || replica.whole(next) <= load;
        if kept.is_some_and(is_last) {
            return kept;
        }
    }
}

/// All candidates without those that are denied or too dear, by the loads that are found rung by rung.
fn exhaustive(question: &Question, candidates: &[Candidate<'_>], found: &Answer) -> Answer {
    let mut all = Answer { dear: found.dear.clone(), ..Answer::default() };
    for candidate in candidates.iter().filter(|it| !found.dear.contains(&it.name)) {
        let Ok(near) = room::bound(question, candidate) else { continue };
        let Some(load) = walked(question, candidate, near) else { continue };
        let replica = Replica::new(question, candidate);
        let summary = replica.run(load).expect("it passed");
        let seats = room::seats(question, load, &summary);
        let room = room::Room { load, seats, summary };
        all.choices.push(answer::choice(question, candidate, room));
    }
    all.choices.sort_by(order);
    all
}

fn question(prompt: u32, ttft: f64, demand: Demand) -> Question {
    Question {
        demand,
        lengths: Lengths::Each { prompt: Length::Fixed(prompt), output: Length::Fixed(128) },
        promise: Promise { ttft: Some(ttft), tpot: Some(0.06), e2e: None },
        percentile: Percentile::P95,
        batch: 0.0,
        growth: 0.0,
        seed: 1,
    }
}

#[test]
fn few_tries_find_what_all_of_them_find() {
    let users = Demand::Users { users: Some(300), think: Think::Exponential { seconds: 30.0 } };
    for model in ["llama-3.1-8b", "qwen3-32b"] {
        let wish = Wish {
            model: crate::model(model).expect("it is built in"),
            gpus: ["l40s", "a100-80gb", "h100"].map(|it| gpu(it).expect("it is built in")).to_vec(),
            tensor_parallel: vec![1, 4],
            slices: Slices::None,
            weights: Weights::Bf16,
            cache: Cache::Bf16,
            engine: Engine::Vllm,
            settings: Settings::default(),
        };
        let (offers, _) = offers(&wish, &Prices::list());
        let candidates: Vec<_> = offers.iter().map(Offer::candidate).collect();
        for (prompt, ttft) in [(1_024, 0.5), (8_000, 3.0), (60_000, 20.0), (60_000, 60.0)] {
            for demand in [users, Demand::Rate(0.5)] {
                let question = question(prompt, ttft, demand);
                let found = search(&question, &candidates).expect("it is a question");
                let all = exhaustive(&question, &candidates, &found);
                assert_eq!(found.choices, all.choices, "{model} {question:?}");
            }
        }
    }
}
