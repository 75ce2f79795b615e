//! What a claim asks for, and which volumes would do.

use crate::controller::View;
use crate::tables::STORAGE_CLASSES;
use twin_core::selector::LabelSelector;
use twin_core::store::{Key, Object};
use twin_core::tree::{Text, Value};
use units::Quantity;

/// The node for which a claim is wanted.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// When a claim gets its volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    Immediate,
    /// Once a node is selected.
    Delayed,
    /// Once a node is selected, and only from volumes that are there.
    DelayedStatic,
}

/// When a claim gets its volume: as its class says.
pub fn binding_of(claim: &Value, view: &View<'_>) -> Binding {
    let class = view.get(&STORAGE_CLASSES, &Key::new("", class_name(claim)));
    let Some(class) = class else { return Binding::Immediate };
    let delayed = class.tree.str_at(&["volumeBindingMode"]) == Some("WaitForFirstConsumer");
    match class.tree.str_at(&["provisioner"]) {
        _ if !delayed => Binding::Immediate,
        Some("kubernetes.io/no-provisioner") => Binding::DelayedStatic,
        _ => Binding::Delayed,
    }
}

/// The class of a claim or a volume; empty if it has none.
pub(super) fn class_name(object: &Value) -> &str {
    let annotation = ["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"];
    let said = object.str_at(&annotation);
    said.or_else(|| object.str_at(&["spec", "storageClassName"])).unwrap_or_default()
}

/// Whether a volume would do for a claim, and is free or kept for it.
pub fn fits(volume: &Object, claim: &Object) -> bool {
    let (tree, wanted) = (&volume.tree, &claim.tree);
    let mode =
        |object: &Value| object.str_at(&["spec", "volumeMode"]).unwrap_or("Filesystem").to_owned();
    let free = match tree.at(&["spec", "claimRef"]) {
        None => tree.str_at(&["status", "phase"]) == Some("Available"),
        Some(kept) => keeps(kept, claim),
    };
    let labels = tree.at(&["metadata", "labels"]).and_then(Value::as_map);
    let selected = wanted.at(&["spec", "selector"]).is_none_or(|selector| {
        LabelSelector::of_object(selector).is_some_and(|selector| selector.matches(labels))
    });
    free && selected
        && tree.str_at(&["metadata", "deletionTimestamp"]).is_none()
        && class_name(tree) == class_name(wanted)
        && mode(tree) == mode(wanted)
        && modes(wanted).all(|mode| modes(tree).any(|known| known == mode))
        && size(tree, &["spec", "capacity", "storage"])
            >= size(wanted, &["spec", "resources", "requests", "storage"])
}

/// Whether a reference to a claim means this one.
pub(super) fn keeps(reference: &Value, claim: &Object) -> bool {
    let uid = reference.str_at(&["uid"]).unwrap_or_default();
    reference.str_at(&["namespace"]) == Some(claim.key.namespace())
        && reference.str_at(&["name"]) == Some(claim.key.name())
        && (uid.is_empty() || Some(uid) == claim.tree.str_at(&["metadata", "uid"]))
}

fn modes(object: &Value) -> impl Iterator<Item = &str> {
    let modes = object.at(&["spec", "accessModes"]).and_then(Value::as_list);
    modes.into_iter().flat_map(|list| list.iter()).filter_map(Value::as_str)
}

/// A size, for comparisons: nothing if it is not said.
pub(super) fn size(object: &Value, path: &[&str]) -> Quantity {
    object.str_at(path).and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The claim that a volume of a pod means, if it means one.
pub fn claim_of(pod: &str, volume: &Value) -> Option<Text> {
    let said = volume.str_at(&["persistentVolumeClaim", "claimName"]).map(Text::new);
    said.or_else(|| {
        let name = volume.at(&["ephemeral"]).and_then(|_| volume.str_at(&["name"]))?;
        Some(Text::from(format!("{pod}-{name}")))
    })
}
