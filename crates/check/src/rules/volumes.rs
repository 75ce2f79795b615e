//! Volumes of pods.

use std::collections::{BTreeMap, BTreeSet};

use crate::cursor::At;
use crate::finding::Findings;
use crate::known::mounts;
use crate::rules::Context;
use crate::set::{Object, Pod, Set};
use crate::table::{references, storage as t};

/// In-tree plugins that are gone, and what took their place.
const REMOVED: &[(&str, &str)] = &[
    ("glusterfs", "CephFS (driver cephfs.csi.ceph.com) or NFS (driver nfs.csi.k8s.io)"),
    ("rbd", "the CSI driver rbd.csi.ceph.com"),
    ("cephfs", "the CSI driver cephfs.csi.ceph.com"),
    ("flocker", "a CSI driver"),
    ("quobyte", "the vendor's CSI driver"),
    ("storageos", "a CSI driver"),
    ("scaleIO", "the vendor's CSI driver"),
    ("photonPersistentDisk", "a CSI driver"),
    ("cinder", "the CSI driver cinder.csi.openstack.org"),
    ("awsElasticBlockStore", "the CSI driver ebs.csi.aws.com"),
    ("azureDisk", "the CSI driver disk.csi.azure.com"),
    ("azureFile", "the CSI driver file.csi.azure.com"),
    ("gcePersistentDisk", "the CSI driver pd.csi.storage.gke.io"),
    ("vsphereVolume", "the CSI driver csi.vsphere.vmware.com"),
    ("gitRepo", "an init container that clones into an emptyDir"),
];

/// Plugins whose old volumes a CSI driver still serves: the API server translates them.
const MIGRATED: &[&str] = &[
    "cinder",
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "gcePersistentDisk",
    "vsphereVolume",
];

pub(super) fn run(cx: &Context<'_, '_>, out: &mut Findings) {
    for volume in cx.set.of_kind("PersistentVolume") {
        removed(volume, &volume.spec(), out);
    }
    for pod in &cx.set.pods {
        for volume in pod.spec.at("volumes").items() {
            removed(&pod.owner, &volume, out);
            claim(pod, &volume, cx.set, out);
        }
        mounted(pod, cx.set, out);
    }
}

fn removed(object: &Object<'_>, volume: &At<'_>, out: &mut Findings) {
    for (plugin, instead) in REMOVED {
        let at = volume.at(plugin);
        if !at.is_set() {
            continue;
        }
        let (rule, message) = if MIGRATED.contains(plugin) {
            let message = format!(
                "Kubernetes no longer has the plugin `{plugin}`: the pod only starts where the cluster has the CSI driver that took it over"
            );
            (&t::MIGRATED_VOLUME, message)
        } else {
            let message = format!(
                "Kubernetes no longer has the plugin `{plugin}`: the pod stays in ContainerCreating for ever"
            );
            (&t::REMOVED_VOLUME, message)
        };
        out.add(rule, object, &at, message, format!("use {instead}"));
    }
}

fn claim(pod: &Pod<'_>, volume: &At<'_>, set: &Set<'_>, out: &mut Findings) {
    let at = volume.dig("persistentVolumeClaim.claimName");
    let Some(name) = at.text() else { return };
    if set.find("PersistentVolumeClaim", &pod.owner.namespace, &name).is_none() {
        let message = format!(
            "PersistentVolumeClaim `{name}` is not in these files: unless the cluster has it, the pod stays Pending"
        );
        let fix = format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: {name}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 10Gi"
        );
        out.add(&references::MISSING_CLAIM, &pod.owner, &at, message, fix);
    }
}

fn mounted(pod: &Pod<'_>, set: &Set<'_>, out: &mut Findings) {
    let own = pod.spec.at("volumes").items();
    let templates = pod.owner.spec().at("volumeClaimTemplates").items();
    let names =
        own.iter().map(|v| v.at("name")).chain(templates.iter().map(|v| v.dig("metadata.name")));
    let names: BTreeSet<String> = names.filter_map(|at| at.text()).collect();
    let by_name: BTreeMap<_, _> =
        own.iter().rev().filter_map(|v| Some((v.at("name").text()?, v))).collect();
    let mut used = BTreeSet::new();
    for container in &pod.containers {
        for (_, mount) in mounts(container) {
            let at = mount.at("name");
            let name = at.text().unwrap_or_default();
            if !names.contains(&name) {
                let message =
                    format!("the pod has no volume `{name}`: the API server refuses the object");
                let fix = format!(
                    "volumes:\n  - name: {name}\n    emptyDir: {{}}  # or configMap, secret, persistentVolumeClaim"
                );
                out.add(&references::MISSING_VOLUME, &pod.owner, &at, message, fix);
            }
            if let Some(volume) = by_name.get(&name) {
                subpath(pod, volume, &mount, set, out);
            }
            used.insert(name);
        }
        let devices = container.at.at("volumeDevices").items();
        used.extend(devices.iter().filter_map(|d| d.at("name").text()));
    }
    for volume in &own {
        let name = volume.at("name");
        if name.text().is_some_and(|n| !used.contains(&n)) {
            let message =
                "no container mounts this volume: what the application writes goes elsewhere";
            let fix = "add a volumeMounts entry to the container, or remove the volume";
            out.add(&references::UNUSED_VOLUME, &pod.owner, &name, message, fix);
        }
    }
}

fn subpath(pod: &Pod<'_>, volume: &At<'_>, mount: &At<'_>, set: &Set<'_>, out: &mut Findings) {
    let at = mount.at("subPath");
    let (map, secret) = (volume.dig("configMap.name"), volume.dig("secret.secretName"));
    let held = match (map.text(), secret.text()) {
        (Some(name), _) => ("ConfigMap", name),
        (None, Some(name)) => ("Secret", name),
        (None, None) => return,
    };
    // What cannot change gets a new name instead, and that rolls the pods; a job starts anew.
    let object = set.find(held.0, &pod.owner.namespace, &held.1);
    let fixed = object.is_some_and(|o| o.root.at("immutable").bool() == Some(true));
    if at.is_set() && !fixed && !pod.is_job() {
        let message = "a file mounted by subPath keeps its first content until the pod is replaced";
        let fix = "put a hash of the content into an annotation of the pod template, so that a change rolls the pods";
        out.add(&t::SUBPATH_CONFIG, &pod.owner, &at, message, fix);
    }
}
