//! Writes that one look of a controller led to, and what they wait for.
//!
//! Most are done at once. Where a webhook has a say, the rest of a look waits until it has answered, and
//! meanwhile nobody looks at the same key: a controller that does not see its last pod yet would make
//! another one. All others go on.

use crate::controller::Outcome;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use twin_core::api::{Act, Deed};
use twin_core::hooks::{Answer, Inquiry, Question};
use twin_core::status::{Reason, Status};
use twin_core::store::{Key, Object, Store};

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
    /// What each act means, in their order, once one of them has waited: others write meanwhile.
    meant: Option<VecDeque<Meant>>,
}

/// The object of an act, as who decided on it knew it; none, if there was none.
type Meant = Option<Arc<Object>>;

impl Errand {
    pub(crate) fn new(work: Work, mut outcome: Outcome) -> Self {
        let acts = std::mem::take(&mut outcome.acts).into();
        let inquiry = Inquiry::default();
        Self { work, acts, rest: outcome, refused: BTreeSet::new(), inquiry, meant: None }
    }

    /// The first act is done, or will not be.
    pub(crate) fn next(&mut self) -> Option<Act> {
        self.inquiry = Inquiry::default();
        self.meant.as_mut().and_then(VecDeque::pop_front);
        self.acts.pop_front()
    }

    /// The first act is done. What it left is what others of this look mean.
    pub(crate) fn done(&mut self, store: &Store) {
        let (Some(done), Some(meant)) = (self.next(), &mut self.meant) else { return };
        for (act, meant) in self.acts.iter().zip(meant) {
            if act.key == done.key && act.table == done.table {
                *meant = object(act, store);
            }
        }
    }

    /// An act whose object somebody else has changed while this look waited, or that is another one
    /// under the same name: who decided on it did not know that.
    pub(crate) fn overtaken(&self, store: &Store) -> Option<Status> {
        let act = self.acts.front()?;
        let meant = self.meant.as_ref()?.front()?;
        let there = store.get(&act.table, &act.key);
        let is_other = match act.deed {
            Deed::Create(_) | Deed::Tell(_) => false,
            Deed::Update(_) | Deed::UpdateStatus(_) => {
                let revision = |it: &Arc<Object>| it.revision;
                there.map(revision) != meant.as_ref().map(revision)
            }
            // One that is gone is nobody's.
            Deed::Patch { .. } | Deed::Bind(_) | Deed::Delete(_) | Deed::Remove => {
                there.is_some_and(|there| meant.as_ref().is_none_or(|it| uid(it) != uid(there)))
            }
        };
        is_other.then(|| Status::new(Reason::Conflict, "the object has been modified"))
    }
}

fn object(act: &Act, store: &Store) -> Meant {
    store.get(&act.table, &act.key).cloned()
}

fn uid(object: &Object) -> &str {
    object.tree.str_at(&["metadata", "uid"]).unwrap_or_default()
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
        let acts = errand.acts.iter();
        errand.meant.get_or_insert_with(|| acts.map(|act| object(act, store)).collect());
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
