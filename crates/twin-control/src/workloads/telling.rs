//! Events about many objects: a few by name, the rest as one.

use crate::controller::Outcome;
use crate::events::{Event, Severity};
use twin_core::store::{Key, Object};

/// More events than this of one kind become one, as they do on their way to a cluster.
const SINGLE: usize = 10;

/// Events of one reason about one object.
#[derive(Debug)]
pub(super) struct Telling<'a> {
    about: &'a Object,
    reason: &'static str,
    told: usize,
    last: String,
}

impl<'a> Telling<'a> {
    pub(super) fn new(about: &'a Object, reason: &'static str) -> Self {
        Self { about, reason, told: 0, last: String::new() }
    }

    /// One more.
    pub(super) fn tell(&mut self, message: String, outcome: &mut Outcome) {
        self.told += 1;
        if self.told <= SINGLE {
            normal(self.about, self.reason, message, outcome);
        } else {
            self.last = message;
        }
    }

    /// One more pod, once it is there.
    pub(super) fn tell_made(&mut self, pod: &Key, outcome: &mut Outcome) {
        self.tell(format!("Created pod: {}", pod.name()), outcome);
        if self.told <= SINGLE {
            once_there(pod, outcome);
        }
    }

    /// Tells the rest.
    pub(super) fn end(self, outcome: &mut Outcome) {
        if self.told > SINGLE {
            let message = format!("(combined from similar events): {}", self.last);
            normal(self.about, self.reason, message, outcome);
        }
    }
}

/// Tells of something as it should be.
pub(super) fn normal(
    about: &Object,
    reason: &str,
    message: impl AsRef<str>,
    outcome: &mut Outcome,
) {
    outcome.events.push(Event::new(about, Severity::Normal, reason, message));
}

/// Tells of something that should worry people.
pub(super) fn warning(
    about: &Object,
    reason: &str,
    message: impl AsRef<str>,
    outcome: &mut Outcome,
) {
    outcome.events.push(Event::new(about, Severity::Warning, reason, message));
}

/// What was told last is told only if that could be made.
pub(super) fn once_there(made: &Key, outcome: &mut Outcome) {
    if let Some(event) = outcome.events.pop() {
        outcome.events.push(event.once_there(made.clone()));
    }
}
