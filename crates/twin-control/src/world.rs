//! The wheel: changes wake controllers, controllers write, writes are changes.

use crate::controller::{Controller, View, Wake};
pub use crate::errand::Ticket;
use crate::errand::{Errand, Errands, Work};
use crate::events::Event;
use crate::scaling::metrics;
use crate::tables;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use twin_core::api::{Act, Api, Deed, Method, Moment, Request, Response};
use twin_core::hooks::{Answer, Inquiry, Question};
use twin_core::store::{Change, ChangeKind, Key, Lookup, Revision, Store, TableName};
use twin_core::time::Timestamp;

/// A refused write is tried again after this time.
const RETRY: Duration = Duration::from_secs(5);
/// More looks and writes than this are not taken in one go, so that requests get their turn.
const STEPS: usize = 1_000;

/// An API with controllers that keep it in motion.
#[derive(Debug, Default)]
pub struct World {
    api: Api,
    controllers: Vec<Box<dyn Controller>>,
    due: BTreeSet<(Timestamp, Work)>,
    /// The time at which each is due, to move it forward.
    when: Lookup<Work, Timestamp>,
    /// What the controllers have been told.
    seen: Revision,
    seed: u64,
    errands: Errands,
}

impl World {
    /// A world whose uids and names follow from the seed.
    pub fn new(controllers: Vec<Box<dyn Controller>>, seed: u64) -> Self {
        let seed = seed.wrapping_mul(0x1_0000_0001);
        Self { seed, ..Self::over(Api::default(), controllers) }
    }

    /// A world that goes on from what is kept of an earlier one: its store, and its [chance].
    ///
    /// [chance]: Self::chance
    pub fn restored(
        store: Store,
        controllers: Vec<Box<dyn Controller>>,
        chance: u64,
        now: Timestamp,
    ) -> Self {
        let api = Api::over(store, Moment { now, seed: chance });
        let mut world = Self { seed: chance, ..Self::over(api, controllers) };
        let store = world.api.store();
        let all = tables::ALL.iter();
        let all = all.flat_map(|table| store.arrivals(table).map(move |it| (table.clone(), it)));
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(_, change)| change.object.revision);
        world.tell_of(&all, now);
        world
    }

    fn over(mut api: Api, controllers: Vec<Box<dyn Controller>>) -> Self {
        // Metrics come from a component beside the API server, as the controllers do; so do accounts.
        if !controllers.is_empty() {
            metrics::serve(&mut api);
            api.give_accounts();
        }
        Self { api, controllers, ..Self::default() }
    }

    /// Where the next names and uids come from.
    pub fn chance(&self) -> u64 {
        self.seed
    }

    /// The API, to look at.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Forgets the past: watches and pages from before expire.
    pub fn compact(&mut self, now: Timestamp) {
        // Controllers learn from the past what changed.
        self.tell(now);
        self.api.compact();
    }

    /// Answers a request.
    pub fn handle(&mut self, request: &Request<'_>, now: Timestamp) -> Response {
        self.handle_late(request, 0, now)
    }

    /// Answers a read as an API server does that is so many versions behind.
    pub fn handle_late(&mut self, request: &Request<'_>, behind: u64, now: Timestamp) -> Response {
        if let Some(response) = self.metered(request, now) {
            return response;
        }
        let moment = self.moment(now);
        match behind {
            0 => self.api.handle(request, moment),
            _ => self.api.handle_late(request, behind, moment),
        }
    }

    /// The answer of the component that knows how much pods use, if it is asked.
    fn metered(&self, request: &Request<'_>, now: Timestamp) -> Option<Response> {
        if self.controllers.is_empty() {
            return None;
        }
        metrics::answer(request, &View { store: self.api.store(), now })
    }

    /// Answers a request as far as webhooks let it; none, if one has to be asked first: see
    /// [`twin_core::hooks`].
    pub fn handle_asking(
        &mut self,
        request: &Request<'_>,
        behind: u64,
        now: Timestamp,
        inquiry: &mut Inquiry,
    ) -> Option<Response> {
        if request.method == Method::Get {
            return Some(self.handle_late(request, behind, now));
        }
        if let Some(response) = self.metered(request, now) {
            return Some(response);
        }
        let moment = inquiry.moment(|| self.moment(now));
        self.api.handle_asking(request, behind, moment, inquiry)
    }

    /// Does a write in somebody's name, about which nobody is asked.
    ///
    /// # Errors
    /// The `Status` that a client would get.
    pub fn act(
        &mut self,
        name: &str,
        act: &Act,
        now: Timestamp,
    ) -> Result<(), twin_core::status::Status> {
        let moment = self.moment(now);
        self.api.act(name, act, moment).map(drop)
    }

    /// Does what is due at this time, and says when something is due again: now, if this was only a
    /// part of it, and never, if nothing is until somebody writes.
    ///
    /// It goes in rounds: all that is due is looked at before the changes of the round wake anybody, so
    /// that a set of a thousand pods is counted once for all that happens to them at one time.
    pub fn settle(&mut self, now: Timestamp) -> Option<Timestamp> {
        let mut left = STEPS;
        loop {
            self.tell(now);
            let round = self.take_due(now, left);
            if round.is_empty() {
                return self.due.first().map(|(time, _)| (*time).max(now));
            }
            for work in &round {
                left = left.saturating_sub(1 + self.look(work, now));
            }
        }
    }

    /// What is due by now, in the order of controllers and keys; no more than `most`.
    fn take_due(&mut self, now: Timestamp, most: usize) -> Vec<Work> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some((time, _)) = self.due.first()
            && *time <= now
        {
            let Some((_, work)) = self.due.pop_first() else { break };
            self.when.remove(&work);
            if !self.errands.puts_off(&work) {
                taken.push(work);
            }
        }
        taken
    }

    fn moment(&mut self, now: Timestamp) -> Moment {
        self.seed = self.seed.wrapping_add(1);
        Moment { now, seed: self.seed }
    }

    /// Tells the controllers what has changed since the last time.
    fn tell(&mut self, now: Timestamp) {
        let store = self.api.store();
        if store.revision() == self.seen {
            return;
        }
        let mut changes: Vec<(TableName, Arc<Change>)> = Vec::new();
        for table in tables::ALL {
            // What is no longer known was told before, or it was told by what came after.
            let Ok(new) = store.changes(table, self.seen) else { continue };
            changes.extend(new.map(|change| (table.clone(), change.clone())));
        }
        changes.sort_by_key(|(_, change)| change.object.revision);
        self.tell_of(&changes, now);
    }

    fn tell_of(&mut self, changes: &[(TableName, Arc<Change>)], now: Timestamp) {
        let store = self.api.store();
        self.seen = store.revision();
        let view = View { store, now };
        let mut wakes: Vec<_> = self.controllers.iter().map(|_| Wake::default()).collect();
        // One change after the other: what all controllers look at is near then.
        for (table, change) in changes {
            for (controller, wake) in self.controllers.iter_mut().zip(&mut wakes) {
                controller.woken(change, table, &view, wake);
            }
        }
        let gone = changes
            .iter()
            .filter(|(table, change)| *table == tables::PODS && change.kind == ChangeKind::Deleted);
        for (_, change) in gone {
            let uid = change.object.tree.str_at(&["metadata", "uid"]).unwrap_or_default();
            self.api.forget_logs(uid);
        }
        let wakes = wakes.into_iter().enumerate();
        let woken = wakes.flat_map(|(place, wake)| wake.0.into_iter().map(move |key| (place, key)));
        for work in woken {
            self.schedule(work, now);
        }
    }

    /// Looks at it at this time, or earlier if that was planned.
    fn schedule(&mut self, work: Work, at: Timestamp) {
        match self.when.get(&work) {
            Some(known) if *known <= at => return,
            Some(known) => {
                self.due.remove(&(*known, work.clone()));
            }
            None => {}
        }
        self.when.insert(work.clone(), at);
        self.due.insert((at, work));
    }

    /// Looks, and says how many writes that led to.
    fn look(&mut self, work: &Work, now: Timestamp) -> usize {
        let controller = &mut self.controllers[work.0];
        let outcome = controller.reconcile(&work.1, &View { store: self.api.store(), now });
        let writes = outcome.acts.len() + outcome.events.len();
        self.carry_out(Errand::new(work.clone(), outcome), now);
        writes
    }

    /// Does what is left of an errand, up to a write about which a webhook has to be asked.
    fn carry_out(&mut self, mut errand: Errand, now: Timestamp) {
        let work = errand.work.clone();
        let name = self.controllers[work.0].name();
        while let Some(act) = errand.acts.front() {
            let moment = errand.inquiry.moment(|| self.moment(now));
            let done = match errand.overtaken(self.api.store()) {
                Some(status) => Some(Err(status)),
                None => self.api.act_asking(name, act, moment, &mut errand.inquiry),
            };
            match done {
                None => return self.errands.wait(errand, self.api.store()),
                Some(Err(why)) => {
                    self.controllers[work.0].refused(&work.1, act, &why);
                    errand.refused.insert(act.key.clone());
                    errand.next();
                }
                Some(Ok(_)) => errand.done(self.api.store()),
            }
        }
        self.finish(errand, now);
    }

    fn finish(&mut self, errand: Errand, now: Timestamp) {
        let name = self.controllers[errand.work.0].name();
        let is_true =
            |event: &&Event| event.made().is_none_or(|made| !errand.refused.contains(made));
        for event in errand.rest.events.iter().filter(is_true) {
            let moment = self.moment(now);
            let object = event.object(name, now, moment.seed);
            let key = Key::new(event.namespace(), "");
            let act = Act { table: tables::EVENTS, key, deed: Deed::Tell(object) };
            // An event whose namespace is going has nobody to read it.
            let _ = self.api.act(name, &act, moment);
        }
        errand.rest.logs.into_iter().for_each(|log| self.api.keep_log(log));
        let again = errand
            .rest
            .again
            .into_iter()
            .chain((!errand.refused.is_empty()).then_some(RETRY))
            .min();
        if let Some(after) = again {
            self.schedule(errand.work, now.plus(after));
        }
    }

    /// What webhooks have to be asked because of the control plane's own writes; each once, and not more
    /// than so many.
    pub fn questions(&mut self, most: usize) -> Vec<(Ticket, Question)> {
        self.errands.questions(most)
    }

    /// A webhook's answer: the write that waited for it goes on.
    pub fn answered(&mut self, ticket: Ticket, answer: Answer, now: Timestamp) {
        let Some((errand, is_due)) = self.errands.take(ticket, answer) else { return };
        let work = errand.work.clone();
        self.carry_out(errand, now);
        if is_due {
            self.schedule(work, now);
        }
    }
}

#[cfg(test)]
mod tests;
