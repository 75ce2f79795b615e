//! Time limits, and asking again what a busy server refuses.

use crate::connect::Cluster;
use crate::error::{Ask, Error};
use std::time::Duration;

/// A request that takes longer has no answer.
const LIMIT: Duration = Duration::from_secs(15);
/// How often a busy server is asked.
const ATTEMPTS: u32 = 6;
/// How often it is asked over a connection that breaks.
const RECONNECTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Cluster {
    /// Asks, and asks again while the server says that it is busy.
    pub(crate) async fn ask<T, F>(&self, ask: &Ask<'_>, request: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = kube::Result<T>>,
    {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let answer = tokio::time::timeout(LIMIT, request()).await;
            let error = match answer {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
                Err(_) => return Err(Error::Timeout { doing: ask.doing(), limit: LIMIT }),
            };
            let again = busy(&error).filter(|_| attempt < ATTEMPTS);
            let again = again.or_else(|| self.lost(&error).filter(|_| attempt < RECONNECTS));
            let Some(asked) = again else {
                return Err(ask.error(self.server(), error));
            };
            tokio::time::sleep(pause.max(asked).min(LONGEST_PAUSE)).await;
            pause *= 2;
        }
        unreachable!("the last attempt returns")
    }

    /// Whether a connection broke of a server that has answered before. Whether it did what was
    /// asked is unknown; all that we ask may be asked twice.
    fn lost(&self, error: &kube::Error) -> Option<Duration> {
        let broke = matches!(error, kube::Error::HyperError(_) | kube::Error::Service(_));
        (broke && self.has_answered()).then_some(Duration::ZERO)
    }
}

/// Whether it may go better next time, and when the server wants to be asked again.
fn busy(error: &kube::Error) -> Option<Duration> {
    let kube::Error::Api(status) = error else { return None };
    let asked = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
    matches!(status.code, 429 | 500 | 502 | 503 | 504).then(|| Duration::from_secs(asked.into()))
}

#[cfg(test)]
mod tests {
    use super::busy;
    use kube::core::Status;

    #[test]
    fn only_a_busy_server_is_asked_again() {
        let error = |code| kube::Error::Api(Box::new(Status { code, ..Status::default() }));
        for (code, again) in [(429, true), (503, true), (500, true), (403, false), (409, false)] {
            assert_eq!(busy(&error(code)).is_some(), again, "{code}");
        }
    }
}
