//! How often a large set is looked at.

use std::collections::BTreeMap;
use std::time::Duration;
use twin_core::store::Key;
use twin_core::time::Timestamp;

/// Sets up to this size are looked at whenever something changes.
const SMALL: usize = 1_000;

/// For each object.
const REST_MICROS: u64 = 30;

/// A look at many objects takes time, about a microsecond for each. It is followed by a rest thirty times as
/// long; what changes meanwhile waits for the next look, so that `n` changes of `n` objects do not cost `n²`,
/// and most of the time is left for others.
#[derive(Debug, Default)]
pub(super) struct Pace {
    rests: BTreeMap<Key, Timestamp>,
}

impl Pace {
    /// How long the next look has to wait.
    pub(super) fn wait(&mut self, key: &Key, now: Timestamp) -> Option<Duration> {
        let wait = self.rests.get(key)?.since(now);
        if wait.is_zero() {
            self.rests.remove(key);
            return None;
        }
        Some(wait)
    }

    /// So many objects were looked at.
    pub(super) fn looked(&mut self, key: &Key, objects: usize, now: Timestamp) {
        if objects > SMALL {
            let micros = u64::try_from(objects).unwrap_or(u64::MAX).saturating_mul(REST_MICROS);
            self.rests.insert(key.clone(), now.plus(Duration::from_micros(micros)));
        }
    }
}
