//! What the loader may read: a small window on a file system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Nothing.
    Missing,
    /// A file.
    File {
        /// Its size in bytes.
        len: u64,
    },
    /// A directory.
    Directory,
    /// A socket, a device, a link that is not followed, or something that cannot be looked at.
    Other,
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// There is nothing.
    #[error("there is no such file")]
    Missing,
    /// Something is there, but it cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirEntry {
    /// Its name, without the directory.
    pub name: String,
    /// Whether it is a directory.
    pub directory: bool,
    /// Its size in bytes; 0 for a directory.
    pub len: u64,
}

/// The most entries that [`Files::list`] returns.
pub const LIST_LIMIT: usize = 1000;

/// What the loader may read. Paths are relative to, or under, the project directory.
pub trait Files {
    /// The bytes of a file.
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError>;

    /// What stands at a path, links followed.
    fn kind(&self, path: &Path) -> FileKind;

    /// The files and directories in a directory: sorted, at most [`LIST_LIMIT`], no links.
    fn list(&self, dir: &Path) -> Vec<DirEntry>;

    /// Whether `path` lies below `root`, links followed as far as there are any.
    fn inside(&self, root: &Path, path: &Path) -> bool {
        crate::path::below(root, path)
    }

    /// The name of a directory, for a project that says no name.
    fn directory_name(&self, dir: &Path) -> Option<String> {
        dir.file_name().map(|name| name.to_string_lossy().into_owned())
    }
}

/// Files in memory: path → bytes. A directory exists if a file lies below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryFiles(pub BTreeMap<PathBuf, Vec<u8>>);

impl MemoryFiles {
    /// Files from pairs of path and text.
    pub fn new<P: Into<PathBuf>, T: Into<Vec<u8>>>(
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.into(), text.into())).collect())
    }

    /// The files below a directory, with their path from there.
    fn below<'a>(&'a self, dir: &'a Path) -> impl Iterator<Item = (&'a Path, &'a [u8])> {
        self.0
            .range(dir.to_owned()..)
            .map_while(move |(path, bytes)| Some((path.strip_prefix(dir).ok()?, bytes.as_slice())))
            .filter(|(rest, _)| rest.components().next().is_some())
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        self.0.get(&crate::path::clean(path)).cloned().ok_or(FileError::Missing)
    }

    fn kind(&self, path: &Path) -> FileKind {
        let path = crate::path::clean(path);
        match self.0.get(&path) {
            Some(bytes) => FileKind::File { len: bytes.len() as u64 },
            None if self.below(&path).next().is_some() => FileKind::Directory,
            None => FileKind::Missing,
        }
    }

    fn list(&self, dir: &Path) -> Vec<DirEntry> {
        let dir = crate::path::clean(dir);
        let mut entries: Vec<DirEntry> = Vec::new();
        for (rest, bytes) in self.below(&dir) {
            let mut parts = rest.components();
            let Some(first) = parts.next() else { continue };
            let name = first.as_os_str().to_string_lossy().into_owned();
            let directory = parts.next().is_some();
            if entries.last().is_some_and(|last| last.name == name) {
                continue;
            }
            if entries.len() == LIST_LIMIT {
                break;
            }
            let len = if directory { 0 } else { bytes.len() as u64 };
            entries.push(DirEntry { name, directory, len });
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_follow_from_files() {
        let files = MemoryFiles::new([("a/b/c.txt", "x"), ("a/d", "yy"), ("ab", "")]);
        assert_eq!(files.kind(Path::new("./a")), FileKind::Directory);
        assert_eq!(files.kind(Path::new("a/d")), FileKind::File { len: 2 });
        assert_eq!(files.kind(Path::new("a/x")), FileKind::Missing);
        let names: Vec<_> =
            files.list(Path::new("a")).into_iter().map(|e| (e.name, e.directory)).collect();
        assert_eq!(names, [("b".to_owned(), true), ("d".to_owned(), false)]);
        let top: Vec<_> = files.list(Path::new("")).into_iter().map(|e| e.name).collect();
        assert_eq!(top, ["a", "ab"]);
    }
}
