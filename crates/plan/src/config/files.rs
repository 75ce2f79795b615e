//! Files that were read while planning: `ConfigMap`s, and Secrets where they hold credentials.

use super::sensitive::holds_credentials;
use super::volumes::Mounting;
use super::{Configured, fate::clean};
use crate::log::Log;
use crate::world::Shared;
use crate::{names, rules};
use model::SecretText;
use model::plan::{ConfigFiles, Mounted, PodVolume, Secret, SecretEntry, VolumeSource};
use model::reason::{Because, Certainty};
use std::collections::BTreeMap;

/// Where files come from and go to.
pub(super) struct Source<'s> {
    /// The path in the file.
    pub(super) written: &'s str,
    pub(super) target: &'s str,
    pub(super) because: Vec<Because>,
}

/// One file, mounted alone.
pub(super) fn file(
    it: &Mounting<'_, '_>,
    source: &Source<'_>,
    text: &str,
    shared: &mut Shared,
    out: &mut Configured,
    log: &mut Log,
) {
    let base = source.target.rsplit('/').next().unwrap_or(source.target);
    let key = names::key(base);
    let texts = BTreeMap::from([(key.clone(), text)]);
    let volume = place(it, source, &texts, BTreeMap::new(), shared, out, log);
    out.mounts.push(Mounted {
        path: clean(source.target),
        volume,
        sub_path: Some(key),
        read_only: true,
    });
}

/// A directory, mounted whole.
pub(super) fn directory(
    it: &Mounting<'_, '_>,
    source: &Source<'_>,
    files: &BTreeMap<&str, &str>,
    shared: &mut Shared,
    out: &mut Configured,
    log: &mut Log,
) {
    let mut texts = BTreeMap::new();
    let mut items = BTreeMap::new();
    for (path, text) in files {
        let mut key = names::key(&path.replace('/', "__"));
        if texts.contains_key(&key) {
            key = format!("{key}.{}", names::digest(path.as_bytes(), 5));
        }
        items.insert(key.clone(), (*path).to_owned());
        texts.insert(key, *text);
    }
    // Without a subdirectory every key is its file's name, and there is nothing to map.
    if items.iter().all(|(key, path)| key == path) {
        items.clear();
    }
    let volume = place(it, source, &texts, items, shared, out, log);
    out.mounts.push(Mounted {
        path: clean(source.target),
        volume,
        sub_path: None,
        read_only: true,
    });
}

/// Makes the object and the volume; returns the volume's name.
fn place(
    it: &Mounting<'_, '_>,
    source: &Source<'_>,
    texts: &BTreeMap<String, &str>,
    items: BTreeMap<String, String>,
    shared: &mut Shared,
    out: &mut Configured,
    log: &mut Log,
) -> String {
    let scripts = texts.values().any(|text| text.starts_with("#!"));
    let mode = Some(if scripts { 0o555 } else { 0o444 });
    let label = names::label(source.target.rsplit('/').next().unwrap_or(source.target), 30);
    let secret = texts.iter().any(|(name, text)| {
        is_secret_file(name) || holds_credentials(text) || it.book.stands_in(text)
    });
    let (source_of, object) = if secret {
        let name = names::joined(&[&it.subject.name, &label, "files"]);
        let entries = texts
            .iter()
            .map(|(key, text)| (key.clone(), SecretEntry::Value(SecretText::new(*text))))
            .collect();
        let users = vec![it.subject.key().to_owned()];
        let name = unique_secret(
            shared,
            name,
            Secret { name: String::new(), users, entries, external: false },
        );
        (VolumeSource::Secret { name: name.clone(), items, mode }, format!("Secret/{name}"))
    } else {
        let data: BTreeMap<String, String> =
            texts.iter().map(|(key, text)| (key.clone(), (*text).to_owned())).collect();
        let name = keep(
            shared,
            &names::joined(&[&it.subject.name, &label]),
            it.subject.key(),
            data,
            BTreeMap::new(),
        );
        (VolumeSource::ConfigMap { name: name.clone(), items, mode }, format!("ConfigMap/{name}"))
    };
    explain(it, source, &object, secret, log);
    let volume = names::label(source.target.trim_start_matches('/'), 50);
    out.volumes.push(PodVolume { name: volume.clone(), source: source_of });
    volume
}

fn explain(it: &Mounting<'_, '_>, source: &Source<'_>, object: &str, secret: bool, log: &mut Log) {
    let label = names::label(source.target.trim_start_matches('/'), 50);
    let fields = [
        (it.subject.object(), it.subject.pod_field(&format!("volumes[{label}]"))),
        (it.subject.object(), it.subject.container_field(&format!("volumeMounts[{label}]"))),
        (object.to_owned(), String::new()),
    ];
    for (about, field) in fields {
        log.decide_on(Some(it.subject.key()), about, field)
            .chose(format!("{}: {object}", source.target))
            .all(source.because.clone())
            .rule(if secret { rules::SECRETS_ARE_LIFTED } else { rules::BIND_CONFIG })
            .rule(rules::CONFIG_ROLLS)
            .sure(Certainty::Inferred)
            .why(if secret {
                format!("`{}` holds credentials, so it is a Secret", source.written)
            } else {
                format!("the files of `{}`, as they were when this was planned", source.written)
            });
    }
}

/// Files whose name says that they are secret.
fn is_secret_file(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let ends = [".key", ".p12", ".pfx", ".jks", ".keystore", ".htpasswd", "id_rsa", "id_ed25519"]
        .iter()
        .any(|end| lower.ends_with(end));
    ends || ["password", "passwd", "secret", "credential"].iter().any(|word| lower.contains(word))
}

/// Keeps a `ConfigMap` under a name that ends in the hash of its content.
pub(super) fn keep(
    shared: &mut Shared,
    stem: &str,
    owner: &str,
    data: BTreeMap<String, String>,
    binary: BTreeMap<String, String>,
) -> String {
    let mut bytes = Vec::new();
    for (key, text) in data.iter().chain(&binary) {
        // Lengths keep neighbors apart: `ab` + `c` is not `a` + `bc`.
        bytes.extend(key.len().to_le_bytes());
        bytes.extend(key.as_bytes());
        bytes.extend(text.len().to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    let name = format!("{stem}-{}", names::digest(&bytes, 8));
    shared.config_maps.entry(name.clone()).or_insert_with(|| ConfigFiles {
        name: name.clone(),
        owner: owner.to_owned(),
        data,
        binary,
    });
    name
}

/// Keeps a Secret; the same content under the same name is the same Secret.
fn unique_secret(shared: &mut Shared, name: String, secret: Secret) -> String {
    let mut name = name;
    let mut tries = 1;
    while shared.secrets.get(&name).is_some_and(|there| there.entries != secret.entries) {
        tries += 1;
        name = format!(
            "{}-{tries}",
            name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-')
        );
    }
    shared.secrets.entry(name.clone()).or_insert(Secret { name: name.clone(), ..secret });
    name
}
