//! What stands in the file of a state, and how it is read.
//!
//! ```text
//! file    = "muster twin state 1\n" start writes*
//! start   = frame of 1 revision:u64 time:i64 chance:u64 objects:u64
//! writes  = frame of part time:i64 chance:u64 write*
//! part    = 2 (a whole group) | 3 (the first of its frames) | 4 (one in its middle) | 5 (the last)
//! write   = revision:u64 table:text namespace:text name:text (0 | 1 tree:text)
//! text    = length:u32 bytes
//! frame   = F5 4D 54 57 length:u32 checksum:u32 payload
//! ```
//!
//! Numbers are little endian; the checksum is the CRC-32 of the payload; a tree is JSON. The first
//! `objects` writes are what was there at `revision`; of the others those that are not later than it
//! are in there already, and do not count.
//!
//! Writes that gathered are a group, which counts whole or not at all; a frame of it ends with the write
//! that makes it 8 MiB long. The disk is synced behind a group, and the next one begins when that is done.
//! So what follows the last whole group was cut off, and nobody has been told of it, whatever the disk has
//! of its frames; but if a group begins behind a damaged frame, that one was promised to somebody.

use std::io::{self, ErrorKind};
use twin_core::store::{Key, Revision, TableName, Written};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, decode};

/// How a file begins; the digit is the version of the format.
pub(super) const MAGIC: &[u8] = b"muster twin state 1\n";
/// No text has its first byte.
pub(super) const MARK: [u8; 4] = [0xF5, b'M', b'T', b'W'];
/// Mark, length and checksum.
pub(super) const HEAD: usize = 12;
/// The write that makes a frame as long as this is its last.
pub(super) const FULL: usize = 8 * 1024 * 1024;

/// When something was written, and where the next uids come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stand {
    pub(crate) now: Timestamp,
    pub(crate) chance: u64,
}

/// One frame.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    Start(Start),
    Writes { part: Part, stand: Stand, writes: Vec<Written> },
}

/// What a file begins with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Start {
    pub(super) revision: Revision,
    pub(super) stand: Stand,
    pub(super) objects: u64,
}

/// Which part of its group a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole = 2,
    First = 3,
    Inner = 4,
    Last = 5,
}

impl Part {
    pub(super) fn begins(self) -> bool {
        matches!(self, Self::Whole | Self::First)
    }

    pub(super) fn ends(self) -> bool {
        matches!(self, Self::Whole | Self::Last)
    }
}

impl Start {
    pub(super) fn encoded(self) -> io::Result<Vec<u8>> {
        let mut bytes = opened(1);
        bytes.extend(self.revision.number().to_le_bytes());
        put_stand(&mut bytes, self.stand);
        bytes.extend(self.objects.to_le_bytes());
        sealed(bytes)
    }
}

/// The frames of a group; none of no writes.
pub(super) fn group(
    stand: Stand,
    writes: &[Written],
    full: usize,
) -> impl Iterator<Item = io::Result<Vec<u8>>> {
    let mut left = writes;
    std::iter::from_fn(move || {
        if left.is_empty() {
            return None;
        }
        let before = left.len();
        let frame = filled(stand, &mut left, full);
        let part = match (before == writes.len(), left.is_empty()) {
            (true, true) => Part::Whole,
            (true, false) => Part::First,
            (false, false) => Part::Inner,
            (false, true) => Part::Last,
        };
        Some(frame.and_then(|mut frame| {
            frame[HEAD] = part as u8;
            sealed(frame)
        }))
    })
}

/// A frame with the first of these writes, at least one; it is not yet said which part it is.
fn filled(stand: Stand, left: &mut &[Written], full: usize) -> io::Result<Vec<u8>> {
    let mut bytes = opened(0);
    put_stand(&mut bytes, stand);
    while let Some((write, rest)) = left.split_first() {
        put_write(&mut bytes, write)?;
        *left = rest;
        if bytes.len() >= full {
            break;
        }
    }
    Ok(bytes)
}

/// Room for a head, and the first byte of a payload.
fn opened(kind: u8) -> Vec<u8> {
    let mut bytes = vec![0; HEAD];
    bytes.push(kind);
    bytes
}

/// A frame with its head.
fn sealed(mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let (head, payload) = bytes.split_at_mut(HEAD);
    head[..4].copy_from_slice(&MARK);
    head[4..8].copy_from_slice(&length(payload.len())?);
    head[8..].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
    Ok(bytes)
}

fn length(bytes: usize) -> io::Result<[u8; 4]> {
    let too_long = |_| io::Error::new(ErrorKind::FileTooLarge, "4 GiB or more in one piece");
    u32::try_from(bytes).map(u32::to_le_bytes).map_err(too_long)
}

fn put_stand(bytes: &mut Vec<u8>, stand: Stand) {
    bytes.extend(stand.now.micros().to_le_bytes());
    bytes.extend(stand.chance.to_le_bytes());
}

fn put_write(bytes: &mut Vec<u8>, write: &Written) -> io::Result<()> {
    bytes.extend(write.revision.number().to_le_bytes());
    put_text(bytes, write.table.0.as_bytes())?;
    put_text(bytes, write.key.namespace().as_bytes())?;
    put_text(bytes, write.key.name().as_bytes())?;
    bytes.push(u8::from(write.tree.is_some()));
    write.tree.as_ref().map_or(Ok(()), |tree| put_text(bytes, &tree.encoded()))
}

fn put_text(bytes: &mut Vec<u8>, text: &[u8]) -> io::Result<()> {
    bytes.extend(length(text.len())?);
    bytes.extend(text);
    Ok(())
}

impl Frame {
    pub(super) fn decoded(payload: &[u8]) -> Option<Self> {
        let mut rest = Rest(payload);
        let part = match rest.array()? {
            [1] => return rest.start().map(Self::Start),
            [2] => Part::Whole,
            [3] => Part::First,
            [4] => Part::Inner,
            [5] => Part::Last,
            _ => return None,
        };
        let stand = rest.stand()?;
        let mut writes = Vec::new();
        while !rest.0.is_empty() {
            writes.push(rest.write()?);
        }
        Some(Self::Writes { part, stand, writes })
    }
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

    fn start(&mut self) -> Option<Start> {
        Some(Start {
            revision: Revision::from_number(self.number()?),
            stand: self.stand()?,
            objects: self.number()?,
        })
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

/// The length and checksum that a frame says it has.
pub(super) fn head(bytes: &[u8]) -> Option<(usize, u32)> {
    let mut rest = Rest(bytes.strip_prefix(&MARK)?);
    let length = usize::try_from(u32::from_le_bytes(rest.array()?)).ok()?;
    Some((length, u32::from_le_bytes(rest.array()?)))
}

/// The frame at the beginning of these bytes.
pub(super) fn whole(bytes: &[u8]) -> Option<Frame> {
    let (length, checksum) = head(bytes)?;
    let payload = bytes.get(HEAD..HEAD.checked_add(length)?)?;
    if crc32fast::hash(payload) == checksum { Frame::decoded(payload) } else { None }
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn no_length_is_cut() {
        assert_eq!(length(0xFFFF_FFFF).unwrap(), [0xFF; 4]);
        #[cfg(target_pointer_width = "64")]
        assert!(length(0x1_0000_0000).is_err());
    }
}
