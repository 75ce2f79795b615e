//! The environment of a container.

use super::book::{Entry, SecretBook, address_variable, env_line, is_missing, is_secret_value};
use super::sensitive::passwords;
use super::{Configured, escape};
use crate::log::Log;
use crate::rules;
use crate::world::Subject;
use model::plan::{EnvSource, EnvVar, Mounted, PodVolume, VolumeSource};
use model::project::EnvValue;
use model::reason::{Because, Certainty, Level};
use std::collections::BTreeMap;

/// Where secrets of variables are mounted for images that read `KEY_FILE`.
const SECRETS: &str = "/run/secrets";

/// Secrets first, then by name: `$(NAME)` in a value only sees what stands before it.
pub(crate) fn sort(env: &mut Vec<EnvVar>) {
    env.sort_by(|a, b| a.name.cmp(&b.name));
    env.dedup_by(|a, b| a.name == b.name);
    env.sort_by_key(|variable| matches!(variable.source, EnvSource::Value(_)));
}

/// Adds the variables of the service, and the files that secrets are read from.
pub(super) fn environment(
    subject: &Subject<'_>,
    book: &SecretBook,
    out: &mut Configured,
    log: &mut Log,
) {
    for (key, value) in &subject.service.environment {
        if key.is_empty() || key.contains('=') {
            unusable(subject, key, value, log);
        } else {
            variable(subject, book, key, value, out, log);
        }
    }
    env_files(subject, log);
}

fn variable(
    subject: &Subject<'_>,
    book: &SecretBook,
    key: &str,
    value: &EnvValue,
    out: &mut Configured,
    log: &mut Log,
) {
    let because = env_line(subject, key, value);
    let text = match &value.value {
        _ if is_missing(subject, key, value) => {
            let entry = book.entry(subject.key(), key);
            return entry
                .into_iter()
                .for_each(|entry| secret(subject, key, entry, because.clone(), out, log));
        }
        Some(text) => text,
        None => return unset(subject, key, because, log),
    };
    let addresses = passwords(text);
    if addresses.is_empty() && is_secret_value(subject, key, text) {
        let entry = book.entry(subject.key(), key);
        return entry
            .into_iter()
            .for_each(|entry| secret(subject, key, entry, because.clone(), out, log));
    }
    let mut written = String::with_capacity(text.len());
    let mut from = 0;
    for (index, range) in addresses.into_iter().enumerate() {
        let name = address_variable(subject.service, key, index);
        let Some(entry) = book.entry(subject.key(), &name) else { continue };
        written.push_str(&escape(&text[from..range.start]));
        written.extend(["$(", &name, ")"]);
        from = range.end;
        log.decide(subject, subject.container_field(&format!("env[{name}]")))
            .chose(format!("{} of Secret/{}", entry.key, entry.secret))
            .because(because.clone())
            .rule(rules::SECRETS_ARE_LIFTED)
            .why(format!("the password in `{key}`, which takes it from here"));
        out.env.push(entry.variable(name));
    }
    written.push_str(&escape(&text[from..]));
    let lifted = from > 0;
    log.decide(subject, subject.container_field(&format!("env[{key}]")))
        .chose(if lifted { "as written, without its password" } else { "as written" })
        .because(because)
        .sure(Certainty::Stated)
        .why("Kubernetes passes it to the process as Compose does");
    out.env.push(EnvVar { name: key.to_owned(), source: EnvSource::Value(written) });
}

/// The variable that takes the path of a file instead of the value, where the image in the table
/// reads one and the file does not set it already.
pub(super) fn file_key(subject: &Subject<'_>, key: &str) -> Option<String> {
    let known = subject.known.as_ref().filter(|known| known.certainty == Certainty::Known)?;
    let file_key = known.family.file_key(key)?;
    let set = subject.service.environment.contains_key(&file_key);
    (!set && subject.service.environment.contains_key(key)).then_some(file_key)
}

fn secret(
    subject: &Subject<'_>,
    key: &str,
    entry: &Entry,
    because: Because,
    out: &mut Configured,
    log: &mut Log,
) {
    let chosen = format!("{} of Secret/{}", entry.key, entry.secret);
    let Some(file_key) = file_key(subject, key) else {
        log.decide(subject, subject.container_field(&format!("env[{key}]")))
            .chose(chosen)
            .because(because)
            .rule(rules::SECRETS_ARE_LIFTED)
            .why("the value stands in a Secret, not in the pod's specification");
        out.env.push(entry.variable(key.to_owned()));
        return;
    };
    let path = format!("{SECRETS}/{}/{}", entry.secret, entry.key);
    for field in [format!("env[{file_key}]"), format!("volumeMounts[{}]", entry.secret)] {
        log.decide(subject, subject.container_field(&field))
            .chose(format!("{path}, from {chosen}"))
            .because(because.clone())
            .all(subject.image_fact())
            .rule(rules::SECRET_AS_FILE)
            .why(format!("the image reads `{key}` from the file that `{file_key}` names"));
    }
    out.env.push(EnvVar { name: file_key, source: EnvSource::Value(path) });
    mount(entry, out);
}

/// One volume for each Secret, with the entries that are read.
fn mount(entry: &Entry, out: &mut Configured) {
    let volume = out.volumes.iter_mut().find(|volume| volume.name == entry.secret);
    if let Some(PodVolume { source: VolumeSource::Secret { items, .. }, .. }) = volume {
        items.insert(entry.key.clone(), entry.key.clone());
        return;
    }
    let items = BTreeMap::from([(entry.key.clone(), entry.key.clone())]);
    let source = VolumeSource::Secret { name: entry.secret.clone(), items, mode: Some(0o444) };
    out.volumes.push(PodVolume { name: entry.secret.clone(), source });
    out.mounts.push(Mounted {
        path: format!("{SECRETS}/{}", entry.secret),
        volume: entry.secret.clone(),
        sub_path: None,
        read_only: true,
    });
}

fn unset(subject: &Subject<'_>, key: &str, because: Because, log: &mut Log) {
    log.find(
        Level::Note,
        "variable-not-set",
        Some(subject.key()),
        format!("`{key}` stands there without a value, and nothing sets it: the container does not get it, as in Compose"),
        format!("write {key}: VALUE, or set it before planning"),
        vec![because],
    );
}

fn unusable(subject: &Subject<'_>, key: &str, value: &EnvValue, log: &mut Log) {
    log.find(
        Level::Warning,
        "variable-name",
        Some(subject.key()),
        format!("Kubernetes accepts no variable of the name `{key}`"),
        "rename it",
        vec![env_line(subject, key, value)],
    );
}

fn env_files(subject: &Subject<'_>, log: &mut Log) {
    for (index, file) in subject.service.env_files.iter().enumerate() {
        let lines = subject.lines(&format!("env_file.{index}"));
        let because = if lines.is_empty() || lines == vec![subject.own_line()] {
            subject.lines("env_file")
        } else {
            lines
        };
        if file.found {
            log.decide(subject, subject.container_field("env"))
                .chose(format!("the variables of {}", file.path.value))
                .all(because)
                .sure(Certainty::Stated)
                .why("the file was read while planning; `environment` overrides it");
        } else {
            log.find(
                if file.required { Level::Warning } else { Level::Note },
                "env-file-missing",
                Some(subject.key()),
                format!("`{}` could not be read: what it sets is not in the plan", file.path.value),
                "put it beside the Compose file and plan again",
                because,
            );
        }
    }
}
