//! Mounts: claims, scratch space, files, and what was refused.

mod claims;
mod warnings;

use super::fate::{Drop, Fate, Place, Seen, clean, fate, mounts};
use super::files::{self, Source};
use super::{Configured, SecretBook};
use crate::log::Log;
use crate::world::{Shared, Subject, World};
use crate::{names, rules};
use model::plan::{Mounted, PodVolume, VolumeSource};
use model::project::{BindSource, MountKind};
use model::reason::{Because, Certainty, Level, Rule};
use std::collections::BTreeMap;

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
            Fate::Claim(store) => it.claim(&seen, &store, &because, shared, out, log),
            Fate::Files => it.files(&seen, because, shared, out, log),
            Fate::Scratch { memory, limit, why } => {
                let source = VolumeSource::Empty { memory, limit: limit.filter(|l| l.get() > 0) };
                it.explain_mount(
                    &seen.mount.target,
                    "an emptyDir",
                    &because,
                    rules::EPHEMERAL_SCRATCH,
                    why,
                    log,
                );
                attach(mounted(&seen.mount.target, None, seen.read_only), source, out);
            }
            Fate::Image(reference) => {
                it.explain_mount(
                    &seen.mount.target,
                    &reference,
                    &because,
                    rules::EPHEMERAL_SCRATCH,
                    "the files of an image, read-only",
                    log,
                );
                let place = mounted(&seen.mount.target, seen.mount.subpath.clone(), true);
                attach(place, VolumeSource::Image(reference), out);
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
        because: &[Because],
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
                .all(because.iter().cloned())
                .rule(rule)
                .sure(Certainty::Inferred)
                .why(why);
        }
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
    }

    /// Code that is carried by a `ConfigMap` runs, but belongs into an image.
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
                &because,
                rules::EPHEMERAL_SCRATCH,
                "a tmpfs is memory; it counts against the limit",
                log,
            );
            let source = VolumeSource::Empty { memory: true, limit: limit.filter(|l| l.get() > 0) };
            attach(mounted(path, None, false), source, out);
        }
    }
}

/// A mount of a volume that is named after its place.
fn mounted(path: &str, sub_path: Option<String>, read_only: bool) -> Mounted {
    let volume = names::label(path.trim_start_matches('/'), 50);
    Mounted { path: clean(path), volume, sub_path, read_only }
}

/// Mounts a volume under the name that the place suggests, or under another if that is taken.
fn attach(mut place: Mounted, source: VolumeSource, out: &mut Configured) {
    if out.volumes.iter().any(|v| v.name == place.volume && v.source != source) {
        let digest = names::digest(place.path.as_bytes(), 5);
        place.volume = format!("{}-{digest}", names::label(&place.volume, 50));
    }
    if !out.volumes.iter().any(|v| v.name == place.volume) {
        out.volumes.push(PodVolume { name: place.volume.clone(), source });
    }
    out.mounts.push(place);
}
