//! The secrets of a product: where each was seen, and the one entry that holds it.

use super::escape;
use super::sensitive::{
    Argument, arguments, can_be_secret, is_drawn_key, is_secret_name, passwords,
};
use crate::log::Log;
use crate::world::{Shared, Subject, World};
use crate::{names, rules};
use model::SecretText;
use model::plan::{EnvSource, EnvVar, Secret, SecretEntry};
use model::project::{EnvValue, Service};
use model::reason::{Because, Certainty, Level};
use std::collections::{BTreeMap, BTreeSet};

/// Every secret of the product by who uses it and under which name.
#[derive(Debug, Default)]
pub(crate) struct SecretBook {
    entries: BTreeMap<(String, String), Entry>,
    /// The values themselves, to find them where they must not stay.
    values: BTreeSet<SecretText>,
}

/// The entry of a Secret object that holds a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) secret: String,
    pub(crate) key: String,
}

impl Entry {
    /// A variable that takes its value from here.
    pub(super) fn variable(&self, name: String) -> EnvVar {
        EnvVar {
            name,
            source: EnvSource::Secret { name: self.secret.clone(), key: self.key.clone() },
        }
    }
}

/// A secret value where it was found.
struct Sighting<'s> {
    subject: &'s Subject<'s>,
    /// The name it has there; unique in the service.
    key: String,
    /// `None` where nobody said it yet.
    value: Option<String>,
    because: Vec<Because>,
}

impl Sighting<'_> {
    fn id(&self) -> (String, String) {
        (self.subject.key().to_owned(), self.key.clone())
    }
}

/// Whether the value of a variable is secret, by what the image says or by its name.
pub(crate) fn is_secret(subject: &Subject<'_>, key: &str) -> bool {
    subject.family().is_some_and(|family| family.is_secret(key)) || is_secret_name(key)
}

/// Whether a variable holds a secret of its own, not just an address with a password in it.
pub(super) fn is_secret_value(subject: &Subject<'_>, key: &str, value: &str) -> bool {
    let known = subject.family().is_some_and(|family| family.is_secret(key));
    let stated = !value.is_empty() && !value.starts_with("/run/secrets/");
    (known && stated) || (is_secret_name(key) && can_be_secret(value)) || is_drawn_key(key, value)
}

/// Whether a secret variable has no value yet: bare and not set, or interpolated from nothing.
pub(super) fn is_missing(subject: &Subject<'_>, key: &str, value: &EnvValue) -> bool {
    let empty = match &value.value {
        None => true,
        Some(text) => text.is_empty() && value.interpolated,
    };
    empty && is_secret(subject, key)
}

/// The variable that carries the password of the `index`-th address in the variable `key`.
pub(super) fn address_variable(service: &Service, key: &str, index: usize) -> String {
    let number = if index == 0 { String::new() } else { (index + 1).to_string() };
    let name = format!("{key}_PASSWORD{number}");
    if service.environment.contains_key(&name) {
        format!("{key}_ADDRESS_PASSWORD{number}")
    } else {
        name
    }
}

/// Collects the secrets of all services into `shared`.
pub(crate) fn secrets(world: &World<'_>, shared: &mut Shared, log: &mut Log) -> SecretBook {
    let mut sightings: Vec<Sighting<'_>> = world.subjects.values().flat_map(|s| seen(s)).collect();
    // Data stores own what their clients share with them.
    sightings.sort_by_key(|s| (!s.subject.is_data_store(), s.id()));
    let mut book = SecretBook::default();
    let mut owners: Vec<&Sighting<'_>> = Vec::new();
    for sighting in &sightings {
        let owner = owner_of(world, sighting, &owners).unwrap_or(sighting);
        if std::ptr::eq(owner, sighting) {
            owners.push(sighting);
        }
        let entry = Entry { secret: secret_name(owner.subject), key: names::key(&owner.key) };
        keep(shared, &entry, owner, sighting.subject.key());
        book.values.extend(sighting.value.as_deref().map(SecretText::new));
        book.entries.insert(sighting.id(), entry);
    }
    explain(&sightings, &book, log);
    book
}

fn secret_name(subject: &Subject<'_>) -> String {
    names::joined(&[&subject.name, "credentials"])
}

/// Everything secret that one service is told.
fn seen<'s>(subject: &'s Subject<'s>) -> Vec<Sighting<'s>> {
    let mut out = Vec::new();
    for (key, value) in &subject.service.environment {
        let because = vec![env_line(subject, key, value)];
        let mut sighting = |key: String, value: Option<String>| {
            out.push(Sighting { subject, key, value, because: because.clone() });
        };
        match &value.value {
            _ if is_missing(subject, key, value) => sighting(key.clone(), None),
            Some(text) if is_secret_value(subject, key, text) && passwords(text).is_empty() => {
                sighting(key.clone(), Some(text.clone()));
            }
            Some(text) => {
                for (index, range) in passwords(text).into_iter().enumerate() {
                    sighting(
                        address_variable(subject.service, key, index),
                        Some(text[range].to_owned()),
                    );
                }
            }
            None => {}
        }
    }
    for (path, words) in commands(subject) {
        for argument in arguments(words, &known(subject)) {
            let value = words[argument.word][argument.range.clone()].to_owned();
            if !out.iter().any(|s| s.key == argument.name && s.value.as_deref() == Some(&value)) {
                out.push(Sighting {
                    subject,
                    key: argument.name,
                    value: Some(value),
                    because: subject.lines(path),
                });
            }
        }
    }
    out
}

fn commands<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = (&'static str, &'s [String])> {
    [("entrypoint", &subject.service.entrypoint), ("command", &subject.service.command)]
        .into_iter()
        .filter_map(|(path, words)| Some((path, words.as_ref()?.value.as_slice())))
}

/// Names and values of the secret variables of a service, longest value first.
fn known<'s>(subject: &'s Subject<'_>) -> Vec<(&'s str, &'s str)> {
    let environment = subject.service.environment.iter();
    let mut known: Vec<(&str, &str)> = environment
        .filter_map(|(key, value)| Some((key.as_str(), value.value.as_deref()?)))
        .filter(|(key, value)| is_secret_value(subject, key, value))
        .collect();
    known.sort_by_key(|(key, value)| (std::cmp::Reverse(value.len()), *key));
    known
}

/// The line, or the env file, that sets a variable.
pub(super) fn env_line(subject: &Subject<'_>, key: &str, value: &EnvValue) -> Because {
    match &value.origin {
        model::project::EnvOrigin::Inline => subject.line(format!("environment.{key}"), value.span),
        model::project::EnvOrigin::File(path) => Because::File { path: path.clone() },
    }
}

/// Who holds the value already: a service that this one talks to or shares the variable's name with.
fn owner_of<'o, 's>(
    world: &World<'_>,
    sighting: &Sighting<'_>,
    owners: &[&'o Sighting<'s>],
) -> Option<&'o Sighting<'s>> {
    let value = sighting.value.as_deref()?;
    let joined = |a: &str, b: &str| {
        world.links.iter().any(|l| {
            l.from.as_deref() == Some(a) && l.to == b || l.from.as_deref() == Some(b) && l.to == a
        })
    };
    let candidates: Vec<&&Sighting<'_>> = owners
        .iter()
        .filter(|o| o.value.as_deref() == Some(value) && o.subject.key() != sighting.subject.key())
        .filter(|o| o.key == sighting.key || joined(o.subject.key(), sighting.subject.key()))
        .collect();
    let of_user =
        |o: &Sighting<'_>| o.subject.family().is_some_and(|f| f.env.password.contains(&o.key));
    candidates
        .iter()
        .find(|o| o.key == sighting.key)
        .or_else(|| candidates.iter().find(|o| of_user(o)))
        .or_else(|| candidates.first())
        .map(|o| **o)
}

fn keep(shared: &mut Shared, entry: &Entry, owner: &Sighting<'_>, user: &str) {
    let secret = shared.secrets.entry(entry.secret.clone()).or_insert_with(|| Secret {
        name: entry.secret.clone(),
        users: Vec::new(),
        entries: BTreeMap::new(),
        external: false,
    });
    let value = owner
        .value
        .as_deref()
        .map_or(SecretEntry::Missing, |v| SecretEntry::Value(SecretText::new(v)));
    secret.entries.entry(entry.key.clone()).or_insert(value);
    if !secret.users.iter().any(|u| u == user) {
        secret.users.push(user.to_owned());
        secret.users.sort();
    }
}

fn explain(sightings: &[Sighting<'_>], book: &SecretBook, log: &mut Log) {
    for sighting in sightings {
        let Some(entry) = book.entries.get(&sighting.id()) else { continue };
        log.decide_on(
            Some(sighting.subject.key()),
            format!("Secret/{}", entry.secret),
            entry.key.clone(),
        )
        .chose(if sighting.value.is_some() {
            "the value that the file holds"
        } else {
            "to be filled in"
        })
        .all(sighting.because.clone())
        .rule(rules::SECRETS_ARE_LIFTED)
        .sure(Certainty::Inferred)
        .why(format!("`{}` of `{}` is secret", sighting.key, sighting.subject.key()));
        if sighting.value.is_none() {
            log.find(
                Level::Warning,
                "secret-missing",
                Some(sighting.subject.key()),
                format!(
                    "`{}` has no value: the variable that it comes from is not set",
                    sighting.key
                ),
                format!(
                    "set it before planning, or fill in {} of Secret/{}",
                    entry.key, entry.secret
                ),
                sighting.because.clone(),
            );
        }
    }
}

impl SecretBook {
    /// The entry for a secret of a service, by the name that it has there.
    pub(super) fn entry(&self, service: &str, key: &str) -> Option<&Entry> {
        self.entries.get(&(service.to_owned(), key.to_owned()))
    }

    /// Whether a text holds the value of a secret.
    pub(super) fn stands_in(&self, text: &str) -> bool {
        // Shorter values are words that stand everywhere.
        self.values.iter().any(|value| value.expose().len() >= 6 && text.contains(value.expose()))
    }

    /// Words of a command without secrets: `$(NAME)` stands for each, and the variables come along.
    /// The words are escaped for Kubernetes.
    pub(crate) fn redact(
        &self,
        subject: &Subject<'_>,
        words: &[String],
    ) -> (Vec<String>, Vec<EnvVar>) {
        let found = arguments(words, &known(subject));
        let mut variables = Vec::new();
        let redacted = words.iter().enumerate().map(|(index, word)| {
            let mut out = String::with_capacity(word.len());
            let mut from = 0;
            for Argument { range, name, .. } in found.iter().filter(|a| a.word == index) {
                let Some(entry) = self.entry(subject.key(), name) else { continue };
                let variable = argument_variable(subject, name);
                out.push_str(&escape(&word[from..range.start]));
                out.extend(["$(", &variable, ")"]);
                variables.push(entry.variable(variable));
                from = range.end;
            }
            out.push_str(&escape(&word[from..]));
            out
        });
        (redacted.collect(), variables)
    }
}

/// The variable that carries a secret to a command line. Images that read a file refuse to get the
/// variable as well.
fn argument_variable(subject: &Subject<'_>, name: &str) -> String {
    let as_file = super::env::file_key(subject, name).is_some();
    if as_file { format!("SECRET_{name}") } else { name.to_owned() }
}
