//! Causes of a refusal, as long as there is a use in more of them.

use crate::status::Cause;
use std::collections::BTreeSet;

/// So many causes are said at most. Kubernetes says all, however many a client provokes.
const MOST: usize = 1_000;
/// After so many bytes of them nothing more is said.
const BYTES: usize = 1 << 20;

/// What is wrong with an object.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    found: Vec<Cause>,
    bytes: usize,
}

impl Causes {
    /// Whether nothing more is taken: who looks for more can stop.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= MOST || self.bytes >= BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Cause> {
        self.found.iter()
    }

    pub(crate) fn say(&mut self, reason: &'static str, field: &str, message: String) {
        if self.is_full() {
            return;
        }
        self.bytes += field.len() + message.len();
        self.found.push(Cause { reason, message, field: field.to_owned() });
    }

    pub(crate) fn append(&mut self, others: Self) {
        for Cause { reason, message, field } in others.found {
            self.say(reason, &field, message);
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Cause> {
        self.found
    }

    /// Each cause once, where it was said first.
    pub(crate) fn distinct(self) -> Self {
        let mut seen = BTreeSet::new();
        let is_first: Vec<_> = self.found.iter().map(|cause| seen.insert(cause)).collect();
        let kept = self.found.iter().zip(is_first).filter(|(_, is_first)| *is_first);
        Self { found: kept.map(|(cause, _)| cause.clone()).collect(), bytes: self.bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES, Causes, MOST};

    #[test]
    fn neither_many_nor_long_ones_are_taken() {
        let mut causes = Causes::default();
        for at in 0..2 * MOST {
            causes.say("a", &at.to_string(), String::new());
        }
        assert_eq!(causes.into_vec().len(), MOST);
        let mut causes = Causes::default();
        let path = "p".repeat(BYTES / 2);
        for _ in 0..MOST {
            causes.say("a", &path, "m".to_owned());
        }
        assert_eq!(causes.into_vec().len(), 2);
    }

    #[test]
    fn the_first_of_equal_causes_stays() {
        let mut causes = Causes::default();
        for field in ["b", "a", "b"] {
            causes.say("r", field, "m".to_owned());
        }
        let fields: Vec<_> =
            causes.distinct().into_vec().into_iter().map(|cause| cause.field).collect();
        assert_eq!(fields, ["b", "a"]);
    }
}
