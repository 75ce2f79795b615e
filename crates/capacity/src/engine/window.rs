//! The part of a history that counts.

use super::history::{History, Outcome, Request};
use super::summary::Times;

/// Requests that are measured, and the time between the first and the last of their arrivals.
pub(super) struct Window<'a> {
    history: &'a History,
    by_arrival: Vec<&'a Request>,
    start: f64,
    end: f64,
}

/// How many of the requests are left out at the start and at the end, by how many there were at once at most.
pub(super) fn left_out(all: usize, most: usize) -> (usize, usize) {
    let head = (all / 10).max(2 * most).min(all / 3);
    let tail = (all / 20).max(most).min(all / 4);
    (head, tail)
}

impl<'a> Window<'a> {
    pub(super) fn of(history: &'a History) -> Window<'a> {
        let mut by_arrival: Vec<&Request> = history.requests.iter().collect();
        by_arrival.sort_by(|a, b| a.arrival.total_cmp(&b.arrival));
        let all = by_arrival.len();
        let most = history.in_flight_max as usize;
        let (head, tail) = left_out(all, most);
        let kept = &by_arrival[head..all - tail];
        let span = kept.first().zip(kept.last()).map(|(a, b)| (a.arrival, b.arrival));
        match span {
            Some((start, end)) if start < end => {
                Window { history, by_arrival: kept.to_vec(), start, end }
            }
            _ => Window { history, by_arrival, start: 0.0, end: history.end },
        }
    }

    pub(super) fn measured(&self) -> impl Iterator<Item = &'a Request> {
        self.by_arrival.iter().copied()
    }

    fn seconds(&self) -> f64 {
        (self.end - self.start).max(f64::MIN_POSITIVE)
    }

    /// What requests that ended in the window count for, a second.
    pub(super) fn rate(&self, counts: impl Fn(&Request, &Times) -> f64) -> f64 {
        let mut sum = 0.0;
        for request in &self.history.requests {
            if let Some(times) = request.times()
                && times.end > self.start
                && times.end <= self.end
            {
                sum += counts(request, &times);
            }
        }
        sum / self.seconds()
    }

    /// The mean number of requests there at once.
    pub(super) fn in_flight(&self) -> f64 {
        let overlap = |request: &Request| {
            let Outcome::Finished { end, .. } = request.outcome else { return 0.0 };
            (end.min(self.end) - request.arrival.max(self.start)).max(0.0)
        };
        self.history.requests.iter().map(overlap).sum::<f64>() / self.seconds()
    }

    /// Share of prompts' tokens that were cached already.
    pub(super) fn cached(&self) -> f64 {
        let (mut cached, mut prompts) = (0.0, 0.0);
        for request in self.measured() {
            cached += f64::from(request.cached);
            prompts += f64::from(request.prompt);
        }
        cached / f64::max(prompts, 1.0)
    }
}
