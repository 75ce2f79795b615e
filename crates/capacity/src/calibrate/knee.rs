//! Where waiting begins: the first number of clients with more than five times the TTFT of the fewest.

use std::collections::BTreeMap;

use super::validate::Outcome;
use crate::calibration::Knees;

/// Five times the TTFT of the fewest clients is saturation.
const SATURATED: f64 = 5.0;

/// Compares the knees of all sweeps of at least three points.
pub(super) fn knees(outcomes: &[Outcome<'_>]) -> Knees {
    let mut sweeps: BTreeMap<&str, BTreeMap<u32, (f64, f64)>> = BTreeMap::new();
    for o in outcomes {
        let measured = o.case.ttft.unwrap_or_default();
        sweeps
            .entry(&o.case.group)
            .or_default()
            .insert(o.case.load.clients, (measured, measured * o.ttft));
    }
    let mut knees = Knees::default();
    for sweep in sweeps.values().filter(|s| s.len() >= 3) {
        let place = |ttfts: Vec<f64>| {
            let first = ttfts.first().copied().unwrap_or_default();
            ttfts.iter().position(|t| *t > SATURATED * first).unwrap_or(ttfts.len())
        };
        let measured = place(sweep.values().map(|v| v.0).collect());
        let predicted = place(sweep.values().map(|v| v.1).collect());
        knees.sweeps += 1;
        knees.with_knee += u64::from(measured < sweep.len());
        match measured.abs_diff(predicted) {
            0 => knees.exact += 1,
            1 => knees.one_off += 1,
            _ => knees.farther += 1,
        }
    }
    knees
}
