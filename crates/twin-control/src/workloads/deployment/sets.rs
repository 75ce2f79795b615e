//! A Deployment and its `ReplicaSets`, read.

use crate::controller::{Outcome, View};
use crate::tables::REPLICA_SETS;
use crate::workloads::owner::{Owned, TEMPLATE_HASH};
use crate::workloads::read::{annotation, count, created, int, replicas};
use crate::workloads::share::{Rounding, Share};
use crate::workloads::telling::normal;
use twin_core::store::{Key, Object};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// How many replicas the Deployment wanted when the set was scaled.
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
/// How many pods there could be at most.
const MOST: &str = "deployment.kubernetes.io/max-replicas";

/// What a Deployment wants, in numbers.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) replicas: i64,
    pub(super) paused: bool,
    pub(super) recreates: bool,
    pub(super) surge: i64,
    pub(super) unavailable: i64,
    pub(super) min_ready: i64,
    pub(super) history: Option<i64>,
    /// Seconds without progress after which it counts as stuck.
    pub(super) deadline: Option<i64>,
}

impl Spec {
    pub(super) fn new(tree: &Value) -> Self {
        let replicas = replicas(tree);
        let recreates = tree.str_at(&["spec", "strategy", "type"]) == Some("Recreate");
        let share = |field: &str, rounding| {
            let share = tree.at(&["spec", "strategy", "rollingUpdate", field]);
            Share::read(share).of(replicas, rounding)
        };
        let surge = share("maxSurge", Rounding::Up);
        let mut unavailable = share("maxUnavailable", Rounding::Down);
        if surge == 0 && unavailable == 0 {
            unavailable = 1;
        }
        Self {
            replicas,
            paused: tree.at(&["spec", "paused"]).and_then(Value::as_bool) == Some(true),
            recreates,
            surge: if recreates { 0 } else { surge },
            unavailable: if recreates { 0 } else { unavailable.min(replicas) },
            min_ready: count(tree, &["spec", "minReadySeconds"]),
            history: int(tree, &["spec", "revisionHistoryLimit"]),
            deadline: int(tree, &["spec", "progressDeadlineSeconds"])
                .filter(|seconds| *seconds < i64::from(i32::MAX)),
        }
    }

    /// The most pods that there may be.
    pub(super) fn most(&self) -> i64 {
        self.replicas + self.surge
    }

    /// The fewest pods that serve.
    pub(super) fn least(&self) -> i64 {
        self.replicas - self.unavailable
    }
}

/// A `ReplicaSet`, as it is after what was decided about it.
#[derive(Clone, Debug)]
pub(super) struct Set {
    pub(super) key: Key,
    pub(super) tree: Value,
    /// As wanted, not as it is.
    pub(super) replicas: i64,
}

impl Set {
    pub(super) fn new(owned: Owned) -> Self {
        let replicas = replicas(&owned.tree);
        Self { key: owned.key, tree: owned.tree, replicas }
    }

    /// A number of its status.
    pub(super) fn status(&self, field: &str) -> i64 {
        count(&self.tree, &["status", field])
    }

    pub(super) fn available(&self) -> i64 {
        self.status("availableReplicas")
    }

    /// A number in an annotation; zero if there is none.
    pub(super) fn noted(&self, name: &str) -> i64 {
        annotation(&self.tree, name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// How many replicas the Deployment wanted when it was last scaled.
    pub(super) fn desired(&self) -> Option<i64> {
        annotation(&self.tree, DESIRED).and_then(|text| text.parse().ok())
    }

    /// How many pods there could be at most then.
    pub(super) fn most(&self) -> i64 {
        self.noted(MOST)
    }

    /// With what the Deployment wants noted in it.
    pub(super) fn annotate(&mut self, spec: &Spec) {
        for (name, number) in [(DESIRED, spec.replicas), (MOST, spec.most())] {
            let text = Text::from(number.to_string()).into();
            self.tree = self.tree.with(&["metadata", "annotations", name], text);
        }
    }

    /// Oldest first; the name decides between those of one second.
    pub(super) fn age(&self) -> (Timestamp, Text) {
        (created(&self.tree), Text::new(self.key.name()))
    }
}

/// The sets of a Deployment: the one of its template, and the others from old to new.
#[derive(Clone, Debug)]
pub(super) struct Sets {
    pub(super) new: Option<Set>,
    pub(super) old: Vec<Set>,
}

impl Sets {
    pub(super) fn new(deployment: &Object, owned: Vec<Owned>) -> Self {
        let mut sets: Vec<_> = owned.into_iter().map(Set::new).collect();
        sets.sort_by_key(Set::age);
        let hashless = |template: Option<&Value>| {
            template.map(|template| template.without(&["metadata", "labels", TEMPLATE_HASH]))
        };
        let wanted = hashless(deployment.tree.at(&["spec", "template"]));
        let place =
            sets.iter().position(|set| hashless(set.tree.at(&["spec", "template"])) == wanted);
        let new = place.map(|place| sets.remove(place));
        Self { new, old: sets }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Set> {
        self.old.iter().chain(&self.new)
    }

    /// Pods that all sets want together.
    pub(super) fn wanted(&self) -> i64 {
        self.all().map(|set| set.replicas).sum()
    }

    /// A number of all statuses together.
    pub(super) fn status(&self, field: &str) -> i64 {
        self.all().map(|set| set.status(field)).sum()
    }
}

/// A Deployment on its way, with what was decided so far.
#[derive(Debug)]
pub(super) struct Rollout<'a> {
    pub(super) object: &'a Object,
    pub(super) spec: Spec,
    pub(super) sets: Sets,
    /// The Deployment with its new status and annotations.
    pub(super) tree: Value,
    pub(super) view: View<'a>,
    pub(super) now: Timestamp,
    pub(super) outcome: Outcome,
}

impl Rollout<'_> {
    /// Gives the new set so many replicas; says whether that changes anything.
    pub(super) fn scale_new(&mut self, replicas: i64) -> bool {
        let Some(mut set) = self.sets.new.take() else { return false };
        let changed = self.scale(&mut set, replicas);
        self.sets.new = Some(set);
        changed
    }

    /// Gives an old set so many replicas; says whether that changes anything.
    pub(super) fn scale_old(&mut self, at: usize, replicas: i64) -> bool {
        let Some(mut set) = self.sets.old.get(at).cloned() else { return false };
        let changed = self.scale(&mut set, replicas);
        self.sets.old[at] = set;
        changed
    }

    fn scale(&mut self, set: &mut Set, replicas: i64) -> bool {
        let before = set.tree.clone();
        set.annotate(&self.spec);
        set.tree = set.tree.with(&["spec", "replicas"], replicas.into());
        if before != set.tree {
            self.outcome.update(REPLICA_SETS, &set.key, set.tree.clone());
        }
        let from = std::mem::replace(&mut set.replicas, replicas);
        if from == replicas {
            return false;
        }
        let way = if from < replicas { "up" } else { "down" };
        let message =
            format!("Scaled {way} replica set {} from {from} to {replicas}", set.key.name());
        normal(self.object, "ScalingReplicaSet", message, &mut self.outcome);
        true
    }
}
