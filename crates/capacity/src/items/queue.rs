//! A server that gathers requests into batches, as Triton's dynamic batcher does.

/// How requests are gathered.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Batching {
    pub most: u32,
    /// Seconds that the oldest request waits for others while the device is idle.
    pub delay: f64,
}

/// Gaps between arrivals of a Poisson stream, in units of the mean gap.
#[derive(Clone, Debug)]
pub struct Arrivals(Vec<f64>);

impl Arrivals {
    /// So many, from a seed.
    pub fn poisson(seed: u64, requests: usize) -> Self {
        let mut state = seed;
        Self((0..requests).map(|_| -uniform(&mut state).ln()).collect())
    }

    /// At the rate, from zero on.
    fn times(&self, rate: f64) -> Vec<f64> {
        let next = |now: &mut f64, gap: &f64| {
            *now += gap / rate;
            Some(*now)
        };
        self.0.iter().scan(0.0, next).collect()
    }
}

/// In (0, 1], by `SplitMix64`.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    // The upper half has bits enough for latencies, and a u32 becomes a number without loss.
    let upper = u32::try_from(z >> 32).unwrap_or(u32::MAX);
    (f64::from(upper) + 1.0) / (f64::from(u32::MAX) + 1.0)
}

/// What came of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// Of each request, in the order of arrival.
    pub latencies: Vec<f64>,
    pub batches: usize,
    /// Items of the largest batch.
    pub largest: usize,
    /// Seconds that the device worked.
    pub busy: f64,
    /// When the last request was done.
    pub end: f64,
}

/// Serves requests that arrive at a rate. `times[b - 1]` is what a batch of `b` takes; batches of more
/// than there are times are not formed.
pub fn serve(times: &[f64], batching: Batching, rate: f64, arrivals: &Arrivals) -> Served {
    let at = arrivals.times(rate);
    let most = usize::try_from(batching.most).unwrap_or(usize::MAX).min(times.len()).max(1);
    let mut served = Served {
        latencies: Vec::with_capacity(at.len()),
        batches: 0,
        largest: 0,
        busy: 0.0,
        end: 0.0,
    };
    let mut next = 0;
    while let Some(&first) = at.get(next) {
        let full = at.get(next + most - 1).copied().unwrap_or(f64::INFINITY);
        let start = served.end.max(full.min(first + batching.delay));
        let waiting = at[next..].iter().take(most).take_while(|&&a| a <= start).count().max(1);
        let takes = times.get(waiting - 1).copied().unwrap_or(0.0);
        served.end = start + takes;
        served.busy += takes;
        served.batches += 1;
        served.largest = served.largest.max(waiting);
        // Not `end - a`, which would round below the time of the batch.
        served.latencies.extend(at[next..next + waiting].iter().map(|a| (start - a) + takes));
        next += waiting;
    }
    served
}

/// Of requests at the start, this part finds an emptier queue than there is later.
const WARM_UP: usize = 10;

impl Served {
    /// The latency that a part of requests stays within.
    pub fn percentile(&self, part: f64) -> f64 {
        let mut settled = self.settled().to_vec();
        let Some(last) = settled.len().checked_sub(1) else { return 0.0 };
        let rank = rank(part, settled.len()).min(last);
        *settled.select_nth_unstable_by(rank, f64::total_cmp).1
    }

    /// Of all requests after the start.
    pub fn mean(&self) -> f64 {
        let settled = self.settled();
        let count = u32::try_from(settled.len()).unwrap_or(u32::MAX).max(1);
        settled.iter().sum::<f64>() / f64::from(count)
    }

    /// Items of a batch in the mean.
    pub fn batch(&self) -> f64 {
        let count = |n: usize| u32::try_from(n).map_or(f64::MAX, f64::from);
        count(self.latencies.len()) / count(self.batches.max(1))
    }

    fn settled(&self) -> &[f64] {
        &self.latencies[self.latencies.len() / WARM_UP..]
    }
}

/// The nearest rank, from zero.
fn rank(part: f64, count: usize) -> usize {
    let within = |done: usize| u32::try_from(done).map_or(f64::MAX, f64::from);
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if within(middle + 1) < part * within(count) { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 7;

    #[test]
    fn a_hand_computed_stream() {
        let arrivals = Arrivals(vec![1.0, 1.0, 1.0, 10.0]);
        let batching = Batching { most: 2, delay: 3.0 };
        // At 1 and 2: full at 2, done at 7. At 3: its delay is long over at 7, done at 11. At 13: waits
        // until 16, done at 20.
        let served = serve(&[4.0, 5.0], batching, 1.0, &arrivals);
        assert_eq!(served.latencies, [6.0, 5.0, 8.0, 7.0]);
        assert_eq!((served.batches, served.busy, served.end), (3, 13.0, 20.0));
    }

    #[test]
    fn single_items_wait_as_pollaczek_and_khinchine_say() {
        let arrivals = Arrivals::poisson(SEED, 400_000);
        for load in [0.3, 0.6, 0.8] {
            let served = serve(&[1.0], Batching { most: 1, delay: 0.0 }, load, &arrivals);
            let exact = 1.0 + load / (2.0 * (1.0 - load));
            assert!(
                (served.mean() / exact - 1.0).abs() < 0.03,
                "{load}: {} {exact}",
                served.mean()
            );
        }
    }

    #[test]
    fn many_items_flow_as_a_fluid() {
        let (once, each) = (0.1, 0.001);
        let times: Vec<f64> = (1..=10_000).map(|b| once + each * f64::from(b)).collect();
        let rate = 700.0;
        let arrivals = Arrivals::poisson(SEED, 200_000);
        let served = serve(&times, Batching { most: 10_000, delay: 0.0 }, rate, &arrivals);
        // A batch gathers what came during the last: T = once + each · rate · T; items wait T/2 and T.
        let cycle = once / (1.0 - each * rate);
        assert!((served.mean() / (1.5 * cycle) - 1.0).abs() < 0.02, "{} {cycle}", served.mean());
    }

    #[test]
    fn ranks_are_nearest() {
        assert_eq!(rank(0.5, 4), 1);
        assert_eq!(rank(0.99, 100), 98);
        assert_eq!(rank(1.0, 3), 2);
    }

    #[test]
    fn a_slice_under_load_answers_as_measured() {
        // MLPerf Inference v2.1, closed/NVIDIA, A100 1g.10gb with Triton, ResNet-50, Server: batches of 8,
        // 1 ms, 3,437 a second; MultiStream gives the time of 8. That fewer take as long (an engine of
        // a fixed shape) is inferred from the median.
        let arrivals = Arrivals::poisson(SEED, 200_000);
        let served = serve(&[1.946e-3; 8], Batching { most: 8, delay: 1e-3 }, 3437.4, &arrivals);
        for (part, seconds) in [(0.5, 3.300e-3), (0.9, 4.533e-3), (0.99, 5.826e-3)] {
            let off = served.percentile(part) / seconds - 1.0;
            println!("p{part}: {:.3} ms, {:+.1} %", served.percentile(part) * 1e3, off * 100.0);
            assert!(off.abs() < 0.05, "{part}: {off}");
        }
    }
}
