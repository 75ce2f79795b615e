//! Which requests are tried where trying all of them takes too long.

use std::time::{SystemTime, UNIX_EPOCH};

/// Numbers that follow from a seed.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// From `MUSTER_FAULTS_SEED`, or another one each time; it is printed.
    pub(super) fn new(test: &str) -> Self {
        let given = std::env::var("MUSTER_FAULTS_SEED").ok().and_then(|text| text.parse().ok());
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let seed = given.unwrap_or_else(now);
        println!("{test}: MUSTER_FAULTS_SEED={seed}");
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        // xorshift: any spread will do.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// So many of the numbers from 1 to `last`, the first and the last among them.
    pub(super) fn sample(&mut self, many: usize, last: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (1..=last).collect();
        while all.len() > many.max(2) {
            let inner = all.len() as u64 - 2;
            let at = usize::try_from(1 + self.next() % inner).unwrap();
            all.remove(at);
        }
        all
    }
}
