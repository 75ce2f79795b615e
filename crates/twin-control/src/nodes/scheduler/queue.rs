//! Pods that want a node, in the order of their turns.
//!
//! A pod that got none is parked with its like. When something changes that may help, the first of
//! them tries again, and the next only if that one got a node.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use twin_core::store::{Key, Lookup};
use twin_core::time::Timestamp;

const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LAST_BACKOFF: Duration = Duration::from_secs(10);

/// More urgent pods first, then those that came first.
type Turn = (Reverse<i64>, u64);

/// Pods that resemble each other: what one did not get, the others do not.
pub(super) type Class = u64;

#[derive(Debug)]
struct Entry {
    turn: Turn,
    class: Class,
}

#[derive(Debug, Default)]
struct Parked {
    pods: BTreeMap<Turn, Key>,
    attempts: u32,
    /// Not before this.
    until: Timestamp,
}

/// The pods.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: Lookup<Key, Entry>,
    ready: BTreeMap<Turn, Key>,
    parked: BTreeMap<Class, Parked>,
    /// Classes that try again at a time.
    due: BTreeSet<(Timestamp, Class)>,
    /// Classes that nothing has happened for since they failed.
    idle: BTreeSet<Class>,
    came: u64,
}

impl Queue {
    /// A pod comes; one that is known keeps its place.
    pub(super) fn push(&mut self, pod: &Key, priority: i64, class: Class) {
        if self.entries.get(pod).is_some() {
            return;
        }
        self.came += 1;
        let turn = (Reverse(priority), self.came);
        self.ready.insert(turn, pod.clone());
        self.entries.insert(pod.clone(), Entry { turn, class });
    }

    pub(super) fn remove(&mut self, pod: &Key) {
        let Some(Entry { turn, class }) = self.entries.remove(pod) else { return };
        let parked = self.parked.get_mut(&class).and_then(|parked| parked.pods.remove(&turn));
        if parked.is_none() {
            // It had the turn of its like: the next one has it now.
            self.ready.remove(&turn);
            self.retry(class);
        }
        self.settle(class);
    }

    /// A class of which nobody is parked is nothing to know.
    fn settle(&mut self, class: Class) {
        if self.parked.get(&class).is_some_and(|parked| parked.pods.is_empty()) {
            self.forget(class);
        }
    }

    fn forget(&mut self, class: Class) {
        if let Some(parked) = self.parked.remove(&class) {
            self.due.remove(&(parked.until, class));
            self.idle.remove(&class);
        }
    }

    /// Something changed that may help.
    pub(super) fn stir(&mut self) {
        for class in std::mem::take(&mut self.idle) {
            if let Some(parked) = self.parked.get(&class) {
                self.due.insert((parked.until, class));
            }
        }
    }

    /// Whether somebody has a turn, now or later.
    pub(super) fn is_waiting(&self) -> bool {
        !(self.ready.is_empty() && self.due.is_empty())
    }

    /// The pod whose turn it is. It stays known until it is removed or parked.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Key> {
        while self.due.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, class)) = self.due.pop_first() {
                self.retry(class);
            }
        }
        self.ready.pop_first().map(|(_, pod)| pod)
    }

    fn retry(&mut self, class: Class) {
        let Some(parked) = self.parked.get_mut(&class) else { return };
        if let Some((turn, pod)) = parked.pods.pop_first() {
            self.ready.insert(turn, pod);
        }
    }

    /// When to ask again: now if a pod is ready.
    pub(super) fn again(&self, now: Timestamp) -> Option<Duration> {
        if !self.ready.is_empty() {
            return Some(Duration::ZERO);
        }
        self.due.first().map(|(until, _)| until.since(now))
    }

    /// The pod got no node. It waits for a change.
    pub(super) fn park(&mut self, pod: &Key, now: Timestamp) {
        let Some(entry) = self.entries.get(pod) else { return };
        let class = entry.class;
        let parked = self.parked.entry(class).or_default();
        self.due.remove(&(parked.until, class));
        parked.pods.insert(entry.turn, pod.clone());
        if parked.until <= now {
            let doubled = FIRST_BACKOFF.saturating_mul(1 << parked.attempts.min(10));
            parked.until = now.plus(doubled.min(LAST_BACKOFF));
            parked.attempts = parked.attempts.saturating_add(1);
        }
        self.idle.insert(class);
    }

    /// A pod got a node: the next of its like may try.
    pub(super) fn succeeded(&mut self, pod: &Key) {
        let class = self.entries.get(pod).map(|entry| entry.class);
        if let Some(parked) = class.and_then(|class| self.parked.get_mut(&class)) {
            parked.attempts = 0;
        }
        self.remove(pod);
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Key, Queue, Timestamp};

    fn key(name: &str) -> Key {
        Key::new("x", name)
    }

    fn next(queue: &mut Queue, now: Timestamp) -> Option<String> {
        queue.next(now).map(|pod| pod.name().to_owned())
    }

    #[test]
    fn urgent_pods_come_first() {
        let mut queue = Queue::default();
        for (name, priority) in [("a", 0), ("b", 5), ("c", 5)] {
            queue.push(&key(name), priority, 7);
        }
        let now = Timestamp::default();
        let order: Vec<_> = std::iter::from_fn(|| next(&mut queue, now)).collect();
        assert_eq!(order, ["b", "c", "a"]);
    }

    #[test]
    fn what_failed_waits_for_a_change_and_a_moment() {
        let mut queue = Queue::default();
        let now = Timestamp::default();
        for name in ["a", "b"] {
            queue.push(&key(name), 0, 7);
            assert_eq!(next(&mut queue, now).as_deref(), Some(name));
            queue.park(&key(name), now);
        }
        assert_eq!(queue.again(now), None);
        queue.stir();
        assert_eq!(queue.again(now), Some(Duration::from_secs(1)));
        let later = now.plus_seconds(1);
        assert_eq!(next(&mut queue, later).as_deref(), Some("a"));
        assert_eq!(next(&mut queue, later), None);
        queue.succeeded(&key("a"));
        assert_eq!(next(&mut queue, later).as_deref(), Some("b"));
        queue.park(&key("b"), later);
        queue.stir();
        assert_eq!(queue.again(later), Some(Duration::from_secs(1)));
    }

    #[test]
    fn who_goes_leaves_the_turn_to_its_like() {
        let mut queue = Queue::default();
        let now = Timestamp::default();
        for name in ["a", "b", "c"] {
            queue.push(&key(name), 0, 7);
            assert_eq!(next(&mut queue, now).as_deref(), Some(name));
            queue.park(&key(name), now);
        }
        queue.stir();
        let later = now.plus_seconds(1);
        // One has its turn when it is deleted, another one while it waits for it.
        assert_eq!(next(&mut queue, later).as_deref(), Some("a"));
        queue.remove(&key("a"));
        queue.remove(&key("b"));
        assert_eq!(next(&mut queue, later).as_deref(), Some("c"));
    }
}
