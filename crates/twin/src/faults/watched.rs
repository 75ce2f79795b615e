//! Faults of the events of a watch.
//!
//! A client that was not told of an event, and goes on from a later one, never learns of it: it owes
//! a new list. The debt is paid with 410, on this watch or on the next one of the same path.

use super::events::{Event, Lines, Meaning, expired};
use super::{Dice, Events, Fault, Pen};
use crate::service::TwinBody;
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use http_body::Frame;
use http_body_util::{BodyExt, BodyStream, StreamBody};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::{Instant, sleep, sleep_until};

/// Paths of which a client has missed something.
#[derive(Clone, Debug, Default)]
pub(super) struct Debts(Arc<Mutex<BTreeMap<String, u32>>>);

impl Debts {
    fn paths(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one debt of a path away; whether there was one.
    pub(super) fn pay(&self, path: &str) -> bool {
        let mut paths = self.paths();
        let Some(count) = paths.get_mut(path) else { return false };
        *count -= 1;
        if *count == 0 {
            paths.remove(path);
        }
        true
    }

    pub(super) fn at(&self, path: String) -> Account {
        Account { debts: self.clone(), path }
    }
}

/// The debts of one path.
#[derive(Debug)]
pub(super) struct Account {
    debts: Debts,
    path: String,
}

/// An event that others may overtake.
#[derive(Debug)]
struct Held {
    event: Event,
    until: Instant,
}

/// A watch on its way to the client.
struct Line {
    body: BodyStream<TwinBody>,
    lines: Lines,
    /// What came and was not looked at.
    come: VecDeque<Event>,
    held: VecDeque<Held>,
    /// What goes out next.
    ready: VecDeque<Bytes>,
    /// When a missed event is noticed.
    expires: Option<Instant>,
    stage: Stage,
    faults: Events,
    dice: Dice,
    pen: Pen,
    account: Account,
}

/// How far a watch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    /// What is ready goes out, then it ends.
    Ends,
}

/// The body of a watch with faults; one that is owed is over at once.
pub(super) fn watched(
    body: TwinBody,
    faults: Events,
    dice: Dice,
    pen: Pen,
    account: Account,
    owed: bool,
) -> TwinBody {
    let mut line = Line {
        body: BodyStream::new(body),
        lines: Lines::default(),
        come: VecDeque::new(),
        held: VecDeque::new(),
        ready: VecDeque::new(),
        expires: None,
        stage: Stage::Open,
        faults,
        dice,
        pen,
        account,
    };
    if owed {
        line.expire();
    }
    let frames = stream::unfold(line, |mut line| async move {
        let bytes = line.next().await?;
        Some((Ok(Frame::data(bytes)), line))
    });
    StreamBody::new(frames).boxed_unsync()
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.expires.is_some() || !self.held.is_empty() {
            *self.account.debts.paths().entry(self.account.path.clone()).or_default() += 1;
        }
    }
}

/// What happened next.
enum Next {
    Came(Event),
    /// It is time for something that waits.
    Due,
    Ended,
}

impl Line {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(line);
            }
            if self.stage == Stage::Ends {
                return None;
            }
            match self.wait().await {
                Next::Came(event) => self.take(event).await,
                Next::Due => self.due(),
                Next::Ended => self.end(),
            }
        }
    }

    async fn wait(&mut self) -> Next {
        loop {
            if let Some(event) = self.come.pop_front() {
                return Next::Came(event);
            }
            let due = self.held.iter().map(|held| held.until).chain(self.expires).min();
            let due = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = due => return Next::Due,
                frame = self.body.next() => match frame {
                    Some(Ok(frame)) => {
                        let bytes = frame.into_data().unwrap_or_default();
                        self.lines.take(&bytes, &mut self.come);
                    }
                    Some(Err(never)) => match never {},
                    None => return Next::Ended,
                },
            }
        }
    }

    /// Lets those go that waited long enough.
    fn due(&mut self) {
        let now = Instant::now();
        self.let_go(|held| held.until <= now);
        if self.expires.is_some_and(|at| at <= now) {
            self.expire();
        }
    }

    fn let_go(&mut self, whom: impl Fn(&Held) -> bool) {
        let (go, stay): (VecDeque<_>, _) = self.held.drain(..).partition(whom);
        self.held = stay;
        self.ready.extend(go.into_iter().map(|held| held.event.line));
    }

    /// The watch is over, and the client has to list.
    fn expire(&mut self) {
        self.pen.note(Fault::Expired, self.account.path.clone());
        self.held.clear();
        self.expires = None;
        self.ready.push_back(expired());
        self.stage = Stage::Ends;
    }

    fn end(&mut self) {
        self.let_go(|_| true);
        self.stage = Stage::Ends;
        if self.expires.is_some() {
            self.expire();
        }
    }

    async fn take(&mut self, event: Event) {
        match &event.meaning {
            Meaning::Object(object) => {
                // One object's events stay in their order.
                let same = Meaning::Object(object.clone());
                self.let_go(|held| held.event.meaning == same);
                self.pass(event).await;
            }
            // It says how far the client is: that is not true if it missed something.
            Meaning::Bookmark if self.expires.is_some() => {}
            Meaning::Bookmark | Meaning::InitialEnd => {
                self.let_go(|_| true);
                self.ready.push_back(event.line);
            }
            Meaning::Error => {
                self.let_go(|_| true);
                // It has to list anyway.
                self.expires = None;
                self.ready.push_back(event.line);
                self.stage = Stage::Ends;
            }
        }
    }

    /// An event of an object, with what happens to it.
    async fn pass(&mut self, event: Event) {
        let Events { delayed, dropped, doubled, overtaken, cut } = self.faults.clone();
        let [delay, drop, double, overtake, cut] =
            [delayed.0, dropped.0, doubled, overtaken.0, cut].map(|often| self.dice.hits(often));
        let (late, apart) = (self.dice.within(delayed.1), self.dice.within(overtaken.1));
        let note = |fault| self.pen.note(fault, event.title.clone());
        if delay {
            note(Fault::Delayed(late));
            sleep(late).await;
        }
        if drop {
            note(Fault::Dropped);
            let noticed = Instant::now() + dropped.1;
            self.expires = Some(self.expires.map_or(noticed, |known| known.min(noticed)));
        } else if overtake {
            note(Fault::Overtaken);
            self.held.push_back(Held { event: event.clone(), until: Instant::now() + apart });
        } else {
            if double {
                note(Fault::Doubled);
                self.ready.push_back(event.line.clone());
            }
            self.ready.push_back(event.line.clone());
        }
        if cut {
            self.pen.note(Fault::Cut, event.title);
            self.stage = Stage::Ends;
        }
    }
}
