//! `StatefulSet`s: pods with numbers, each with its own claims.

mod identity;
mod status;
mod steps;

use super::failure::{Failures, REASON};
use super::owner::{Claimant, Owned, wake};
use super::read::{count, is_ending, labels, replicas};
use super::revisions::{POD_REVISION, Revision, Revisions};
use super::telling::warning;
use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{PODS, STATEFUL_SETS};
use identity::ordinal;
use std::collections::{BTreeMap, BTreeSet};
use twin_core::api::Act;
use twin_core::status::Status;
use twin_core::store::{Change, Key, Object, TableName};
use twin_core::tree::Value;

#[derive(Debug, Default)]
pub(super) struct StatefulSets {
    failures: Failures,
}

impl Controller for StatefulSets {
    fn name(&self) -> &'static str {
        "statefulset-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, found: &mut Wake) {
        if *table == STATEFUL_SETS {
            found.key(change.object.key.clone());
        } else if *table == PODS {
            wake(change, "StatefulSet", &STATEFUL_SETS, view, found);
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let failure = self.failures.news(key);
        let Some(object) = view.get(&STATEFUL_SETS, key) else { return outcome };
        if let Some(refused) = failure {
            warning(object, REASON, identity::failed(key, &refused), &mut outcome);
        }
        let Some(claimant) = Claimant::new(object) else { return outcome };
        let claimant = claimant.only(|owner, pod| ordinal(owner, pod).is_some());
        let pods = claimant.claim(view, &PODS, &mut outcome);
        let revisions = Revisions::sync(object, HASH, view, &mut outcome);
        let mut set = Set::new(object, &pods, &revisions, *view, outcome);
        let status = status::status(&mut set);
        if !is_ending(&object.tree) {
            steps::take(&mut set);
        }
        let mut outcome = set.outcome;
        let limit = count(&object.tree, &["spec", "revisionHistoryLimit"]);
        let current = status.str_at(&["currentRevision"]).unwrap_or_default();
        let mut live: BTreeSet<_> = pods.iter().map(|pod| revision_of(&pod.tree)).collect();
        live.insert(current);
        revisions.clean_up(limit, &live, &mut outcome);
        outcome.update_status(STATEFUL_SETS, key, object.tree.with(&["status"], status.clone()));
        outcome
    }

    fn refused(&mut self, key: &Key, act: &Act, why: &Status) {
        self.failures.note(key, act, why);
    }
}

/// The label of a revision that carries its hash.
const HASH: &str = "controller.kubernetes.io/hash";

/// The name of the revision that a pod is of.
fn revision_of(pod: &Value) -> &str {
    labels(pod).and_then(|labels| labels.get(POD_REVISION)?.as_str()).unwrap_or_default()
}

/// How much at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    OrderedReady,
    Parallel,
}

/// A set, read.
#[derive(Debug)]
struct Set<'a> {
    object: &'a Object,
    /// Pods by their numbers.
    pods: BTreeMap<i64, &'a Owned>,
    revisions: &'a Revisions,
    /// The revision that all pods had before the present rollout.
    current: Revision,
    policy: Policy,
    start: i64,
    replicas: i64,
    min_ready: i64,
    view: View<'a>,
    outcome: Outcome,
}

impl<'a> Set<'a> {
    fn new(
        object: &'a Object,
        pods: &'a [Owned],
        revisions: &'a Revisions,
        view: View<'a>,
        outcome: Outcome,
    ) -> Self {
        let tree = &object.tree;
        let current = tree.str_at(&["status", "currentRevision"]).unwrap_or_default();
        let current = revisions.named(current).unwrap_or(&revisions.update).clone();
        let parallel = tree.str_at(&["spec", "podManagementPolicy"]) == Some("Parallel");
        let numbered = pods.iter().filter_map(|pod| Some((ordinal(&object.key, &pod.key)?, pod)));
        Self {
            object,
            pods: numbered.collect(),
            revisions,
            current,
            policy: if parallel { Policy::Parallel } else { Policy::OrderedReady },
            start: count(tree, &["spec", "ordinals", "start"]),
            replicas: replicas(tree),
            min_ready: count(tree, &["spec", "minReadySeconds"]),
            view,
            outcome,
        }
    }

    /// Whether a pod of this number is wanted.
    fn wants(&self, ordinal: i64) -> bool {
        (self.start..self.start + self.replicas).contains(&ordinal)
    }

    /// Pods below this number keep the old template.
    fn partition(&self) -> i64 {
        self.start
            + count(&self.object.tree, &["spec", "updateStrategy", "rollingUpdate", "partition"])
    }

    fn rolls(&self) -> bool {
        self.object.tree.str_at(&["spec", "updateStrategy", "type"]) != Some("OnDelete")
    }
}

#[cfg(test)]
mod tests;
