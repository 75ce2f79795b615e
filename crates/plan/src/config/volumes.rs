//! Mounts: claims, scratch space, files, and what was refused.

use super::fate::{
    Content, Drop, Fate, Origin, Place, Seen, Store, clean, fate, is_below, mounts, sharers,
    source_key, unmounted,
};
use super::files::{self, Source};
use super::storage::{Several, access, class, is_network_storage, others, size};
use super::{Configured, SecretBook};
use crate::log::Log;
use crate::world::{Shape, Shared, Subject, World};
use crate::{names, rules};
use catalog::{DataKind, Role};
use model::plan::{AccessMode, Claim, EnvSource, EnvVar, Mounted, PodVolume, VolumeSource};
use model::project::{BindSource, MountKind};
use model::reason::{Because, Certainty, Level, Rule};
use std::collections::BTreeMap;
use units::Bytes;

/// Everything that planning a mount needs.
pub(super) struct Mounting<'m, 'w> {
    pub(super) world: &'m World<'w>,
    pub(super) subject: &'m Subject<'w>,
    pub(super) book: &'m SecretBook,
}

/// Plans every mount of a service.
pub(super) fn volumes(
    it: &Mounting<'_, '_>,
    shared: &mut Shared,
    out: &mut Configured,
    log: &mut Log,
) {
    let place = it.place();
    for seen in mounts(it.world.project, it.subject.service) {
        let because = it.lines(&seen);
        match fate(&place, &seen) {
            Fate::Claim(store) => it.claim(&seen, &store, because, shared, out, log),
            Fate::Files => it.files(&seen, because, shared, out, log),
            Fate::Scratch { memory, limit, why } => {
                let source = VolumeSource::Empty { memory, limit: limit.filter(|l| l.get() > 0) };
                it.explain_mount(
                    &seen.mount.target,
                    "an emptyDir",
                    because,
                    rules::EPHEMERAL_SCRATCH,
                    why,
                    log,
                );
                it.attach(
                    &seen.mount.target,
                    names::label(&seen.mount.target, 50),
                    source,
                    None,
                    seen.read_only,
                    out,
                );
            }
            Fate::Image(reference) => {
                it.explain_mount(
                    &seen.mount.target,
                    &reference,
                    because,
                    rules::EPHEMERAL_SCRATCH,
                    "the files of an image, read-only",
                    log,
                );
                it.attach(
                    &seen.mount.target,
                    names::label(&seen.mount.target, 50),
                    VolumeSource::Image(reference),
                    seen.mount.subpath.clone(),
                    true,
                    out,
                );
            }
            Fate::Dropped(drop) => it.dropped(&seen, drop, because, log),
            Fate::Lost(loss) => log.find(
                loss.level,
                loss.code,
                Some(it.subject.key()),
                loss.message,
                loss.fix,
                because,
            ),
        }
    }
    it.tmpfs(out, log);
    it.image_data(&place, shared, out, log);
    it.subdirectory(out, log);
}

impl Mounting<'_, '_> {
    fn place(&self) -> Place<'_> {
        Place {
            project: self.world.project,
            service: self.subject.service,
            family: self.subject.family(),
            image: self.subject.image.facts_ref(),
        }
    }

    fn lines(&self, seen: &Seen<'_>) -> Vec<Because> {
        match seen.inherited {
            None => {
                vec![self.subject.line(format!("volumes.{}", seen.mount.index), seen.mount.span)]
            }
            Some(index) => self.subject.lines(&format!("volumes_from.{index}")),
        }
    }

    /// The decision about what is mounted at a path: the volume and its mount.
    fn explain_mount(
        &self,
        target: &str,
        chosen: &str,
        because: Vec<Because>,
        rule: Rule,
        why: &str,
        log: &mut Log,
    ) {
        let label = names::label(target.trim_start_matches('/'), 50);
        for field in [
            self.subject.pod_field(&format!("volumes[{label}]")),
            self.subject.container_field(&format!("volumeMounts[{label}]")),
        ] {
            log.decide(self.subject, field)
                .chose(format!("{target}: {chosen}"))
                .all(because.clone())
                .rule(rule)
                .sure(Certainty::Inferred)
                .why(why);
        }
    }

    fn attach(
        &self,
        target: &str,
        name: String,
        source: VolumeSource,
        sub_path: Option<String>,
        read_only: bool,
        out: &mut Configured,
    ) {
        let mut name = name;
        if out.volumes.iter().any(|v| v.name == name && v.source != source) {
            name = format!("{}-{}", names::label(&name, 50), names::digest(target.as_bytes(), 5));
        }
        if !out.volumes.iter().any(|v| v.name == name) {
            out.volumes.push(PodVolume { name: name.clone(), source });
        }
        out.mounts.push(Mounted { path: clean(target), volume: name, sub_path, read_only });
    }

    fn claim(
        &self,
        seen: &Seen<'_>,
        store: &Store,
        because: Vec<Because>,
        shared: &mut Shared,
        out: &mut Configured,
        log: &mut Log,
    ) {
        let target = self.target_for_version(&clean(&seen.mount.target), log, &because);
        let claim = self.plan_claim(store, because, &target, log);
        self.report(store, &claim, seen, log);
        let sub_path = seen.mount.subpath.clone();
        self.mount_claim(claim, &target, sub_path, seen.read_only, store, shared, out);
    }

    /// Mounts a claim: of the set's own where only its pods use it, else one that stands alone.
    fn mount_claim(
        &self,
        claim: Claim,
        target: &str,
        sub_path: Option<String>,
        read_only: bool,
        store: &Store,
        shared: &mut Shared,
        out: &mut Configured,
    ) {
        let alone = others(self.subject.service, &store.origin, &sharers(self.world.project)) == 0;
        if self.subject.shape == Shape::StatefulSet && alone && !claim.external {
            if !out.templates.iter().any(|t| t.name == claim.name) {
                out.templates.push(claim.clone());
            }
            out.mounts.push(Mounted {
                path: target.to_owned(),
                volume: claim.name,
                sub_path,
                read_only,
            });
            return;
        }
        let source = VolumeSource::Claim { name: claim.name.clone(), read_only: false };
        let volume = names::label(&claim.name, 50);
        shared.claims.entry(claim.name.clone()).or_insert(claim);
        self.attach(target, volume, source, sub_path, read_only, out);
    }

    /// Size, class and access mode, with the decisions about them.
    fn plan_claim(
        &self,
        store: &Store,
        because: Vec<Because>,
        target: &str,
        log: &mut Log,
    ) -> Claim {
        let sharing = others(self.subject.service, &store.origin, &sharers(self.world.project));
        let multiplied =
            self.subject.scale.multiplied() && self.subject.shape != Shape::StatefulSet;
        let network = is_network_storage(self.world.project, &store.origin);
        let several =
            if sharing > 0 || multiplied || network { Several::Nodes } else { Several::No };
        let (size, size_because) = size(self.world, self.subject, store);
        let (class, class_because) = class(self.world, &store.origin, several);
        let access = access(self.world, self.subject, class.as_deref(), several);
        let volume = store.origin.volume(self.world.project);
        let external = volume.is_some_and(|v| v.external);
        let name = self.claim_name(&store.origin, target);
        let of_set = self.subject.shape == Shape::StatefulSet && sharing == 0 && !external;
        let (object, field) = if of_set {
            (self.subject.object(), format!("spec.volumeClaimTemplates[{name}]"))
        } else {
            (format!("PersistentVolumeClaim/{name}"), String::new())
        };
        let mode =
            if several == Several::Nodes { rules::SHARED_NEEDS_RWX } else { rules::CLAIM_RETAINED };
        log.decide_on(Some(self.subject.key()), object, field)
            .chose(format!(
                "{size}, {access:?}, {}",
                class
                    .as_deref()
                    .map_or("the cluster's default class".to_owned(), |c| format!("class {c}"))
            ))
            .all(because.clone())
            .all(size_because)
            .all(class_because)
            .all(self.volume_lines(&store.origin))
            .rule(rules::CLAIM_SIZE)
            .rule(mode)
            .sure(if store.size.is_some() { Certainty::Inferred } else { Certainty::Assumed })
            .why(claim_why(store, several));
        let origin_rule = if matches!(store.origin, Origin::Bind { .. }) {
            rules::BIND_DATA
        } else {
            rules::CLAIM_RETAINED
        };
        self.explain_mount(
            target,
            &format!("the claim `{name}`"),
            because,
            origin_rule,
            "what is written there outlives the pod",
            log,
        );
        Claim { name, service: self.subject.key().to_owned(), size, access, class, external }
    }

    /// The volume's own lines, so that none goes unmentioned.
    fn volume_lines(&self, origin: &Origin) -> Vec<Because> {
        let Origin::Named(key) = origin else { return Vec::new() };
        let path = format!("volumes.{key}");
        let below = format!("{path}.");
        let fields = self
            .world
            .project
            .fields
            .iter()
            .filter(|f| f.path == path || f.path.starts_with(&below));
        fields.map(|f| Because::Line { field: f.path.clone(), span: f.span }).collect()
    }

    fn claim_name(&self, origin: &Origin, target: &str) -> String {
        match origin {
            Origin::Named(key) => {
                let volume = self.world.project.volumes.get(key);
                let external = volume.filter(|v| v.external).and_then(|v| v.name.as_ref());
                external.map_or_else(|| names::object(key), |name| names::object(&name.value))
            }
            Origin::Bind { source, .. } => {
                let tail = source.trim_start_matches(['.', '/', '~']);
                let name = names::object(if tail.is_empty() { target } else { tail });
                let taken = self.world.project.volumes.keys().any(|key| names::object(key) == name);
                if taken { format!("{name}-{}", names::digest(source.as_bytes(), 5)) } else { name }
            }
            Origin::Anonymous(path) | Origin::Image(path) => {
                let stem = names::label(path.rsplit('/').next().unwrap_or(path), 30);
                // A template belongs to its set; a claim that stands alone needs the service's name.
                if self.subject.shape == Shape::StatefulSet {
                    stem
                } else {
                    names::joined(&[&self.subject.name, &stem])
                }
            }
        }
    }

    /// What people must know about a claim.
    fn report(&self, store: &Store, claim: &Claim, seen: &Seen<'_>, log: &mut Log) {
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
        let sharers = sharers(self.world.project);
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
                    writers.join(", ")
                ),
                "give each its own volume; back a database up over the network, not from its files"
                    .to_owned(),
            );
        } else if claim.access == AccessMode::ReadWriteMany
            && claim.class.is_none()
            && !claim.external
        {
            find(
                Level::Note,
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

    /// PostgreSQL 18 and later keep their data one level up, and refuse a mount at the old place.
    fn target_for_version(&self, target: &str, log: &mut Log, because: &[Because]) -> String {
        let (Some(family), Some(image)) = (self.subject.family(), self.subject.image.facts_ref())
        else {
            return target.to_owned();
        };
        let now: Vec<&str> = family.data_for(image).map(|d| d.path.as_str()).collect();
        let old = family.data.iter().any(|d| d.path == target) && !now.contains(&target);
        let Some(moved) = now.iter().find(|path| old && is_below(target, path)) else {
            return target.to_owned();
        };
        log.find(
            Level::Warning,
            "data-path-moved",
            Some(self.subject.key()),
            format!("`{}` keeps its data below `{moved}` and refuses a volume at `{target}`: it is mounted at `{moved}`", self.subject.image.reference),
            format!("write {moved} in the file, or pin the older major version whose data you have"),
            because.to_vec(),
        );
        (*moved).to_owned()
    }

    fn files(
        &self,
        seen: &Seen<'_>,
        because: Vec<Because>,
        shared: &mut Shared,
        out: &mut Configured,
        log: &mut Log,
    ) {
        let MountKind::Bind { source, facts } = &seen.mount.kind else { return };
        let origin = Source { written: source, target: &seen.mount.target, because };
        match facts {
            BindSource::File(file) => {
                if let model::project::Content::Text(text) = &file.content {
                    files::file(self, &origin, text, shared, out, log);
                }
            }
            BindSource::Directory { files: found, .. } => {
                let texts: BTreeMap<&str, &str> = found
                    .iter()
                    .filter_map(|(name, facts)| match &facts.content {
                        model::project::Content::Text(text) => Some((name.as_str(), text.as_str())),
                        _ => None,
                    })
                    .collect();
                files::directory(self, &origin, &texts, shared, out, log);
                self.report_code(seen, found.keys(), log);
            }
            BindSource::Host | BindSource::Missing => {}
        }
        if !seen.read_only && source_key(source).ends_with(".env") {
            log.find(
                Level::Note,
                "file-read-only",
                Some(self.subject.key()),
                format!("`{}` is read-only in the pod", seen.mount.target),
                "keep what the service writes on a volume",
                self.lines(seen),
            );
        }
    }

    /// Code that is carried by a ConfigMap runs, but belongs into an image.
    fn report_code<'f>(
        &self,
        seen: &Seen<'_>,
        mut names: impl Iterator<Item = &'f String>,
        log: &mut Log,
    ) {
        let code = names.any(|name| {
            [".py", ".js", ".ts", ".php", ".rb", ".go"].iter().any(|end| name.ends_with(end))
        });
        if !code || self.subject.service.build.is_some() {
            return;
        }
        log.find(
            Level::Warning,
            "code-in-config-map",
            Some(self.subject.key()),
            format!("the code at `{}` comes from the Compose file's directory: it is carried by a ConfigMap, read-only", seen.mount.target),
            "build it into an image (COPY in a Dockerfile), so that image and code are one version",
            self.lines(seen),
        );
    }

    fn dropped(&self, seen: &Seen<'_>, drop: Drop, because: Vec<Because>, log: &mut Log) {
        let target = &seen.mount.target;
        let (rule, why) = match drop {
            Drop::SourceCode => (rules::BIND_SOURCE_CODE, "the image holds the code already"),
            Drop::Shield => (
                rules::BIND_SOURCE_CODE,
                "it shields packages from a mount of source code, which is dropped",
            ),
            Drop::TimeZone => (
                rules::BIND_HOST,
                "the clock of the host is UTC on most nodes; set TZ in the environment",
            ),
            Drop::Empty => {
                (rules::BIND_HOST, "there is nothing in it, and the service only reads it")
            }
            Drop::Operated => {
                (rules::OPERATOR_RUNS_CLUSTER, "each member gets storage from the operator")
            }
        };
        log.decide(self.subject, format!("compose.volumes.{}", seen.mount.index))
            .chose(format!("{target}: not mounted"))
            .all(because.clone())
            .rule(rule)
            .sure(Certainty::Inferred)
            .why(why);
        if drop == Drop::SourceCode {
            log.find(
                Level::Note,
                "source-code-mount",
                Some(self.subject.key()),
                format!("the mount of source code at `{target}` is for development and is dropped"),
                "nothing, if the Dockerfile copies the code into the image",
                because,
            );
        }
    }

    /// `tmpfs` at the service.
    fn tmpfs(&self, out: &mut Configured, log: &mut Log) {
        for (index, entry) in self.subject.service.tmpfs.iter().enumerate() {
            let (path, limit) = &entry.value;
            let lines = self.subject.lines(&format!("tmpfs.{index}"));
            let because = if lines == vec![self.subject.own_line()] {
                self.subject.lines("tmpfs")
            } else {
                lines
            };
            self.explain_mount(
                path,
                "an emptyDir in memory",
                because,
                rules::EPHEMERAL_SCRATCH,
                "a tmpfs is memory; it counts against the limit",
                log,
            );
            let source = VolumeSource::Empty { memory: true, limit: limit.filter(|l| l.get() > 0) };
            self.attach(
                path,
                names::label(path.trim_start_matches('/'), 50),
                source,
                None,
                false,
                out,
            );
        }
    }

    /// Data directories of the image that the file mounts nothing at.
    fn image_data(
        &self,
        place: &Place<'_>,
        shared: &mut Shared,
        out: &mut Configured,
        log: &mut Log,
    ) {
        if matches!(self.subject.shape, Shape::Operated | Shape::Job | Shape::CronJob) {
            return;
        }
        let role = self.subject.family().map(|f| f.role);
        let keeps = matches!(
            role,
            Some(Role::Database | Role::Broker | Role::SearchEngine | Role::ObjectStore)
        );
        for (data, path) in unmounted(place) {
            let because: Vec<Because> =
                std::iter::once(self.subject.own_line()).chain(self.subject.image_fact()).collect();
            if !keeps {
                log.find(
                    Level::Warning,
                    "data-not-kept",
                    Some(self.subject.key()),
                    format!(
                        "nothing is mounted at `{path}` ({}): it is gone when the pod is",
                        data.what
                    ),
                    format!(
                        "add a volume: {}:{path}",
                        names::label(path.rsplit('/').next().unwrap_or("data"), 30)
                    ),
                    because,
                );
                continue;
            }
            log.find(
                Level::Warning,
                "database-without-volume",
                Some(self.subject.key()),
                format!("nothing is mounted at `{path}` ({}): the plan adds a claim", data.what),
                format!("write it down: volumes: [\"{}-data:{path}\"]", self.subject.name),
                because.clone(),
            );
            let size = Some(Bytes::gib(data.size_gi.into()));
            let store = Store { origin: Origin::Image(path.clone()), data: Some(data.kind), size };
            let claim = self.plan_claim(&store, because, &path, log);
            self.mount_claim(claim, &path, None, false, &store, shared, out);
        }
    }

    /// A claim's file system starts with `lost+found`, which some images refuse: they get a
    /// subdirectory.
    fn subdirectory(&self, out: &mut Configured, log: &mut Log) {
        let Some(family) = self.subject.family() else { return };
        for data in &family.data {
            let Some(moved) = &data.subdirectory else { continue };
            let mounted =
                out.mounts.iter().any(|m| m.path == clean(&data.path) && m.sub_path.is_none());
            if !mounted || self.subject.service.environment.contains_key(&moved.key) {
                continue;
            }
            log.decide(self.subject, self.subject.container_field(&format!("env[{}]", moved.key)))
                .chose(moved.value.clone())
                .all(self.subject.image_fact())
                .rule(rules::CLAIM_RETAINED)
                .why(
                    "a fresh file system holds lost+found, and the server wants an empty directory",
                );
            out.env.push(EnvVar {
                name: moved.key.clone(),
                source: EnvSource::Value(moved.value.clone()),
            });
        }
    }
}

fn claim_why(store: &Store, several: Several) -> &'static str {
    match (store.data, several) {
        (Some(DataKind::Shared), Several::Nodes) => "files that every copy reads and writes",
        (_, Several::Nodes) => "pods of several nodes mount it",
        (Some(DataKind::Exclusive), Several::No) => "its data, with one writer",
        _ => "what it writes must outlive the pod",
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
