//! A history in a few numbers.

use super::history::{History, Outcome, Request, Usage};
use super::window::Window;

/// What users were promised; what is not given is not promised.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Promise {
    /// Seconds to the first token.
    pub ttft: Option<f64>,
    /// Seconds for each token after it, the mean of a request.
    pub tpot: Option<f64>,
    /// Seconds to the last token.
    pub e2e: Option<f64>,
}

/// A history in a few numbers. Times are in seconds.
///
/// # What is measured
///
/// The start is not the usual state (everything is empty, closed loops come all at once), and neither is the end
/// (nobody comes any more). So of the requests in order of arrival those at the start are left out, a tenth or twice as
/// many as there ever were at once, but no more than a third; and those at the end, a twentieth or as many as there ever
/// were at once, but no more than a quarter. Rates and means over time are those between the first and the last arrival
/// that are left. If all arrive at once, everything counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Requests of the whole history that got their answer.
    pub finished: u32,
    /// Requests of the whole history that no replica could hold.
    pub refused: u32,
    /// Requests that are measured.
    pub measured: u32,
    /// Time to first token.
    pub ttft: Percentiles,
    /// Time per output token after the first, the mean of each request; of those with more than one.
    pub tpot: Percentiles,
    /// Time to the last token.
    pub e2e: Percentiles,
    /// Requests that ended in a second.
    pub requests_per_second: f64,
    /// Tokens of answers of those.
    pub output_tokens_per_second: f64,
    /// Requests that ended in a second and kept the promise.
    pub goodput: f64,
    /// Share of measured requests that kept the promise; those refused did not.
    pub kept: f64,
    /// Requests there at once, waiting ones included.
    pub in_flight_mean: f64,
    /// Most of them, in the whole history.
    pub in_flight_max: u32,
    /// Share of the cache in use while steps run, in the whole history.
    pub cache_mean: f64,
    /// Largest share of a replica's cache in use, in the whole history.
    pub cache_max: f64,
    /// How often a request was pushed out, in the whole history.
    pub preemptions: u64,
    /// Share of prompts' tokens that were cached already.
    pub cached: f64,
    /// What more of would serve more.
    pub bottleneck: Bottleneck,
}

/// How something is distributed over requests.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percentiles {
    /// The mean.
    pub mean: Estimate,
    /// Half of the requests do not exceed it.
    pub p50: Estimate,
    /// 95 of 100.
    pub p95: Estimate,
    /// 99 of 100.
    pub p99: Estimate,
}

/// A number, and how well the simulation knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Half of the 95 % confidence interval of its mean over ten batches of requests, in order of arrival; none where
    /// those would have fewer than twenty each. It tells whether the simulation was long enough, not how well it models.
    pub half_width: Option<f64>,
}

/// What more of would serve more requests. A hint: the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bottleneck {
    /// Replicas have nothing to do for three tenths of the time or more.
    Nothing,
    /// Requests wait because blocks of the cache are all in use.
    Cache,
    /// Requests wait because the batch is full.
    Sequences,
    /// More than half of the time goes to steps with prompts: arithmetic.
    Prompts,
    /// Steps that give tokens only: reading weights and caches.
    Answers,
}

impl Bottleneck {
    /// As people say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "the promise: with more, chance makes requests wait too long",
            Self::Cache => "memory for the KV cache",
            Self::Sequences => "the number of sequences in a batch",
            Self::Prompts => "compute: prompts",
            Self::Answers => "memory bandwidth: weights and caches are read for each token",
        }
    }
}

impl Estimate {
    /// Whether the simulation knows it to within this share of its value.
    pub fn within(&self, share: f64) -> bool {
        self.half_width.is_some_and(|half| half <= share * self.value)
    }
}

impl Promise {
    /// Whether a request's times keep it.
    fn kept_by(&self, times: &Times) -> bool {
        let keeps = |promised: Option<f64>, took: f64| promised.is_none_or(|most| took <= most);
        keeps(self.ttft, times.ttft)
            && keeps(self.tpot, times.tpot.unwrap_or(0.0))
            && keeps(self.e2e, times.e2e)
    }
}

/// The times of one request that ended.
pub(super) struct Times {
    pub(super) end: f64,
    pub(super) ttft: f64,
    pub(super) tpot: Option<f64>,
    pub(super) e2e: f64,
}

impl Request {
    pub(super) fn times(&self) -> Option<Times> {
        let Outcome::Finished { first, end } = self.outcome else { return None };
        let more = self.output.saturating_sub(1);
        let tpot = (more > 0).then(|| (end - first) / f64::from(more));
        Some(Times { end, ttft: first - self.arrival, tpot, e2e: end - self.arrival })
    }
}

impl History {
    /// In a few numbers, held against a promise.
    #[allow(clippy::cast_precision_loss, reason = "there are fewer requests than that")]
    pub fn summary(&self, promise: &Promise) -> Summary {
        let window = Window::of(self);
        let measured: Vec<Option<Times>> = window.measured().map(Request::times).collect();
        let column = |of: fn(&Times) -> Option<f64>| {
            Percentiles::of(&measured.iter().flatten().filter_map(of).collect::<Vec<_>>())
        };
        let kept = |times: &Times| promise.kept_by(times);
        let count = |holds: fn(&Outcome) -> bool| {
            let number = self.requests.iter().filter(|request| holds(&request.outcome)).count();
            u32::try_from(number).unwrap_or(u32::MAX)
        };
        let total = Usage::sum(&self.usage);
        Summary {
            finished: count(|outcome| matches!(outcome, Outcome::Finished { .. })),
            refused: count(|outcome| matches!(outcome, Outcome::Refused(_))),
            measured: u32::try_from(measured.len()).unwrap_or(u32::MAX),
            ttft: column(|times| Some(times.ttft)),
            tpot: column(|times| times.tpot),
            e2e: column(|times| Some(times.e2e)),
            requests_per_second: window.rate(|_, _| 1.0),
            output_tokens_per_second: window.rate(|request, _| f64::from(request.output)),
            goodput: window.rate(|_, times| f64::from(u8::from(kept(times)))),
            kept: measured.iter().flatten().filter(|times| kept(times)).count() as f64
                / measured.len().max(1) as f64,
            in_flight_mean: window.in_flight(),
            in_flight_max: self.in_flight_max,
            cache_mean: total.cache_seconds / total.busy().max(f64::MIN_POSITIVE),
            cache_max: total.cache_max,
            preemptions: total.preemptions,
            cached: window.cached(),
            bottleneck: self.bottleneck(&total),
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "there are fewer replicas than that")]
    fn bottleneck(&self, total: &Usage) -> Bottleneck {
        let busy = total.busy();
        if busy < 0.7 * self.end * self.usage.len() as f64 {
            Bottleneck::Nothing
        } else if total.short_of_blocks > 0.1 * busy {
            Bottleneck::Cache
        } else if total.short_of_seats > 0.1 * busy {
            Bottleneck::Sequences
        } else if total.prefilling > 0.5 * busy {
            Bottleneck::Prompts
        } else {
            Bottleneck::Answers
        }
    }
}

const BATCHES: usize = 10;
/// Two-sided 95 % of Student's distribution with nine degrees of freedom.
const STUDENT: f64 = 2.262;

impl Percentiles {
    fn of(values: &[f64]) -> Percentiles {
        let all = Points::of(values.to_vec());
        let size = values.len() / BATCHES;
        let batches: Vec<Points> = if size < 20 {
            Vec::new()
        } else {
            values
                .chunks_exact(size)
                .take(BATCHES)
                .map(|batch| Points::of(batch.to_vec()))
                .collect()
        };
        let estimate = |of: fn(&Points) -> f64| Estimate {
            value: of(&all),
            half_width: half_width(batches.iter().map(of)),
        };
        Percentiles {
            mean: estimate(|points| points.mean),
            p50: estimate(|points| points.p50),
            p95: estimate(|points| points.p95),
            p99: estimate(|points| points.p99),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "there are ten")]
fn half_width(values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let n = values.clone().count() as f64;
    if n < 2.0 {
        return None;
    }
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Some(STUDENT * (variance / n).sqrt())
}

#[derive(Default)]
struct Points {
    mean: f64,
    p50: f64,
    p95: f64,
    p99: f64,
}

impl Points {
    #[allow(clippy::cast_precision_loss, reason = "there are fewer requests than that")]
    fn of(mut values: Vec<f64>) -> Points {
        if values.is_empty() {
            return Points::default();
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let mut at = |hundredths: usize| {
            let rank = (values.len() * hundredths).div_ceil(100).saturating_sub(1);
            *values.select_nth_unstable_by(rank, f64::total_cmp).1
        };
        Points { mean, p50: at(50), p95: at(95), p99: at(99) }
    }
}
