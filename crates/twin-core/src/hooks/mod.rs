//! Admission webhooks: whom to ask about a request, what to ask, and what an answer means.
//!
//! The API is a function and calls nobody. So a request whose fate depends on a webhook has no answer
//! at first, but a [`Question`], and nothing has changed. Who has a network puts it and hands the request
//! in again, with an [`Inquiry`] that holds the answers up to then:
//!
//! ```text
//! request, Inquiry ──▶ api ──▶ nothing yet: Inquiry::question ──▶ somebody asks ─┐
//!                       ▲                                                        │
//!                       └─────────────── Inquiry::answer ◀───────────────────────┘
//!                  ──▶ Response, once nobody is left to ask
//! ```
//!
//! - Each time the request is handled from its beginning, at the same [`Moment`]: so it puts the same
//!   questions, and each is found answered.
//! - If somebody else has changed the object meanwhile, the question is another one. Then the old answer
//!   and those after it are worth nothing, and it is asked anew: what Kubernetes does when its storage
//!   tells it that somebody was faster.
//! - What is written is written in one go with what the last answer allowed. Of many objects that one
//!   request ends each ends when its own webhooks have allowed it.
//! - Without a webhook that means a request this costs two look-ups in a map.
//!
//! Writes of the control plane itself go the same way; see `twin_control::World`. A write with which no
//! `Inquiry` comes asks nobody: what happens to a cluster from outside, and what the API server tells of
//! itself.

mod answer;
mod configured;
#[cfg(test)]
mod tests;

pub use answer::Answer;
pub(crate) use answer::{Heard, heard};
pub(crate) use configured::{Again, Hook, OnDryRun, Sort, Version, hooks};

use crate::api::Moment;
use crate::store::{Object, Revision};
use crate::tree::{Text, Value};
use std::sync::Arc;

/// Where a webhook is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At an address of the world.
    Url(Text),
    /// Behind a Service of the cluster.
    Service { namespace: Text, name: Text, port: u16, path: Text },
}

/// What a webhook is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The webhook's name in its configuration.
    pub webhook: Text,
    pub place: Place,
    /// The certificates of those who may sign its own, as PEM.
    pub authority: Vec<u8>,
    /// How long it may take.
    pub seconds: u8,
    /// An `AdmissionReview` with a request.
    pub review: Value,
}

impl Question {
    /// What is posted to, as messages show it.
    pub fn url(&self) -> String {
        let base = match &self.place {
            Place::Url(url) => url.to_string(),
            Place::Service { namespace, name, port, path } => {
                let slash = if path.starts_with('/') { "" } else { "/" };
                format!("https://{name}.{namespace}.svc:{port}{slash}{path}")
            }
        };
        let mark = if base.contains('?') { '&' } else { '?' };
        format!("{base}{mark}timeout={}s", self.seconds)
    }
}

/// So often an object may change while webhooks are asked about it.
const CHANGES: usize = 100;

/// What webhooks were asked because of one request, and what they answered.
#[derive(Debug, Default)]
pub struct Inquiry {
    moment: Option<Moment>,
    heard: Vec<(Question, Answer)>,
    /// How many answers this handling of the request has used.
    used: usize,
    open: Option<Question>,
    changes: usize,
    /// How many answers had their effect, and are forgotten.
    spent: usize,
    /// What the request has begun to end.
    pub(crate) collection: Option<Collection>,
}

/// Objects that one request ends, each as soon as its own webhooks let it.
#[derive(Debug)]
pub(crate) struct Collection {
    /// As they were when they were found.
    pub(crate) objects: Vec<Arc<Object>>,
    pub(crate) revision: Revision,
    /// So many of them have ended.
    pub(crate) ended: usize,
}

impl Inquiry {
    /// When the request was handled first.
    pub fn moment(&mut self, now: impl FnOnce() -> Moment) -> Moment {
        *self.moment.get_or_insert_with(now)
    }

    /// Who has to be asked before the request can be handled.
    pub fn question(&self) -> Option<&Question> {
        self.open.as_ref()
    }

    /// The answer to the open question.
    pub fn answer(&mut self, answer: Answer) {
        self.heard.extend(self.open.take().map(|question| (question, answer)));
    }

    /// Whether nothing was asked so far.
    pub fn is_fresh(&self) -> bool {
        self.heard.is_empty() && self.open.is_none()
    }

    /// The request is handled from its beginning.
    pub(crate) fn start(&mut self) {
        self.used = 0;
        self.open = None;
    }

    /// The answers of this handling have had their effect: the next one does not put their questions.
    pub(crate) fn use_up(&mut self) {
        self.heard.drain(..self.used);
        self.spent += self.used;
        self.used = 0;
        self.changes = 0;
    }

    /// How many questions were put up to now.
    pub(crate) fn put(&self) -> u64 {
        u64::try_from(self.spent + self.used).unwrap_or(u64::MAX)
    }

    /// The answer, if there is one. Once a question is open nothing else counts.
    pub(crate) fn hear(&mut self, question: Question) -> Option<Answer> {
        if self.open.is_some() {
            return None;
        }
        if let Some((known, answer)) = self.heard.get(self.used) {
            if *known == question {
                self.used += 1;
                return Some(answer.clone());
            }
            self.changes += 1;
        }
        if self.changes > CHANGES {
            return Some(Answer::Unreached("the object changes faster than it can be sent".into()));
        }
        self.heard.truncate(self.used);
        self.open = Some(question);
        None
    }
}
