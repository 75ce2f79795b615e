//! Writes that one look of a controller led to, and what they wait for.
//!
//! Most are done at once. Where a webhook has a say, the rest of a look waits until it has answered, and
//! meanwhile nobody looks at the same key: a controller that does not see its last pod yet would make
//! another one. All others go on.

use crate::controller::Outcome;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use twin_core::api::{Act, Deed};
use twin_core::hooks::{Answer, Inquiry, Question};
use twin_core::status::{Reason, Status};
use twin_core::store::{Key, Revision, Store};

/// Which controller, by its place, and what it should look at.
pub(crate) type Work = (usize, Key);

/// A write that waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// What one look led to, as far as it is not done.
#[derive(Debug)]
pub(crate) struct Errand {
    pub(crate) work: Work,
    pub(crate) acts: VecDeque<Act>,
    /// All but the acts.
    pub(crate) rest: Outcome,
    /// Objects of acts that were refused.
    pub(crate) refused: BTreeSet<Key>,
    /// Of the first act.
    pub(crate) inquiry: Inquiry,
    /// What the first act was meant for when it began to wait.
    meant: Option<Revision>,
}

impl Errand {
    pub(crate) fn new(work: Work, mut outcome: Outcome) -> Self {
        let acts = std::mem::take(&mut outcome.acts).into();
        let inquiry = Inquiry::default();
        Self { work, acts, rest: outcome, refused: BTreeSet::new(), inquiry, meant: None }
    }

    /// The first act is done.
    pub(crate) fn next(&mut self) {
        self.acts.pop_front();
        self.inquiry = Inquiry::default();
        self.meant = None;
    }

    /// A replacement that waited, and whose object somebody else has changed meanwhile: who decided on it
    /// knew another one.
    pub(crate) fn overtaken(&self, store: &Store) -> Option<Status> {
        let act = self.acts.front().filter(|_| !self.inquiry.is_fresh())?;
        let replaces = matches!(act.deed, Deed::Update(_) | Deed::UpdateStatus(_));
        let is_other = replaces && revision(act, store) != self.meant;
        is_other.then(|| Status::new(Reason::Conflict, "the object has been modified"))
    }
}

fn revision(act: &Act, store: &Store) -> Option<Revision> {
    store.get(&act.table, &act.key).map(|object| object.revision)
}

/// All that waits.
#[derive(Debug, Default)]
pub(crate) struct Errands {
    waiting: BTreeMap<Ticket, Errand>,
    /// Whose question nobody has taken yet.
    unasked: VecDeque<Ticket>,
    busy: BTreeSet<Work>,
    /// What should be looked at as soon as its errand is done.
    due: BTreeSet<Work>,
    last: u64,
}

impl Errands {
    /// Whether this has to wait for an errand of its own.
    pub(crate) fn puts_off(&mut self, work: &Work) -> bool {
        let is_busy = self.busy.contains(work);
        if is_busy {
            self.due.insert(work.clone());
        }
        is_busy
    }

    pub(crate) fn wait(&mut self, mut errand: Errand, store: &Store) {
        if let Some(act) = errand.acts.front() {
            errand.meant = revision(act, store);
        }
        self.last += 1;
        let ticket = Ticket(self.last);
        self.unasked.push_back(ticket);
        self.busy.insert(errand.work.clone());
        self.waiting.insert(ticket, errand);
    }

    pub(crate) fn questions(&mut self, most: usize) -> Vec<(Ticket, Question)> {
        let tickets = self.unasked.drain(..most.min(self.unasked.len()));
        let question = |ticket| {
            let errand: &Errand = self.waiting.get(&ticket)?;
            Some((ticket, errand.inquiry.question()?.clone()))
        };
        tickets.filter_map(question).collect()
    }

    /// An errand that goes on, and whether it should be looked at again afterwards.
    pub(crate) fn take(&mut self, ticket: Ticket, answer: Answer) -> Option<(Errand, bool)> {
        let mut errand = self.waiting.remove(&ticket)?;
        errand.inquiry.answer(answer);
        self.busy.remove(&errand.work);
        let is_due = self.due.remove(&errand.work);
        Some((errand, is_due))
    }
}
