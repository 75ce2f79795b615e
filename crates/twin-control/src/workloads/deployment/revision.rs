//! The set of the present template, and the numbers by which people go back.

use super::conditions::{self, Condition};
use super::progress::progressing;
use super::sets::{Rollout, Set, Sets};
use super::with_status;
use crate::tables::REPLICA_SETS;
use crate::workloads::owner::{Owned, TEMPLATE_HASH, reference};
use crate::workloads::read::{annotation, count, entries, is_ending, labels, meta};
use crate::workloads::telling::normal;
use crate::workloads::template::hash;
use twin_core::api::Deletion;
use twin_core::store::Key;
use twin_core::tree::{Text, Value};

const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// A history is at most this long.
const HISTORY_LENGTH: usize = 2_000;
/// Annotations of a Deployment that say nothing about its sets.
const OWN: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

/// What happens if the template has no set yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Leave,
    Create,
}

/// Finds or makes the set of the template, and gives it the highest number.
pub(super) fn sync(rollout: &mut Rollout<'_>, missing: Missing) {
    let next =
        rollout.sets.old.iter().map(|set| set.noted(REVISION)).max().unwrap_or(0).saturating_add(1);
    match rollout.sets.new.take() {
        Some(set) => known(rollout, set, next),
        None if missing == Missing::Create => create(rollout, next),
        None => {}
    }
}

fn known(rollout: &mut Rollout<'_>, mut set: Set, next: i64) {
    let before = set.tree.clone();
    set.tree = annotated(rollout, &set.tree, next);
    if count(&set.tree, &["spec", "minReadySeconds"]) != rollout.spec.min_ready {
        set.tree = set.tree.with(&["spec", "minReadySeconds"], rollout.spec.min_ready.into());
    }
    if set.tree != before {
        rollout.outcome.update(REPLICA_SETS, &set.key, set.tree.clone());
    }
    let revision = annotation(&set.tree, REVISION).unwrap_or_default().to_owned();
    number(rollout, &revision);
    let unknown =
        rollout.tree.at(&["status"]).is_none_or(|it| conditions::get(it, "Progressing").is_none());
    if rollout.spec.deadline.is_some() && unknown {
        let message = format!("Found new replica set {:?}", set.key.name());
        note(rollout, "FoundNewReplicaSet", message);
    }
    rollout.sets.new = Some(set);
}

fn create(rollout: &mut Rollout<'_>, next: i64) {
    let Some(template) = rollout.tree.at(&["spec", "template"]).cloned() else { return };
    let collisions = count(&rollout.tree, &["status", "collisionCount"]);
    let hash = hash(&template, collisions);
    let name = format!("{}-{hash}", rollout.object.key.name());
    let key = Key::new(rollout.object.key.namespace(), &name);
    if rollout.view.get(&REPLICA_SETS, &key).is_some() {
        // Somebody else's set has this name: the next try gets another hash.
        with_status(rollout, |status| status.with(&["collisionCount"], (collisions + 1).into()));
        return;
    }
    let tree = new_set(rollout, &template, &name, &hash);
    let mut set = Set::new(Owned { key, tree: annotated(rollout, &tree, next) });
    set.replicas = 0;
    set.replicas = rollout.room(&set);
    set.tree = set.tree.with(&["spec", "replicas"], set.replicas.into());
    set.annotate(&rollout.spec);
    let namespace = rollout.object.key.namespace();
    rollout.outcome.create(REPLICA_SETS, namespace, set.tree.clone());
    if set.replicas > 0 {
        let message = format!("Scaled up replica set {name} from 0 to {}", set.replicas);
        normal(rollout.object, "ScalingReplicaSet", message, &mut rollout.outcome);
    }
    number(rollout, &next.to_string());
    if rollout.spec.deadline.is_some() {
        note(rollout, "NewReplicaSetCreated", format!("Created new replica set {name:?}"));
    }
    rollout.sets.new = Some(set);
}

fn new_set(rollout: &Rollout<'_>, template: &Value, name: &str, hash: &str) -> Value {
    let template = template.with(&["metadata", "labels", TEMPLATE_HASH], hash.into());
    let selector = rollout.tree.at(&["spec", "selector"]).cloned().unwrap_or_default();
    let labels = labels(&template).cloned().unwrap_or_default();
    let metadata = Value::from([
        ("name", name.into()),
        ("namespace", meta(&rollout.tree, "namespace").into()),
        ("labels", Value::Map(labels)),
        ("ownerReferences", vec![reference(&rollout.tree)].into()),
    ]);
    let mut spec = Value::from([
        ("selector", selector.with(&["matchLabels", TEMPLATE_HASH], hash.into())),
        ("template", template),
    ]);
    if rollout.spec.min_ready > 0 {
        spec = spec.with(&["minReadySeconds"], rollout.spec.min_ready.into());
    }
    Value::from([("metadata", metadata), ("spec", spec)])
}

/// The set with the annotations of the Deployment, and with the number if it is higher than its own.
fn annotated(rollout: &Rollout<'_>, set: &Value, next: i64) -> Value {
    let mut tree = set.clone();
    for (name, value) in entries(&rollout.tree, &["metadata", "annotations"]) {
        if !OWN.contains(&name) {
            tree = tree.with(&["metadata", "annotations", name], value.clone());
        }
    }
    let own = annotation(set, REVISION).unwrap_or_default();
    if own.parse().unwrap_or(0) >= next {
        return tree;
    }
    if !own.is_empty() {
        let history = history(annotation(set, HISTORY).unwrap_or_default(), own);
        tree = tree.with(&["metadata", "annotations", HISTORY], history.into());
    }
    tree.with(&["metadata", "annotations", REVISION], Text::from(next.to_string()).into())
}

/// The numbers that a set had before; the oldest go when there are too many.
fn history(known: &str, last: &str) -> Text {
    if known.is_empty() {
        return Text::new(last);
    }
    let mut text = format!("{known},{last}");
    while text.len() > HISTORY_LENGTH {
        let Some(comma) = text.find(',') else { break };
        text.drain(..=comma);
    }
    Text::from(text)
}

fn number(rollout: &mut Rollout<'_>, revision: &str) {
    rollout.tree = rollout.tree.with(&["metadata", "annotations", REVISION], revision.into());
}

fn note(rollout: &mut Rollout<'_>, reason: &'static str, message: String) {
    let condition = Condition { kind: "Progressing", status: "True", reason, message };
    let now = rollout.now;
    with_status(rollout, |status| progressing(status, &condition, now));
}

/// Deletes the oldest sets without pods, down to as many as people want to go back to.
pub(super) fn clean_up(rollout: &mut Rollout<'_>) {
    let Some(limit) = rollout.spec.history else { return };
    let Sets { old, .. } = &rollout.sets;
    let mut known: Vec<_> = old.iter().filter(|set| !is_ending(&set.tree)).collect();
    let surplus = known.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    known.sort_by_key(|set| (set.noted(REVISION), set.age()));
    for set in known.into_iter().take(surplus) {
        let seen =
            set.status("observedGeneration") >= count(&set.tree, &["metadata", "generation"]);
        if seen && set.replicas == 0 && set.status("replicas") == 0 {
            rollout.outcome.delete(REPLICA_SETS, &set.key, Deletion::default());
        }
    }
}
