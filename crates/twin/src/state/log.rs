//! The file of a state: opened, written behind its end, written anew when it has grown.

use super::StateError;
use super::format::{Frame, Frames, MAGIC, Next, Stand};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use twin_core::store::{Restoring, Revision, Store, Written};

/// A file shorter than this is not written anew.
const SMALL: u64 = 16 * 1024 * 1024;
/// A file this many times as long as it would be anew is written anew.
const GROWTH: u64 = 3;
/// So many objects stand in one frame of what was there.
const OBJECTS: usize = 1_000;

/// What a file held.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) store: Store,
    pub(crate) stand: Stand,
}

/// All that there is at a version.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) revision: Revision,
    pub(super) stand: Stand,
    pub(super) objects: Vec<Written>,
}

/// A file that only this process writes.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    length: u64,
    /// How long it was when it was new.
    fresh: u64,
}

impl Log {
    /// Opens a file and reads what it holds; makes it, if there is none.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<Kept>), StateError> {
        let failed = |doing| move |source| StateError::disk(doing, path, source);
        let opened = OpenOptions::new().read(true).write(true).open(path);
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let nothing = Whole {
                    revision: Revision::default(),
                    stand: Stand::default(),
                    objects: Vec::new(),
                };
                let made = Self::made(path, &nothing).map_err(failed("make"))?;
                return Ok((made, None));
            }
            Err(error) => return Err(failed("open")(error)),
        };
        lock(&file, path)?;
        let read = Reading::of(&file, path)?;
        let mut log = Self { path: path.to_owned(), file, length: read.end, fresh: read.fresh };
        log.cut().map_err(failed("write"))?;
        Ok((log, Some(Kept { store: read.store, stand: read.stand })))
    }

    /// Takes away what was not written to its end.
    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.sync_all()
    }

    /// Writes behind the end; when this returns, it is there to stay.
    pub(super) fn append(&mut self, frame: &Frame) -> io::Result<()> {
        let bytes = frame.encoded();
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.length += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Whether most of it is past.
    pub(super) fn has_grown(&self) -> bool {
        self.length > SMALL && self.length / GROWTH > self.fresh
    }

    /// Writes it anew, whole or not at all: it holds what is there, and nothing of the way there.
    pub(super) fn renew(&mut self, whole: &Whole) -> io::Result<()> {
        *self = Self::made(&self.path, whole)?;
        Ok(())
    }

    fn made(path: &Path, whole: &Whole) -> io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let fresh = Path::new(&name);
        let made = written(fresh, whole).and_then(|made| {
            fs::rename(fresh, path)?;
            sync_folder(path)?;
            Ok(made)
        });
        match made {
            Ok((file, length)) => Ok(Self { path: path.to_owned(), file, length, fresh: length }),
            Err(error) => {
                // What is left of it is of no use; the error is told.
                let _ = fs::remove_file(fresh);
                Err(error)
            }
        }
    }
}

/// Writes a whole file, locked before anybody can know it.
fn written(path: &Path, whole: &Whole) -> io::Result<(File, u64)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    // It holds Secrets.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    file.try_lock().map_err(io::Error::from)?;
    let mut out = BufWriter::new(file);
    out.write_all(MAGIC)?;
    let objects = u64::try_from(whole.objects.len()).unwrap_or(u64::MAX);
    let start = Frame::Start { revision: whole.revision, stand: whole.stand, objects };
    out.write_all(&start.encoded())?;
    for some in whole.objects.chunks(OBJECTS) {
        let frame = Frame::Writes { stand: whole.stand, writes: some.to_vec() };
        out.write_all(&frame.encoded())?;
    }
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    let length = file.stream_position()?;
    Ok((file, length))
}

/// A name is on the disk for good when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if cfg!(unix) { File::open(folder.unwrap_or(Path::new(".")))?.sync_all() } else { Ok(()) }
}

fn lock(file: &File, path: &Path) -> Result<(), StateError> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(StateError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StateError::disk("lock", path, source)),
        // Who had it may have put another in its place just now.
        Ok(()) if !is_at(file, path) => Err(StateError::InUse { path: path.to_owned() }),
        Ok(()) => Ok(()),
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |it: fs::Metadata| (it.dev(), it.ino());
    let (own, there) = (file.metadata().map(place), fs::metadata(path).map(place));
    matches!((own, there), (Ok(own), Ok(there)) if own == there)
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// What a file says.
struct Reading {
    store: Store,
    stand: Stand,
    end: u64,
    fresh: u64,
}

impl Reading {
    fn of(file: &File, path: &Path) -> Result<Self, StateError> {
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
        let Next::Frame(Frame::Start { revision, mut stand, objects }) =
            frames.next().map_err(failed)?
        else {
            return Err(broken(limit));
        };
        let (mut restoring, mut left, mut last) = (Restoring::default(), objects, revision);
        let mut fresh = frames.end();
        while let Next::Frame(frame) = frames.next().map_err(failed)? {
            let Frame::Writes { stand: then, writes } = frame else {
                return Err(broken(frames.end()));
            };
            for write in writes {
                if left > 0 {
                    left -= 1;
                    fresh = frames.end();
                    restoring.write(write);
                } else if write.revision > revision {
                    last = last.max(write.revision);
                    restoring.write(write);
                }
            }
            stand = then;
        }
        let end = frames.end();
        if left > 0 || frames.goes_on().map_err(failed)? {
            return Err(broken(end));
        }
        Ok(Self { store: restoring.done(last), stand, end, fresh })
    }
}

#[cfg(test)]
mod tests {
    use super::{Frame, Kept, Log, Stand, StateError, Whole};
    use std::fs;
    use std::path::Path;
    use twin_core::store::{Key, Revision, TableName, Written};
    use twin_core::tree::Value;

    fn write(number: u64, name: &str) -> Written {
        let version = Value::text(number.to_string());
        let metadata = Value::from([("name", name.into()), ("resourceVersion", version)]);
        Written {
            table: TableName("/nodes".into()),
            key: Key::new("", name),
            revision: Revision::from_number(number),
            tree: Some(Value::from([("metadata", metadata)])),
        }
    }

    fn frame(writes: Vec<Written>) -> Frame {
        Frame::Writes { stand: Stand { chance: 7, ..Stand::default() }, writes }
    }

    fn reopened(path: &Path) -> Kept {
        Log::open(path).unwrap().1.unwrap()
    }

    fn names(kept: &Kept) -> Vec<String> {
        kept.store.present().iter().map(|write| write.key.name().to_owned()).collect()
    }

    /// A file with two frames of one node each; where it ends before the second.
    fn filled(path: &Path) -> u64 {
        let (mut log, kept) = Log::open(path).unwrap();
        assert!(kept.is_none());
        log.append(&frame(vec![write(1, "a")])).unwrap();
        let end = log.length;
        log.append(&frame(vec![write(2, "b")])).unwrap();
        end
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        filled(&path);
        let kept = reopened(&path);
        assert_eq!(names(&kept), ["a", "b"]);
        assert_eq!((kept.store.revision().number(), kept.stand.chance), (2, 7));
    }

    #[test]
    fn a_file_cut_at_any_byte_of_its_end_has_what_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let end = usize::try_from(filled(&path)).unwrap();
        let all = fs::read(&path).unwrap();
        for cut in end..all.len() {
            fs::write(&path, &all[..cut]).unwrap();
            assert_eq!(names(&reopened(&path)), ["a"], "{cut}");
            // What is cut off is gone: the next write is no continuation of it.
            let (mut log, _) = Log::open(&path).unwrap();
            log.append(&frame(vec![write(2, "c")])).unwrap();
            drop(log);
            assert_eq!(names(&reopened(&path)), ["a", "c"], "{cut}");
        }
    }

    #[test]
    fn what_is_damaged_or_foreign_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let end = usize::try_from(filled(&path)).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes[end - 3] ^= 1;
        for (bytes, foreign) in
            [(&bytes[..], false), (&bytes[..30], false), (b"kind: Pod", true), (b"", true)]
        {
            fs::write(&path, bytes).unwrap();
            let error = Log::open(&path).unwrap_err();
            assert_eq!(matches!(error, StateError::Foreign { .. }), foreign, "{error}");
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
    }

    #[test]
    fn a_new_file_takes_the_place_of_a_long_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        filled(&path);
        let (mut log, kept) = Log::open(&path).unwrap();
        let store = kept.unwrap().store;
        let whole =
            Whole { revision: store.revision(), stand: Stand::default(), objects: store.present() };
        log.renew(&whole).unwrap();
        // What was on its way when it was written anew comes once more, and changes nothing.
        log.append(&frame(vec![write(1, "gone"), write(3, "c")])).unwrap();
        assert!(matches!(Log::open(&path), Err(StateError::InUse { .. })));
        drop(log);
        let kept = reopened(&path);
        assert_eq!(names(&kept), ["a", "b", "c"]);
        assert_eq!(kept.store.revision().number(), 3);
    }
}
