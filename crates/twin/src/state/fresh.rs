//! A whole file beside the one whose place it is to take.

use super::format::{FULL, MAGIC, Stand, Start, group};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use twin_core::store::{Revision, Written};

/// So many objects are in one group of what was there.
const OBJECTS: usize = 1_000;

/// All that there is at a version.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) revision: Revision,
    pub(super) stand: Stand,
    pub(super) objects: Vec<Written>,
}

/// Such a file. As long as it is locked and has its name, nobody else makes or renews a state there.
#[derive(Debug)]
pub(super) struct Fresh {
    name: PathBuf,
    file: File,
    length: u64,
}

impl Fresh {
    /// Writes it; nothing, if another process does.
    pub(super) fn beside(path: &Path, whole: &Whole) -> io::Result<Option<Self>> {
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let name = PathBuf::from(name);
        let file = opened(&name)?;
        if !is_ours(&file, &name)? {
            return Ok(None);
        }
        let mut fresh = Self { name, file, length: 0 };
        match written(&fresh.file, whole) {
            Ok(length) => {
                fresh.length = length;
                Ok(Some(fresh))
            }
            Err(error) => {
                fresh.discard();
                Err(error)
            }
        }
    }

    /// Gives it its place; whatever is there is gone.
    pub(super) fn moved_to(self, path: &Path) -> io::Result<(File, u64)> {
        if let Err(error) = fs::rename(&self.name, path) {
            self.discard();
            return Err(error);
        }
        Ok((self.file, self.length))
    }

    pub(super) fn discard(self) {
        // What is left of it is of no use, and the next one takes its place.
        let _ = fs::remove_file(&self.name);
    }
}

/// What somebody else writes there stays as it is, until it is known to be nobody's.
fn opened(name: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    // It holds Secrets.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(name)
}

/// Writes all there is, and gives its length.
fn written(file: &File, whole: &Whole) -> io::Result<u64> {
    file.set_len(0)?;
    let mut out = BufWriter::new(file);
    out.write_all(MAGIC)?;
    let objects = u64::try_from(whole.objects.len()).unwrap_or(u64::MAX);
    let start = Start { revision: whole.revision, stand: whole.stand, objects };
    out.write_all(&start.encoded()?)?;
    for some in whole.objects.chunks(OBJECTS) {
        for frame in group(whole.stand, some, FULL) {
            out.write_all(&frame?)?;
        }
    }
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    file.stream_position()
}

/// The folder of a file: a name is on the disk for good when its folder is.
#[derive(Debug)]
pub(super) struct Folder(Option<File>);

impl Folder {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        Ok(Self(if cfg!(unix) { Some(File::open(folder)?) } else { None }))
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), File::sync_all)
    }

    /// One that cannot be synced.
    #[cfg(test)]
    pub(super) fn lost() -> Self {
        Self(File::open("/dev/null").ok())
    }
}

/// Whether nobody else has a file, and it still has its name: then it is locked for as long as it is open.
pub(super) fn is_ours(file: &File, name: &Path) -> io::Result<bool> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
        // Who had it may have put another in its place just now.
        Ok(()) => Ok(is_at(file, name)),
    }
}

#[cfg(unix)]
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |it: fs::Metadata| (it.dev(), it.ino());
    let (own, there) = (file.metadata().map(place), fs::metadata(path).map(place));
    matches!((own, there), (Ok(own), Ok(there)) if own == there)
}

#[cfg(not(unix))]
pub(super) fn is_at(_: &File, _: &Path) -> bool {
    true
}
