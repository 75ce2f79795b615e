//! Random cases to both sides, until the time is over or something differs.

use super::chance::Chance;
use super::peer::Peer;
use super::shrink::smaller;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A function that both sides have.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    /// A question to the oracle.
    pub(crate) question: fn(&mut Chance) -> Value,
    /// Our answer to a question, in a form of the property's own; null, if it is no question.
    pub(crate) ours: fn(&Value) -> Value,
    /// The oracle's answer in the same form; null, if it is none.
    pub(crate) theirs: fn(&Value) -> Value,
    /// Whether a difference is one that `docs/twin-fidelity.md` names.
    pub(crate) known: fn(&Value, &Value, &Value) -> bool,
}

const BATCH: usize = 100;
/// So many different faults are shown.
const SHOWN: usize = 12;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Compares both sides for `MUSTER_ORACLE_SECONDS`, from `MUSTER_ORACLE_SEED`.
pub(crate) fn hold(property: &Property) {
    let name = property.name;
    let Some(mut peer) = Peer::start() else {
        println!("SKIP {name}: no line oracle; run tests/cluster/build, or set MUSTER_LINE_ORACLE");
        return;
    };
    let seed = number("MUSTER_ORACLE_SEED").unwrap_or(1);
    let end = Instant::now() + Duration::from_secs(number("MUSTER_ORACLE_SECONDS").unwrap_or(4));
    let mut chance = Chance::new(seed);
    let (mut cases, mut unasked, mut listed) = (0, 0, 0);
    let mut faults = BTreeMap::new();
    while faults.len() < SHOWN && (cases == 0 || Instant::now() < end) {
        let questions: Vec<_> =
            (0..BATCH).map(|_| (property.question)(&mut chance.split())).collect();
        let answers = peer.ask(&questions);
        cases += BATCH;
        for (question, answer) in questions.into_iter().zip(answers) {
            match judged(property, &question, &answer) {
                Verdict::Known => listed += 1,
                Verdict::Nothing => unasked += 1,
                // A second may have passed in between: what is asked again differs again.
                Verdict::Differs { .. } if faults.len() < SHOWN => {
                    let answer = peer.ask(std::slice::from_ref(&question)).remove(0);
                    if shown(&judged(property, &question, &answer)).is_none() {
                        continue;
                    }
                    let (question, fault) = smallest(property, &mut peer, question, &answer);
                    faults.insert(fault, question);
                }
                Verdict::Same | Verdict::Differs { .. } => {}
            }
        }
    }
    let compared = cases - unasked;
    println!("{name}: {compared} of {cases} cases, {listed} with known differences, seed {seed}");
    let shown = faults.iter().map(|(fault, question)| format!("{question}\n{fault}"));
    let shown: Vec<_> = shown.collect();
    assert!(shown.is_empty(), "{name}, seed {seed}:\n{}", shown.join("\n\n"));
    assert!(compared > unasked, "{name}: of {cases} cases only {compared} could be compared");
}

enum Verdict {
    /// One side has no answer, which proves nothing.
    Nothing,
    Same,
    Known,
    Differs {
        ours: Value,
        theirs: Value,
    },
}

fn judged(property: &Property, question: &Value, answer: &Value) -> Verdict {
    if answer.get("malformed").or(answer.get("panic")).is_some() {
        return Verdict::Nothing;
    }
    let theirs = (property.theirs)(answer);
    let ours = catch_unwind(AssertUnwindSafe(|| (property.ours)(question)))
        .unwrap_or_else(|_| json!("panic"));
    if ours.is_null() || theirs.is_null() {
        Verdict::Nothing
    } else if ours == theirs {
        Verdict::Same
    } else if (property.known)(question, &ours, &theirs) {
        Verdict::Known
    } else {
        Verdict::Differs { ours, theirs }
    }
}

/// The smallest question that still shows a difference, with the difference.
fn smallest(
    property: &Property,
    peer: &mut Peer,
    mut question: Value,
    answer: &Value,
) -> (Value, String) {
    let mut fault = shown(&judged(property, &question, answer)).unwrap_or_default();
    let mut asked = 0;
    'smaller: while asked < 4_000 {
        let mut candidates = smaller(&question);
        candidates.retain(|other| asks_the_same(&question, other));
        for some in candidates.chunks(BATCH) {
            let answers = peer.ask(some);
            asked += some.len();
            for (candidate, answer) in some.iter().zip(&answers) {
                if let Some(other) = shown(&judged(property, candidate, answer)) {
                    (question, fault) = (candidate.clone(), other);
                    continue 'smaller;
                }
            }
        }
        break;
    }
    (question, fault)
}

/// The same function of the same kind, with no part missing.
fn asks_the_same(question: &Value, other: &Value) -> bool {
    let same = |name: &str| other.get(name) == question.get(name);
    let parts = |value: &Value| value.as_object().map(serde_json::Map::len);
    same("do") && same("kind") && parts(question) == parts(other)
}

fn shown(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Differs { ours, theirs } => Some(format!("  twin   {ours}\n  oracle {theirs}")),
        Verdict::Nothing | Verdict::Same | Verdict::Known => None,
    }
}
