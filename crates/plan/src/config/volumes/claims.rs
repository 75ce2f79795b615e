//! Claims: what is kept, how much, on which class, and where it is mounted.

use super::super::Configured;
use super::super::fate::{Origin, Place, Seen, Store, clean, is_below, unmounted};
use super::super::storage::{Several, access, class, is_network_storage, others, size};
use super::{Mounting, attach, mounted};
use crate::log::Log;
use crate::world::{Shape, Shared};
use crate::{names, rules};
use catalog::DataKind;
use model::plan::{Claim, EnvSource, EnvVar, Mounted, VolumeSource};
use model::reason::{Because, Certainty, Level};
use units::Bytes;

/// Where a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Home {
    /// In the set, whose pods alone use it.
    Set,
    /// On its own, for everybody who mounts it.
    Alone,
}

impl Mounting<'_, '_> {
    pub(super) fn claim(
        &self,
        seen: &Seen<'_>,
        store: &Store,
        because: &[Because],
        shared: &mut Shared,
        out: &mut Configured,
        log: &mut Log,
    ) {
        let target = self.target_for_version(&clean(&seen.mount.target), log, because);
        let claim = self.plan_claim(store, because, &target, log);
        self.report(store, &claim.0, seen, log);
        let sub_path = seen.mount.subpath.clone();
        let place = mounted(&target, sub_path, seen.read_only);
        mount_claim(claim, place, shared, out);
    }

    /// Size, class and access mode, with the decisions about them.
    fn plan_claim(
        &self,
        store: &Store,
        because: &[Because],
        target: &str,
        log: &mut Log,
    ) -> (Claim, Home) {
        let sharing = others(self.subject.service, &store.origin, &self.world.sharers);
        let of_set = self.subject.shape == Shape::StatefulSet;
        let network = is_network_storage(self.world.project, &store.origin);
        let many = sharing > 0 || network || (self.subject.scale.multiplied() && !of_set);
        let several = if many { Several::Nodes } else { Several::No };
        let (size, mut reasons) = size(self.world, self.subject, store);
        let (class, class_because) = class(self.world, &store.origin, several);
        reasons.extend(class_because);
        if let Origin::Named(key) = &store.origin {
            reasons.extend(self.world.project_lines(&format!("volumes.{key}")));
        }
        let access = access(self.world, self.subject, class.as_deref(), several);
        let external = store.origin.volume(self.world.project).is_some_and(|v| v.external);
        let home = if of_set && sharing == 0 && !external { Home::Set } else { Home::Alone };
        let name = self.claim_name(&store.origin, target);
        let service = self.subject.key().to_owned();
        let claim = Claim { name, service, size, access, class, external };
        self.explain_claim(&claim, home, store, several, [because, &reasons].concat(), log);
        let rule = match store.origin {
            Origin::Bind { .. } => rules::BIND_DATA,
            _ => rules::CLAIM_RETAINED,
        };
        let chosen = format!("the claim `{}`", claim.name);
        let why = "what is written there outlives the pod";
        self.explain_mount(target, &chosen, because, rule, why, log);
        (claim, home)
    }

    fn explain_claim(
        &self,
        claim: &Claim,
        home: Home,
        store: &Store,
        several: Several,
        because: Vec<Because>,
        log: &mut Log,
    ) {
        let (object, field) = match home {
            Home::Set => {
                (self.subject.object(), format!("spec.volumeClaimTemplates[{}]", claim.name))
            }
            Home::Alone => (format!("PersistentVolumeClaim/{}", claim.name), String::new()),
        };
        let class = match &claim.class {
            Some(class) => format!("class {class}"),
            None => "the cluster's default class".to_owned(),
        };
        log.decide_on(Some(self.subject.key()), object, field)
            .chose(format!("{}, {:?}, {class}", claim.size, claim.access))
            .all(because)
            .rule(rules::CLAIM_SIZE)
            .rule(match several {
                Several::Nodes => rules::SHARED_NEEDS_RWX,
                Several::No => rules::CLAIM_RETAINED,
            })
            .sure(if store.size.is_some() { Certainty::Inferred } else { Certainty::Assumed })
            .why(claim_why(store, several));
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

    /// `PostgreSQL` 18 and later keep their data one level up, and refuse a mount at the old place.
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

    /// Data directories of the image that the file mounts nothing at.
    pub(super) fn image_data(
        &self,
        place: &Place<'_>,
        shared: &mut Shared,
        out: &mut Configured,
        log: &mut Log,
    ) {
        if matches!(self.subject.shape, Shape::Operated | Shape::Job | Shape::CronJob) {
            return;
        }
        for (data, path) in unmounted(place) {
            let because: Vec<Because> =
                std::iter::once(self.subject.own_line()).chain(self.subject.image_fact()).collect();
            log.find(
                Level::Warning,
                if self.subject.is_data_store() {
                    "database-without-volume"
                } else {
                    "data-without-volume"
                },
                Some(self.subject.key()),
                format!("nothing is mounted at `{path}` ({}): the plan adds a claim", data.what),
                format!("write it down: volumes: [\"{}-data:{path}\"]", self.subject.name),
                because.clone(),
            );
            let size = Some(Bytes::gib(data.size_gi.into()));
            let store = Store { origin: Origin::Image(path.clone()), data: Some(data.kind), size };
            let claim = self.plan_claim(&store, &because, &path, log);
            mount_claim(claim, mounted(&path, None, false), shared, out);
        }
    }

    /// A claim's file system starts with `lost+found`, which some images refuse: they get a
    /// subdirectory.
    pub(super) fn subdirectory(&self, out: &mut Configured, log: &mut Log) {
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

/// Mounts a claim at a place whose volume is not named yet.
fn mount_claim(
    (claim, home): (Claim, Home),
    mut place: Mounted,
    shared: &mut Shared,
    out: &mut Configured,
) {
    match home {
        Home::Set => {
            place.volume.clone_from(&claim.name);
            if !out.templates.iter().any(|t| t.name == claim.name) {
                out.templates.push(claim);
            }
            out.mounts.push(place);
        }
        Home::Alone => {
            let source = VolumeSource::Claim { name: claim.name.clone(), read_only: false };
            place.volume = names::label(&claim.name, 50);
            shared.claims.entry(claim.name.clone()).or_insert(claim);
            attach(place, source, out);
        }
    }
}
