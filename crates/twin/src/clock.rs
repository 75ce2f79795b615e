//! Time in the twin.

use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;
use twin_core::time::Timestamp;

/// Time as the runtime has it, paused and moved by tests or real, and so many times faster.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Duration,
    started: Instant,
    speed: NonZeroU32,
}

impl Clock {
    /// Starts at this time since 1970.
    pub(crate) fn new(origin: Duration, speed: NonZeroU32) -> Self {
        Self { origin, started: Instant::now(), speed }
    }

    pub(crate) fn since_1970(&self) -> Duration {
        self.origin.saturating_add(self.started.elapsed().saturating_mul(self.speed.get()))
    }

    pub(crate) fn now(&self) -> Timestamp {
        let micros = self.since_1970().as_micros();
        Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// When it is this time; soon, if it is past.
    pub(crate) fn instant(&self, time: Timestamp) -> Instant {
        let left = time.since(self.now()).as_micros();
        // Not before it is: what is left is rounded up.
        let left = u64::try_from(left.div_ceil(self.speed.get().into())).unwrap_or(u64::MAX);
        Instant::now() + Duration::from_micros(left)
    }
}
