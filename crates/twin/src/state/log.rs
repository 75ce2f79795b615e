//! The file of a state: opened, written behind its end, written anew when it has grown.

use super::format::{FULL, Stand, group};
use super::fresh::{Folder, Fresh, Whole, is_at, is_ours};
use super::reading::Reading;
use super::{Kept, StateError};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use twin_core::store::{Revision, Written};

/// A file shorter than this is not written anew.
const SMALL: u64 = 16 * 1024 * 1024;
/// A file this many times as long as it would be anew is written anew.
const GROWTH: u64 = 3;

/// A file that only this process writes.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    folder: Folder,
    file: File,
    length: u64,
    /// How long it was when it was new.
    fresh: u64,
}

/// What came of writing a file anew.
#[derive(Debug)]
pub(super) enum Renewed {
    /// It has all up to this version.
    Done(Revision),
    /// Nothing: the old one is as it was.
    Not(io::Error),
}

impl Log {
    /// Opens a file and reads what it holds; makes it, if there is none.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<Kept>), StateError> {
        let failed = |doing| move |source| StateError::disk(doing, path, source);
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok((Self::first(path)?, None));
            }
            Err(error) => return Err(failed("open")(error)),
        };
        if !is_ours(&file, path).map_err(failed("lock"))? {
            return Err(StateError::in_use(path));
        }
        let read = Reading::of(&file, path)?;
        let folder = Folder::of(path).map_err(failed("open the folder of"))?;
        let (path, length) = (path.to_owned(), read.end);
        let mut log = Self { path, folder, file, length, fresh: read.fresh };
        log.cut().map_err(|source| StateError::disk("write", &log.path, source))?;
        Ok((log, Some(read.kept)))
    }

    /// Makes a file with nothing in it where there was none a moment ago.
    fn first(path: &Path) -> Result<Self, StateError> {
        let failed = |source| StateError::disk("make", path, source);
        let folder = Folder::of(path).map_err(failed)?;
        let fresh = Fresh::beside(path, &Whole::default()).map_err(failed)?;
        // Who has the fresh one is alone with it: no other twin puts its own in the place from here on.
        let fresh = fresh.ok_or_else(|| StateError::in_use(path))?;
        if path.try_exists().map_err(failed)? {
            fresh.discard();
            return Err(StateError::in_use(path));
        }
        let (file, length) = fresh.moved_to(path).map_err(failed)?;
        folder.sync().map_err(failed)?;
        Ok(Self { path: path.to_owned(), folder, file, length, fresh: length })
    }

    /// Takes away what was not written to its end.
    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.sync_all()
    }

    /// Writes a group behind the end; when this returns, it is there to stay.
    pub(super) fn append(&mut self, stand: Stand, writes: &[Written]) -> io::Result<()> {
        let mut added = 0;
        for frame in group(stand, writes, FULL) {
            let frame = frame?;
            self.file.write_all(&frame)?;
            added += u64::try_from(frame.len()).unwrap_or(u64::MAX);
        }
        self.file.sync_data()?;
        self.length += added;
        Ok(())
    }

    /// Whether most of it is past.
    pub(super) fn has_grown(&self) -> bool {
        self.length > SMALL && self.length / GROWTH > self.fresh
    }

    /// Writes it anew, whole or not at all: it holds what is there, and nothing of the way there.
    ///
    /// # Errors
    /// If it is not known which of both files a lost disk would give back.
    pub(super) fn renew(&mut self, whole: &Whole) -> io::Result<Renewed> {
        let (file, length) = match self.replaced(whole) {
            Ok(fresh) => fresh,
            Err(error) => return Ok(Renewed::Not(error)),
        };
        // The old one has no name any more, whatever the folder's sync says.
        (self.file, self.length, self.fresh) = (file, length, length);
        self.folder.sync()?;
        Ok(Renewed::Done(whole.revision))
    }

    fn replaced(&self, whole: &Whole) -> io::Result<(File, u64)> {
        let busy = || io::Error::from(ErrorKind::ResourceBusy);
        let fresh = Fresh::beside(&self.path, whole)?.ok_or_else(busy)?;
        // Where it was taken away, another twin may have made its own.
        if self.path.try_exists()? && !is_at(&self.file, &self.path) {
            fresh.discard();
            return Err(busy());
        }
        fresh.moved_to(&self.path)
    }

    /// Its folder cannot be synced any more.
    #[cfg(test)]
    pub(super) fn lose_folder(&mut self) {
        self.folder = Folder::lost();
    }
}

#[cfg(test)]
mod tests {
    use super::{FULL, Kept, Log, Renewed, Stand, StateError, Whole};
    use std::fs::{self, File};
    use std::path::Path;
    use std::sync::Barrier;
    use std::thread;
    use twin_core::store::{Key, Revision, Store, TableName, Written};
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

    fn stand(chance: u64) -> Stand {
        Stand { chance, ..Stand::default() }
    }

    fn reopened(path: &Path) -> Kept {
        Log::open(path).unwrap().1.unwrap()
    }

    fn names(kept: &Kept) -> Vec<String> {
        kept.store.present().iter().map(|write| write.key.name().to_owned()).collect()
    }

    /// A file with two groups of one node each; where it ends before the second.
    fn filled(path: &Path) -> u64 {
        let (mut log, kept) = Log::open(path).unwrap();
        assert!(kept.is_none());
        log.append(stand(7), &[write(1, "a")]).unwrap();
        let end = log.length;
        log.append(stand(7), &[write(2, "b")]).unwrap();
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
            log.append(stand(7), &[write(2, "c")]).unwrap();
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
    fn a_long_group_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let end = usize::try_from(filled(&path)).unwrap();
        let ballast = Value::text("x".repeat(FULL / 2));
        let group: Vec<_> = (3..8)
            .map(|at| {
                let mut write = write(at, &format!("n{at}"));
                write.tree = write.tree.map(|tree| tree.with(&["ballast"], ballast.clone()));
                write
            })
            .collect();
        let (mut log, _) = Log::open(&path).unwrap();
        let begin = usize::try_from(log.length).unwrap();
        log.append(stand(9), &group).unwrap();
        drop(log);
        assert_eq!(reopened(&path).store.present().len(), 7);
        let all = fs::read(&path).unwrap();
        let cuts = [begin, begin + 1, begin + FULL, begin + 2 * FULL, all.len() - 1];
        for cut in cuts {
            fs::write(&path, &all[..cut]).unwrap();
            let kept = reopened(&path);
            assert_eq!((names(&kept).len(), kept.stand.chance), (2, 7), "{cut}");
            assert_eq!(fs::metadata(&path).unwrap().len(), u64::try_from(begin).unwrap());
        }
        // A disk that was lost may have the end of it and not its beginning.
        let mut torn = all.clone();
        torn[begin + 100..begin + 200].fill(0);
        fs::write(&path, &torn).unwrap();
        assert_eq!(names(&reopened(&path)), ["a", "b"]);
        let mut damaged = all;
        damaged[end + 20] ^= 1;
        fs::write(&path, &damaged).unwrap();
        assert!(matches!(Log::open(&path), Err(StateError::Broken { .. })));
    }

    fn whole(store: &Store, chance: u64) -> Whole {
        Whole { revision: store.revision(), stand: stand(chance), objects: store.present() }
    }

    #[test]
    fn a_new_file_takes_the_place_of_a_long_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        filled(&path);
        let (mut log, kept) = Log::open(&path).unwrap();
        let done = log.renew(&whole(&kept.unwrap().store, 20)).unwrap();
        assert!(matches!(done, Renewed::Done(revision) if revision.number() == 2));
        // What was on its way when it was written anew comes once more, and changes nothing.
        log.append(stand(7), &[write(1, "gone")]).unwrap();
        log.append(stand(9), &[write(2, "b")]).unwrap();
        drop(log);
        assert_eq!(reopened(&path).stand.chance, 20);
        let (mut log, _) = Log::open(&path).unwrap();
        log.append(stand(30), &[write(2, "gone"), write(3, "c")]).unwrap();
        assert!(matches!(Log::open(&path), Err(StateError::InUse { .. })));
        drop(log);
        let kept = reopened(&path);
        assert_eq!(names(&kept), ["a", "b", "c"]);
        assert_eq!((kept.store.revision().number(), kept.stand.chance), (3, 30));
    }

    #[test]
    #[cfg_attr(not(target_os = "linux"), ignore = "its /dev/null can be synced")]
    fn what_is_written_after_a_renewal_that_may_be_lost_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        filled(&path);
        let (mut log, kept) = Log::open(&path).unwrap();
        log.lose_folder();
        assert!(log.renew(&whole(&kept.unwrap().store, 20)).is_err());
        log.append(stand(30), &[write(3, "c")]).unwrap();
        drop(log);
        assert_eq!(names(&reopened(&path)), ["a", "b", "c"]);
    }

    #[test]
    fn a_renewal_that_does_not_begin_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        filled(&path);
        let (mut log, kept) = Log::open(&path).unwrap();
        let whole = whole(&kept.unwrap().store, 20);
        let other = folder.path().join("state.new");
        fs::create_dir(&other).unwrap();
        assert!(matches!(log.renew(&whole), Ok(Renewed::Not(_))));
        fs::remove_dir(&other).unwrap();
        // Another process writes there.
        fs::write(&other, "its own").unwrap();
        let its = File::open(&other).unwrap();
        its.lock().unwrap();
        assert!(matches!(log.renew(&whole), Ok(Renewed::Not(_))));
        assert_eq!(fs::read_to_string(&other).unwrap(), "its own");
        drop(its);
        // What nobody writes any more is no obstacle.
        assert!(matches!(log.renew(&whole), Ok(Renewed::Done(_))));
        log.append(stand(30), &[write(3, "c")]).unwrap();
        drop(log);
        assert_eq!(names(&reopened(&path)), ["a", "b", "c"]);
        assert!(!other.exists());
    }

    #[test]
    fn a_first_file_takes_nothing_from_another_twin() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let fresh = folder.path().join("state.new");
        fs::write(&fresh, "its own").unwrap();
        let its = File::open(&fresh).unwrap();
        its.lock().unwrap();
        assert!(matches!(Log::open(&path), Err(StateError::InUse { .. })));
        assert_eq!(fs::read_to_string(&fresh).unwrap(), "its own");
        drop(its);
        filled(&path);
        // It came between a look at the place and the making.
        let before = fs::read(&path).unwrap();
        assert!(matches!(Log::first(&path), Err(StateError::InUse { .. })));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert!(!fresh.exists());
    }

    #[test]
    fn of_those_who_start_at_once_one_has_the_file() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..50 {
            let path = folder.path().join(format!("state{round}"));
            let (path, start) = (&path, &Barrier::new(4));
            let opened: Vec<_> = thread::scope(|scope| {
                let one = || {
                    start.wait();
                    Log::open(path)
                };
                let all: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            });
            let (owners, others): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
            assert_eq!(owners.len(), 1, "{others:?}");
            let are_told = |it: &Result<_, _>| matches!(it, Err(StateError::InUse { .. }));
            assert!(others.iter().all(are_told), "{others:?}");
            for owner in owners {
                owner.unwrap().0.append(stand(1), &[write(1, "a")]).unwrap();
            }
            assert_eq!(names(&reopened(path)), ["a"]);
        }
    }
}
