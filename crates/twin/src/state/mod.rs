//! A state that outlives its process: every write lies in a file before anybody is told of it.
//!
//! The world hands over what was written, under its lock and so in order; one task writes all that
//! has gathered as one group, syncs the disk once, and lets go the answers that waited for it.
//! Answers to reads and frames of watches wait as well: nobody sees what a lost disk could take back.

mod format;
mod frames;
mod fresh;
mod log;
mod reading;
#[cfg(test)]
mod tests;

use crate::Shared;
use crate::told::Told;
pub(crate) use format::Stand;
use fresh::Whole;
use log::{Log, Renewed};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use twin_core::store::{Expired, Revision, Store, Written};

/// What a file held.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) store: Store,
    pub(crate) stand: Stand,
}

/// Why there is no state in a file.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StateError {
    /// The disk said no.
    #[error("cannot {doing} {}", path.display())]
    Disk {
        /// A verb, such as `write`.
        doing: &'static str,
        /// Of what.
        path: PathBuf,
        /// Its words.
        source: Arc<io::Error>,
    },
    /// It is a file of something else, or of a version that is not known.
    #[error("{} is no state of a twin", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// A part in its middle cannot be read.
    #[error("{} is damaged at byte {at}", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// Where what can be read ends.
        at: u64,
    },
    /// Another process has it.
    #[error("{} belongs to a twin that runs", path.display())]
    InUse {
        /// Which file.
        path: PathBuf,
    },
    /// Who wrote it has ended before its time.
    #[error("the state is not kept any more")]
    Ended,
}

impl StateError {
    fn disk(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Disk { doing, path: path.to_owned(), source: Arc::new(source) }
    }

    fn in_use(path: &Path) -> Self {
        Self::InUse { path: path.to_owned() }
    }
}

/// How far the file is.
type Progress = Result<Revision, StateError>;

/// Hands over to the task that writes.
#[derive(Debug)]
pub(crate) struct Journal {
    entries: mpsc::UnboundedSender<Entry>,
    progress: Arc<Told<Progress>>,
}

/// What happened between two looks at the world.
#[derive(Debug)]
enum Entry {
    Writes {
        stand: Stand,
        writes: Vec<Written>,
    },
    /// More than the history of a table holds.
    TooMuch,
    /// Nothing more is to be kept.
    End,
}

/// So many writes go into one group, and then those that came with the last of them.
const BATCH: usize = 10_000;

/// A file that is open, and what nobody writes there yet.
#[derive(Debug)]
pub(crate) struct Opened {
    log: Arc<Mutex<Log>>,
    path: PathBuf,
}

/// Opens a file, and gives what it holds.
pub(crate) fn open(path: &Path) -> Result<(Opened, Option<Kept>), StateError> {
    let (log, kept) = Log::open(path)?;
    Ok((Opened { log: Arc::new(Mutex::new(log)), path: path.to_owned() }, kept))
}

/// What the task needs to begin.
#[derive(Debug)]
pub(crate) struct Keeper {
    opened: Opened,
    entries: mpsc::UnboundedReceiver<Entry>,
    progress: Arc<Told<Progress>>,
}

impl Journal {
    /// A journal that starts at a version, and who writes it.
    pub(crate) fn new(opened: Opened, revision: Revision) -> (Self, Keeper) {
        let (sender, entries) = mpsc::unbounded_channel();
        let progress = Arc::new(Told::new(Ok(revision)));
        let keeper = Keeper { opened, entries, progress: progress.clone() };
        (Self { entries: sender, progress }, keeper)
    }

    /// Takes what was written after a version.
    pub(crate) fn take(&self, store: &Store, after: Revision, stand: Stand) {
        let entry = match store.written(after) {
            Ok(writes) => Entry::Writes { stand, writes },
            Err(Expired { .. }) => Entry::TooMuch,
        };
        // Nobody takes it any more after an error, which everybody is told.
        let _ = self.entries.send(entry);
    }

    /// Waits until all up to this version is in the file.
    pub(crate) fn reach(
        &self,
        revision: Revision,
    ) -> impl Future<Output = Result<(), StateError>> + Send + 'static {
        let progress = self.progress.clone();
        async move {
            let reached = |progress: &Progress| match progress {
                Ok(reached) => (*reached >= revision).then_some(Ok(())),
                Err(error) => Some(Err(error.clone())),
            };
            progress.until(reached).await
        }
    }

    /// Lets go of the file, when what was written up to now is in there.
    pub(crate) async fn close(&self) -> Result<(), StateError> {
        let _ = self.entries.send(Entry::End);
        match self.failure().await {
            StateError::Ended => Ok(()),
            error => Err(error),
        }
    }

    /// Waits until the file is not written any more.
    pub(crate) fn failure(&self) -> impl Future<Output = StateError> + Send + 'static {
        let progress = self.progress.clone();
        async move { progress.until(|progress| progress.as_ref().err().cloned()).await }
    }
}

impl Keeper {
    /// Writes for as long as there is a twin, or until it cannot.
    pub(crate) async fn keep(self, twin: Weak<Shared>) {
        let Self { opened, entries, progress } = self;
        let end = opened.write_all(entries, &progress, &twin).await;
        // Whoever is told that it has ended may open the file.
        drop(opened);
        progress.tell(|progress| *progress = Err(end));
    }
}

/// What has gathered.
#[derive(Debug)]
struct Batch {
    writes: Vec<Written>,
    stand: Stand,
    /// What came last, if that is something else.
    last: Option<Entry>,
}

impl Batch {
    fn gathered(first: Entry, entries: &mut mpsc::UnboundedReceiver<Entry>) -> Self {
        let mut batch = Self { writes: Vec::new(), stand: Stand::default(), last: None };
        let mut next = Some(first);
        while let Some(entry) = next {
            let Entry::Writes { stand, writes } = entry else {
                batch.last = Some(entry);
                break;
            };
            batch.writes.extend(writes);
            batch.stand = stand;
            next = if batch.writes.len() < BATCH { entries.try_recv().ok() } else { None };
        }
        batch
    }
}

impl Opened {
    /// Writes what comes, until nothing comes any more or it cannot.
    async fn write_all(
        &self,
        mut entries: mpsc::UnboundedReceiver<Entry>,
        progress: &Told<Progress>,
        twin: &Weak<Shared>,
    ) -> StateError {
        while let Some(first) = entries.recv().await {
            let batch = Batch::gathered(first, &mut entries);
            let is_last = matches!(batch.last, Some(Entry::End));
            match self.written(batch, twin).await {
                Ok(Some(revision)) => progress.tell(|progress| *progress = Ok(revision)),
                Ok(None) => {}
                Err(error) => return error,
            }
            if is_last {
                break;
            }
            // What does not fit anew can still grow, as long as the old file is whole.
            if held(&self.log).has_grown()
                && let Err(error) = self.renew(twin).await
            {
                return error;
            }
        }
        StateError::Ended
    }

    /// Writes what has gathered; gives how far the file is then.
    async fn written(
        &self,
        Batch { writes, stand, last }: Batch,
        twin: &Weak<Shared>,
    ) -> Result<Option<Revision>, StateError> {
        let revision = writes.last().map(|write| write.revision);
        if revision.is_some() {
            self.write(move |log| log.append(stand, &writes)).await?;
        }
        if !matches!(last, Some(Entry::TooMuch)) {
            return Ok(revision);
        }
        match self.renew(twin).await? {
            Some(Renewed::Done(revision)) => Ok(Some(revision)),
            Some(Renewed::Not(source)) => Err(self.unwritten(source)),
            None => Ok(None),
        }
    }

    /// Writes the file anew, with all that there is.
    async fn renew(&self, twin: &Weak<Shared>) -> Result<Option<Renewed>, StateError> {
        let whole = twin.upgrade().map(|shared| {
            let world = shared.world();
            let store = world.api().store();
            let (revision, objects) = (store.revision(), store.present());
            Whole { revision, stand: shared.stand(&world), objects }
        });
        // Nobody waits for what a twin wrote that is gone.
        let Some(whole) = whole else { return Ok(None) };
        self.write(move |log| log.renew(&whole)).await.map(Some)
    }

    /// On a thread that may wait; where time is paused, it stands still meanwhile.
    async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Log) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StateError> {
        let log = self.log.clone();
        let done = spawn_blocking(move || act(&mut held(&log))).await;
        let done = done.unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
        done.map_err(|source| self.unwritten(source))
    }

    fn unwritten(&self, source: io::Error) -> StateError {
        StateError::disk("write", &self.path, source)
    }
}

fn held(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}
