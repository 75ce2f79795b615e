//! When the rest of a simulation is of no interest.

use super::history::Request;
use super::summary::{Promise, Times};

/// A promise that holds for a share of the requests, as long as it can still be kept.
///
/// Of a history only the middle is sure to be measured ([`super::Summary`]): if too many of those requests came off
/// worse, the percentile of the whole will, whatever comes after them.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    promise: Promise,
    /// By arrival, the first that is measured in any case, and the first that may not be.
    sure: (u32, u32),
    /// How many may be worse.
    most: u32,
    /// How many are, in first token, each token and the whole.
    worse: [u32; 3],
}

impl Patience {
    /// With a load of so many requests, of which so many of a hundred have to be served as promised.
    pub fn new(promise: Promise, requests: u32, hundredths: u32) -> Self {
        let most = u64::from(requests) * u64::from(100_u32.saturating_sub(hundredths)) / 100;
        Self {
            promise,
            sure: (requests / 3, requests - requests / 4),
            most: u32::try_from(most).unwrap_or(u32::MAX),
            worse: [0; 3],
        }
    }

    /// A request ended that was the so many-th to arrive.
    pub(super) fn see(&mut self, place: u32, request: &Request) {
        let Some(times) = request.times() else { return };
        if place < self.sure.0 || place >= self.sure.1 {
            return;
        }
        let Times { ttft, tpot, e2e, .. } = times;
        let Promise { ttft: first, tpot: each, e2e: whole } = self.promise;
        let pairs = [(Some(ttft), first), (tpot, each), (Some(e2e), whole)];
        for (worse, (took, promised)) in self.worse.iter_mut().zip(pairs) {
            let is_worse = took.zip(promised).is_some_and(|(took, promised)| took > promised);
            *worse += u32::from(is_worse);
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.worse.iter().any(|worse| *worse > self.most)
    }
}
