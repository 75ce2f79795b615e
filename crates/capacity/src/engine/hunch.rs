//! A guess from the first requests.

use super::patience::{Watch, worse};
use super::summary::{Promise, Times};

/// It is clear when the number of those that came off worse is so many standard deviations of chance off what may be,
/// and so many more: requests that meet in a queue are late together.
const CLEAR: (f64, f64) = (2.0, 3.0);
/// It ends in any case with this part of the requests.
const PART: u32 = 5;

/// How far the first requests are from a promise that holds for a share of them.
///
/// It ends as soon as far more or far fewer came off worse than may, and is wrong at times.
#[derive(Clone, Debug)]
pub(crate) struct Hunch {
    promise: Promise,
    hundredths: u32,
    /// Requests of the load.
    requests: u32,
    /// Requests that count.
    seen: u32,
    /// Those that are worse, in first token, each token and the whole.
    worse: [u32; 3],
    strains: Strains,
    is_refused: bool,
    is_over: bool,
}

impl Hunch {
    /// With a load of so many requests, of which so many of a hundred have to be served as promised.
    pub(crate) fn new(promise: Promise, requests: u32, hundredths: u32) -> Self {
        Self {
            promise,
            hundredths: hundredths.min(100),
            requests,
            seen: 0,
            worse: [0; 3],
            strains: Strains::default(),
            is_refused: false,
            is_over: false,
        }
    }

    /// What the percentile of those seen is, as a multiple of what is promised; zero if none were.
    pub(super) fn strain(&mut self) -> f64 {
        if self.is_refused { f64::INFINITY } else { self.strains.at(self.hundredths) }
    }

    fn is_clear(&self) -> bool {
        let share = 1.0 - f64::from(self.hundredths) / 100.0;
        let most = f64::from(self.worse.into_iter().max().unwrap_or(0));
        let may = share * f64::from(self.seen);
        (most - may).abs() > CLEAR.0 * may.sqrt() + CLEAR.1
    }
}

impl Watch for Hunch {
    fn see(&mut self, place: u32, _: f64, times: &Times, most: u32) {
        if place < (2 * most).min(self.requests / 10) {
            return;
        }
        self.seen += 1;
        self.strains.add(&self.promise, times);
        for (count, is_worse) in self.worse.iter_mut().zip(worse(&self.promise, times)) {
            *count += u32::from(is_worse);
        }
        self.is_over = self.seen >= self.requests / PART || self.is_clear();
    }

    fn refuse(&mut self) {
        (self.is_refused, self.is_over) = (true, true);
    }

    fn is_over(&self) -> bool {
        self.is_over
    }
}

/// Times of requests as multiples of what is promised: to the first token, for each, and of the whole.
#[derive(Clone, Debug, Default)]
struct Strains([Vec<f64>; 3]);

impl Strains {
    fn add(&mut self, promise: &Promise, times: &Times) {
        let pairs = [
            (Some(times.ttft), promise.ttft),
            (times.tpot, promise.tpot),
            (Some(times.e2e), promise.e2e),
        ];
        for (strains, (took, promised)) in self.0.iter_mut().zip(pairs) {
            strains.extend(took.zip(promised).map(|(took, promised)| took / promised));
        }
    }

    /// The percentile of the one that is farthest off.
    fn at(&mut self, hundredths: u32) -> f64 {
        let mut worst = 0.0_f64;
        for strains in self.0.iter_mut().filter(|strains| !strains.is_empty()) {
            let rank = (strains.len() * hundredths as usize).div_ceil(100).saturating_sub(1);
            worst = worst.max(*strains.select_nth_unstable_by(rank, f64::total_cmp).1);
        }
        worst
    }
}
