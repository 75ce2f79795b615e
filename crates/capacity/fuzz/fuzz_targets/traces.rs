//! Any bytes as a trace: no panic, no hang; what is read can be played, and everybody is accounted for.

#![no_main]

use capacity::engine::{
    Admission, Engine, Fleet, Outcome, PrefixCache, Promise, Prompts, Router, simulate,
};
use capacity::load::{Load, Trace};
use capacity::{Decode, Step, StepTime};
use libfuzzer_sys::fuzz_target;
use std::num::NonZeroU32;

struct Linear;

impl StepTime for Linear {
    fn seconds(&self, step: &Step) -> f64 {
        1e-2 + 1e-4 * step.prefill_tokens as f64 + 1e-7 * step.context as f64
    }

    fn decode(&self, _: u32) -> Decode {
        Decode { base: 1e-2, per_token: 1e-7, least: 0.0 }
    }

    fn front_end(&self, _: u32) -> f64 {
        1e-4
    }

    fn crossing(&self) -> f64 {
        1e-3
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(trace) = Trace::read(data) else { return };
    let rows = trace.rows().len();
    let Ok(load) = Load::replay(trace, 1.0) else { return };
    let engine = Engine {
        blocks: 400,
        block_tokens: 16,
        max_sequences: 8,
        max_batched_tokens: 256,
        max_tokens: 8192,
        admission: Admission::Prompt,
        prompts: Prompts::Mixed,
        prefix_cache: PrefixCache::On,
    };
    let fleet = Fleet { engine, replicas: NonZeroU32::MIN, router: Router::Prefix };
    let history = simulate(&fleet, &load, &Linear).expect("the engine is possible");
    assert_eq!(history.requests.len(), rows);
    assert!(history.requests.iter().all(|request| request.outcome != Outcome::Unfinished));
    let _ = history.summary(&Promise::default());
});
