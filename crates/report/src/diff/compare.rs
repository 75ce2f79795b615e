//! Which objects, fields and choices differ.

use super::document::{Document, Object};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// An object that only one of the plans has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    /// As decisions name it.
    pub(super) object: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) service: Option<String>,
    /// Number of its fields.
    pub(super) fields: usize,
}

/// An object that both plans have, with fields that differ.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Changed {
    /// As it is in the old plan.
    pub(super) old: Named,
    /// As it is in the new plan; its name may end in another hash.
    pub(super) new: Named,
    pub(super) fields: Vec<Field>,
    /// Whether the old object can never be changed (`immutable: true`).
    pub(super) frozen: bool,
    /// Replicas of the old object, if it says how many.
    pub(super) replicas: Option<u64>,
}

/// A field that differs; `None` is absent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) path: String,
    pub(super) old: Option<Value>,
    pub(super) new: Option<Value>,
}

/// A decision that was taken differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) object: String,
    pub(super) field: String,
    pub(super) old: String,
    pub(super) new: String,
    /// Why it is as it is now.
    pub(super) why: String,
}

/// Differences between the objects of two plans.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    pub(super) added: Vec<Named>,
    pub(super) removed: Vec<Named>,
    pub(super) changed: Vec<Changed>,
}

pub(super) fn objects(old: &Document<'_>, new: &Document<'_>) -> Found {
    let pairs = pairs(old, new);
    let paired: BTreeSet<_> = pairs.values().copied().collect();
    let mut found = Found::default();
    for (origin, object) in &old.objects {
        match pairs.get(origin) {
            None => found.removed.push(named(origin, object)),
            Some(other) => {
                found.changed.extend(changed((origin, object), (other, &new.objects[other])));
            }
        }
    }
    let alone = new.objects.iter().filter(|(origin, _)| !paired.contains(*origin));
    found.added.extend(alone.map(|(origin, object)| named(origin, object)));
    found
}

/// Old origin → new origin: the same, else the only one of that name with another hash.
fn pairs<'d>(old: &Document<'d>, new: &Document<'d>) -> BTreeMap<&'d str, &'d str> {
    let lonely = |these: &Document<'d>, others: &Document<'d>| {
        let mut stems: BTreeMap<&'d str, Vec<&'d str>> = BTreeMap::new();
        for origin in these.objects.keys().filter(|it| !others.objects.contains_key(*it)) {
            if let Some(stem) = stem(origin) {
                stems.entry(stem).or_default().push(origin);
            }
        }
        stems
    };
    let both = old.objects.keys().filter(|it| new.objects.contains_key(*it)).map(|it| (*it, *it));
    let news = lonely(new, old);
    let renamed = lonely(old, new).into_iter().filter_map(|(stem, olds)| {
        match (olds.as_slice(), news.get(stem)?.as_slice()) {
            ([old], [new]) => Some((*old, *new)),
            _ => None,
        }
    });
    both.chain(renamed).collect()
}

/// The origin without the hash in which it ends, if it ends in one.
fn stem(origin: &str) -> Option<&str> {
    let (stem, hash) = origin.rsplit_once('-')?;
    let hex = hash.len() >= 6 && hash.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    (hex && hash.bytes().any(|b| b.is_ascii_digit())).then_some(stem)
}

fn named(origin: &str, object: &Object<'_>) -> Named {
    Named {
        object: origin.to_owned(),
        kind: object.kind.to_owned(),
        name: object.name.to_owned(),
        service: object.service.map(str::to_owned),
        fields: object.fields.len(),
    }
}

fn changed(old: (&str, &Object<'_>), new: (&str, &Object<'_>)) -> Option<Changed> {
    let (before, after) = (old.1.fields, new.1.fields);
    let paths = before.keys().chain(after.keys().filter(|it| !before.contains_key(*it)));
    let fields: Vec<_> = paths
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| Field {
            path: path.clone(),
            old: before.get(path).cloned(),
            new: after.get(path).cloned(),
        })
        .collect();
    (!fields.is_empty()).then(|| Changed {
        old: named(old.0, old.1),
        new: named(new.0, new.1),
        fields,
        frozen: before.get("immutable") == Some(&Value::Bool(true)),
        replicas: before.get("spec.replicas").and_then(Value::as_u64),
    })
}

/// Decisions that both plans took about the same field, with another result.
pub(super) fn choices(old: &Document<'_>, new: &Document<'_>) -> Vec<Choice> {
    let words = |choices: &[(&str, &str)]| {
        choices.iter().map(|(chosen, _)| *chosen).collect::<Vec<_>>().join("; ")
    };
    new.decisions
        .iter()
        .filter_map(|(key, now)| {
            let before = old.decisions.get(key)?;
            let (before, after) = (words(before), words(now));
            (before != after).then(|| Choice {
                object: key.0.to_owned(),
                field: key.1.to_owned(),
                old: before,
                new: after,
                why: now.first().map_or(String::new(), |(_, why)| (*why).to_owned()),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn hashes_are_told_from_words() {
        let cases = [
            ("ConfigMap/edge-1a2b3c4d", Some("ConfigMap/edge")),
            ("Service/db-pods", None),
            ("Service/my-backend", None),
            ("Deployment/web", None),
        ];
        for (origin, expected) in cases {
            assert_eq!(stem(origin), expected, "{origin}");
        }
    }
}
