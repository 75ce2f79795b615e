//! What makes a pod of a set that one: its name, its labels, its claims.

use super::Set;
use crate::tables::{CLAIMS, PODS};
use crate::workloads::failure::Refused;
use crate::workloads::owner::reference;
use crate::workloads::read::{entries, list, meta};
use crate::workloads::revisions::{POD_REVISION, Revision};
use crate::workloads::telling::{normal, once_there};
use crate::workloads::template::pod;
use twin_core::store::{Key, Object};
use twin_core::tree::{Text, Value};

/// The number of a pod of this set; nothing, if its name is not one of the set's.
pub(super) fn ordinal(set: &Key, pod: &Key) -> Option<i64> {
    let digits = pod.name().strip_prefix(set.name())?.strip_prefix('-')?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let ordinal = digits.parse::<i32>().ok().filter(|_| plain)?;
    (ordinal.to_string() == digits).then(|| i64::from(ordinal))
}

/// Makes the pod of a number, and its claims before it.
pub(super) fn create(set: &mut Set<'_>, ordinal: i64) {
    let old = set.rolls() && ordinal < set.partition();
    let revision = if old { set.current.clone() } else { set.revisions.update.clone() };
    let tree = made(set, &revision, ordinal);
    let name = meta(&tree, "name").to_owned();
    create_claims(set, &name, ordinal);
    let namespace = set.object.key.namespace();
    set.outcome.create(PODS, namespace, tree);
    let message = format!("create Pod {name} in StatefulSet {} successful", set.object.key.name());
    normal(set.object, "SuccessfulCreate", message, &mut set.outcome);
    once_there(&Key::new(namespace, &name), &mut set.outcome);
}

fn made(set: &Set<'_>, revision: &Revision, ordinal: i64) -> Value {
    let owner = &set.object.tree;
    let stem = set.object.key.name();
    let name = format!("{stem}-{ordinal}");
    let number = Text::from(ordinal.to_string());
    let mut tree = pod(&revision.template(), owner)
        .with(&["metadata", "name"], name.as_str().into())
        .with(&["metadata", "generateName"], Text::from(format!("{stem}-")).into())
        .with(&["metadata", "labels", "statefulset.kubernetes.io/pod-name"], name.as_str().into())
        .with(&["metadata", "labels", "apps.kubernetes.io/pod-index"], number.into())
        .with(&["metadata", "labels", POD_REVISION], revision.name().into())
        .with(&["spec", "hostname"], name.as_str().into());
    if let Some(service) = owner.str_at(&["spec", "serviceName"]).filter(|name| !name.is_empty()) {
        tree = tree.with(&["spec", "subdomain"], service.into());
    }
    let claims = claims(set, ordinal);
    if claims.is_empty() {
        return tree;
    }
    let mounted = |volume: &&Value| {
        let name = volume.str_at(&["name"]);
        !claims.iter().any(|(template, _)| Some(*template) == name)
    };
    let mut volumes: Vec<_> = claims
        .iter()
        .map(|(template, claim)| {
            let source = Value::from([("claimName", claim.as_str().into())]);
            Value::from([("name", (*template).into()), ("persistentVolumeClaim", source)])
        })
        .collect();
    volumes.extend(list(&tree, &["spec", "volumes"]).iter().filter(mounted).cloned());
    tree.with(&["spec", "volumes"], volumes.into())
}

/// Names of claim templates, and of the claims of a number.
fn claims<'a>(set: &Set<'a>, ordinal: i64) -> Vec<(&'a str, String)> {
    let object: &'a Object = set.object;
    let stem = object.key.name();
    let templates = list(&object.tree, &["spec", "volumeClaimTemplates"]);
    let names = templates.iter().map(|template| meta(template, "name"));
    names.map(|name| (name, format!("{name}-{stem}-{ordinal}"))).collect()
}

/// Makes the claims that a pod is missing.
pub(super) fn create_claims(set: &mut Set<'_>, pod: &str, ordinal: i64) {
    let object = set.object;
    let namespace = object.key.namespace();
    let templates = list(&object.tree, &["spec", "volumeClaimTemplates"]);
    for (template, (_, name)) in templates.iter().zip(claims(set, ordinal)) {
        if set.view.get(&CLAIMS, &Key::new(namespace, &name)).is_some() {
            continue;
        }
        set.outcome.create(CLAIMS, namespace, claim(set.object, template, &name));
        let owner = object.key.name();
        let message = format!("create Claim {name} Pod {pod} in StatefulSet {owner} success");
        normal(object, "SuccessfulCreate", message, &mut set.outcome);
        once_there(&Key::new(namespace, &name), &mut set.outcome);
    }
}

/// What is told of a pod or a claim that could not be made.
pub(super) fn failed(set: &Key, refused: &Refused) -> String {
    let (set, name, why) = (set.name(), &refused.name, &refused.message);
    if refused.table == PODS {
        return format!("create Pod {name} in StatefulSet {set} failed error: {why}");
    }
    // A claim is named after its template and its pod.
    let pod = name.rfind(&format!("{set}-")).map_or("", |at| &name[at..]);
    format!("create Claim {name} for Pod {pod} in StatefulSet {set} failed error: {why}")
}

fn claim(set: &Object, template: &Value, name: &str) -> Value {
    let mut tree = template.without(&["status"]).with(&["metadata", "name"], name.into());
    for (label, value) in entries(&set.tree, &["spec", "selector", "matchLabels"]) {
        tree = tree.with(&["metadata", "labels", label], value.clone());
    }
    if retention(set, "whenDeleted") == "Delete" {
        tree = tree.with(&["metadata", "ownerReferences"], vec![reference(&set.tree)].into());
    }
    tree
}

fn retention<'a>(set: &'a Object, when: &str) -> &'a str {
    let path = ["spec", "persistentVolumeClaimRetentionPolicy", when];
    set.tree.str_at(&path).unwrap_or("Retain")
}

/// Lets the claims of a number end with its pod, if they do not outlive scaling.
pub(super) fn bind_claims(set: &mut Set<'_>, pod: &Value, ordinal: i64) {
    if retention(set.object, "whenScaled") != "Delete" {
        return;
    }
    for (_, name) in claims(set, ordinal) {
        let key = Key::new(set.object.key.namespace(), &name);
        if let Some(claim) = set.view.get(&CLAIMS, &key) {
            let owners = vec![reference(pod)].into();
            let bound = claim.tree.with(&["metadata", "ownerReferences"], owners);
            set.outcome.update(CLAIMS, &key, bound);
        }
    }
}
