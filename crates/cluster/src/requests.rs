//! How many requests of which verb were sent.

use http::{Method, Request, Uri};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts requests by verb, as RBAC and the audit log name it.
#[derive(Clone, Debug, Default)]
pub struct Requests(Arc<Mutex<BTreeMap<&'static str, u64>>>);

/// Verbs that change something.
const WRITES: &[&str] = &["create", "update", "patch", "delete"];

/// Groups whose objects are questions.
const REVIEWS: &[&str] = &["/apis/authorization.k8s.io/", "/apis/authentication.k8s.io/"];

impl Requests {
    pub(crate) fn count<B>(&self, request: &Request<B>) {
        let verb = verb(request.method(), request.uri());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(verb).or_default() += 1;
    }

    /// Requests of each verb so far.
    pub fn by_verb(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Requests so far that change something.
    pub fn writes(&self) -> u64 {
        let counts = self.by_verb();
        WRITES.iter().filter_map(|verb| counts.get(verb)).sum()
    }
}

fn verb(method: &Method, uri: &Uri) -> &'static str {
    let query = uri.query().unwrap_or_default();
    match *method {
        // Questions that are posted: nothing is stored.
        Method::POST if REVIEWS.iter().any(|group| uri.path().starts_with(group)) => "review",
        _ if query.contains("dryRun=All") => "dry-run",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ if query.contains("watch=true") || query.contains("watch=1") => "watch",
        _ => "get",
    }
}
