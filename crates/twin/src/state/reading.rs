//! What the file of a state says.

use super::format::{MAGIC, Stand, Start};
use super::frames::{Frames, Next};
use super::{Kept, StateError};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use twin_core::store::{Restoring, Revision, Written};

/// All of a file that counts.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) kept: Kept,
    /// Where it ends.
    pub(super) end: u64,
    /// Where what it began with ends.
    pub(super) fresh: u64,
}

impl Reading {
    pub(super) fn of(file: &File, path: &Path) -> Result<Self, StateError> {
        let failed = |source| StateError::disk("read", path, source);
        let mut file = BufReader::new(file);
        let mut magic = Vec::new();
        let limit = u64::try_from(MAGIC.len()).unwrap_or_default();
        file.by_ref().take(limit).read_to_end(&mut magic).map_err(failed)?;
        if magic != MAGIC {
            return Err(StateError::Foreign { path: path.to_owned() });
        }
        let mut frames = Frames::after(file, limit);
        let broken = |at| StateError::Broken { path: path.to_owned(), at };
        let Next::Start(start) = frames.next().map_err(failed)? else { return Err(broken(limit)) };
        let mut state = Growing::new(start);
        let mut fresh = frames.end();
        loop {
            match frames.next().map_err(failed)? {
                Next::Group { stand, writes } => {
                    if state.left > 0 {
                        fresh = frames.end();
                    }
                    state.add(stand, writes);
                }
                Next::Start(_) | Next::Disorder => return Err(broken(frames.end())),
                Next::End => break,
            }
        }
        let end = frames.end();
        if state.left > 0 || frames.goes_on().map_err(failed)? {
            return Err(broken(end));
        }
        Ok(Self { kept: state.done(), end, fresh })
    }
}

/// A state of which a part has been read.
struct Growing {
    restoring: Restoring,
    stand: Stand,
    /// So many objects of the beginning are still to come.
    left: u64,
    first: Revision,
    last: Revision,
}

impl Growing {
    fn new(Start { revision, stand, objects }: Start) -> Self {
        let restoring = Restoring::default();
        Self { restoring, stand, left: objects, first: revision, last: revision }
    }

    fn add(&mut self, stand: Stand, writes: Vec<Written>) {
        for write in writes {
            if self.left > 0 {
                self.left -= 1;
            } else if write.revision > self.first {
                self.last = self.last.max(write.revision);
                // What is in there already was on its way with a stand of before.
                self.stand = stand;
            } else {
                continue;
            }
            self.restoring.write(write);
        }
    }

    fn done(self) -> Kept {
        Kept { store: self.restoring.done(self.last), stand: self.stand }
    }
}
