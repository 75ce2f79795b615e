//! Brings claims and volumes together, makes volumes, and takes them back.

use super::claims::{Binding, SELECTED_NODE, binding_of, class_name, fits, keeps, size};
use super::classes::PROVISIONER;
use crate::controller::{Controller, Outcome, View, Wake};
use crate::events::{Event, Severity};
use crate::nodes::node_is_meant;
use crate::tables::{CLAIMS, NODES, STORAGE_CLASSES, VOLUMES};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use twin_core::api::Deletion;
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::time::Timestamp;
use twin_core::tree::{Text, Value};

/// Marks what the binder decided, so that it can be undone.
const BOUND: &str = "pv.kubernetes.io/bind-completed";
const CHOSEN: &str = "pv.kubernetes.io/bound-by-controller";
const MADE_BY: &str = "pv.kubernetes.io/provisioned-by";
const ASKED_OF: &str = "volume.kubernetes.io/storage-provisioner";

/// Binds.
#[derive(Debug, Default)]
pub(super) struct Binder {
    /// Claims that wait for a volume, by their class.
    waiting: BTreeMap<Text, BTreeSet<Key>>,
}

impl Controller for Binder {
    fn name(&self) -> &'static str {
        "persistentvolume-controller"
    }

    /// A key with a namespace is a claim, one without is a volume.
    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        let object = &change.object;
        if *table == CLAIMS {
            wake.key(object.key.clone());
            if change.kind == ChangeKind::Deleted {
                self.forget(&object.key, class_name(&object.tree));
                if let Some(volume) = object.tree.str_at(&["spec", "volumeName"]) {
                    wake.key(Key::new("", volume));
                }
            }
        } else if *table == VOLUMES {
            wake.key(object.key.clone());
            let kept = object.tree.at(&["spec", "claimRef"]).map(claim_key);
            wake.0.extend(kept);
            self.wake_waiting(class_name(&object.tree), wake);
        } else if *table == STORAGE_CLASSES {
            self.wake_waiting(object.key.name(), wake);
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        if key.namespace().is_empty() {
            if let Some(volume) = view.get(&VOLUMES, key) {
                volume_looked_at(volume, view, &mut outcome);
            }
        } else if let Some(claim) = view.get(&CLAIMS, key) {
            self.claim_looked_at(claim, view, &mut outcome);
        }
        outcome
    }
}

impl Binder {
    fn forget(&mut self, claim: &Key, class: &str) {
        if let Some(claims) = self.waiting.get_mut(class) {
            claims.remove(claim);
        }
    }

    fn wake_waiting(&self, class: &str, wake: &mut Wake) {
        let claims = self.waiting.get(class).into_iter().flatten();
        claims.for_each(|claim| wake.key(claim.clone()));
    }

    fn claim_looked_at(&mut self, claim: &Arc<Object>, view: &View<'_>, outcome: &mut Outcome) {
        let class = Text::new(class_name(&claim.tree));
        if claim.tree.str_at(&["metadata", "deletionTimestamp"]).is_some() {
            return self.forget(&claim.key, &class);
        }
        let named = claim.tree.str_at(&["spec", "volumeName"]).filter(|name| !name.is_empty());
        if let Some(name) = named {
            self.forget(&claim.key, &class);
            match view.get(&VOLUMES, &Key::new("", name)) {
                Some(volume) => tie(claim, volume, view.now, outcome),
                None => lose(claim, outcome),
            }
            return;
        }
        self.waiting.entry(class).or_default().insert(claim.key.clone());
        let node = claim.tree.str_at(&["metadata", "annotations", SELECTED_NODE]);
        match (binding_of(&claim.tree, view), node) {
            (Binding::Delayed | Binding::DelayedStatic, None) => {
                let kept = view.all(&VOLUMES, "").find(|it| is_kept_for(it, claim));
                match kept {
                    Some(volume) => tie(claim, volume, view.now, outcome),
                    None => tell(claim, "WaitForFirstConsumer", WAITS, view, outcome),
                }
            }
            (binding, node) => match best(claim, node, view) {
                Some(volume) => tie(claim, volume, view.now, outcome),
                None if binding == Binding::DelayedStatic => {}
                None => make(claim, view, outcome),
            },
        }
    }
}

const WAITS: &str = "waiting for first consumer to be created before binding";

fn tell(claim: &Object, reason: &str, message: &str, view: &View<'_>, outcome: &mut Outcome) {
    // Once, when it is new: who asks later sees it in the claim.
    let new = claim.tree.at(&["metadata", "creationTimestamp"]) == Some(&view.now.value());
    if new && claim.tree.at(&["metadata", "annotations", BOUND]).is_none() {
        outcome.events.push(Event::new(claim, Severity::Normal, reason, message));
    }
}

fn claim_key(reference: &Value) -> Key {
    let text = |field: &str| reference.str_at(&[field]).unwrap_or_default();
    Key::new(text("namespace"), text("name"))
}

fn is_kept_for(volume: &Object, claim: &Object) -> bool {
    volume.tree.at(&["spec", "claimRef"]).is_some_and(|kept| keeps(kept, claim))
        && fits(volume, claim)
}

/// The smallest volume that fits; one that is kept for the claim goes before all.
fn best<'a>(claim: &Object, node: Option<&str>, view: &View<'a>) -> Option<&'a Arc<Object>> {
    let node = node.and_then(|node| view.get(&NODES, &Key::new("", node)));
    let reachable = |volume: &&Arc<Object>| {
        let selector = volume.tree.at(&["spec", "nodeAffinity", "required"]);
        node.is_none_or(|node| node_is_meant(node, selector))
    };
    let all = view.all(&VOLUMES, "").filter(|volume| fits(volume, claim)).filter(reachable);
    all.min_by_key(|volume| {
        let kept = volume.tree.at(&["spec", "claimRef"]).is_some();
        (!kept, size(&volume.tree, &["spec", "capacity", "storage"]))
    })
}

/// Makes a volume and a claim name each other.
fn tie(claim: &Object, volume: &Object, now: Timestamp, outcome: &mut Outcome) {
    let reference = volume.tree.at(&["spec", "claimRef"]);
    if reference.is_some_and(|kept| !keeps(kept, claim)) {
        return;
    }
    let bound = claim_reference(claim);
    let uid = reference.and_then(|reference| reference.str_at(&["uid"])).unwrap_or_default();
    let mut tree = volume.tree.clone();
    if uid.is_empty() {
        tree = tree.with(&["spec", "claimRef"], bound);
        if reference.is_none() {
            tree = tree.with(&["metadata", "annotations", CHOSEN], "yes".into());
        }
        outcome.update(VOLUMES, &volume.key, tree.clone());
    }
    if phase(&tree) != "Bound" {
        outcome.update_status(VOLUMES, &volume.key, in_phase(&tree, "Bound", now));
    }
    let mut own = claim.tree.clone();
    if claim.tree.at(&["metadata", "annotations", BOUND]).is_none() {
        own = own.with(&["metadata", "annotations", BOUND], "yes".into());
        if own.at(&["spec", "volumeName"]).is_none() {
            own = own
                .with(&["spec", "volumeName"], volume.key.name().into())
                .with(&["metadata", "annotations", CHOSEN], "yes".into());
        }
        outcome.update(CLAIMS, &claim.key, own.clone());
    }
    if phase(&own) != "Bound" {
        let part = |path: &[&str]| volume.tree.at(path).cloned().unwrap_or_default();
        let own = own
            .with(&["status", "phase"], "Bound".into())
            .with(&["status", "accessModes"], part(&["spec", "accessModes"]))
            .with(&["status", "capacity"], part(&["spec", "capacity"]));
        outcome.update_status(CLAIMS, &claim.key, own);
    }
}

/// A volume in another phase, since now.
fn in_phase(volume: &Value, phase: &str, now: Timestamp) -> Value {
    volume
        .with(&["status", "phase"], phase.into())
        .with(&["status", "lastPhaseTransitionTime"], now.value())
}

fn phase(object: &Value) -> &str {
    object.str_at(&["status", "phase"]).unwrap_or_default()
}

fn claim_reference(claim: &Object) -> Value {
    let part = |field: &str| claim.tree.at(&["metadata", field]).cloned().unwrap_or_default();
    Value::from([
        ("apiVersion", "v1".into()),
        ("kind", "PersistentVolumeClaim".into()),
        ("namespace", claim.key.namespace().into()),
        ("name", claim.key.name().into()),
        ("uid", part("uid")),
        ("resourceVersion", part("resourceVersion")),
    ])
}

/// A claim whose volume is gone has lost what it held.
fn lose(claim: &Object, outcome: &mut Outcome) {
    let was_bound = claim.tree.at(&["metadata", "annotations", BOUND]).is_some();
    if was_bound && phase(&claim.tree) != "Lost" {
        let lost = claim.tree.with(&["status", "phase"], "Lost".into());
        outcome.update_status(CLAIMS, &claim.key, lost);
        let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
        outcome.events.push(Event::new(claim, Severity::Warning, "ClaimLost", message));
    }
}

/// Makes a volume for a claim, if its class is one of ours.
fn make(claim: &Object, view: &View<'_>, outcome: &mut Outcome) {
    let name = class_name(&claim.tree);
    let Some(class) = view.get(&STORAGE_CLASSES, &Key::new("", name)) else { return };
    if class.tree.str_at(&["provisioner"]) != Some(PROVISIONER)
        || claim.tree.at(&["spec", "selector"]).is_some()
    {
        return;
    }
    ask_for(claim, outcome);
    let uid = claim.tree.str_at(&["metadata", "uid"]).unwrap_or_default();
    let volume = Text::from(format!("pvc-{uid}"));
    let part = |path: &[&str]| claim.tree.at(path).cloned();
    let policy = class.tree.at(&["reclaimPolicy"]).cloned().unwrap_or_else(|| "Delete".into());
    let source =
        Value::from([("driver", PROVISIONER.into()), ("volumeHandle", volume.clone().into())]);
    let storage = part(&["spec", "resources", "requests", "storage"]).unwrap_or_else(|| "0".into());
    let mut spec = Value::from([
        ("capacity", Value::from([("storage", storage)])),
        ("accessModes", part(&["spec", "accessModes"]).unwrap_or_default()),
        ("claimRef", claim_reference(claim)),
        ("persistentVolumeReclaimPolicy", policy),
        ("storageClassName", name.into()),
        ("volumeMode", part(&["spec", "volumeMode"]).unwrap_or_else(|| "Filesystem".into())),
        ("csi", source),
    ]);
    if let Some(options) = class.tree.at(&["mountOptions"]) {
        spec = spec.with(&["mountOptions"], options.clone());
    }
    let annotations = Value::from([(MADE_BY, PROVISIONER.into())]);
    let metadata = Value::from([("name", volume.clone().into()), ("annotations", annotations)]);
    outcome.create(VOLUMES, "", Value::from([("metadata", metadata), ("spec", spec)]));
    let message = format!("Successfully provisioned volume {volume}");
    outcome.events.push(Event::new(claim, Severity::Normal, "ProvisioningSucceeded", message));
}

/// Notes in the claim who is to make its volume, and tells it, as kube-controller-manager does before
/// the provisioner hears of it.
fn ask_for(claim: &Object, outcome: &mut Outcome) {
    let names = ["volume.beta.kubernetes.io/storage-provisioner", ASKED_OF];
    let own = names.iter().fold(claim.tree.clone(), |tree, name| {
        tree.with(&["metadata", "annotations", name], PROVISIONER.into())
    });
    outcome.update(CLAIMS, &claim.key, own);
    let message = format!(
        "Waiting for a volume to be created either by the external provisioner '{PROVISIONER}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
    );
    outcome.events.push(Event::new(claim, Severity::Normal, "ExternalProvisioning", message));
}

/// A volume without a claim is free, one whose claim is gone is kept or ends.
fn volume_looked_at(volume: &Arc<Object>, view: &View<'_>, outcome: &mut Outcome) {
    let reference = volume.tree.at(&["spec", "claimRef"]);
    let bound = reference.and_then(|it| it.str_at(&["uid"])).filter(|uid| !uid.is_empty());
    let claim = reference.and_then(|reference| view.get(&CLAIMS, &claim_key(reference)));
    let here = claim.zip(reference).is_some_and(|(claim, kept)| keeps(kept, claim));
    let wanted = match bound {
        None => "Available",
        Some(_) if here => return,
        Some(_) => "Released",
    };
    if phase(&volume.tree) != wanted {
        let tree = in_phase(&volume.tree, wanted, view.now);
        outcome.update_status(VOLUMES, &volume.key, tree);
    }
    let policy = volume.tree.str_at(&["spec", "persistentVolumeReclaimPolicy"]);
    let made = volume.tree.str_at(&["metadata", "annotations", MADE_BY]) == Some(PROVISIONER);
    let ending = volume.tree.str_at(&["metadata", "deletionTimestamp"]).is_some();
    if wanted == "Released" && policy == Some("Delete") && made && !ending {
        outcome.delete(VOLUMES, &volume.key, Deletion::default());
    }
}
