//! The class that claims get if they name none, and the claims of volumes that pods own.

use crate::controller::{Controller, Outcome, View, Wake};
use crate::tables::{CLAIMS, NAMESPACES, PODS, STORAGE_CLASSES};
use twin_core::store::{Change, ChangeKind, Key, Object, TableName};
use twin_core::tree::{Text, Value};

/// The provisioner of the twin.
pub(super) const PROVISIONER: &str = "muster.dev/simulated";
const STANDARD: &str = "standard";
const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

/// Makes the class `standard` when the cluster starts, and gives claims the default class.
#[derive(Debug)]
pub(super) struct Classes;

impl Controller for Classes {
    fn name(&self) -> &'static str {
        "persistentvolume-binder"
    }

    fn woken(&mut self, change: &Change, table: &TableName, view: &View<'_>, wake: &mut Wake) {
        let object = &change.object;
        if *table == NAMESPACES
            && change.kind == ChangeKind::Added
            && object.key.name() == "default"
        {
            wake.key(Key::new("", STANDARD));
        } else if *table == CLAIMS && is_unclassed(&object.tree) {
            wake.key(object.key.clone());
        } else if *table == STORAGE_CLASSES && is_default(object) {
            let claims = view.all(&CLAIMS, "").filter(|claim| is_unclassed(&claim.tree));
            claims.for_each(|claim| wake.key(claim.key.clone()));
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        if key.namespace().is_empty() {
            if view.all(&STORAGE_CLASSES, "").next().is_none() {
                outcome.create(STORAGE_CLASSES, "", standard());
            }
            return outcome;
        }
        let claim = view.get(&CLAIMS, key).filter(|claim| is_unclassed(&claim.tree));
        // Of several the newest counts; the last name, if they are equally new.
        let class =
            view.all(&STORAGE_CLASSES, "").filter(|class| is_default(class)).max_by_key(|it| {
                Text::new(it.tree.str_at(&["metadata", "creationTimestamp"]).unwrap_or_default())
            });
        if let (Some(claim), Some(class)) = (claim, class) {
            let name = class.key.name().into();
            outcome.update(CLAIMS, key, claim.tree.with(&["spec", "storageClassName"], name));
        }
        outcome
    }
}

/// Whether a claim leaves its class to the cluster. An empty class is one that is said.
fn is_unclassed(claim: &Value) -> bool {
    let old = ["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"];
    claim.at(&["spec", "storageClassName"]).is_none()
        && claim.at(&["spec", "volumeName"]).is_none()
        && claim.at(&old).is_none()
}

fn is_default(class: &Object) -> bool {
    class.tree.str_at(&["metadata", "annotations", DEFAULT]) == Some("true")
}

fn standard() -> Value {
    let annotations = Value::from([(DEFAULT, "true".into())]);
    Value::from([
        ("metadata", Value::from([("name", STANDARD.into()), ("annotations", annotations)])),
        ("provisioner", PROVISIONER.into()),
        ("volumeBindingMode", "WaitForFirstConsumer".into()),
        ("reclaimPolicy", "Delete".into()),
        ("allowVolumeExpansion", Value::Bool(true)),
    ])
}

/// Makes the claims of ephemeral volumes.
#[derive(Debug)]
pub(super) struct Ephemeral;

impl Controller for Ephemeral {
    fn name(&self) -> &'static str {
        "ephemeral-volume-controller"
    }

    fn woken(&mut self, change: &Change, table: &TableName, _: &View<'_>, wake: &mut Wake) {
        let added = *table == PODS && change.kind == ChangeKind::Added;
        if added && templates(&change.object).next().is_some() {
            wake.key(change.object.key.clone());
        }
    }

    fn reconcile(&mut self, key: &Key, view: &View<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(pod) = view.get(&PODS, key) else { return outcome };
        for (volume, template) in templates(pod) {
            let name = Text::from(format!("{}-{volume}", key.name()));
            if view.get(&CLAIMS, &Key::new(key.namespace(), &name)).is_some() {
                continue;
            }
            let owner = Value::from([
                ("apiVersion", "v1".into()),
                ("kind", "Pod".into()),
                ("name", key.name().into()),
                ("uid", pod.tree.at(&["metadata", "uid"]).cloned().unwrap_or_default()),
                ("controller", Value::Bool(true)),
                ("blockOwnerDeletion", Value::Bool(true)),
            ]);
            let part = |field: &str| template.at(&[field]).cloned().unwrap_or_default();
            let claim = Value::from([("metadata", part("metadata")), ("spec", part("spec"))])
                .with(&["metadata", "name"], name.into())
                .with(&["metadata", "ownerReferences"], vec![owner].into());
            outcome.create(CLAIMS, key.namespace(), claim);
        }
        outcome
    }
}

fn templates(pod: &Object) -> impl Iterator<Item = (&str, &Value)> {
    let volumes = pod.tree.at(&["spec", "volumes"]).and_then(Value::as_list);
    volumes.into_iter().flat_map(|list| list.iter()).filter_map(|volume| {
        let template = volume.at(&["ephemeral", "volumeClaimTemplate"])?;
        Some((volume.str_at(&["name"])?, template))
    })
}
