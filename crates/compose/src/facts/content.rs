//! Bytes of files, within bounds.

use crate::context::Context;
use model::project::{Content, FileFacts};
use std::path::Path;

/// The most bytes of one file.
const LARGEST: u64 = 1 << 20;

/// The bytes of a file, if it is small enough and the budget allows.
pub(super) fn bytes(path: &Path, len: u64, context: &mut Context<'_>) -> Option<Vec<u8>> {
    if len > LARGEST || len > context.budget.facts {
        return None;
    }
    let bytes = context.files.read(path).ok()?;
    // It may have grown since it was looked at.
    let read = bytes.len() as u64;
    context.budget.facts = context.budget.facts.checked_sub(read)?;
    (read <= LARGEST).then_some(bytes)
}

/// What is known of a file.
pub(super) fn read(path: &Path, len: u64, context: &mut Context<'_>) -> FileFacts {
    let content = match bytes(path, len, context) {
        None => Content::Unread(len),
        Some(bytes) => match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Content::Text(text),
            _ => Content::Binary(len),
        },
    };
    FileFacts { bytes: len, content }
}

/// What the files of one directory may cost together.
pub(super) struct Room(u64);

impl Room {
    /// For a mounted directory.
    pub(super) const fn directory() -> Self {
        Self(2 << 20)
    }

    /// What is known of a file; past the bound, its size only.
    pub(super) fn read(&mut self, path: &Path, len: u64, context: &mut Context<'_>) -> FileFacts {
        match self.0.checked_sub(len) {
            Some(left) => {
                self.0 = left;
                read(path, len, context)
            }
            None => FileFacts { bytes: len, content: Content::Unread(len) },
        }
    }
}
