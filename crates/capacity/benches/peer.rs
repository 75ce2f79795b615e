//! The same question to `inference-lab` and to us: time and answer.
//!
//! `cargo install inference-lab --version 1.0.0 --root DIR`, then `cargo xtask bench capacity --peer DIR/bin/inference-lab`.
//! Both simulate an engine whose steps take the same time, a line over tokens and requests. Times are those of the
//! processor, the peer's with its start and its report.

#![allow(clippy::print_stdout, reason = "a benchmark tells the person who runs it")]

use capacity::engine::{
    Admission, Engine, Fleet, PrefixCache, Promise, Prompts, Router, Summary, simulate,
};
use capacity::load::{Arrivals, Length, Lengths, Load};
use capacity::{Decode, Step, StepTime};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::Command;

type Answer<T> = Result<T, Box<dyn Error>>;

const REQUESTS: u32 = 20_000;
/// Ours runs so often: the clock of processes is coarse.
const ROUNDS: u32 = 20;

/// Seconds for a step, each decoding request, each cached token, each prompt token.
const COSTS: (f64, f64, f64, f64) = (8.5e-3, 20e-6, 64e-9, 60e-6);

struct Linear;

impl StepTime for Linear {
    fn seconds(&self, step: &Step) -> f64 {
        let line = self.decode(step.decodes);
        #[allow(clippy::cast_precision_loss, reason = "there are fewer tokens than that")]
        let (context, prefill) = (step.context as f64, step.prefill_tokens as f64);
        line.seconds(context) + COSTS.3 * prefill
    }

    fn decode(&self, requests: u32) -> Decode {
        Decode { base: COSTS.0 + COSTS.1 * f64::from(requests), per_token: COSTS.2, least: 0.0 }
    }

    fn front_end(&self, _: u32) -> f64 {
        0.0
    }

    fn crossing(&self) -> f64 {
        0.0
    }
}

struct Question {
    name: &'static str,
    arrivals: Arrivals,
    replicas: u32,
    words: String,
}

fn questions() -> Vec<Question> {
    let poisson = |rate: f64| format!("arrival_pattern = \"poisson\"\narrival_rate = {rate:?}\n");
    vec![
        Question {
            name: "one replica, 6 requests a second",
            arrivals: Arrivals::Poisson { rate: 6.0 },
            replicas: 1,
            words: poisson(6.0),
        },
        Question {
            name: "one replica, 32 in flight",
            arrivals: Arrivals::Concurrency(32),
            replicas: 1,
            words: "arrival_pattern = \"closed_loop\"\nnum_concurrent_users = 32\n".to_owned(),
        },
        Question {
            name: "eight replicas, 48 requests a second",
            arrivals: Arrivals::Poisson { rate: 48.0 },
            replicas: 8,
            words: poisson(48.0),
        },
    ]
}

fn main() -> Answer<()> {
    let Some(peer) = std::env::args().skip(1).find(|word| !word.starts_with("--")) else {
        println!("no peer: give the path of inference-lab 1.0.0");
        return Ok(());
    };
    let folder = std::env::temp_dir().join(format!("capacity-peer-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    println!("{REQUESTS} requests, prompts of 1,024 tokens, answers of 1 to 511");
    for question in questions() {
        compare(&question, Path::new(&peer), &folder)?;
    }
    fs::remove_dir_all(folder)?;
    Ok(())
}

fn compare(question: &Question, peer: &Path, folder: &Path) -> Answer<()> {
    let (own, before) = processor()?;
    let summary = ours(question)?;
    for _ in 1..ROUNDS {
        ours(question)?;
    }
    let own = (processor()?.0 - own) / f64::from(ROUNDS);
    let theirs = asked(question, peer, folder)?;
    let peer = processor()?.1 - before;
    let minute = |seconds: f64| 60.0 * f64::from(REQUESTS) / seconds / 1e6;
    println!("\n{}", question.name);
    println!("  million requests a minute and core: {:.1}, peer {:.2}", minute(own), minute(peer));
    println!("  {:.0} times as fast", peer / own);
    let mut words = String::new();
    for (name, pointer, value) in [
        ("TTFT mean", "/latency_metrics/ttft_ms/mean", 1e3 * summary.ttft.mean.value),
        ("TTFT p99", "/latency_metrics/ttft_ms/p99", 1e3 * summary.ttft.p99.value),
        ("TPOT mean", "/latency_metrics/per_token_ms/mean", 1e3 * summary.tpot.mean.value),
        ("E2E mean", "/latency_metrics/e2e_ms/mean", 1e3 * summary.e2e.mean.value),
    ] {
        let other = theirs.pointer(pointer).and_then(serde_json::Value::as_f64);
        write!(words, "  {name} {value:.2} ms, peer {:.2};", other.unwrap_or(f64::NAN))?;
    }
    println!("{}", words.trim_end_matches(';'));
    Ok(())
}

fn ours(question: &Question) -> Answer<Summary> {
    let output = Length::Uniform(1, 511);
    let lengths = Lengths::Each { prompt: Length::Fixed(1024), output };
    let load = Load::new(question.arrivals.clone(), lengths, REQUESTS, 7)?;
    let engine = Engine {
        blocks: 27_000,
        block_tokens: 16,
        max_sequences: 256,
        max_batched_tokens: 8192,
        max_tokens: 131_072,
        admission: Admission::Prompt,
        prompts: Prompts::Mixed,
        prefix_cache: PrefixCache::On,
    };
    let replicas = NonZeroU32::new(question.replicas).ok_or("there are replicas")?;
    let fleet = Fleet { engine, replicas, router: Router::RoundRobin };
    Ok(simulate(&fleet, &load, &Linear)?.summary(&Promise::default()))
}

fn asked(question: &Question, peer: &Path, folder: &Path) -> Answer<serde_json::Value> {
    let file = |name: &str| folder.join(name);
    let (base, request, token, prompt) = COSTS;
    let model = format!(
        "model = \"llama-3.1-8b-instruct\"\n[scheduler]\nmax_num_batched_tokens = 8192\nmax_num_seqs = 256\n\
         policy = \"fcfs\"\nenable_chunked_prefill = true\nblock_size = 16\n[hardware.h100]\ntp = 1\nreplicas = {}\n\
         step_cost = {{ model = \"linear\", t0 = {base:?}, tp = {prompt:?}, td = {request:?}, tk = {token:?} }}\n",
        question.replicas
    );
    let load = format!(
        "{}num_requests = {REQUESTS}\nseed = 7\n[input_len_dist]\ntype = \"fixed\"\nvalue = 1024\n\
         [output_len_dist]\ntype = \"uniform\"\nmin = 1\nmax = 511\n",
        question.words
    );
    fs::write(file("model.toml"), model)?;
    fs::write(file("load.toml"), load)?;
    let mut command = Command::new(peer);
    command.current_dir(folder).args([
        "-c",
        "model.toml",
        "-w",
        "load.toml",
        "-q",
        "-o",
        "out.json",
    ]);
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&fs::read(file("out.json"))?)?)
}

/// Seconds of the processor for this process, and for those that it waited for.
fn processor() -> Answer<(f64, f64)> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let after_name = text.rsplit_once(')').ok_or("no name of a process")?.1;
    let ticks: Vec<f64> =
        after_name.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    // Without the letter of its state: user and system time, the process's and its children's.
    let [own_user, own_system, user, system] = ticks[10..14] else {
        return Err("too short".into());
    };
    Ok(((own_user + own_system) / 100.0, (user + system) / 100.0))
}
