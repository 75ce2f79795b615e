//! Sets of completion indexes, as the status writes them: `1,3-5`.

use std::collections::BTreeSet;
use std::fmt::{Display, Formatter, Result as FmtResult};

/// No job has more indexes than this.
const MOST: i64 = 1_000_000;

/// Indexes of pods that are done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Indexes(BTreeSet<i64>);

impl Indexes {
    /// Reads them, up to a limit. What is odd is left out.
    pub(super) fn read(text: &str, below: i64) -> Self {
        let below = below.min(MOST);
        let parts = text.split(',').filter_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.trim().parse().ok()?..=last.trim().parse::<i64>().ok()?.min(below - 1))
        });
        Self(parts.flatten().filter(|index| *index >= 0).collect())
    }

    pub(super) fn insert(&mut self, index: i64) {
        self.0.insert(index);
    }

    pub(super) fn contains(&self, index: i64) -> bool {
        self.0.contains(&index)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = i64> + '_ {
        self.0.iter().copied()
    }
}

impl Display for Indexes {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> FmtResult {
        let mut ranges: Vec<(i64, i64)> = Vec::new();
        for index in self.iter() {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == index => *last = index,
                _ => ranges.push((index, index)),
            }
        }
        for (at, (first, last)) in ranges.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match last - first {
                0 => write!(formatter, "{comma}{first}")?,
                1 => write!(formatter, "{comma}{first},{last}")?,
                _ => write!(formatter, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Indexes;
    use proptest::prelude::*;

    #[test]
    fn ranges_are_short() {
        for (text, shown) in [
            ("0,1,2,4", "0-2,4"),
            ("3-1", ""),
            ("0-1", "0,1"),
            ("x,-5,2", "2"),
            ("7-99999999999", "7-9"),
            ("", ""),
        ] {
            assert_eq!(Indexes::read(text, 10).to_string(), shown, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(indexes in proptest::collection::btree_set(0..40i64, 0..30)) {
            let indexes = Indexes(indexes);
            prop_assert_eq!(Indexes::read(&indexes.to_string(), 40), indexes);
        }

        #[test]
        fn nothing_panics(text in ".{0,30}") {
            let _ = Indexes::read(&text, 100);
        }
    }
}
