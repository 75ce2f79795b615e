//! What people must know about a claim.

use super::super::fate::{Content, Origin, Seen, Store};
use super::super::storage::is_network_storage;
use super::Mounting;
use crate::log::Log;
use crate::world::{Shape, Subject};
use catalog::{DataKind, Role};
use model::plan::{AccessMode, Claim};
use model::reason::Level;

impl Mounting<'_, '_> {
    /// What people must know about a claim.
    pub(super) fn report(&self, store: &Store, claim: &Claim, seen: &Seen<'_>, log: &mut Log) {
        let because = self.lines(seen);
        let mut find = |level, code, message: String, fix: String| {
            log.find(level, code, Some(self.subject.key()), message, fix, because.clone());
        };
        if let Origin::Bind { source, content } = &store.origin {
            copy_data(self.subject, source, *content, &claim.name, &mut find);
        }
        let database = self.subject.family().is_some_and(|f| f.role == Role::Database);
        let class = claim.class.as_deref().unwrap_or_default();
        let provisioner = self.world.cluster.storage_classes.get(class).map_or("", String::as_str);
        let nfs = is_network_storage(self.world.project, &store.origin)
            || class.contains("nfs")
            || provisioner.contains("nfs");
        if database && nfs {
            find(
                Level::Warning,
                "database-on-nfs",
                format!(
                    "`{}` would keep its data on NFS, where locks get lost and a second server can open the same files",
                    self.subject.key()
                ),
                "use block or local storage (--storage-class): Ceph RBD, a cloud disk, local-path"
                    .to_owned(),
            );
        }
        self.report_sharing(store, claim, &mut find);
        self.report_driver(store, &mut find);
        let set = self.subject.shape == Shape::StatefulSet && self.subject.scale.multiplied();
        if set && claim.access != AccessMode::ReadWriteMany {
            find(
                Level::Warning,
                "private-volume-multiplied",
                format!("each copy of `{}` gets a volume of its own at `{}`: what one writes, the others do not see", self.subject.key(), seen.mount.target),
                "right for a cluster that copies its data itself; else run one copy, or keep the files in object storage".to_owned(),
            );
        }
    }

    fn report_sharing(
        &self,
        store: &Store,
        claim: &Claim,
        find: &mut impl FnMut(Level, &'static str, String, String),
    ) {
        let sharers = &self.world.sharers;
        let users = store
            .origin
            .shared_key()
            .and_then(|key| sharers.get(&key))
            .cloned()
            .unwrap_or_default();
        let writers: Vec<&str> =
            users.iter().filter(|(_, reads)| !**reads).map(|(name, _)| *name).collect();
        let exclusive = store.data == Some(DataKind::Exclusive);
        if exclusive && writers.len() > 1 {
            let stores = writers
                .iter()
                .filter(|w| self.world.subject(w).is_some_and(Subject::is_data_store))
                .count();
            let level = if stores > 1 { Level::Blocker } else { Level::Warning };
            find(
                level,
                "data-directory-shared",
                format!(
                    "{} write to one data directory: two servers on it destroy it",
                    writers.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
                ),
                "give each its own volume; back a database up over the network, not from its files"
                    .to_owned(),
            );
        } else if claim.access == AccessMode::ReadWriteMany
            && claim.class.is_none()
            && !claim.external
            // Once for each volume, whoever else mounts it.
            && users.keys().next().is_none_or(|first| *first == self.subject.key())
        {
            find(
                Level::Warning,
                "shared-volume",
                format!("`{}` is mounted by pods of several nodes; the default class of most clusters cannot do that (ReadWriteMany)", claim.name),
                "name a class that can, CephFS or NFS, with --shared-storage-class, or keep the files in object storage".to_owned(),
            );
        }
    }

    fn report_driver(
        &self,
        store: &Store,
        find: &mut impl FnMut(Level, &'static str, String, String),
    ) {
        let Some(volume) = store.origin.volume(self.world.project) else { return };
        let driver = volume.driver.as_ref().map_or("local", |d| d.value.as_str());
        if driver.contains("gluster") {
            find(
                Level::Warning,
                "glusterfs",
                "Kubernetes dropped GlusterFS in 1.26: the volume is planned as a claim".to_owned(),
                "use CephFS (rook-cephfs) or NFS (nfs.csi.k8s.io) with --shared-storage-class"
                    .to_owned(),
            );
        } else if is_network_storage(self.world.project, &store.origin) {
            find(
                Level::Note,
                "network-volume",
                "the volume names a file server: the claim needs a class whose driver mounts it".to_owned(),
                "csi-driver-nfs (nfs.csi.k8s.io) with that server and share, named by x-muster.class at the volume".to_owned(),
            );
        } else if driver != "local" && driver != "default" {
            find(
                Level::Note,
                "volume-driver",
                format!(
                    "Docker's volume driver `{driver}` does not exist in Kubernetes: a storage class takes its place"
                ),
                "name it with x-muster.class at the volume or --storage-class".to_owned(),
            );
        } else if volume.driver_opts.get("device").is_some_and(|d| d.value.starts_with('/')) {
            find(
                Level::Warning,
                "copy-data",
                "the volume is a directory of one host: its data must be copied into the claim once".to_owned(),
                "start the product, then kubectl cp the directory into the pod, before anybody uses it".to_owned(),
            );
        }
    }
}

/// What stands in a directory of the host today must be copied once.
fn copy_data(
    subject: &Subject<'_>,
    source: &str,
    content: Content,
    claim: &str,
    find: &mut impl FnMut(Level, &'static str, String, String),
) {
    let (level, state) = match content {
        Content::Empty => return,
        Content::Data => (Level::Warning, "holds data today"),
        Content::Unknown => (Level::Note, "may hold data today"),
    };
    find(
        level,
        "copy-data",
        format!("`{source}` {state}; the claim `{claim}` starts empty"),
        format!(
            "copy it once, before `{}` is used: kubectl cp {source}/. NAMESPACE/POD:PATH",
            subject.key()
        ),
    );
}
