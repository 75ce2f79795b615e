//! The simulation against a slow one, and against what must hold for every queue.

mod laws;
mod slow;

use super::{
    Admission, Engine, Fleet, History, Patience, Percentiles, PrefixCache, Promise, Prompts,
    Router, simulate, simulate_while,
};
use crate::load::{Arrivals, Length, Lengths, Load, Think, Trace};
use crate::{Decode, Step, StepTime};
use proptest::prelude::*;
use serde_json::json;
use slow::Slow;
use std::num::NonZeroU32;

/// About an 8B model on a GPU with 2 TB/s.
#[derive(Clone, Copy, Debug)]
pub(super) struct Linear {
    pub(super) base: f64,
    pub(super) per_request: f64,
    pub(super) per_token: f64,
    pub(super) least: f64,
    pub(super) per_prefill: f64,
    pub(super) overhead: f64,
    pub(super) per_prompt: f64,
}

pub(super) const TYPICAL: Linear = Linear {
    base: 8e-3,
    per_request: 20e-6,
    per_token: 64e-9,
    least: 0.0,
    per_prefill: 60e-6,
    overhead: 2e-3,
    per_prompt: 0.0,
};

impl StepTime for Linear {
    fn seconds(&self, step: &Step) -> f64 {
        let line = self.decode(step.decodes);
        #[allow(clippy::cast_precision_loss)]
        let (context, prefill) = (step.context as f64, step.prefill_tokens as f64);
        line.seconds(context) + self.per_prefill * prefill
    }

    fn decode(&self, requests: u32) -> Decode {
        let base = self.base + self.per_request * f64::from(requests);
        Decode { base, per_token: self.per_token, least: self.least }
    }

    fn front_end(&self, prompt: u32) -> f64 {
        self.per_prompt * f64::from(prompt)
    }

    fn crossing(&self) -> f64 {
        self.overhead
    }
}

pub(super) const ENGINE: Engine = Engine {
    blocks: 20_000,
    block_tokens: 16,
    max_sequences: 256,
    max_batched_tokens: 8192,
    max_tokens: 100_000,
    admission: Admission::Prompt,
    prompts: Prompts::Mixed,
    prefix_cache: PrefixCache::On,
};

pub(super) fn fleet(engine: Engine, replicas: u32, router: Router) -> Fleet {
    Fleet { engine, replicas: NonZeroU32::new(replicas).expect("it is not zero"), router }
}

pub(super) fn lengths(prompt: Length, output: Length) -> Lengths {
    Lengths::Each { prompt, output }
}

pub(super) fn run(fleet: &Fleet, load: &Load, times: &dyn StepTime) -> History {
    simulate(fleet, load, times).expect("the engine is possible")
}

fn engines() -> impl Strategy<Value = Engine> {
    let admissions = prop_oneof![
        Just(Admission::FirstPiece),
        Just(Admission::Prompt),
        Just(Admission::Everything)
    ];
    let prompts = prop_oneof![Just(Prompts::Mixed), Just(Prompts::Whole), Just(Prompts::Alone)];
    let caches = prop_oneof![Just(PrefixCache::On), Just(PrefixCache::Off)];
    let sizes = (8_u32..120, 1_u32..9, 1_u32..12, 0_u32..60, 60_u32..400);
    (sizes, admissions, prompts, caches).prop_map(|(sizes, admission, prompts, prefix_cache)| {
        let (blocks, block_tokens, max_sequences, spare, max_tokens) = sizes;
        Engine {
            blocks: blocks * 8 / block_tokens,
            block_tokens,
            max_sequences,
            max_batched_tokens: max_sequences + spare,
            max_tokens,
            admission,
            prompts,
            prefix_cache,
        }
    })
}

/// Prompts in Mooncake's form, that share beginnings.
fn traces() -> impl Strategy<Value = Load> {
    let pieces = prop::collection::vec(0_u8..3, 0..4);
    let row = (0_u32..4, pieces, 1_u32..1800, 1_u32..40);
    prop::collection::vec(row, 1..40).prop_map(|rows| {
        let (mut text, mut at) = (String::new(), 0);
        for (gap, pieces, input, output) in rows {
            at += gap * 200;
            let line = json!({
                "timestamp": at, "input_length": input, "output_length": output, "hash_ids": pieces,
            });
            text += &line.to_string();
            text.push('\n');
        }
        let trace = Trace::read(text.as_bytes()).expect("it is a trace");
        Load::replay(trace, 1.0).expect("it is a load")
    })
}

fn loads() -> impl Strategy<Value = Load> {
    let arrivals = prop_oneof![
        (1.0..200.0).prop_map(|rate| Arrivals::Poisson { rate }),
        (1.0..200.0, 0.2..4.0).prop_map(|(rate, cv)| Arrivals::Bursty { rate, cv }),
        (1_u32..20).prop_map(Arrivals::Concurrency),
        (1_u32..20, 0.0..0.5).prop_map(|(users, seconds)| Arrivals::Users {
            users,
            think: Think::Exponential { seconds }
        }),
        (1_u32..20, 0.0..0.5).prop_map(|(users, seconds)| Arrivals::Users {
            users,
            think: Think::Fixed { seconds }
        }),
    ];
    let length = || {
        prop_oneof![
            (1_u32..100).prop_map(Length::Fixed),
            (1_u32..100, 0_u32..150).prop_map(|(low, more)| Length::Uniform(low, low + more)),
        ]
    };
    (arrivals, length(), length(), 1_u32..60, any::<u64>()).prop_map(
        |(arrivals, prompt, output, requests, seed)| {
            Load::new(arrivals, lengths(prompt, output), requests, seed).expect("it is a load")
        },
    )
}

fn times() -> impl Strategy<Value = Linear> {
    let overhead = prop_oneof![Just(0.0), Just(1e-3), Just(0.013)];
    // With the larger one, requests queue before the engine sees them.
    let per_prompt = prop_oneof![Just(0.0), Just(1e-6), Just(3e-4)];
    // Steps are flat for none of their caches, for small ones, or for all.
    let least = prop_oneof![Just(0.0), Just(8.05e-3), Just(0.02)];
    (overhead, per_prompt, least).prop_map(|(overhead, per_prompt, least)| Linear {
        least,
        overhead,
        per_prompt,
        ..TYPICAL
    })
}

fn routers() -> impl Strategy<Value = Router> {
    prop_oneof![Just(Router::RoundRobin), Just(Router::LeastTokens), Just(Router::Prefix)]
}

fn same(fleet: &Fleet, load: &Load, times: &Linear) -> Result<(), TestCaseError> {
    let fast = run(fleet, load, times);
    let slow = Slow::new(fleet, load, times).run();
    prop_assert_eq!(&fast.requests, &slow.requests);
    prop_assert_eq!((fast.end, fast.in_flight_max), (slow.end, slow.in_flight_max));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn jumping_is_walking(
        engine in engines(), load in loads(), times in times(), replicas in 1_u32..4, router in routers(),
    ) {
        same(&fleet(engine, replicas, router), &load, &times)?;
    }

    /// Who gives up was right, and who does not sees all of it.
    #[test]
    fn patience_ends_only_what_cannot_be_kept(
        engine in engines(), load in loads(), times in times(), ttft in 0.005_f64..2.0,
        tpot in 0.008_f64..0.05, hundredths in prop_oneof![Just(50_u32), Just(95), Just(99)],
    ) {
        let fleet = fleet(engine, 1, Router::RoundRobin);
        let promise = Promise { ttft: Some(ttft), tpot: Some(tpot), e2e: Some(ttft + 100.0 * tpot) };
        let whole = run(&fleet, &load, &times);
        let patience = Patience::new(promise, load.requests(), hundredths);
        let seen = simulate_while(&fleet, &load, &times, patience).expect("the engine is possible");
        if let Some(history) = seen {
            prop_assert_eq!(history, whole);
            return Ok(());
        }
        let summary = whole.summary(&promise);
        if summary.refused > 0 {
            return Ok(());
        }
        let worse = |took: &Percentiles, promised: Option<f64>| {
            let at = match hundredths { 50 => took.p50, 95 => took.p95, _ => took.p99 };
            promised.is_some_and(|promised| at.value > promised)
        };
        prop_assert!(
            worse(&summary.ttft, promise.ttft)
                || worse(&summary.tpot, promise.tpot)
                || worse(&summary.e2e, promise.e2e)
        );
    }

    #[test]
    fn jumping_is_walking_where_prompts_share(
        mut engine in engines(), load in traces(), times in times(), replicas in 1_u32..3,
        router in routers(), scale in prop_oneof![Just(1_u32), Just(8), Just(100)],
    ) {
        engine.block_tokens *= scale;
        engine.blocks = engine.blocks * 60 / scale.min(12);
        engine.max_batched_tokens += 200;
        engine.max_tokens = 1800;
        same(&fleet(engine, replicas, router), &load, &times)?;
    }
}
