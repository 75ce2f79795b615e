//! Claims, volumes and classes.

use std::collections::BTreeSet;

use crate::binding::{Bindings, Tie, fits};
use crate::cursor::At;
use crate::finding::Findings;
use crate::known::sounds_like_database;
use crate::quantity::parse_milli;
use crate::rules::Context;
use crate::set::Object;
use crate::table::storage as t;

const CLAIM: &str = "PersistentVolumeClaim";
const VOLUME: &str = "PersistentVolume";

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    let bindings = Bindings::read(cx.set);
    let mut loose = BTreeSet::new();
    for claim in cx.set.of_kind(CLAIM) {
        required(claim, "resources.requests.storage", out);
        let tie = bindings.tie(claim);
        class(claim, tie, out);
        if let Some(Tie::Loose(volume)) = tie {
            loose.insert(volume.name.as_str());
        }
    }
    for volume in cx.set.of_kind(VOLUME) {
        required(volume, "capacity.storage", out);
        reclaim(volume, &loose, out);
    }
    for class in cx.set.of_kind("StorageClass") {
        class_reclaim(class, out);
    }
    for set in cx.set.of_kind("StatefulSet") {
        for template in set.spec().at("volumeClaimTemplates").items() {
            if !template.dig("spec.storageClassName").is_set() {
                no_class(set, &template.at("spec"), out);
            }
        }
    }
}

fn required(object: &Object<'_>, size: &str, out: &mut Findings) {
    let spec = object.spec();
    let modes = spec.at("accessModes");
    if modes.strings().is_empty() {
        let message = "no access mode: the API server refuses the object";
        out.add(&t::CLAIM_REQUIRED, object, &modes, message, "accessModes: [ReadWriteOnce]");
    }
    let size = spec.dig(size);
    if size.text().and_then(|s| parse_milli(&s)).is_none_or(|n| n <= 0) {
        let message = "no size, or one that cannot be read: the API server refuses the object";
        out.add(&t::CLAIM_REQUIRED, object, &size, message, "storage: 10Gi");
    }
}

/// How a claim relates to the volumes in the files.
fn class(claim: &Object<'_>, tie: Option<Tie<'_, '_>>, out: &mut Findings) {
    if let Some(Tie::Named(volume)) = tie {
        cannot_bind(claim, volume, out);
    }
    let spec = claim.spec();
    match tie {
        _ if spec.at("storageClassName").is_set() => {}
        // A volume that is kept for the claim binds to it whatever class the cluster fills in.
        Some(Tie::Reserved(_)) => {}
        Some(Tie::Named(volume)) => {
            let message = format!(
                "the claim names PersistentVolume `{}` but no class. The cluster fills in its default class, which is not the volume's: the claim stays Pending (VolumeMismatch)",
                volume.name
            );
            default_class(claim, volume, message, out);
        }
        Some(Tie::Loose(volume) | Tie::Class(volume)) => {
            let name = &volume.name;
            let message = format!(
                "the claim is tied to PersistentVolume `{name}` only by size and access mode. Without storageClassName the cluster's default class takes it and provisions an empty volume, which is deleted with the claim; `{name}` stays Available and unused"
            );
            default_class(claim, volume, message, out);
        }
        None => no_class(claim, &spec, out),
    }
}

fn default_class(claim: &Object<'_>, volume: &Object<'_>, message: String, out: &mut Findings) {
    let name = &volume.name;
    let class = volume.spec().at("storageClassName").text().unwrap_or_default();
    let fix = format!(
        "# in the claim\nspec:\n  storageClassName: {class:?}  # \"\" means: no dynamic provisioning\n  volumeName: {name}\n# and in the PersistentVolume\nspec:\n  storageClassName: {class:?}\n  claimRef:\n    namespace: {}\n    name: {}",
        claim.namespace, claim.name
    );
    let at = claim.spec().at("storageClassName");
    out.add(&t::CLAIM_TO_DEFAULT_CLASS, claim, &at, message, fix);
}

fn no_class(object: &Object<'_>, spec: &At<'_>, out: &mut Findings) {
    let message =
        "the class is left to the cluster: on one without a default class the claim stays Pending";
    let fix = "# `kubectl get storageclass` lists them; or waive this to take the default\nstorageClassName: standard";
    out.add(&t::CLAIM_WITHOUT_CLASS, object, &spec.at("storageClassName"), message, fix);
}

fn cannot_bind(claim: &Object<'_>, volume: &Object<'_>, out: &mut Findings) {
    let class = |o: &Object<'_>| o.spec().at("storageClassName").text();
    let at = claim.spec().at("volumeName");
    let other_class = class(claim).unwrap_or_default() != class(volume).unwrap_or_default();
    let why = match (claim.spec().at("storageClassName").is_set(), other_class) {
        (true, true) => "another class",
        _ if !fits(claim, volume) => "less room or another access mode",
        _ => return,
    };
    let message = format!("PersistentVolume `{}` has {why}: the claim stays Pending", volume.name);
    let fix = "give both the same storageClassName and accessModes, and the volume at least the size of the claim";
    out.add(&t::CLAIM_CANNOT_BIND, claim, &at, message, fix);
}

fn reclaim(volume: &Object<'_>, loose: &BTreeSet<&str>, out: &mut Findings) {
    let spec = volume.spec();
    let at = spec.at("persistentVolumeReclaimPolicy");
    let keep = "persistentVolumeReclaimPolicy: Retain";
    match at.str() {
        Some("Delete") if spec.at("nfs").is_set() => {
            let message = "in-tree NFS cannot delete: the volume ends in phase Failed, and its files stay on the server";
            out.add(&t::NFS_DELETE, volume, &at, message, keep);
        }
        Some("Delete" | "Recycle") => {
            let message = "deleting the claim, or its namespace, deletes the data";
            out.add(&t::RECLAIM_DELETE, volume, &at, message, keep);
        }
        Some(_) => {}
        None => implicit(volume, &at, loose, out),
    }
}

fn implicit(volume: &Object<'_>, at: &At<'_>, loose: &BTreeSet<&str>, out: &mut Findings) {
    let mut message = "no reclaim policy. A volume written by hand gets Retain: after the claim is deleted the data is there, and the volume stays Released until its claimRef is removed by hand".to_owned();
    if loose.contains(volume.name.as_str()) {
        message.push_str(". The claim in these files may get a provisioned volume instead, and for that one the class's policy counts, which is Delete by default");
    }
    let what = if sounds_like_database(&volume.name) { "the database's files" } else { "the data" };
    let fix = format!(
        "# said aloud, so that nobody takes {what} for disposable\npersistentVolumeReclaimPolicy: Retain"
    );
    out.add(&t::RECLAIM_IMPLICIT, volume, at, message, fix);
}

fn class_reclaim(class: &Object<'_>, out: &mut Findings) {
    let at = class.root.at("reclaimPolicy");
    let provisioner = class.root.at("provisioner").str().unwrap_or_default();
    if at.is("Retain") || provisioner == "kubernetes.io/no-provisioner" {
        return;
    }
    let how = if at.is_set() { "Delete" } else { "no reclaimPolicy, which means Delete" };
    let message =
        format!("{how}: deleting a claim of this class, or its namespace, deletes the data");
    out.add(
        &t::RECLAIM_DELETE,
        class,
        &at,
        message,
        "reclaimPolicy: Retain\n# or waive this where volumes only hold what can be made again",
    );
}
