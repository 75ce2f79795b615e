//! The groups of a file, one after the other.

use super::format::{Frame, HEAD, MARK, Stand, Start, head, whole};
use std::io::{self, Read};
use twin_core::store::Written;

/// What a reader comes to next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    Start(Start),
    Group {
        stand: Stand,
        writes: Vec<Written>,
    },
    /// Frames that are whole, and do not follow each other.
    Disorder,
    /// Nothing more, or no whole group.
    End,
}

/// Reads frames one after the other.
#[derive(Debug)]
pub(super) struct Frames<R> {
    file: R,
    /// After the last whole frame.
    read: u64,
    /// After the last whole group.
    end: u64,
    /// What was read last.
    tail: Vec<u8>,
}

impl<R: Read> Frames<R> {
    /// Of a file whose beginning was read: this many bytes.
    pub(super) fn after(file: R, end: u64) -> Self {
        Self { file, read: end, end, tail: Vec::new() }
    }

    /// Where the last whole group ends.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn next(&mut self) -> io::Result<Next> {
        let mut gathered: Option<Vec<Written>> = None;
        while let Some(frame) = self.frame()? {
            let (part, stand, more) = match (frame, &gathered) {
                (Frame::Writes { part, stand, writes }, _) => (part, stand, writes),
                (Frame::Start(start), None) => {
                    self.end = self.read;
                    return Ok(Next::Start(start));
                }
                (Frame::Start(_), Some(_)) => return Ok(Next::Disorder),
            };
            if part.begins() != gathered.is_none() {
                return Ok(Next::Disorder);
            }
            let mut writes = gathered.unwrap_or_default();
            writes.extend(more);
            if part.ends() {
                self.end = self.read;
                return Ok(Next::Group { stand, writes });
            }
            gathered = Some(writes);
        }
        Ok(Next::End)
    }

    /// The next frame, if it is whole.
    fn frame(&mut self) -> io::Result<Option<Frame>> {
        self.tail.clear();
        self.fill(HEAD)?;
        let Some((length, _)) = head(&self.tail) else { return Ok(None) };
        self.fill(HEAD.saturating_add(length))?;
        let frame = whole(&self.tail);
        if frame.is_some() {
            self.read += u64::try_from(self.tail.len()).unwrap_or(u64::MAX);
        }
        Ok(frame)
    }

    /// After the end: whether a group begins in what is left.
    pub(super) fn goes_on(mut self) -> io::Result<bool> {
        self.file.read_to_end(&mut self.tail)?;
        let places = 1..self.tail.len();
        let mut marked = places.filter(|at| self.tail[*at..].starts_with(&MARK));
        Ok(marked.any(|at| match whole(&self.tail[at..]) {
            Some(Frame::Writes { part, .. }) => part.begins(),
            found => found.is_some(),
        }))
    }

    /// Reads until the tail has this length, if the file does.
    fn fill(&mut self, length: usize) -> io::Result<()> {
        let missing = length.saturating_sub(self.tail.len());
        let limit = u64::try_from(missing).unwrap_or(u64::MAX);
        self.file.by_ref().take(limit).read_to_end(&mut self.tail)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::group;
    use super::{Frames, Next, Stand, Start};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use twin_core::store::{Key, Revision, TableName, Written};
    use twin_core::time::Timestamp;
    use twin_core::tree::Value;

    fn write() -> impl Strategy<Value = Written> {
        let parts = (any::<u64>(), "[a-z/.]{0,9}", "[a-z]{0,4}", "\\PC{0,6}", any::<bool>());
        parts.prop_map(|(revision, table, namespace, name, stays)| Written {
            table: TableName(table.as_str().into()),
            key: Key::new(&namespace, &name),
            revision: Revision::from_number(revision),
            tree: stays.then(|| Value::from([("metadata", Value::text(&name))])),
        })
    }

    fn next() -> impl Strategy<Value = Next> {
        let stand = (any::<i64>(), any::<u64>())
            .prop_map(|(now, chance)| Stand { now: Timestamp::from_micros(now), chance });
        let start =
            (any::<u64>(), stand.clone(), any::<u64>()).prop_map(|(revision, stand, objects)| {
                Next::Start(Start { revision: Revision::from_number(revision), stand, objects })
            });
        let group =
            (stand, vec(write(), 1..6)).prop_map(|(stand, writes)| Next::Group { stand, writes });
        prop_oneof![1 => start, 3 => group]
    }

    /// With two or three writes to a frame.
    fn frames(next: &Next) -> Vec<Vec<u8>> {
        match next {
            Next::Start(start) => vec![start.encoded().unwrap()],
            Next::Group { stand, writes } => {
                group(*stand, writes, 100).map(Result::unwrap).collect()
            }
            Next::Disorder | Next::End => Vec::new(),
        }
    }

    /// What is read of these bytes, whether it ends in order, where, and whether it goes on there.
    fn read(bytes: &[u8]) -> (Vec<Next>, Next, u64, bool) {
        let mut frames = Frames::after(bytes, 0);
        let mut found = Vec::new();
        loop {
            match frames.next().unwrap() {
                last @ (Next::Disorder | Next::End) => {
                    return (found, last, frames.end(), frames.goes_on().unwrap());
                }
                next => found.push(next),
            }
        }
    }

    /// How many of these end before a place, and where the last one of them does.
    fn before(texts: &[Vec<u8>], place: usize) -> (usize, u64) {
        let ends = texts.iter().scan(0, |end, text| {
            *end += text.len();
            Some(*end)
        });
        let ends: Vec<_> = ends.take_while(|end| *end <= place).collect();
        (ends.len(), ends.last().map_or(0, |end| u64::try_from(*end).unwrap()))
    }

    proptest! {
        #[test]
        fn a_file_that_is_cut_anywhere_has_the_groups_before(
            all in vec(next(), 1..5), cut in any::<prop::sample::Index>(),
        ) {
            let texts: Vec<_> = all.iter().map(|next| frames(next).concat()).collect();
            let bytes = texts.concat();
            let cut = cut.index(bytes.len() + 1);
            let (count, end) = before(&texts, cut);
            let (found, last, found_end, goes_on) = read(&bytes[..cut]);
            prop_assert_eq!(&found[..], &all[..count]);
            prop_assert_eq!((last, found_end, goes_on), (Next::End, end, false));
        }

        #[test]
        fn damage_is_seen_and_told_from_a_cut(
            all in vec(next(), 2..5), at in any::<prop::sample::Index>(), bit in 0_u8..8,
        ) {
            let texts: Vec<_> = all.iter().map(|next| frames(next).concat()).collect();
            let mut bytes = texts.concat();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let (hit, end) = before(&texts, at);
            let (found, last, found_end, goes_on) = read(&bytes);
            prop_assert_eq!(&found[..], &all[..hit]);
            // Of the last group the disk may have any part: nobody was told of it.
            prop_assert_eq!((last, found_end, goes_on), (Next::End, end, hit + 1 < all.len()));
        }

        #[test]
        fn frames_end_when_they_are_full(writes in vec(write(), 1..30)) {
            let group: Vec<_> = group(Stand::default(), &writes, 200).map(Result::unwrap).collect();
            for (at, frame) in group.iter().enumerate() {
                prop_assert!(frame.len() < 400);
                prop_assert!(frame.len() >= 200 || at + 1 == group.len());
            }
        }

        #[test]
        fn frames_that_do_not_follow_each_other_are_seen(writes in vec(write(), 12..20)) {
            let frames: Vec<_> =
                group(Stand::default(), &writes, 100).map(Result::unwrap).collect();
            let (first, rest) = frames.split_first().unwrap();
            for bytes in [rest.concat(), [first.clone(), frames.concat()].concat()] {
                let (found, last, end, _) = read(&bytes);
                prop_assert_eq!((&found[..], last, end), (&[][..], Next::Disorder, 0));
            }
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in vec(any::<u8>(), 0..200)) {
            read(&bytes);
        }
    }
}
