//! What stands in the file of a state, and how it is read.
//!
//! ```text
//! file    = "muster twin state 1\n" start writes*
//! start   = frame of 1 revision:u64 time:i64 chance:u64 objects:u64
//! writes  = frame of 2 time:i64 chance:u64 write*
//! write   = revision:u64 table:text namespace:text name:text (0 | 1 tree:text)
//! text    = length:u32 bytes
//! frame   = F5 4D 54 57 length:u32 checksum:u32 payload
//! ```
//!
//! Numbers are little endian; the checksum is the CRC-32 of the payload; a tree is JSON. The first
//! `objects` writes are what was there at `revision`; of the others those that are not later than it
//! are in there already, and do not count.
//!
//! A frame is written when the one before it lies on the disk for good. So what follows the last whole
//! frame is a write that was cut off, and nobody has been told of it; but a frame that is damaged and has
//! a whole one somewhere behind it was promised to somebody.

use std::io::{self, Read};
use twin_core::store::{Key, Revision, TableName, Written};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, decode};

/// How a file begins; the digit is the version of the format.
pub(super) const MAGIC: &[u8] = b"muster twin state 1\n";
/// No text has its first byte.
const MARK: [u8; 4] = [0xF5, b'M', b'T', b'W'];
/// Mark, length and checksum.
const HEAD: usize = 12;

/// When something was written, and where the next uids come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stand {
    pub(crate) now: Timestamp,
    pub(crate) chance: u64,
}

/// One frame.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    Start { revision: Revision, stand: Stand, objects: u64 },
    Writes { stand: Stand, writes: Vec<Written> },
}

impl Frame {
    pub(super) fn encoded(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEAD];
        match self {
            Self::Start { revision, stand, objects } => {
                bytes.push(1);
                bytes.extend(revision.number().to_le_bytes());
                put_stand(&mut bytes, *stand);
                bytes.extend(objects.to_le_bytes());
            }
            Self::Writes { stand, writes } => {
                bytes.push(2);
                put_stand(&mut bytes, *stand);
                for write in writes {
                    put_write(&mut bytes, write);
                }
            }
        }
        let (head, payload) = bytes.split_at_mut(HEAD);
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        head[..4].copy_from_slice(&MARK);
        head[4..8].copy_from_slice(&length.to_le_bytes());
        head[8..].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
        bytes
    }

    fn decoded(payload: &[u8]) -> Option<Self> {
        let mut rest = Rest(payload);
        match rest.array::<1>()? {
            [1] => Some(Self::Start {
                revision: Revision::from_number(rest.number()?),
                stand: rest.stand()?,
                objects: rest.number()?,
            }),
            [2] => {
                let stand = rest.stand()?;
                let mut writes = Vec::new();
                while !rest.0.is_empty() {
                    writes.push(rest.write()?);
                }
                Some(Self::Writes { stand, writes })
            }
            _ => None,
        }
    }
}

fn put_stand(bytes: &mut Vec<u8>, stand: Stand) {
    bytes.extend(stand.now.micros().to_le_bytes());
    bytes.extend(stand.chance.to_le_bytes());
}

fn put_write(bytes: &mut Vec<u8>, write: &Written) {
    bytes.extend(write.revision.number().to_le_bytes());
    put_text(bytes, write.table.0.as_bytes());
    put_text(bytes, write.key.namespace().as_bytes());
    put_text(bytes, write.key.name().as_bytes());
    bytes.push(u8::from(write.tree.is_some()));
    if let Some(tree) = &write.tree {
        put_text(bytes, &tree.encoded());
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &[u8]) {
    // Bodies are bounded, so that no object comes near this length.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_le_bytes());
    bytes.extend(text);
}

/// What is still to be read of a payload.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn stand(&mut self) -> Option<Stand> {
        let now = Timestamp::from_micros(i64::from_le_bytes(self.array()?));
        Some(Stand { now, chance: self.number()? })
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(u32::from_le_bytes(self.array()?)).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn write(&mut self) -> Option<Written> {
        Some(Written {
            revision: Revision::from_number(self.number()?),
            table: TableName(Text::new(self.text()?)),
            key: Key::new(self.text()?, self.text()?),
            tree: match self.array()? {
                [0] => None,
                _ => Some(decode(self.bytes()?).ok()?),
            },
        })
    }
}

/// What a reader comes to next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    Frame(Frame),
    /// Nothing more, or no whole frame.
    End,
}

/// Reads frames one after the other.
#[derive(Debug)]
pub(super) struct Frames<R> {
    file: R,
    /// After the last whole frame.
    end: u64,
    /// What was read and is no whole frame.
    tail: Vec<u8>,
}

impl<R: Read> Frames<R> {
    /// Of a file whose beginning was read: this many bytes.
    pub(super) fn after(file: R, end: u64) -> Self {
        Self { file, end, tail: Vec::new() }
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn next(&mut self) -> io::Result<Next> {
        self.tail.clear();
        if self.fill(HEAD)? < HEAD {
            return Ok(Next::End);
        }
        let Some((length, _)) = head(&self.tail) else { return Ok(Next::End) };
        self.fill(HEAD + length)?;
        let Some(frame) = whole(&self.tail) else { return Ok(Next::End) };
        self.end += u64::try_from(self.tail.len()).unwrap_or(u64::MAX);
        Ok(Next::Frame(frame))
    }

    /// Whether there is a whole frame somewhere in what is left.
    pub(super) fn goes_on(mut self) -> io::Result<bool> {
        self.file.read_to_end(&mut self.tail)?;
        let places = 1..self.tail.len();
        let mut marked = places.filter(|at| self.tail[*at..].starts_with(&MARK));
        Ok(marked.any(|at| whole(&self.tail[at..]).is_some()))
    }

    /// Reads until the tail has this length, if the file does.
    fn fill(&mut self, length: usize) -> io::Result<usize> {
        let missing = length.saturating_sub(self.tail.len());
        let limit = u64::try_from(missing).unwrap_or(u64::MAX);
        self.file.by_ref().take(limit).read_to_end(&mut self.tail)?;
        Ok(self.tail.len())
    }
}

/// The length and checksum that a frame says it has.
fn head(bytes: &[u8]) -> Option<(usize, u32)> {
    let mut rest = Rest(bytes.strip_prefix(&MARK)?);
    let length = usize::try_from(u32::from_le_bytes(rest.array()?)).ok()?;
    Some((length, u32::from_le_bytes(rest.array()?)))
}

/// The frame at the beginning of these bytes.
fn whole(bytes: &[u8]) -> Option<Frame> {
    let (length, checksum) = head(bytes)?;
    let payload = bytes.get(HEAD..HEAD + length)?;
    if crc32fast::hash(payload) == checksum { Frame::decoded(payload) } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Frame, Frames, Next, Stand, Timestamp};
    use proptest::prelude::*;
    use twin_core::store::{Key, Revision, TableName, Written};
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

    fn frame() -> impl Strategy<Value = Frame> {
        let stand = (any::<i64>(), any::<u64>())
            .prop_map(|(now, chance)| Stand { now: Timestamp::from_micros(now), chance });
        let start =
            (any::<u64>(), stand.clone(), any::<u64>()).prop_map(|(revision, stand, objects)| {
                Frame::Start { revision: Revision::from_number(revision), stand, objects }
            });
        let writes = (stand, proptest::collection::vec(write(), 0..4))
            .prop_map(|(stand, writes)| Frame::Writes { stand, writes });
        prop_oneof![start, writes]
    }

    /// The frames that are read of these bytes, and whether there are whole ones behind a bad one.
    fn read(bytes: &[u8]) -> (Vec<Frame>, bool) {
        let mut frames = Frames::after(bytes, 0);
        let mut found = Vec::new();
        while let Next::Frame(frame) = frames.next().unwrap() {
            found.push(frame);
        }
        (found, frames.goes_on().unwrap())
    }

    proptest! {
        #[test]
        fn a_file_that_is_cut_anywhere_has_the_frames_before(
            frames in proptest::collection::vec(frame(), 1..5), cut in any::<prop::sample::Index>(),
        ) {
            let texts: Vec<_> = frames.iter().map(Frame::encoded).collect();
            let all = texts.concat();
            let cut = cut.index(all.len() + 1);
            let mut end = 0;
            let before = texts.iter().take_while(|text| { end += text.len(); end <= cut }).count();
            let (found, goes_on) = read(&all[..cut]);
            prop_assert_eq!(&found[..], &frames[..before]);
            prop_assert!(!goes_on);
        }

        #[test]
        fn damage_is_seen_and_told_from_a_cut(
            frames in proptest::collection::vec(frame(), 2..5), at in any::<prop::sample::Index>(),
            bit in 0_u8..8,
        ) {
            let texts: Vec<_> = frames.iter().map(Frame::encoded).collect();
            let mut all = texts.concat();
            let at = at.index(all.len());
            all[at] ^= 1 << bit;
            let mut end = 0;
            let hit = texts.iter().take_while(|text| { end += text.len(); end <= at }).count();
            let (found, goes_on) = read(&all);
            prop_assert_eq!(&found[..], &frames[..hit]);
            prop_assert_eq!(goes_on, hit + 1 < frames.len());
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            read(&bytes);
        }
    }
}
