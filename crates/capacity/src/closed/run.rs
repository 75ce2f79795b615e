//! One run, step by step.

use super::{Batching, Load, Means, Method};
use crate::deployment::Engine;
use crate::{Roofline, Step, StepTime};

/// Tokens of a block of the cache.
const BLOCK: u64 = 16;

#[derive(Clone, Copy, Debug)]
struct Request {
    sent: f64,
    arrives: f64,
    prompt: u64,
    output: u64,
    /// Tokens in the cache.
    cached: u64,
    /// Tokens that have to be computed before the next one comes out: the prompt, and after preemption
    /// what had been said already.
    wanted: u64,
    made: u64,
    first: f64,
}

/// A run under way.
pub(super) struct Run<'a> {
    time: &'a Roofline,
    batching: &'a Batching,
    load: &'a Load,
    method: &'a Method,
    now: f64,
    /// When the front end is free: it reads one request after the other.
    front: f64,
    sent: u32,
    done: u32,
    total: u32,
    /// Not yet with the engine, by arrival; then waiting there, in order.
    coming: Vec<Request>,
    waiting: Vec<Request>,
    /// Partly computed prompts first come last.
    running: Vec<Request>,
    ttft: f64,
    tpot: f64,
    whole: f64,
    tokens: f64,
    preemptions: u32,
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
impl<'a> Run<'a> {
    pub(super) fn new(
        time: &'a Roofline,
        batching: &'a Batching,
        load: &'a Load,
        method: &'a Method,
        apart: f64,
    ) -> Self {
        let total = load.clients * method.rounds.max(1);
        let mut run = Self {
            time,
            batching,
            load,
            method,
            now: 0.0,
            front: 0.0,
            sent: 0,
            done: 0,
            total,
            coming: Vec::new(),
            waiting: Vec::new(),
            running: Vec::new(),
            ttft: 0.0,
            tpot: 0.0,
            whole: 0.0,
            tokens: 0.0,
            preemptions: 0,
        };
        for client in 0..load.clients {
            run.send(f64::from(client) * apart);
        }
        run
    }

    pub(super) fn through(mut self) -> Means {
        while self.done < self.total {
            self.step();
        }
        self.means()
    }

    /// Lengths without chance: an even spread, the two of them independent of each other.
    fn lengths(&self) -> (u64, u64) {
        let spread = |nominal: u64, (low, high): (f64, f64), turn: f64| {
            let share = (f64::from(self.sent + 1) * turn).fract();
            ((nominal as f64 * (low + (high - low) * share)).round() as u64).max(1)
        };
        (
            spread(self.load.prompt, self.method.prompts, 0.754_877_666_246_693),
            spread(self.load.output, self.method.outputs, 0.569_840_290_998_053),
        )
    }

    fn send(&mut self, at: f64) {
        if self.sent == self.total {
            return;
        }
        let (prompt, output) = self.lengths();
        self.sent += 1;
        self.front = self.front.max(at) + self.time.front_end(prompt);
        let arrives = self.front + self.time.crossing();
        let request = Request {
            sent: at,
            arrives,
            prompt,
            output,
            cached: 0,
            wanted: prompt,
            made: 0,
            first: 0.0,
        };
        let place = self.coming.partition_point(|r| r.arrives <= arrives);
        self.coming.insert(place, request);
    }

    fn step(&mut self) {
        let arrived = self.coming.partition_point(|r| r.arrives <= self.now);
        self.waiting.extend(self.coming.drain(..arrived));
        self.admit();
        if self.running.is_empty() {
            // Nothing was admitted although nothing runs: nobody waits.
            self.now = self.coming.first().map_or(self.now, |r| r.arrives.max(self.now));
            return;
        }
        if self.running.iter().any(|r| r.cached < r.wanted) {
            self.mixed();
        } else {
            self.decode();
        }
        self.finish();
    }

    fn held(&self) -> u64 {
        self.running.iter().map(|r| self.claim(r)).sum()
    }

    /// Tokens of the cache that a request takes: TensorRT-LLM sets aside all that it may need.
    fn claim(&self, r: &Request) -> u64 {
        match self.batching.engine {
            Engine::Trtllm => r.prompt + r.output,
            Engine::Vllm | Engine::Sglang => r.wanted.max(r.cached),
        }
    }

    fn admit(&mut self) {
        let mut held = self.held();
        let mut admitted = 0;
        for request in &self.waiting {
            let claim = self.claim(request);
            let others = self.running.len() + admitted;
            // A block is left for each of those that go on, or the newcomer would soon be thrown out.
            let growth = BLOCK * others as u64;
            if others >= self.batching.sequences
                || (others > 0 && held + claim + growth > self.batching.cache)
            {
                break;
            }
            held += claim;
            admitted += 1;
        }
        self.running.extend(self.waiting.drain(..admitted));
    }

    /// A step that computes prompts, with tokens for the others unless the engine puts prompts first.
    fn mixed(&mut self) {
        let alone = self.batching.engine == Engine::Sglang;
        let whole = self.batching.engine == Engine::Trtllm;
        let mut step = Step::default();
        if !alone {
            for r in self.running.iter().filter(|r| r.cached >= r.wanted) {
                step.decodes += 1;
                step.context += r.cached + 1;
            }
        }
        let mut left = self.batching.budget.saturating_sub(u64::from(step.decodes)).max(1);
        let mut chunks = vec![0; self.running.len()];
        for (r, chunk) in self.running.iter().zip(&mut chunks) {
            let missing = r.wanted.saturating_sub(r.cached);
            if missing == 0 || left == 0 {
                continue;
            }
            if whole && missing > left && step.prefill_requests > 0 {
                break;
            }
            *chunk = if whole { missing } else { missing.min(left) };
            left = left.saturating_sub(*chunk);
            step.prefill_requests += 1;
            step.prefill_tokens += *chunk;
            step.prefill_pairs += *chunk * r.cached + *chunk * (*chunk + 1) / 2;
        }
        self.now += self.time.seconds(&step);
        for (r, chunk) in self.running.iter_mut().zip(chunks) {
            let decoding = r.cached >= r.wanted;
            if decoding && alone {
                continue;
            }
            r.cached += if decoding { 1 } else { chunk };
            if r.cached >= r.wanted {
                r.made += 1;
                if r.first == 0.0 {
                    r.first = self.now;
                }
            }
        }
    }

    /// Steps without prompts until somebody is done, somebody comes, or the cache is full.
    fn decode(&mut self) {
        let n = self.running.len() as u64;
        let context: u64 = self.running.iter().map(|r| r.cached + 1).sum();
        let room = self.batching.cache.saturating_sub(context - n) / n;
        if room == 0 && n > 1 && self.batching.engine != Engine::Trtllm {
            self.preempt();
            return;
        }
        let shortest =
            self.running.iter().map(|r| r.output.saturating_sub(r.made)).min().unwrap_or(1).max(1);
        let decode = self.time.decode(n as u32);
        let one = decode.base + decode.per_token * context as f64;
        let growth = decode.per_token * n as f64;
        let mut steps = shortest;
        if room > 0 && self.batching.engine != Engine::Trtllm {
            steps = steps.min(room);
        }
        if let Some(next) = self.coming.first()
            && self.waiting.is_empty()
        {
            steps = steps.min(steps_until(next.arrives - self.now, one, growth));
        }
        let k = steps as f64;
        self.now += k * one + growth * k * (k - 1.0) / 2.0;
        for r in &mut self.running {
            r.cached += steps;
            r.made += steps;
        }
    }

    /// The last one gives its cache back and will be computed again.
    fn preempt(&mut self) {
        if let Some(mut r) = self.running.pop() {
            r.wanted = r.cached;
            r.cached = 0;
            self.preemptions += 1;
            self.waiting.insert(0, r);
        }
    }

    fn finish(&mut self) {
        let now = self.now;
        let (over, on): (Vec<_>, Vec<_>) = self.running.drain(..).partition(|r| r.made >= r.output);
        self.running = on;
        for r in over {
            self.done += 1;
            self.ttft += r.first - r.sent;
            self.whole += now - r.sent;
            self.tpot += (now - r.first) / (r.output.max(2) - 1) as f64;
            self.tokens += r.output as f64;
            self.send(now);
        }
    }

    fn means(&self) -> Means {
        let n = f64::from(self.done);
        Means {
            ttft: self.ttft / n,
            tpot: self.tpot / n,
            end_to_end: self.whole / n,
            throughput: self.tokens / self.now,
            preemptions: self.preemptions,
        }
    }
}

/// How many steps start before that much time is over, where each takes a little longer than the last.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn steps_until(time: f64, one: f64, growth: f64) -> u64 {
    if time <= one {
        return 1;
    }
    let half = growth / 2.0;
    let b = one - half;
    let k = if half > 1e-15 {
        ((b * b + 4.0 * half * time).sqrt() - b) / (2.0 * half)
    } else {
        time / one
    };
    (k.ceil() as u64).max(1)
}
