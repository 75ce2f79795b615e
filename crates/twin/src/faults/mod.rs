//! What goes wrong between a client and its API server.

mod events;
mod service;
mod watched;

pub use service::FaultyService;

use crate::Twin;
use std::fmt::{Display, Formatter, Result as FmtResult};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use twin_core::api::Moment;
use twin_core::time::Timestamp;

/// How often something happens, in a hundred times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u8);

impl Percent {
    /// Every time.
    pub const ALWAYS: Self = Self(100);

    /// So many times of a hundred; more than a hundred is each time.
    pub const fn new(percent: u8) -> Self {
        Self(if percent > 100 { 100 } else { percent })
    }
}

/// What goes wrong for one client. Without further words, nothing does.
///
/// ```
/// use std::time::Duration;
/// use twin::{Faults, Percent};
///
/// let faults = Faults::seeded(7)
///     .conflicts(Percent::new(20))
///     .throttles(Percent::new(10), Duration::from_secs(1))
///     .drops_events(Percent::new(5), Duration::from_secs(30));
/// ```
///
/// What happens follows from the seed, and from the order of the client's requests and events: in one
/// runtime with paused time, equal seeds give equal [histories](FaultLog).
///
/// Everything here can happen to a client of a real API server. So a client that is right comes to
/// the true state in the end, whatever happens to it; one that trusts what it saw does not.
#[derive(Clone, Debug)]
pub struct Faults {
    seed: u64,
    requests: Requests,
    events: Events,
}

/// What happens to requests.
#[derive(Clone, Debug, Default)]
struct Requests {
    throttled: (Percent, Duration),
    failing: Percent,
    unanswered: Percent,
    conflicting: Percent,
    slow: (Percent, Duration),
    stale: (Percent, u64),
}

/// What happens to the events of watches.
#[derive(Clone, Debug, Default)]
struct Events {
    delayed: (Percent, Duration),
    dropped: (Percent, Duration),
    doubled: Percent,
    overtaken: (Percent, Duration),
    cut: Percent,
}

impl Faults {
    /// Starts to describe faults; chance follows from the seed.
    pub fn seeded(seed: u64) -> Self {
        Self { seed, requests: Requests::default(), events: Events::default() }
    }

    /// Requests are refused with 429 and a `Retry-After`, before anything is done.
    #[must_use]
    pub fn throttles(mut self, often: Percent, retry_after: Duration) -> Self {
        self.requests.throttled = (often, retry_after);
        self
    }

    /// Requests are refused with 500, before anything is done.
    #[must_use]
    pub fn fails(mut self, often: Percent) -> Self {
        self.requests.failing = often;
        self
    }

    /// Writes are done, and the client is told 500: it does not know whether they were.
    #[must_use]
    pub fn loses_answers(mut self, often: Percent) -> Self {
        self.requests.unanswered = often;
        self
    }

    /// `PUT` and `PATCH` are refused with 409, as if somebody else had written just before.
    #[must_use]
    pub fn conflicts(mut self, often: Percent) -> Self {
        self.requests.conflicting = often;
        self
    }

    /// Writes take up to this time before they are done.
    #[must_use]
    pub fn slows_writes(mut self, often: Percent, up_to: Duration) -> Self {
        self.requests.slow = (often, up_to);
        self
    }

    /// Gets and lists show a state that is up to so many versions old: an API server answers them that
    /// has not caught up. What a request asks for by its `resourceVersion`, it gets.
    #[must_use]
    pub fn stale_reads(mut self, often: Percent, versions: u64) -> Self {
        self.requests.stale = (often, versions);
        self
    }

    /// Events of watches come up to this time late, and with them all behind them.
    #[must_use]
    pub fn delays_events(mut self, often: Percent, up_to: Duration) -> Self {
        self.events.delayed = (often, up_to);
        self
    }

    /// Events of watches never come. After this time the watch expires with 410, and the client can find
    /// out; if it ends before, the next watch does.
    #[must_use]
    pub fn drops_events(mut self, often: Percent, noticed_after: Duration) -> Self {
        self.events.dropped = (often, noticed_after);
        self
    }

    /// Events of watches come twice.
    #[must_use]
    pub fn doubles_events(mut self, often: Percent) -> Self {
        self.events.doubled = often;
        self
    }

    /// Events of other objects come before this one, for up to this time. The order of the events of
    /// one object stays.
    #[must_use]
    pub fn reorders_events(mut self, often: Percent, up_to: Duration) -> Self {
        self.events.overtaken = (often, up_to);
        self
    }

    /// Connections of watches are lost after an event.
    #[must_use]
    pub fn cuts_watches(mut self, often: Percent) -> Self {
        self.events.cut = often;
        self
    }
}

/// One thing that went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    Throttled,
    Failed,
    AnswerLost,
    Conflicted,
    /// It took this much longer.
    Slowed(Duration),
    /// The answer was so many versions old.
    Stale(u64),
    /// It came this much later.
    Delayed(Duration),
    Dropped,
    Doubled,
    /// Others may have come before it.
    Overtaken,
    Cut,
    /// The watch could not go on.
    Expired,
}

/// A fault, and what it happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// The time in the twin.
    pub at: SystemTime,
    /// The place of the request among those of its client; of an event, that of its watch.
    pub request: u64,
    /// What went wrong.
    pub fault: Fault,
    /// `GET /api/v1/pods`, or `ADDED default/web-0`.
    pub what: String,
}

impl Display for Happened {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> FmtResult {
        let Self { request, fault, what, .. } = self;
        write!(formatter, "request {request}: {fault:?}: {what}")
    }
}

/// What went wrong so far, in its order.
#[derive(Clone, Debug, Default)]
pub struct FaultLog(Arc<Mutex<Vec<Happened>>>);

impl FaultLog {
    /// All of it.
    pub fn history(&self) -> Vec<Happened> {
        self.lines().clone()
    }

    /// How often something like this happened.
    pub fn count(&self, is: impl Fn(Fault) -> bool) -> usize {
        self.lines().iter().filter(|happened| is(happened.fault)).count()
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Happened>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Twin {
    /// A client to which all this happens, and what happened.
    ///
    /// # Panics
    /// Outside a tokio runtime: the client has a task there.
    pub fn client_with(&self, faults: Faults) -> (kube::Client, FaultLog) {
        let service = self.service_with(faults);
        let log = service.log();
        (kube::Client::new(service, "default"), log)
    }

    /// What answers the requests of a client to which all this happens.
    pub fn service_with(&self, faults: Faults) -> FaultyService {
        FaultyService::new(self.clone(), faults)
    }
}

/// Chance for one request and the events of its watch.
#[derive(Debug)]
struct Dice {
    moment: Moment,
    drawn: u64,
}

impl Dice {
    /// Equal seeds and numbers give equal dice.
    fn new(seed: u64, number: u64) -> Self {
        let seed = seed.wrapping_mul(0x1_0000_0001).wrapping_add(number.wrapping_mul(0x9E37_79B9));
        Self { moment: Moment { now: Timestamp::default(), seed }, drawn: 0 }
    }

    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.moment.draw(self.drawn)
    }

    fn hits(&mut self, often: Percent) -> bool {
        self.draw() % 100 < u64::from(often.0)
    }

    /// More than nothing, and not more than this.
    fn up_to(&mut self, most: u64) -> u64 {
        self.draw() % most.max(1) + 1
    }

    fn within(&mut self, most: Duration) -> Duration {
        let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.up_to(millis))
    }
}

/// Notes what happens to one request and to the events of its watch.
#[derive(Clone, Debug)]
struct Pen {
    twin: Twin,
    log: FaultLog,
    request: u64,
}

impl Pen {
    fn note(&self, fault: Fault, what: impl Into<String>) {
        let Self { twin, request, .. } = self;
        let happened = Happened { at: twin.now(), request: *request, fault, what: what.into() };
        self.log.lines().push(happened);
    }
}

#[cfg(test)]
mod tests {
    use super::{Dice, Percent};

    #[test]
    fn chance_is_as_often_as_it_says() {
        for draw in 0..6 {
            let hits = (0..1_000).filter(|seed| {
                let mut dice = Dice::new(*seed, 0);
                for _ in 0..draw {
                    dice.draw();
                }
                dice.hits(Percent::new(30))
            });
            let hits = hits.count();
            assert!((250..350).contains(&hits), "{hits} of 1000");
        }
    }
}
