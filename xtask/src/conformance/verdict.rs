//! A run against the list of what passes.

use super::report::{Outcome, Report};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

#[derive(Debug)]
pub(super) struct Verdict {
    /// How many passed, and of how many, by suite.
    suites: BTreeMap<String, (usize, usize)>,
    /// Passed, and not listed.
    new: BTreeSet<String>,
    /// Listed, and failed.
    pub(super) lost: BTreeSet<String>,
}

impl Verdict {
    pub(super) fn new(listed: &BTreeSet<String>, report: &Report) -> Self {
        let mut verdict =
            Self { suites: BTreeMap::new(), new: BTreeSet::new(), lost: BTreeSet::new() };
        for (name, outcome) in &report.outcomes {
            let (passed, ran) = verdict.suites.entry(suite(name).to_owned()).or_default();
            *ran += 1;
            match outcome {
                Outcome::Passed => {
                    *passed += 1;
                    if !listed.contains(name) {
                        verdict.new.insert(name.clone());
                    }
                }
                Outcome::Failed { .. } if listed.contains(name) => {
                    verdict.lost.insert(name.clone());
                }
                Outcome::Failed { .. } => {}
            }
        }
        verdict
    }

    /// The list as this run has it; what did not run stays.
    pub(super) fn accepted(&self, listed: &BTreeSet<String>) -> BTreeSet<String> {
        listed.difference(&self.lost).chain(&self.new).cloned().collect()
    }
}

/// The `sig-apps` of `[sig-apps] Job …`.
fn suite(name: &str) -> &str {
    let inside = name.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    inside.map_or("others", |(suite, _)| suite)
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut all_passed, mut all) = (0, 0);
        for (suite, (passed, ran)) in &self.suites {
            writeln!(f, "{suite:>24} {passed:>4} of {ran}")?;
            all_passed += passed;
            all += ran;
        }
        writeln!(f, "{:>24} {all_passed:>4} of {all}", "all")?;
        for name in &self.new {
            writeln!(f, "new   {name}")?;
        }
        for name in &self.lost {
            writeln!(f, "LOST  {name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Report, Verdict};
    use std::collections::BTreeSet;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn what_is_lost_and_what_is_new() {
        let failed = || Outcome::Failed { why: String::new() };
        let ran = [("[a] 1", Outcome::Passed), ("[a] 2", failed()), ("[b] 3", Outcome::Passed)];
        let report =
            Report { outcomes: ran.into_iter().map(|(name, it)| (name.to_owned(), it)).collect() };
        let listed = set(&["[a] 1", "[a] 2", "[b] did not run"]);
        let verdict = Verdict::new(&listed, &report);
        assert_eq!(verdict.new, set(&["[b] 3"]));
        assert_eq!(verdict.lost, set(&["[a] 2"]));
        assert_eq!(verdict.suites["a"], (1, 2));
        assert_eq!(verdict.accepted(&listed), set(&["[a] 1", "[b] 3", "[b] did not run"]));
    }
}
