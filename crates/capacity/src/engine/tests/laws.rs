//! What must hold for every queue.

use super::super::{Bottleneck, Bounds, Demand, Outcome, Promise, Request, Shape};
use super::{
    Admission, ENGINE, Engine, Fleet, History, Linear, Prompts, Router, TYPICAL, fleet, lengths,
    run,
};
use crate::load::{Arrivals, Length, Lengths, Load, Think, Trace};

const MIXED: fn() -> Lengths = || lengths(Length::Uniform(1, 2047), Length::Uniform(1, 511));

/// 256 on average.
const UNEVEN: Length = Length::Uniform(1, 511);

const PROMPTS: [Prompts; 3] = [Prompts::Mixed, Prompts::Whole, Prompts::Alone];

fn load(arrivals: Arrivals, lengths: Lengths, requests: u32) -> Load {
    Load::new(arrivals, lengths, requests, 7).expect("it is a load")
}

fn one(engine: Engine) -> Fleet {
    fleet(engine, 1, Router::RoundRobin)
}

fn preemptions(history: &History) -> u64 {
    history.usage.iter().map(|usage| usage.preemptions).sum()
}

fn close(got: f64, expected: f64, tolerance: f64) -> bool {
    (got / expected - 1.0).abs() <= tolerance
}

#[test]
fn twenty_thousand_in_are_twenty_thousand_out() {
    let scarce = Engine { blocks: 1500, max_tokens: 2500, ..ENGINE };
    let load = load(Arrivals::Bursty { rate: 40.0, cv: 3.0 }, MIXED(), 20_000);
    for admission in [Admission::FirstPiece, Admission::Prompt, Admission::Everything] {
        let fleet = fleet(Engine { admission, ..scarce }, 2, Router::LeastTokens);
        let history = run(&fleet, &load, &TYPICAL);
        let summary = history.summary(&Promise::default());
        assert_eq!(history.requests.len(), 20_000);
        assert_eq!(summary.finished + summary.refused, 20_000);
        assert!(summary.refused > 0, "some are longer than 2,500 tokens");
        assert_eq!(preemptions(&history) > 0, admission != Admission::Everything);
        assert!(summary.cache_max > 0.95 && summary.cache_max <= 1.0);
        assert_eq!(summary.bottleneck, Bottleneck::Cache);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let load = load(Arrivals::Bursty { rate: 30.0, cv: 2.0 }, MIXED(), 3000);
    let fleet = fleet(ENGINE, 3, Router::LeastTokens);
    let told = || {
        let history = run(&fleet, &load, &TYPICAL);
        format!("{:?} {history:?}", history.summary(&Promise::default()))
    };
    assert_eq!(told(), told());
}

#[test]
fn those_there_are_those_that_come_times_how_long_they_stay() {
    for arrivals in [
        Arrivals::Poisson { rate: 6.0 },
        Arrivals::Concurrency(40),
        Arrivals::Users { users: 300, think: Think::Exponential { seconds: 30.0 } },
    ] {
        let history = run(&one(ENGINE), &load(arrivals.clone(), MIXED(), 20_000), &TYPICAL);
        let summary = history.summary(&Promise::default());
        let stay = summary.requests_per_second * summary.e2e.mean.value;
        assert!(close(stay, summary.in_flight_mean, 0.02), "{arrivals:?} {summary:?}");
        if let Arrivals::Users { users, think } = arrivals {
            // Whoever is not here thinks.
            let there = summary.requests_per_second * (summary.e2e.mean.value + think.mean());
            assert!(close(there, f64::from(users), 0.03), "{there}");
        }
    }
}

#[test]
fn first_come_first_served() {
    let scarce = Engine { blocks: 800, max_sequences: 20, ..ENGINE };
    let all_room = Engine { admission: Admission::Everything, ..scarce };
    let load = load(Arrivals::Poisson { rate: 20.0 }, MIXED(), 2000);
    let history = run(&one(all_room), &load, &TYPICAL);
    let first = |request: &Request| match request.outcome {
        Outcome::Finished { first, .. } => first,
        _ => panic!("everybody is served"),
    };
    assert!(history.requests.is_sorted_by(|a, b| first(a) <= first(b)));
}

#[test]
fn no_work_is_lost_and_nobody_is_idle_while_somebody_waits() {
    let all_at_once = load(Arrivals::Concurrency(500), MIXED(), 500);
    let history = run(&one(ENGINE), &all_at_once, &TYPICAL);
    assert_eq!(preemptions(&history), 0);
    let prompts: u64 = history.requests.iter().map(|request| u64::from(request.prompt)).sum();
    assert_eq!(history.usage[0].prefill_tokens, prompts);
    let idle = history.end - history.usage[0].busy();
    assert!((idle - TYPICAL.overhead).abs() < 1e-9, "{idle}");
}

/// Three prompts of 1,000 tokens at once, beside nobody: when each gets its first token, in milliseconds.
fn first_tokens(engine: Engine, times: &Linear) -> Vec<f64> {
    let at_once = load(Arrivals::Concurrency(3), lengths(Length::Fixed(1000), Length::Fixed(4)), 3);
    let history = run(&one(engine), &at_once, times);
    let first = |request: &Request| match request.outcome {
        Outcome::Finished { first, .. } => (1e6 * first).round() / 1e3,
        _ => panic!("everybody is served"),
    };
    history.requests.iter().map(first).collect()
}

#[test]
fn prompts_share_steps_as_the_engine_lets_them() {
    const STEP: f64 = 8.0;
    const PROMPT: f64 = 60.0;
    // A cached token, and a request of the batch beside.
    const READ: f64 = 0.064e-3;
    const BESIDE: f64 = 0.020;
    let times = Linear { overhead: 0.0, ..TYPICAL };
    let of = |prompts, max_batched_tokens| {
        first_tokens(Engine { max_batched_tokens, prompts, ..ENGINE }, &times)
    };
    let near = |got: Vec<f64>, expected: [f64; 3]| {
        let close = got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 0.01);
        assert!(close, "{got:?} {expected:?}");
    };
    for prompts in [Prompts::Mixed, Prompts::Whole, Prompts::Alone] {
        near(of(prompts, 8192), [STEP + 3.0 * PROMPT; 3]);
    }
    // In steps of 1,500 tokens one and a half fit, or one; the batch gets its tokens beside, or waits.
    let one = STEP + 1.5 * PROMPT;
    near(of(Prompts::Alone, 1500), [one, 2.0 * one, 2.0 * one]);
    // The token of the first takes the place of a token of the last prompt, which needs a third step for it.
    let beside = BESIDE + 1001.0 * READ;
    let second = 2.0 * one - 0.06 + beside;
    near(of(Prompts::Mixed, 1500), [one, second, second + STEP + 0.06 + 2.0 * beside]);
    let alone = STEP + PROMPT;
    near(of(Prompts::Whole, 1500), [alone, 2.0 * alone + beside, 3.0 * alone + 3.0 * beside]);
    // A prompt that is longer than a step may be has one nevertheless.
    near(of(Prompts::Whole, 500), [alone, 2.0 * alone + beside, 3.0 * alone + 3.0 * beside]);
}

#[test]
fn the_front_end_reads_one_prompt_after_the_other() {
    let times = Linear { overhead: 3e-3, per_prompt: 1e-3, ..TYPICAL };
    let first = first_tokens(ENGINE, &times);
    // A second each to read them, so that each is computed alone, beside nobody.
    assert_eq!(first, [1000.0, 2000.0, 3000.0].map(|read| read + 3.0 + 8.0 + 60.0));
}

#[test]
fn more_room_pushes_out_less() {
    let at_once = lengths(Length::Fixed(500), Length::Fixed(400));
    let load = load(Arrivals::Concurrency(64), at_once, 256);
    let pushed_out: Vec<u64> = [800, 1600, 3200, 6400]
        .map(|blocks| preemptions(&run(&one(Engine { blocks, ..ENGINE }), &load, &TYPICAL)))
        .to_vec();
    assert!(pushed_out.is_sorted_by(|a, b| a >= b), "{pushed_out:?}");
    assert!(pushed_out[0] > 0 && pushed_out[3] == 0, "{pushed_out:?}");
}

#[test]
fn past_the_cache_the_first_token_waits_and_the_others_do_not() {
    let shape = lengths(Length::Uniform(900, 1100), Length::Uniform(1800, 2200));
    let engine = Engine { blocks: 8000, ..ENGINE };
    let at = |users| {
        let load = load(Arrivals::Concurrency(users), shape.clone(), 20 * users);
        run(&one(engine), &load, &TYPICAL).summary(&Promise::default())
    };
    let (within, past) = (at(32), at(128));
    assert!(past.ttft.p50.value > 5.0 * within.ttft.p50.value, "{past:?}");
    assert!(past.tpot.p50.value < 2.0 * within.tpot.p50.value, "{past:?}");
    assert_eq!(past.bottleneck, Bottleneck::Cache);
}

#[test]
fn prompts_that_begin_alike_are_computed_once() {
    let line = |at: u32, last: u32| {
        format!(
            "{{\"timestamp\":{at},\"input_length\":1536,\"output_length\":8,\"hash_ids\":[1,2,{last}]}}\n"
        )
    };
    let text: String = (0..50).map(|at| line(at * 100, at + 10)).collect();
    let trace = Trace::read(text.as_bytes()).expect("it is a trace");
    let load = Load::replay(trace, 1.0).expect("it is a load");
    let history = run(&one(ENGINE), &load, &TYPICAL);
    let cached: Vec<u32> = history.requests.iter().map(|request| request.cached).collect();
    assert_eq!((cached[0], &cached[1..]), (0, &[1024; 49][..]));
    // Two replicas know it each, unless those that begin alike go together.
    let by_turn = run(&fleet(ENGINE, 2, Router::RoundRobin), &load, &TYPICAL);
    assert_eq!(by_turn.requests.iter().filter(|request| request.cached == 0).count(), 2);
}

#[test]
fn a_promise_is_counted() {
    let load = load(Arrivals::Poisson { rate: 5.0 }, MIXED(), 2000);
    let history = run(&one(ENGINE), &load, &TYPICAL);
    let median = history.summary(&Promise::default()).ttft.p50.value;
    let half = history.summary(&Promise { ttft: Some(median), ..Promise::default() });
    assert!(close(half.kept, 0.5, 0.01), "{}", half.kept);
    assert!(close(half.goodput, half.requests_per_second / 2.0, 0.05), "{half:?}");
    let never = history.summary(&Promise { tpot: Some(1e-3), ..Promise::default() });
    assert!(never.goodput < 0.01 * half.requests_per_second, "{never:?}");
}

#[test]
fn intervals_hold_what_other_seeds_say() {
    let mean = |seed| {
        let load = Load::new(Arrivals::Poisson { rate: 6.0 }, MIXED(), 8000, seed);
        let history = run(&one(ENGINE), &load.expect("it is a load"), &TYPICAL);
        history.summary(&Promise::default()).ttft.p50
    };
    let truth = (100..120).map(|seed| mean(seed).value).sum::<f64>() / 20.0;
    let holds = |seed: &u64| {
        let estimate = mean(*seed);
        let half = estimate.half_width.expect("it is long enough");
        (estimate.value - truth).abs() <= half
    };
    let held = (0..20).filter(holds).count();
    assert!(held >= 16, "{held} of 20 intervals of 95 %");
}

/// The bound knows means only: how far it is off, where lengths are even.
#[test]
fn the_bound_is_near_the_simulation() {
    let shape = Shape { prompt: 1024.0, output: 256.0 };
    let even = lengths(Length::Uniform(824, 1224), Length::Uniform(206, 306));
    let cases = [
        (Arrivals::Poisson { rate: 1.0 }, Demand::Rate(1.0), 0.05),
        (Arrivals::Poisson { rate: 6.0 }, Demand::Rate(6.0), 0.05),
        (Arrivals::Concurrency(4), Demand::Users { users: 4.0, think: 0.0 }, 0.2),
        (Arrivals::Concurrency(32), Demand::Users { users: 32.0, think: 0.0 }, 0.25),
        (Arrivals::Concurrency(128), Demand::Users { users: 128.0, think: 0.0 }, 0.3),
        (
            Arrivals::Users { users: 200, think: Think::Exponential { seconds: 20.0 } },
            Demand::Users { users: 200.0, think: 20.0 },
            0.2,
        ),
    ];
    let each = |prompts| cases.clone().map(|case| (prompts, case));
    for (prompts, (arrivals, demand, ttft)) in PROMPTS.into_iter().flat_map(each) {
        let engine = Engine { prompts, ..ENGINE };
        let load = load(arrivals, even.clone(), 6000);
        let summary = run(&one(engine), &load, &TYPICAL).summary(&Promise::default());
        let bound = Bounds::new(&engine, &TYPICAL, shape).of(demand);
        let pairs = [
            (bound.requests_per_second, summary.requests_per_second, 0.05),
            (bound.tpot, summary.tpot.mean.value, 0.05),
            (bound.in_flight, summary.in_flight_mean, 0.08),
            (bound.ttft, summary.ttft.mean.value, ttft),
        ];
        for (bound, simulated, tolerance) in pairs {
            let what = format!("{prompts:?} {demand:?}: {bound} {simulated}");
            assert!(close(bound, simulated, tolerance), "{what}");
        }
    }
}

#[test]
fn the_bound_of_throughput_holds_under_overload() {
    let even = Length::Fixed(256);
    let loads = [(1024, even.clone()), (64, even.clone()), (1024, UNEVEN), (64, UNEVEN)];
    let engines = PROMPTS.map(|prompts| Engine { prompts, ..ENGINE });
    for engine in engines.into_iter().flat_map(|it| [it, Engine { max_sequences: 32, ..it }]) {
        for (prompt, output) in loads.clone() {
            let shape = Shape { prompt: f64::from(prompt), output: 256.0 };
            let most = Bounds::new(&engine, &TYPICAL, shape).most_requests_per_second();
            // Places get free one by one, so that prompts that are computed alone find fewer to share steps with.
            let alone = engine.prompts == Prompts::Alone && output == UNEVEN;
            let lengths = lengths(Length::Fixed(prompt), output);
            let over = load(Arrivals::Poisson { rate: 2.0 * most }, lengths, 4000);
            let summary = run(&one(engine), &over, &TYPICAL).summary(&Promise::default());
            let share = summary.requests_per_second / most;
            let least = if alone { 0.75 } else { 0.94 };
            assert!((least..=1.0).contains(&share), "{share} {prompt} {engine:?} {summary:?}");
        }
    }
}

#[test]
fn the_bound_lets_no_more_prompts_share_a_step_than_there_is_room_for() {
    let engine = Engine { prompts: Prompts::Alone, max_sequences: 32, ..ENGINE };
    let shape = Shape { prompt: 16.0, output: 2.0 };
    let most = Bounds::new(&engine, &TYPICAL, shape).most_requests_per_second();
    let lengths = lengths(Length::Fixed(16), Length::Fixed(2));
    let over = load(Arrivals::Poisson { rate: 2.0 * most }, lengths, 4000);
    let summary = run(&one(engine), &over, &TYPICAL).summary(&Promise::default());
    assert!(close(summary.requests_per_second, most, 0.05), "{most} {summary:?}");
}
