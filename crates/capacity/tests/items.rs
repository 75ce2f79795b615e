//! How many devices a rate of items needs.

use capacity::items::{
    self, Arrivals, Basis, Batching, Device, Impossible, Plan, Precision, Promise, Question,
    Refused, Runtime, answer, serve,
};
use proptest::prelude::*;

fn device(gpu: &str, price: f64) -> Device {
    Device::whole(capacity::gpu(gpu).expect("in the catalogue"), Some(price))
}

fn t4() -> Device {
    device("t4", 0.5)
}

fn a100() -> Device {
    device("a100", 4.0)
}

fn question(model: &str, ms: f64) -> Question {
    Question {
        model: model.to_owned(),
        size: None,
        precision: Precision::Fp16,
        runtime: Runtime::TensorRt,
        promise: Promise { latency: ms / 1e3, part: 0.99 },
        rate: None,
        outside: 0.0,
        spares: 0,
        seed: 1,
    }
}

fn plan(question: &Question, device: &Device) -> Result<Plan, Impossible> {
    let answer =
        answer(question, std::slice::from_ref(device)).expect("a question that has an answer");
    answer.choices.into_iter().next().expect("one device").outcome
}

#[test]
fn work_is_counted_as_published() {
    // 2 · 85 M weights · 128 tokens, and two products of 128 × 128 × 768 in each of 12 layers.
    let bert = items::model("bert").expect("built in").work(128);
    let by_hand = 2.0 * 84_934_656.0 * 128.0 + 12.0 * 4.0 * 128.0 * 128.0 * 768.0;
    assert!((bert.flops - by_hand).abs() < 1.0, "{} {by_hand}", bert.flops);
    // 17.56 GMACs less 0.12 for the patches.
    let vit = items::model("vit").expect("built in").work(197);
    assert!((vit.flops / 2.0 - 17.45e9).abs() < 0.01e9, "{}", vit.flops);
    let picture = items::model("sdxl").expect("built in").work(20);
    assert!((picture.flops - (40.0 * 6761.236e9 + 10692.7e9)).abs() < 1e6);
}

#[test]
fn every_model_has_an_answer() {
    for model in items::models() {
        let runtime =
            if model.id == "stable-diffusion-1.5" { Runtime::Eager } else { Runtime::TensorRt };
        let q = Question { runtime, ..question(&model.id, 60_000.0) };
        let plan = plan(&q, &a100()).expect("a minute is enough");
        println!("{} {:.0}/s {:?} {:?}", model.id, plan.rate, plan.batching, plan.bottleneck);
        assert!(plan.rate > 0.0 && plan.latency.p99 <= 60.0, "{}: {plan:?}", model.id);
    }
}

#[test]
fn a_rate_is_shared_by_devices_and_spares() {
    let q = Question { rate: Some(2000.0), spares: 1, ..question("resnet-50", 50.0) };
    let q = Question { precision: Precision::Int8, ..q };
    let found = answer(&q, &[a100(), t4()]).expect("an answer");
    for choice in &found.choices {
        let plan = choice.outcome.as_ref().expect("both can");
        println!("{}: {plan:?}", choice.device);
        assert!(plan.rate * f64::from(plan.devices - 1) >= 2000.0);
        assert!(plan.rate * f64::from((plan.devices - 1).max(1) - 1) < 2000.0);
        assert!(plan.latency.p99 <= 0.05);
        let hour = plan.cost_per_hour.expect("a price");
        let million = plan.cost_per_million.expect("a price");
        assert!((million - hour / 7.2).abs() < 1e-9, "{hour} for 7.2 million an hour: {million}");
    }
    assert_eq!(found.best().expect("both can").0, "t4", "cheaper");
    assert_eq!(found.best().expect("both can").1.basis, Basis::Measured);
}

#[test]
fn a_promise_that_cannot_be_kept_names_who_could() {
    let q = Question { size: Some(384), ..question("bert-large", 6.0) };
    let found = answer(&q, &[t4(), a100()]).expect("an answer");
    let last = found.choices.last().expect("two");
    let said = last.outcome.as_ref().expect_err("too slow").to_string();
    println!("{said}");
    assert!(said.starts_with("one sequence alone takes 1"), "{said}");
    assert!(
        said.contains(" ms on t4; a promise of 6.00 ms cannot be kept; a100-80gb needs 2."),
        "{said}"
    );
}

#[test]
fn what_does_not_fit_says_what_is_needed() {
    let small = Device { memory: 5e9, ..t4() };
    let said = plan(&question("sdxl", 60_000.0), &small).expect_err("too small").to_string();
    assert_eq!(said, "8.7 GB are needed for one picture; t4 has 5.0 GB");
    let q = Question { precision: Precision::Fp8, ..question("resnet-50", 50.0) };
    let said = plan(&q, &t4()).expect_err("no fp8").to_string();
    assert_eq!(said, "t4 does not compute in fp8");
}

#[test]
fn questions_without_an_answer_are_refused() {
    let ask = |q: &Question| answer(q, &[t4()]).expect_err("refused").to_string();
    let said = ask(&question("resnet", 1.0));
    assert!(
        said.starts_with("no model of items is called `resnet`; did you mean `resnet50`?"),
        "{said}"
    );
    let q = Question { size: Some(513), ..question("bert", 50.0) };
    assert_eq!(ask(&q), "BERT base takes sizes from 1 to 512, not 513");
    assert_eq!(ask(&question("bert", 0.0)), "the latency must be a number above zero, not 0");
    let q = Question { rate: Some(f64::NAN), ..question("bert", 50.0) };
    assert_eq!(ask(&q), "the rate must be a number above zero, not NaN");
    let q = Question { runtime: Runtime::Eager, ..question("bert", 50.0) };
    assert!(ask(&q).starts_with("no measurement of BERT base on this runtime"));
    assert_eq!(answer(&question("bert", 50.0), &[]), Err(Refused::NoDevices));
}

#[test]
fn tight_promises_gather_little() {
    for ms in [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0] {
        let q = Question { precision: Precision::Int8, ..question("resnet-50", ms) };
        let found = plan(&q, &t4());
        println!("{ms}: {found:?}");
        if let Ok(plan) = found {
            assert!(f64::from(plan.batching.most) >= plan.batch);
            assert!(plan.latency.p99 <= ms / 1e3);
        }
    }
}

/// `MLPerf` Inference, datacenter closed, ResNet-50 Server: 99 % within 15 ms.
#[test]
fn rates_under_a_promise_are_near_published_ones() {
    let measured = [
        // v3.1, NVIDIA L4x1_TRT.
        (device("l4", 1.0), 12_204.0),
        // v3.1, NVIDIA DGX-H100_H100-SXM-80GBx1_TRT.
        (device("h100", 1.0), 73_019.0),
        // v3.1, Oracle OCI-A100_A100-SXM-80GBx8_TRT: 290,028 on eight.
        (a100(), 36_253.0),
    ];
    for (device, published) in measured {
        let q = Question { precision: Precision::Int8, ..question("resnet-50", 15.0) };
        let rate = plan(&q, &device).expect("can").rate;
        let off = rate / published - 1.0;
        println!(
            "{}: {rate:.0}/s, published {published:.0}/s, {:+.0} %",
            device.name(),
            off * 100.0
        );
        assert!(off.abs() < 0.35, "{}: {rate}", device.name());
    }
}

#[test]
fn slices_bear_their_share() {
    let whole = plan(&question("bert", 100.0), &a100()).expect("can");
    let gpu = capacity::gpu("a100").expect("in the catalogue");
    let slice = Device::cut(gpu, gpu.slice("1g.10gb").expect("has MIG"), Some(7.0));
    assert_eq!((slice.name().as_str(), slice.price), ("a100-80gb 1g.10gb", Some(1.0)));
    let part = plan(&question("bert", 100.0), &slice).expect("can");
    let share = part.rate / whole.rate;
    assert!((0.1..0.2).contains(&share), "{share}");
}

#[test]
fn the_same_seed_gives_the_same_answer() {
    let q = Question { rate: Some(900.0), ..question("vit", 40.0) };
    assert_eq!(answer(&q, &[t4(), a100()]), answer(&q, &[t4(), a100()]));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn a_looser_promise_never_bears_less(a in 2.0..200.0_f64, b in 2.0..200.0_f64, seed: u64) {
        let rate = |ms| {
            let q = Question { seed, precision: Precision::Int8, ..question("resnet-50", ms) };
            plan(&q, &t4()).map_or(0.0, |p| p.rate)
        };
        prop_assert!(rate(a.min(b)) <= rate(a.max(b)));
    }

    #[test]
    fn percentiles_are_ordered_and_the_promise_is_kept(
        ms in 3.0..200.0_f64, rate in 1.0..20_000.0_f64, seed: u64,
    ) {
        let q = Question { seed, rate: Some(rate), ..question("resnet-50", ms) };
        if let Ok(plan) = plan(&q, &t4()) {
            let l = plan.latency;
            prop_assert!(plan.alone <= l.p50 && l.p50 <= l.p95 && l.p95 <= l.p99);
            prop_assert!(l.p99 <= ms / 1e3);
        }
    }

    #[test]
    fn no_request_is_lost_and_no_work_either(
        count in 1..3000_usize, most in 1..40_u32, delay in 0.0..3.0_f64, load in 0.01..3.0_f64,
        seed: u64,
    ) {
        let times: Vec<f64> = (1..=most).map(|b| 1.0 + 0.1 * f64::from(b)).collect();
        let served = serve(&times, Batching { most, delay }, load, &Arrivals::poisson(seed, count));
        prop_assert_eq!(served.latencies.len(), count);
        prop_assert!(served.latencies.iter().all(|&l| l >= times[0]));
        prop_assert!(served.batches <= count && served.busy <= served.end);
        // Each batch takes 1 and each item 0.1.
        let items = u32::try_from(count).expect("few");
        let batches = u32::try_from(served.batches).expect("few");
        let work = f64::from(batches) + 0.1 * f64::from(items);
        prop_assert!((served.busy - work).abs() < 1e-6 * work);
    }
}
