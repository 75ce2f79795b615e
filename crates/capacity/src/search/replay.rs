//! How many replicas a recorded load needs.

use super::{Candidate, Denied, Question, Room, Shortfall, answer, room};
use crate::engine::{Fleet, Router, Summary, simulate};
use crate::load::{Load, Trace};
use crate::search::{Answer, Unanswerable};
use std::num::NonZeroU32;

/// More replicas are not tried.
const MOST: u32 = 4_096;
/// So many of the candidates that promise to be cheapest are simulated.
const CLOSEST: usize = 4;

/// Finds the fewest replicas on which a recorded load keeps the promise, for the candidates that a bound finds cheapest.
///
/// The question's demand has to be the rate of the trace, and its lengths those of its means.
pub fn replay(
    question: &Question,
    candidates: &[Candidate<'_>],
    trace: &Trace,
) -> Result<Answer, Unanswerable> {
    question.check(candidates)?;
    let load = Load::replay(trace.clone(), 1.0)?;
    let mut answer = Answer::default();
    let mut near = Vec::new();
    for candidate in candidates {
        match room::bound(question, candidate) {
            Ok(rate) => near.push((trace.rate() / rate, candidate)),
            Err(why) => answer.denied.push(Denied { name: candidate.name.clone(), why }),
        }
    }
    let cost = |(share, candidate): &(f64, &Candidate<'_>)| {
        share.ceil().max(1.0) * candidate.gpus * candidate.price.unwrap_or(f64::MAX)
    };
    near.sort_by(|one, other| cost(one).total_cmp(&cost(other)));
    let dear = near.split_off(near.len().min(CLOSEST));
    answer.dear = dear.into_iter().map(|(_, candidate)| candidate.name.clone()).collect();
    for (share, candidate) in near {
        match fewest(question, candidate, &load, share) {
            Some((replicas, summary)) => {
                let load = trace.rate() / f64::from(replicas);
                let seats = summary.in_flight_mean / f64::from(replicas);
                let room = Room { load, seats, summary: each(summary, replicas) };
                answer.choices.push(answer::choice(question, candidate, room));
            }
            None => answer.denied.push(Denied {
                name: candidate.name.clone(),
                why: Shortfall::AtRandom(question.percentile),
            }),
        }
    }
    answer.choices.sort_by(super::order);
    Ok(answer)
}

fn fewest(
    question: &Question,
    candidate: &Candidate<'_>,
    load: &Load,
    near: f64,
) -> Option<(u32, Summary)> {
    let run = |replicas: u32| {
        let replicas = NonZeroU32::new(replicas)?;
        let fleet = Fleet { engine: candidate.engine, replicas, router: Router::default() };
        let history = simulate(&fleet, load, candidate.times).ok()?;
        let summary = history.summary(&question.promise);
        room::keeps(question, &summary).then_some(summary)
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let mut high = near.ceil().clamp(1.0, f64::from(MOST)) as u32;
    let mut low = 0;
    let mut best = loop {
        match run(high) {
            Some(summary) => break (high, summary),
            None if high >= MOST => return None,
            None => {
                low = high;
                high = high.saturating_add(high.div_ceil(4)).min(MOST);
            }
        }
    };
    while best.0 - low > 1 {
        let middle = low + (best.0 - low) / 2;
        match run(middle) {
            Some(summary) => best = (middle, summary),
            None => low = middle,
        }
    }
    Some(best)
}

/// What one of the replicas does of what all do.
fn each(mut summary: Summary, replicas: u32) -> Summary {
    let share = 1.0 / f64::from(replicas);
    summary.requests_per_second *= share;
    summary.output_tokens_per_second *= share;
    summary.goodput *= share;
    summary.in_flight_mean *= share;
    summary
}
