//! What no two clusters have in common, and is set aside.

use serde_json::{Value, json};
use std::borrow::Cow;

/// What is left of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// That there is one.
    Presence,
    Nothing,
}
use Left::{Nothing, Presence};

/// Whose value, what is left of it, and why. The first word is the kind; `*` is any word, `**` any
/// number of them.
type Aside = (&'static str, Left, &'static str);

const ASIDE: &[Aside] = &[
    ("* metadata uid", Presence, "chance"),
    ("* ** uid", Presence, "chance"),
    ("* metadata resourceVersion", Presence, "counts the writes of everybody"),
    ("* metadata creationTimestamp", Presence, "time"),
    ("* metadata deletionTimestamp", Presence, "time"),
    ("* metadata managedFields **", Nothing, "tests/differential.rs of the twin compares owners"),
    ("* metadata generation", Nothing, "counts changes, and so how often controllers looked"),
    ("* ** lastTransitionTime", Presence, "time"),
    ("* ** lastUpdateTime", Presence, "time"),
    ("* ** lastHeartbeatTime", Nothing, "time; a twin has no heartbeats"),
    ("Lease spec **", Nothing, "who holds it, and since when"),
    ("Node metadata **", Nothing, "machines are what they are"),
    ("Node status addresses **", Nothing, "machines are what they are"),
    ("Node status allocatable **", Nothing, "machines are what they are"),
    ("Node status capacity **", Nothing, "machines are what they are"),
    ("Node status images **", Nothing, "machines are what they are"),
    ("Node status nodeInfo **", Nothing, "machines are what they are"),
];

/// What is to be compared of a value, if anything is.
pub(super) fn kept<'a>(kind: &str, path: &[String], value: &'a Value) -> Option<Cow<'a, Value>> {
    let words: Vec<_> = std::iter::once(kind.to_owned()).chain(path.iter().cloned()).collect();
    match ASIDE.iter().find(|(pattern, ..)| fits(pattern, &words)) {
        Some((_, Nothing, _)) => None,
        Some((_, Presence, _)) => Some(Cow::Owned(json!("*"))),
        None => Some(Cow::Borrowed(value)),
    }
}

/// Versions that were seen, in relation to those that are there.
pub(super) fn relate(object: &mut Value) {
    let generation = object["metadata"]["generation"].clone();
    if let Some(observed) = object.pointer_mut("/status/observedGeneration") {
        *observed = json!(if *observed == generation { "the newest" } else { "an older one" });
    }
}

/// Whether words are those of a pattern.
pub(super) fn fits(pattern: &str, words: &[String]) -> bool {
    let pattern: Vec<_> = pattern.split(' ').collect();
    all_fit(&pattern, words)
}

fn all_fit(pattern: &[&str], words: &[String]) -> bool {
    match (pattern.split_first(), words.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) if all_fit(rest, words) => true,
        (Some((&"**", _)), Some((_, others))) => all_fit(pattern, others),
        (Some((first, rest)), Some((word, others))) => {
            fits_word(first, word) && all_fit(rest, others)
        }
        _ => false,
    }
}

/// `*` within a word is any text.
fn fits_word(pattern: &str, word: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == word,
        Some((start, rest)) => word.strip_prefix(start).is_some_and(|word| {
            word.char_indices().map(|(at, _)| at).chain([word.len()]).any(|at| fits_word(rest, &word[at..]))
        }),
    }
}
