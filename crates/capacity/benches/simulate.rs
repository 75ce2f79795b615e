//! Simulated requests: an element is a request, so that criterion prints requests a second on one core.

use capacity::engine::{Admission, Engine, Fleet, PrefixCache, Promise, Prompts, Router, simulate};
use capacity::load::{Arrivals, Length, Lengths, Load};
use capacity::{Decode, Step, StepTime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::num::NonZeroU32;

/// About an 8B model on one A100.
struct Linear;

impl StepTime for Linear {
    fn seconds(&self, step: &Step) -> f64 {
        let line = self.decode(step.decodes);
        #[allow(clippy::cast_precision_loss, reason = "there are fewer tokens than that")]
        let (context, prefill) = (step.context as f64, step.prefill_tokens as f64);
        line.seconds(context) + 60e-6 * prefill
    }

    fn decode(&self, requests: u32) -> Decode {
        Decode { base: 8.5e-3 + 20e-6 * f64::from(requests), per_token: 64e-9, least: 0.0 }
    }

    fn front_end(&self, _: u32) -> f64 {
        0.0
    }

    fn crossing(&self) -> f64 {
        5e-3
    }
}

const ENGINE: Engine = Engine {
    blocks: 27_000,
    block_tokens: 16,
    max_sequences: 256,
    max_batched_tokens: 8192,
    max_tokens: 131_072,
    admission: Admission::Prompt,
    prompts: Prompts::Mixed,
    prefix_cache: PrefixCache::On,
};

const REQUESTS: u32 = 20_000;

/// A question: how requests come, to how many replicas, with answers of how many tokens.
struct Case {
    name: &'static str,
    arrivals: Arrivals,
    replicas: u32,
    output: Length,
    blocks: u32,
}

fn cases() -> Vec<Case> {
    let case = |name, arrivals, replicas| {
        let (output, blocks) = (Length::Fixed(256), ENGINE.blocks);
        Case { name, arrivals, replicas, output, blocks }
    };
    let uneven = |case| Case { output: Length::Uniform(1, 511), ..case };
    vec![
        case("poisson, 6/s", Arrivals::Poisson { rate: 6.0 }, 1),
        uneven(case("poisson, 6/s, answers of 1 to 511", Arrivals::Poisson { rate: 6.0 }, 1)),
        uneven(case("32 in flight, answers of 1 to 511", Arrivals::Concurrency(32), 1)),
        uneven(case("200 in flight, answers of 1 to 511", Arrivals::Concurrency(200), 1)),
        uneven(case("8 replicas, 48/s, answers of 1 to 511", Arrivals::Poisson { rate: 48.0 }, 8)),
        Case {
            blocks: 3000,
            ..uneven(case("too few blocks, answers of 1 to 511", Arrivals::Concurrency(100), 1))
        },
    ]
}

fn requests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulate");
    group.throughput(Throughput::Elements(u64::from(REQUESTS))).sample_size(20);
    for case in cases() {
        let lengths = Lengths::Each { prompt: Length::Fixed(1024), output: case.output };
        let load = Load::new(case.arrivals, lengths, REQUESTS, 7).expect("it is a load");
        let fleet = Fleet {
            engine: Engine { blocks: case.blocks, ..ENGINE },
            replicas: NonZeroU32::new(case.replicas).expect("it is not zero"),
            router: Router::LeastTokens,
        };
        group.bench_function(case.name, |bench| {
            bench.iter(|| {
                let history = simulate(&fleet, black_box(&load), &Linear).expect("it can run");
                assert_eq!(history.requests.len(), REQUESTS as usize);
                history.summary(&Promise::default())
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(std::time::Duration::from_millis(500)).measurement_time(std::time::Duration::from_secs(3));
    targets = requests
}
criterion_main!(benches);
