//! How long each phase took, in the time of the cluster: on a twin it runs ahead.

use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Phases in their order, with their time.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    since: Instant,
    phases: Vec<(&'static str, Duration)>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { since: Instant::now(), phases: Vec::new() }
    }

    /// A phase has ended.
    pub(crate) fn lap(&mut self, phase: &'static str) {
        let now = Instant::now();
        self.phases.push((phase, now - self.since));
        self.since = now;
    }

    pub(crate) fn text(&self) -> String {
        let shown = self.phases.iter().map(|(name, time)| format!("{name} {}", seconds(*time)));
        let total: Duration = self.phases.iter().map(|(_, time)| *time).sum();
        format!("{} · total {}", shown.collect::<Vec<_>>().join(" · "), seconds(total))
    }

    pub(crate) fn json(&self) -> Value {
        self.phases
            .iter()
            .map(|(name, time)| ((*name).to_owned(), json!(time.as_secs_f64())))
            .collect()
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
