//! How a pod on its node comes to its end.

use super::behaviour::Role;
use super::container::{Container, News, Note, Phase};
use super::run::Run;
use super::words::log;
use std::time::Duration;
use twin_core::time::Timestamp;

/// The exit code of what was killed.
const KILLED: i64 = 137;

/// How a pod ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeded,
    Failed,
}

impl Run {
    /// Asks everything to stop, within the grace period.
    pub(super) fn stop(&mut self, now: Timestamp, grace: Duration) -> Vec<Note> {
        let running = |container: &&Container| matches!(container.phase, Phase::Running { .. });
        let stop = |it: &Container| it.farewell().stop(it.behaviour.stop, grace).0;
        let longest = self.containers.iter().filter(running).map(stop).max();
        let stops = now.plus(longest.unwrap_or_default());
        let first = self.stops.is_none();
        self.stops = Some(self.stops.map_or(stops, |known| known.min(stops)));
        if !first {
            return Vec::new();
        }
        self.containers.iter_mut().for_each(|container| container.calm(now, grace));
        let places = self.containers.iter().enumerate().filter(|(_, it)| running(it));
        let mut notes: Vec<_> = places.map(|(place, _)| (place, News::Killing)).collect();
        self.tell(now, &mut notes);
        notes
    }

    /// Ends everything that runs. Who took longer to stop than it was given was killed.
    pub(super) fn end_all(&mut self, now: Timestamp, grace: Duration) {
        for container in &mut self.containers {
            if let Phase::Running { since } = container.phase {
                let (_, code) = container.farewell().stop(container.behaviour.stop, grace);
                self.logs.extend(log(&self.uid, container, since, Some(now)));
                container.phase = Phase::Ended(container.end_of(since, now, code));
            }
        }
    }

    /// Who only looks at a pod, or helps it, goes with it.
    pub(super) fn part(&mut self, now: Timestamp, grace: Duration) {
        for container in &mut self.containers {
            let Phase::Running { since } = container.phase else { continue };
            let code = match container.role {
                Role::Ephemeral => KILLED,
                Role::Init | Role::Sidecar | Role::Main => {
                    container.farewell().stop(container.behaviour.stop, grace).1
                }
            };
            self.logs.extend(log(&self.uid, container, since, Some(now)));
            container.phase = Phase::Ended(container.end_of(since, now, code));
        }
    }

    /// Whether it ran longer than it may.
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// Whether no container will run again.
    pub(super) fn is_over(&self) -> bool {
        self.outcome().is_some()
    }

    /// How it ended, if it did.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        if self.cut {
            return Some(Outcome::Failed);
        }
        let failed = |container: &Container| match &container.phase {
            Phase::Ended(end) => end.code != 0,
            _ => false,
        };
        let of = |role: Role| self.containers.iter().filter(move |it| it.role == role);
        if of(Role::Init).any(failed) {
            return Some(Outcome::Failed);
        }
        let ended = |container: &Container| matches!(container.phase, Phase::Ended(_));
        match of(Role::Main).all(ended) {
            true if of(Role::Main).any(failed) => Some(Outcome::Failed),
            true => Some(Outcome::Succeeded),
            false => None,
        }
    }
}
