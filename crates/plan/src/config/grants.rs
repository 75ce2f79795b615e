//! `configs` and `secrets` that a service is granted.

use super::files::keep;
use super::sensitive::holds_credentials;
use super::volumes::Mounting;
use super::{Configured, fate::clean};
use crate::log::Log;
use crate::world::Shared;
use crate::{names, rules};
use base64::Engine as _;
use model::SecretText;
use model::plan::{Mounted, PodVolume, Secret, SecretEntry, VolumeSource};
use model::project::{FileGrant, FileObject};
use model::reason::{Because, Certainty, Level};
use std::collections::BTreeMap;

/// What a grant gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Config,
    Secret,
}

impl Sort {
    const fn path(self) -> &'static str {
        match self {
            Self::Config => "configs",
            Self::Secret => "secrets",
        }
    }
}

/// Mounts what the service is granted.
pub(super) fn grants(
    it: &Mounting<'_, '_>,
    shared: &mut Shared,
    out: &mut Configured,
    log: &mut Log,
) {
    for (sort, grants, objects) in [
        (Sort::Config, &it.subject.service.configs, &it.world.project.configs),
        (Sort::Secret, &it.subject.service.secrets, &it.world.project.secrets),
    ] {
        for grant in grants {
            if let Some(object) = objects.get(&grant.source) {
                mount(it, sort, grant, object, shared, out, log);
            }
        }
    }
}

fn mount(
    it: &Mounting<'_, '_>,
    sort: Sort,
    grant: &FileGrant,
    object: &FileObject,
    shared: &mut Shared,
    out: &mut Configured,
    log: &mut Log,
) {
    let mut because = it.subject.lines(&format!("{}.{}", sort.path(), grant.index));
    because.extend(it.world.project_lines(&format!("{}.{}", sort.path(), grant.source)));
    let secret = sort == Sort::Secret || reveals(it, object);
    let mode = Some(grant.mode.unwrap_or(0o444));
    let key = names::key(&grant.source);
    let (source, name) = if secret {
        let name = keep_secret(it, grant, object, shared);
        let items = BTreeMap::from([(key.clone(), key.clone())]);
        (VolumeSource::Secret { name: name.clone(), items, mode }, format!("Secret/{name}"))
    } else if object.external {
        let name = external_name(object, &grant.source);
        (
            VolumeSource::ConfigMap { name: name.clone(), items: BTreeMap::new(), mode },
            format!("ConfigMap/{name}"),
        )
    } else {
        let name = keep_config(it, grant, object, shared);
        (
            VolumeSource::ConfigMap { name: name.clone(), items: BTreeMap::new(), mode },
            format!("ConfigMap/{name}"),
        )
    };
    missing(it, sort, grant, object, &because, log);
    ownership(it, grant, &because, log);
    let target = target(sort, grant);
    explain(it, &name, &target, secret, &because, log);
    let volume =
        format!("{}-{}", if secret { "secret" } else { "config" }, names::label(&grant.source, 40));
    let volume = if out.volumes.iter().any(|v| v.name == volume && v.source != source) {
        format!("{volume}-{}", names::digest(target.as_bytes(), 5))
    } else {
        volume
    };
    if !out.volumes.iter().any(|v| v.name == volume) {
        out.volumes.push(PodVolume { name: volume.clone(), source });
    }
    // A directory of files is mounted whole; one file is mounted alone, so that it hides nothing.
    let sub_path = object.directory.is_empty().then_some(key);
    out.mounts.push(Mounted { path: target, volume, sub_path, read_only: true });
}

/// Where it is mounted: absolute as written, else in Compose's own directory.
fn target(sort: Sort, grant: &FileGrant) -> String {
    let written = grant.target.as_deref().unwrap_or(&grant.source);
    if written.starts_with('/') {
        return clean(written);
    }
    match sort {
        Sort::Secret => format!("/run/secrets/{written}"),
        Sort::Config => format!("/{written}"),
    }
}

/// Whether a config holds what belongs into a Secret.
fn reveals(it: &Mounting<'_, '_>, object: &FileObject) -> bool {
    let texts = object.content.iter().chain(object.directory.values());
    let mut texts = texts.map(SecretText::expose);
    !object.external && texts.any(|text| holds_credentials(text) || it.book.stands_in(text))
}

fn external_name(object: &FileObject, source: &str) -> String {
    names::object(object.name.as_ref().map_or(source, |name| &name.value))
}

fn keep_secret(
    it: &Mounting<'_, '_>,
    grant: &FileGrant,
    object: &FileObject,
    shared: &mut Shared,
) -> String {
    let name = external_name(object, &grant.source);
    let engine = base64::engine::general_purpose::STANDARD;
    let mut entries: BTreeMap<String, SecretEntry> = object
        .directory
        .iter()
        .map(|(path, text)| {
            (names::key(&path.replace('/', "__")), SecretEntry::Value(text.clone()))
        })
        .collect();
    if entries.is_empty() {
        let entry = match (&object.content, &object.binary) {
            (Some(text), _) => SecretEntry::Value(text.clone()),
            (None, Some(bytes)) => SecretEntry::Binary(SecretText::new(engine.encode(bytes))),
            (None, None) => SecretEntry::Missing,
        };
        entries.insert(names::key(&grant.source), entry);
    }
    let there = shared.secrets.entry(name.clone()).or_insert_with(|| Secret {
        name: name.clone(),
        users: Vec::new(),
        entries,
        external: object.external,
    });
    let user = it.subject.key();
    if !there.users.iter().any(|u| u == user) {
        there.users.push(user.to_owned());
        there.users.sort();
    }
    name
}

fn keep_config(
    it: &Mounting<'_, '_>,
    grant: &FileGrant,
    object: &FileObject,
    shared: &mut Shared,
) -> String {
    let engine = base64::engine::general_purpose::STANDARD;
    let mut data: BTreeMap<String, String> = object
        .directory
        .iter()
        .map(|(path, text)| (names::key(&path.replace('/', "__")), text.expose().to_owned()))
        .collect();
    let mut binary = BTreeMap::new();
    let key = names::key(&grant.source);
    match (&object.content, &object.binary) {
        (Some(text), _) => drop(data.insert(key, text.expose().to_owned())),
        (None, Some(bytes)) => drop(binary.insert(key, engine.encode(bytes))),
        (None, None) if data.is_empty() => drop(data.insert(key, String::new())),
        (None, None) => {}
    }
    keep(shared, &names::object(&grant.source), it.subject.key(), data, binary)
}

fn explain(
    it: &Mounting<'_, '_>,
    object: &str,
    target: &str,
    secret: bool,
    because: &[Because],
    log: &mut Log,
) {
    let rule = if secret { rules::SECRETS_ARE_LIFTED } else { rules::CONFIG_ROLLS };
    let label = names::label(target.trim_start_matches('/'), 50);
    for (about, field) in [
        (it.subject.object(), it.subject.container_field(&format!("volumeMounts[{label}]"))),
        (object.to_owned(), String::new()),
    ] {
        log.decide_on(Some(it.subject.key()), about, field)
            .chose(format!("{target}: {object}"))
            .all(because.iter().cloned())
            .rule(rule)
            .sure(Certainty::Stated)
            .why("mounted as a file, byte for byte");
    }
}

fn missing(
    it: &Mounting<'_, '_>,
    sort: Sort,
    grant: &FileGrant,
    object: &FileObject,
    because: &[Because],
    log: &mut Log,
) {
    let empty = object.content.is_none() && object.binary.is_none() && object.directory.is_empty();
    if object.external {
        log.find(
            Level::Note,
            "external-object",
            Some(it.subject.key()),
            format!(
                "`{}` exists outside this product: it must be in the namespace, under the key `{}`",
                grant.source,
                names::key(&grant.source)
            ),
            "create it before applying the plan",
            because.to_vec(),
        );
    } else if empty {
        let (code, kind) = if sort == Sort::Secret {
            ("secret-missing", "secret")
        } else {
            ("config-missing", "config")
        };
        let from = match (&object.file, &object.environment) {
            (Some(file), _) => format!("the file `{}`", file.value),
            (None, Some(variable)) => format!("the variable `{}`", variable.value),
            (None, None) => "nothing".to_owned(),
        };
        log.find(
            Level::Warning,
            code,
            Some(it.subject.key()),
            format!("the {kind} `{}` comes from {from}, which is not there", grant.source),
            format!("put it there and plan again, or fill in the {kind} on the cluster"),
            because.to_vec(),
        );
    }
}

/// A volume's files belong to root and the pod's group; another owner cannot be said.
fn ownership(it: &Mounting<'_, '_>, grant: &FileGrant, because: &[Because], log: &mut Log) {
    if grant.uid.is_none() && grant.gid.is_none() {
        return;
    }
    log.find(
        Level::Note,
        "file-owner",
        Some(it.subject.key()),
        format!("Kubernetes cannot give the file of `{}` an owner: it belongs to root and the group of the pod", grant.source),
        "nothing, if the process runs in that group (fsGroup) or the mode lets everybody read",
        because.to_vec(),
    );
}
