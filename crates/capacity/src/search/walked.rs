//! The search against one that tries every rung of the ladder.

use super::replica::{CLOSE, LADDER, Replica};
use super::{Answer, Candidate, Demand, Percentile, Question, room, search};
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

/// The loads of all candidates that are neither denied nor too dear, as they are found rung by rung.
fn exhaustive<'a>(
    question: &'a Question,
    candidates: &'a [Candidate<'a>],
    found: &'a Answer,
) -> impl Iterator<Item = (&'a Candidate<'a>, f64)> {
    candidates.iter().filter(|it| !found.dear.contains(&it.name)).filter_map(|candidate| {
        let near = room::bound(question, candidate).ok()?;
        Some((candidate, walked(question, candidate, near)?))
    })
}

/// Whether the load passes, and one that is close above it does not. Chance lets a few pass above one that is
/// refused: then there are two edges, and either is an answer.
fn is_edge(question: &Question, candidate: &Candidate<'_>, load: f64) -> bool {
    let replica = Replica::new(question, candidate);
    let refused = |load| replica.run(replica.whole(load)).is_none();
    replica.run(load).is_some() && (refused(load * CLOSE) || refused(load + replica.least()))
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
                let all: Vec<_> = exhaustive(&question, &candidates, &found).collect();
                assert_eq!(found.choices.len(), all.len(), "{model} {question:?}");
                for (candidate, walked) in all {
                    let mine = found.choices.iter().find(|it| it.name == candidate.name);
                    let load = mine.expect("it keeps the promise at some load").room.load;
                    let is_close = (walked / 1.06..=walked * 1.06).contains(&load);
                    let is_answer = load.total_cmp(&walked).is_eq()
                        || is_close && is_edge(&question, candidate, load);
                    assert!(
                        is_answer,
                        "{model} {question:?} {:?}: {load} {walked}",
                        candidate.name
                    );
                }
            }
        }
    }
}
