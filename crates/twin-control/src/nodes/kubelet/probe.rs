//! A probe of a container: what it finds, and when that counts.

use super::fields::items;
use super::program::Room;
use crate::program::Course;
use std::time::Duration;
use twin_core::tree::Value;

/// So many states of a container's files are looked at; of what changes more often a probe says nothing.
const MOST: usize = 64;
/// No more of what a probe wrote is told.
const LONGEST: usize = 1 << 10;

/// What a probe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Startup,
    Liveness,
    Readiness,
}

impl Kind {
    fn field(self) -> &'static str {
        match self {
            Self::Startup => "startupProbe",
            Self::Liveness => "livenessProbe",
            Self::Readiness => "readinessProbe",
        }
    }

    /// As events name it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Liveness => "Liveness",
            Self::Readiness => "Readiness",
        }
    }
}

/// What a probe finds; what it wrote, if it fails.
type Verdict = Result<(), String>;

/// Results in a row that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Streak {
    /// When the first of them is there.
    pub(super) at: Duration,
    /// None, if it never ends.
    pub(super) count: Option<u32>,
    pub(super) verdict: Verdict,
}

impl Streak {
    /// When it has lasted so many results, if it does.
    pub(super) fn reaches(&self, count: u32, period: Duration) -> Option<Duration> {
        let enough = self.count.is_none_or(|own| own >= count);
        let more = period.saturating_mul(count.saturating_sub(1));
        enough.then(|| self.at.saturating_add(more))
    }
}

/// A probe, and what it finds from each time on.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) kind: Kind,
    delay: Duration,
    pub(super) period: Duration,
    pub(super) successes: u32,
    pub(super) failures: u32,
    /// How long the container may take to stop when it has failed.
    pub(super) grace: Option<Duration>,
    pieces: Vec<(Duration, Verdict)>,
    /// What it says where nobody is alive.
    dead: &'static str,
}

impl Probe {
    /// The probe of a kind, if a container has one.
    pub(super) fn of(
        container: &Value,
        kind: Kind,
        room: Option<&Room<'_>>,
        own: Option<&Course>,
    ) -> Option<Self> {
        let spec = container.at(&[kind.field()])?;
        let number = |field: &str, usual: u32| {
            let said = spec.at(&[field]).and_then(Value::as_int);
            said.and_then(|it| u32::try_from(it).ok()).filter(|it| *it > 0).unwrap_or(usual)
        };
        let seconds = |field: &str, usual: u32| Duration::from_secs(number(field, usual).into());
        let grace = spec
            .at(&["terminationGracePeriodSeconds"])
            .map(|_| seconds("terminationGracePeriodSeconds", 0));
        let asks = |room| pieces(spec, seconds("timeoutSeconds", 1), room, own);
        Some(Self {
            kind,
            delay: seconds("initialDelaySeconds", 0),
            period: seconds("periodSeconds", 10),
            successes: number("successThreshold", 1),
            failures: number("failureThreshold", 3),
            grace,
            pieces: room.and_then(asks).unwrap_or_else(|| vec![(Duration::ZERO, Ok(()))]),
            dead: dead(spec),
        })
    }

    /// From this time on it fails, whatever it asks.
    pub(super) fn fail_from(&mut self, after: Duration) {
        self.pieces.retain(|(from, _)| *from < after);
        self.pieces.push((after, Err(self.dead.to_owned())));
    }

    /// Its results, if it is asked from a time on.
    pub(super) fn streaks(&self, from: Duration) -> Vec<Streak> {
        let from = from.max(self.delay);
        let mut streaks: Vec<Streak> = Vec::new();
        for (place, (start, verdict)) in self.pieces.iter().enumerate() {
            let first = self.turns(from, *start);
            let end = self.pieces.get(place + 1).map(|(end, _)| self.turns(from, *end));
            let count = end.map(|end| end.saturating_sub(first));
            if count == Some(0) {
                continue;
            }
            match streaks.last_mut().filter(|last| last.verdict.is_ok() == verdict.is_ok()) {
                Some(last) => {
                    last.count = last.count.zip(count).map(|(own, more)| own.saturating_add(more));
                }
                None => streaks.push(Streak {
                    at: from.saturating_add(self.period.saturating_mul(first)),
                    count,
                    verdict: verdict.clone(),
                }),
            }
        }
        streaks
    }

    /// How often it was asked before a time.
    fn turns(&self, from: Duration, until: Duration) -> u32 {
        let periods = until.saturating_sub(from).as_nanos().div_ceil(self.period.as_nanos().max(1));
        u32::try_from(periods).unwrap_or(u32::MAX)
    }
}

fn dead(spec: &Value) -> &'static str {
    if spec.at(&["httpGet"]).is_some() {
        "HTTP probe failed with statuscode: 503"
    } else if spec.at(&["grpc"]).is_some() {
        "service unhealthy (responded with \"NOT_SERVING\")"
    } else if spec.at(&["tcpSocket"]).is_some() {
        "connection refused"
    } else {
        ""
    }
}

/// What a command finds each time that the files of the container change.
fn pieces(
    spec: &Value,
    timeout: Duration,
    room: &Room<'_>,
    own: Option<&Course>,
) -> Option<Vec<(Duration, Verdict)>> {
    spec.at(&["exec"])?;
    let words: Vec<_> = items(spec, &["exec", "command"]).filter_map(Value::as_str).collect();
    let changes = own.into_iter().flat_map(|own| &own.files).map(|change| change.after);
    let mut times: Vec<_> = std::iter::once(Duration::ZERO).chain(changes).collect();
    times.dedup();
    if times.len() > MOST {
        return None;
    }
    let found = |at: Duration| Some((at, verdict(&room.beside(&words, own, at)?, &words, timeout)));
    times.into_iter().map(found).collect()
}

fn verdict(course: &Course, words: &[&str], timeout: Duration) -> Verdict {
    let Some(end) = course.end.filter(|end| end.after <= timeout) else {
        let (words, seconds) = (words.join(" "), timeout.as_secs());
        return Err(format!("command timed out: {words:?} timed out after {seconds}s"));
    };
    if end.code == 0 {
        return Ok(());
    }
    let mut output: String = course.written.iter().map(|it| it.text.as_str()).collect();
    output.truncate(output.floor_char_boundary(LONGEST));
    Err(output)
}
