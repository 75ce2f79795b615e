//! Services that share a network namespace share a pod.

use crate::log::Log;
use crate::names;
use crate::world::World;
use model::plan::{Container, Kind, Pod, PodSecurity, PodVolume, VolumeSource, Workload};
use std::collections::BTreeSet;

/// Adds a service that shares another's pod to that pod.
pub(crate) fn join(
    world: &World<'_>,
    host: &str,
    tenant: Workload,
    workloads: &mut [Workload],
    log: &mut Log,
) {
    let Some(target) = workloads.iter_mut().find(|w| w.service == host) else { return };
    if let Some(subject) = world.subject(&tenant.service) {
        log.decide(subject, "metadata.name")
            .chose(format!("a container in the pod of `{host}`"))
            .all(subject.lines("network_mode"))
            .why("a shared network namespace is a shared pod");
    }
    let mut pod = tenant.pod;
    let templates: BTreeSet<String> = match &target.kind {
        Kind::StatefulSet { claims, .. } => claims.iter().map(|c| c.name.clone()).collect(),
        _ => BTreeSet::new(),
    };
    volumes(&tenant.name, &mut pod, &mut target.pod, &templates);
    ports(&pod, &mut target.pod);
    target.pod.containers.append(&mut pod.containers);
    for container in std::mem::take(&mut pod.init) {
        if !target.pod.init.iter().any(|c| c.name == container.name) {
            target.pod.init.push(container);
        }
    }
    placement(&mut target.pod, &mut pod);
    security(&mut target.pod.security, pod.security);
    target.after.extend(tenant.after);
    target.after.sort();
    target.after.dedup();
}

/// A port that the host publishes for its tenant is declared once, by the container that listens.
fn ports(tenant: &Pod, host: &mut Pod) {
    let listens = |port: u16, protocol| {
        let all = tenant.containers.iter().flat_map(|c| &c.ports);
        all.into_iter().any(|p| (p.port, p.protocol) == (port, protocol))
    };
    for container in &mut host.containers {
        container.ports.retain(|p| !listens(p.port, p.protocol));
    }
}

/// Volumes that both have under one name: the same object is mounted twice, anything else gets a
/// name of its own. Scratch volumes are never shared: each container had its own `/tmp`.
fn volumes(tenant: &str, pod: &mut Pod, target: &mut Pod, templates: &BTreeSet<String>) {
    let own: BTreeSet<String> = pod.volumes.iter().map(|v| v.name.clone()).collect();
    for volume in std::mem::take(&mut pod.volumes) {
        let scratch = matches!(volume.source, VolumeSource::Empty { .. });
        let same = target.volumes.iter().find(|v| v.name == volume.name);
        let shared = same.is_some_and(|same| !scratch && same.source == volume.source);
        if shared {
            continue;
        }
        if same.is_none() && !templates.contains(&volume.name) {
            target.volumes.push(volume);
            continue;
        }
        let mut renamed = names::label(&format!("{tenant}-{}", volume.name), 63);
        // Claims are called so by themselves: `data` of the tenant `a` may meet its own `a-data`.
        if own.contains(&renamed) || target.volumes.iter().any(|v| v.name == renamed) {
            let digest = names::digest(volume.name.as_bytes(), 5);
            renamed = format!("{}-{digest}", names::label(&renamed, 57));
        }
        let containers = pod.containers.iter_mut().chain(&mut pod.init);
        rename(containers, &volume.name, &renamed);
        target.volumes.push(PodVolume { name: renamed, source: volume.source });
    }
    target.volumes.sort_by(|a, b| a.name.cmp(&b.name));
}

fn rename<'c>(containers: impl Iterator<Item = &'c mut Container>, from: &str, to: &str) {
    for mount in containers.flat_map(|c| &mut c.mounts).filter(|m| m.volume == from) {
        to.clone_into(&mut mount.volume);
    }
}

/// Where the pod runs and what it knows must suit all of its containers.
fn placement(target: &mut Pod, pod: &mut Pod) {
    target.labels.append(&mut pod.labels);
    for (key, value) in std::mem::take(&mut pod.annotations) {
        target.annotations.entry(key).or_insert(value);
    }
    target.grace = target.grace.max(pod.grace);
    target.node_selector.append(&mut pod.node_selector);
    target.tolerations.append(&mut pod.tolerations);
    target.tolerations.sort();
    target.tolerations.dedup();
    target.host_aliases.append(&mut pod.host_aliases);
    target.runtime_class = target.runtime_class.take().or(pod.runtime_class.take());
    target.dns = target.dns.take().or(pod.dns.take());
    target.share_processes |= pod.share_processes;
}

/// One user for the pod must suit all of its images: an ordinary one does; where somebody needs
/// root, each container runs as its image says.
fn security(target: &mut PodSecurity, mut tenant: PodSecurity) {
    if target.user != tenant.user && !(target.non_root && tenant.non_root) {
        target.user = None;
        target.group = None;
    }
    target.non_root &= tenant.non_root;
    target.seccomp &= tenant.seccomp;
    target.user_namespace &= tenant.user_namespace;
    target.fs_group = target.fs_group.or(tenant.fs_group);
    target.groups.append(&mut tenant.groups);
    target.groups.sort_unstable();
    target.groups.dedup();
    target.sysctls.append(&mut tenant.sysctls);
}
