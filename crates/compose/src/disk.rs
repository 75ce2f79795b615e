//! The only module that touches a disk.

use crate::files::{DirEntry, FileError, FileKind, Files, LIST_LIMIT};
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFiles;

/// No file that the loader reads is larger than this.
const READ_LIMIT: u64 = 16 << 20;

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let fail = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => FileError::Missing,
            _ => FileError::Unreadable(error.to_string()),
        };
        // A pipe or a device could block or never end.
        if !fs::metadata(path).map_err(fail)?.is_file() {
            return Err(FileError::Unreadable("it is not a file".to_owned()));
        }
        let mut bytes = Vec::new();
        fs::File::open(path)
            .map_err(fail)?
            .take(READ_LIMIT)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
        Ok(bytes)
    }

    fn kind(&self, path: &Path) -> FileKind {
        match fs::metadata(here(path)) {
            Ok(meta) if meta.is_file() => FileKind::File { len: meta.len() },
            Ok(meta) if meta.is_dir() => FileKind::Directory,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                FileKind::Missing
            }
            Ok(_) | Err(_) => FileKind::Other,
        }
    }

    fn list(&self, dir: &Path) -> Vec<DirEntry> {
        let Ok(entries) = fs::read_dir(here(dir)) else { return Vec::new() };
        // Names come in the order of the file system: all are read before they are sorted and cut.
        let mut found: Vec<DirEntry> = entries
            .flatten()
            .filter_map(|entry| {
                let meta = entry.metadata().ok()?;
                let directory = meta.is_dir();
                let name = entry.file_name().into_string().ok()?;
                (directory || meta.is_file()).then_some(DirEntry {
                    name,
                    directory,
                    len: if directory { 0 } else { meta.len() },
                })
            })
            .collect();
        found.sort();
        found.truncate(LIST_LIMIT);
        found
    }

    fn inside(&self, root: &Path, path: &Path) -> bool {
        if !crate::path::below(root, path) {
            return false;
        }
        match (fs::canonicalize(here(root)), fs::canonicalize(path)) {
            (Ok(root), Ok(path)) => path.starts_with(root),
            // What is not there leads nowhere.
            _ => true,
        }
    }

    fn directory_name(&self, dir: &Path) -> Option<String> {
        let full = fs::canonicalize(here(dir)).ok()?;
        full.file_name().map(|name| name.to_string_lossy().into_owned())
    }
}

/// The empty path is the current directory.
fn here(path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() }
}
