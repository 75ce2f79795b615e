//! When the rest of a simulation is of no interest.

use super::summary::{Promise, Times};
use super::window::left_out;

/// What a simulation tells while it runs, and what may end it.
pub(super) trait Watch {
    /// A request ended that was the so many-th to arrive, when so many at most had been there at once.
    fn see(&mut self, place: u32, arrival: f64, times: &Times, most: u32);

    /// A request is larger than any replica.
    fn refuse(&mut self);

    fn is_over(&self) -> bool;
}

/// A promise that holds for a share of the requests, as long as it can still be kept; a request that is refused breaks
/// it.
///
/// Which requests of a history are measured depends on how many there were at once ([`super::Summary`]), and that may
/// still grow: too many of them have to have come off worse however many there will be.
#[derive(Clone, Debug)]
pub struct Patience {
    promise: Promise,
    hundredths: u32,
    /// Arrivals, the earliest and the latest, of requests that are measured in any case.
    between: (f64, f64),
    /// In first token, each token and the whole.
    worse: [Worse; 3],
    is_over: bool,
}

/// Requests that came off worse than promised.
#[derive(Clone, Debug)]
struct Worse {
    /// By arrival.
    places: Vec<bool>,
    /// What may be measured, where the most are missing until it is too many.
    doubt: (usize, usize),
    missing: usize,
}

/// Whether each of the times is worse than promised.
pub(super) fn worse(promise: &Promise, times: &Times) -> [bool; 3] {
    let is_worse = |took: Option<f64>, promised: Option<f64>| {
        took.zip(promised).is_some_and(|(took, promised)| took > promised)
    };
    [
        is_worse(Some(times.ttft), promise.ttft),
        is_worse(times.tpot, promise.tpot),
        is_worse(Some(times.e2e), promise.e2e),
    ]
}

impl Patience {
    /// With a load of so many requests, of which so many of a hundred have to be served as promised.
    pub fn new(promise: Promise, requests: u32, hundredths: u32) -> Self {
        let worse = Worse { places: vec![false; requests as usize], doubt: (0, 0), missing: 1 };
        Self {
            promise,
            hundredths: hundredths.min(100),
            between: (f64::INFINITY, f64::NEG_INFINITY),
            worse: [worse.clone(), worse.clone(), worse],
            is_over: false,
        }
    }

    /// Those that arrive all at once are measured all, whatever may be said of them: that has to be ruled out.
    fn part(&mut self, place: usize, arrival: f64) {
        let all = self.worse[0].places.len();
        let (head, tail) = left_out(all, all);
        if (head..all - tail).contains(&place) {
            self.between = (self.between.0.min(arrival), self.between.1.max(arrival));
        }
    }
}

impl Watch for Patience {
    fn see(&mut self, place: u32, arrival: f64, times: &Times, most: u32) {
        let place = place as usize;
        self.part(place, arrival);
        for (column, is_worse) in self.worse.iter_mut().zip(worse(&self.promise, times)) {
            if is_worse {
                column.add(place, most as usize, self.hundredths as usize);
            }
        }
        let have_parted = self.between.0 < self.between.1;
        self.is_over |= have_parted && self.worse.iter().any(|column| column.missing == 0);
    }

    fn refuse(&mut self) {
        self.is_over = true;
    }

    fn is_over(&self) -> bool {
        self.is_over
    }
}

impl Worse {
    fn add(&mut self, place: usize, most: usize, hundredths: usize) {
        if self.missing == 0 {
            return;
        }
        let Some(it) = self.places.get_mut(place) else { return };
        *it = true;
        if (self.doubt.0..self.doubt.1).contains(&place) {
            self.missing -= 1;
        }
        if self.missing == 0 || self.doubt.1 == 0 {
            self.look_again(most, hundredths);
        }
    }

    /// At all that may be measured if so many there were at once, or more.
    fn look_again(&mut self, most: usize, hundredths: usize) {
        let all = self.places.len();
        let mut until = vec![0; all + 1];
        for (at, is_worse) in self.places.iter().enumerate() {
            until[at + 1] = until[at] + usize::from(*is_worse);
        }
        let windows = (most..=all.max(most)).map(|most| left_out(all, most));
        self.missing = 0;
        for (head, tail) in windows {
            let end = all - tail;
            // So many more than may be: the percentile is one of them.
            let enough = (end - head) - ((end - head) * hundredths).div_ceil(100) + 1;
            let missing = enough.saturating_sub(until[end] - until[head]);
            if missing > self.missing {
                (self.missing, self.doubt) = (missing, (head, end));
            }
            if (head, tail) == left_out(all, all) {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Patience, Times, Watch};
    use crate::engine::{Hunch, Promise};

    const PROMISE: Promise = Promise { ttft: Some(1.0), tpot: None, e2e: None };

    /// How many requests are seen before it is over, of a thousand that take so long to their first token.
    fn seen(watch: &mut impl Watch, ttft: f64) -> u32 {
        let times = Times { end: ttft, ttft, tpot: None, e2e: ttft };
        (0..1_000)
            .find(|place| {
                watch.see(*place, f64::from(*place), &times, 1);
                watch.is_over()
            })
            .unwrap_or(1_000)
    }

    #[test]
    fn what_is_late_ends_soon_and_what_is_in_time_never() {
        let patience = || Patience::new(PROMISE, 1_000, 95);
        // The first third may be left out, and one in twenty of the others may be late.
        let late = seen(&mut patience(), 1.1);
        assert!((334..380).contains(&late), "{late}");
        assert_eq!(seen(&mut patience(), 0.9), 1_000);
        let mut refused = patience();
        refused.refuse();
        assert!(refused.is_over());
    }

    #[test]
    fn a_glance_is_short_and_says_how_far_off_it_is() {
        for ttft in [0.5, 2.0] {
            let mut hunch = Hunch::new(PROMISE, 1_000, 95);
            assert!(seen(&mut hunch, ttft) <= 200);
            assert!((hunch.strain() - ttft).abs() < 1e-9);
        }
        assert!(Hunch::new(PROMISE, 1_000, 95).strain().abs() < 1e-9);
    }
}
