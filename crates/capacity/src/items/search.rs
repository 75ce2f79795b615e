//! The highest rate at which a promise is kept.

use super::queue::{Arrivals, Batching, Served, serve};

/// A latency that a part of all requests stays within.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Promise {
    /// Seconds.
    pub latency: f64,
    /// 0.99: of a hundred, one may take longer.
    pub part: f64,
}

/// Seconds spent outside the batcher, and who arrives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load<'a> {
    pub(super) times: &'a [f64],
    pub(super) outside: f64,
    pub(super) arrivals: &'a Arrivals,
}

/// The best way to gather, and the rate it bears.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Best {
    pub(super) batching: Batching,
    pub(super) rate: f64,
}

impl Best {
    /// The same with batches that may be no larger than they became: nothing changes by it.
    pub(super) fn within(self, largest: usize) -> Self {
        let largest = u32::try_from(largest).unwrap_or(u32::MAX);
        let most = largest.checked_next_power_of_two().unwrap_or(largest).min(self.batching.most);
        Self { batching: Batching { most, ..self.batching }, ..self }
    }
}

/// Rates are tried at squares of so many parts of what full batches bear: the low ones lie closer.
const STEPS: u32 = 128;
/// A queue beyond this step (95 % of that) grows while the stream is too short to show it.
const MOST: u32 = 125;
/// Waits for company, in times of one item.
const WAITS: [f64; 3] = [0.0, 0.5, 2.0];

impl Load<'_> {
    /// One stream.
    pub(super) fn serve(&self, batching: Batching, rate: f64) -> Served {
        serve(self.times, batching, rate, self.arrivals)
    }

    /// Whether the promise holds.
    fn keeps(&self, batching: Batching, rate: f64, promise: Promise) -> bool {
        self.serve(batching, rate).percentile(promise.part) + self.outside <= promise.latency
    }

    /// The best over batches and waits, none of which depends on the promise: a looser promise then
    /// never gives a smaller rate.
    pub(super) fn best(&self, promise: Promise) -> Option<Best> {
        let mut best: Option<Best> = None;
        for most in sizes(self.times.len()).into_iter().rev() {
            let full = f64::from(most) / self.time(most);
            for wait in WAITS {
                let found = best.map_or(0.0, |b| b.rate);
                let bears = full * part(MOST);
                if bears <= found || (most == 1 && wait > 0.0) {
                    continue;
                }
                let batching = Batching { most, delay: wait * self.time(1) };
                let rate = self.highest(batching, full, promise);
                if rate > found {
                    best = Some(Best { batching, rate });
                }
            }
        }
        best
    }

    /// By bisection; on one grid for all promises.
    fn highest(&self, batching: Batching, full: f64, promise: Promise) -> f64 {
        let (mut kept, mut broken) = (0, MOST + 1);
        let rate = |step: u32| full * part(step);
        while kept + 1 < broken {
            let step = kept.midpoint(broken);
            if self.keeps(batching, rate(step), promise) {
                kept = step;
            } else {
                broken = step;
            }
        }
        rate(kept)
    }

    fn time(&self, batch: u32) -> f64 {
        let index = usize::try_from(batch).unwrap_or(usize::MAX).saturating_sub(1);
        self.times.get(index).copied().unwrap_or(f64::INFINITY)
    }
}

fn part(step: u32) -> f64 {
    (f64::from(step) / f64::from(STEPS)).powi(2)
}

/// Powers of two, and the largest there is.
fn sizes(largest: usize) -> Vec<u32> {
    let largest = u32::try_from(largest).unwrap_or(u32::MAX);
    let mut sizes: Vec<u32> = (0..32).map(|e| 1_u32 << e).take_while(|&s| s <= largest).collect();
    if sizes.last().is_some_and(|&s| s < largest) {
        sizes.push(largest);
    }
    sizes
}
