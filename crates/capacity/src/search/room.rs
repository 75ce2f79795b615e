//! What one replica carries within the promise.

use super::ladder::{Edge, Ladder};
use super::replica::Replica;
use super::{Candidate, Demand, Question};
use crate::engine::{Percentiles, Promise, Shape, Summary};

/// Of which requests a promise holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Percentile {
    /// Half of them.
    P50,
    /// 95 of 100.
    #[default]
    P95,
    /// 99 of 100.
    P99,
}

impl Percentile {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    /// What that percentile is.
    pub fn of(self, values: &Percentiles) -> f64 {
        match self {
            Self::P50 => values.p50.value,
            Self::P95 => values.p95.value,
            Self::P99 => values.p99.value,
        }
    }

    /// So many of a hundred.
    pub(super) fn hundredths(self) -> u32 {
        match self {
            Self::P50 => 50,
            Self::P95 => 95,
            Self::P99 => 99,
        }
    }

    /// As standard deviations of a normal distribution.
    fn deviations(self) -> f64 {
        match self {
            Self::P50 => 0.0,
            Self::P95 => 1.645,
            Self::P99 => 2.326,
        }
    }
}

/// What one replica carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// The load that was simulated: people, or requests per second.
    pub load: f64,
    /// People who ask and think by turns, for whom there is room.
    pub seats: f64,
    /// How it fares with them.
    pub summary: Summary,
}

/// Why a deployment cannot keep the promise, even for one request at a time.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Shortfall {
    /// The first token is late.
    #[error("the first token takes {:.0} ms even alone, and {:.0} ms are promised", best * 1e3, promised * 1e3)]
    FirstToken {
        /// Seconds.
        best: f64,
        /// Seconds.
        promised: f64,
    },
    /// Tokens are slow.
    #[error("a token takes {:.1} ms even alone, and {:.1} ms are promised", best * 1e3, promised * 1e3)]
    EachToken {
        /// Seconds.
        best: f64,
        /// Seconds.
        promised: f64,
    },
    /// The whole answer is late.
    #[error("an answer takes {best:.1} s even alone, and {promised:.1} s are promised")]
    Answer {
        /// Seconds.
        best: f64,
        /// Seconds.
        promised: f64,
    },
    /// A request is more than the cache holds.
    #[error("a request has {tokens:.0} tokens, and {room} fit beside the weights")]
    Cache {
        /// Of prompt and answer, in the mean.
        tokens: f64,
        /// Of the cache.
        room: u64,
    },
    /// It keeps the promise alone; but with others at random, not for so many of them.
    #[error("it keeps the promise for one request at a time, and not for {} of those that come at random", .0.name())]
    AtRandom(Percentile),
}

/// How large a load a bound lets hope for: with the requests that come by chance on top of the mean.
pub(super) fn bound(question: &Question, candidate: &Candidate<'_>) -> Result<f64, Shortfall> {
    let replica = Replica::new(question, candidate);
    replica.alone()?;
    let (mut low, mut high) = (0.0, replica.most());
    for _ in 0..16 {
        let middle = f64::midpoint(low, high);
        let at = replica.bound(middle);
        let crowd = question.percentile.deviations() / at.batch.max(1.0).sqrt();
        let crowded = replica.bound(middle * (1.0 + crowd));
        if kept(&question.promise, crowded.ttft, crowded.tpot, replica.shape) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let think = think(question);
    let at = replica.bound(low);
    Ok(match question.demand {
        Demand::Users { .. } => at.in_flight + low * think,
        Demand::Rate(_) => low,
    })
}

/// A load that the simulation lets pass while it refuses one close above, searched around one: first with glances,
/// then for sure. Where chance makes two of them, either may be found.
pub(super) fn simulated(
    question: &Question,
    candidate: &Candidate<'_>,
    near: f64,
) -> Result<Room, Shortfall> {
    let replica = Replica::new(question, candidate);
    let mut ladder = Ladder::new(replica.whole(near.max(replica.least())), &replica);
    let mut glances = Edge::default();
    glances.find(ladder.start(), |rung| replica.glance(ladder.at(rung)));
    let mut passed: Option<(f64, Summary)> = None;
    ladder.settle(glances.guess(), |load| {
        replica.run(load).map(|summary| passed = Some((load, summary))).is_some()
    });
    let (load, summary) = passed.ok_or(Shortfall::AtRandom(question.percentile))?;
    Ok(Room { load, seats: seats(question, load, &summary), summary })
}

pub(super) fn keeps(question: &Question, summary: &Summary) -> bool {
    let at = |values: &Percentiles| question.percentile.of(values);
    let within = |promised: Option<f64>, took: f64| promised.is_none_or(|most| took <= most);
    let promise = &question.promise;
    within(promise.ttft, at(&summary.ttft))
        && within(promise.tpot, at(&summary.tpot))
        && within(promise.e2e, at(&summary.e2e))
        && summary.refused == 0
}

fn kept(promise: &Promise, ttft: f64, tpot: f64, shape: Shape) -> bool {
    let within = |promised: Option<f64>, took: f64| promised.is_none_or(|most| took <= most);
    let whole = ttft + (shape.output - 1.0).max(0.0) * tpot;
    within(promise.ttft, ttft) && within(promise.tpot, tpot) && within(promise.e2e, whole)
}

/// Mean seconds that people think.
pub(super) fn think(question: &Question) -> f64 {
    match question.demand {
        Demand::Users { think, .. } => think.mean(),
        Demand::Rate(_) => 0.0,
    }
}

/// Little's law: as many people as ask and think at that rate.
pub(super) fn seats(question: &Question, load: f64, summary: &Summary) -> f64 {
    match question.demand {
        Demand::Users { .. } => load,
        Demand::Rate(_) => summary.in_flight_mean,
    }
}
