//! Files that are there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Whoever the user lets read files.
    Anybody,
    /// Only the user.
    Owner,
}

/// Writes a file beside its place and moves it there, so that nobody ever sees half of it.
pub(crate) fn write(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let beside = beside(path);
    let done = fill(&beside, text, readers).and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        // The first error tells what matters.
        let _ = fs::remove_file(&beside);
    }
    done
}

fn fill(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    // What a run that was killed left there may have other permissions.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    create(path, readers)?.write_all(text.as_bytes())
}

fn create(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    options.open(path)
}

/// The end of the name of a file that is not whole yet.
pub(crate) const UNFINISHED: &str = ".muster-unfinished";

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{UNFINISHED}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.yaml");
        fs::write(dir.path().join(".a.yaml.muster-unfinished"), "half").unwrap();
        write(&path, "one", Readers::Anybody).unwrap();
        write(&path, "two", Readers::Owner).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_directory_in_the_way_is_an_error_and_nothing_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::create_dir_all(path.join("full")).unwrap();
        assert!(write(&path, "one", Readers::Anybody).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
