//! What no two clusters have in common, and is set aside.

use serde_json::{Value, json};
use std::borrow::Cow;
use std::net::IpAddr;

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
    ("* ** uid", Presence, "chance"),
    ("* ** controller-uid", Presence, "chance"),
    ("* ** batch.kubernetes.io/controller-uid", Presence, "chance"),
    ("* ** resourceVersion", Nothing, "counts the writes of everybody"),
    ("* metadata managedFields **", Nothing, "the twin's differential test compares owners"),
    ("* metadata generation", Nothing, "counts how often controllers changed their minds"),
    ("* ** nodeName", Presence, "where there is room is a matter of taste, and of other load"),
    ("ConfigMap data ca.crt", Presence, "each cluster has its own"),
    ("ConfigMap data inventory*", Presence, "names the cluster"),
    (
        "* metadata annotations *last-change-trigger-time",
        Nothing,
        "time; there until the next look",
    ),
    ("EndpointSlice endpoints * zone", Nothing, "only nodes of the twin are in zones"),
    ("HorizontalPodAutoscaler status currentMetrics **", Nothing, "only real programs use CPU"),
    ("Lease spec **", Nothing, "who holds it, and since when"),
    ("Node metadata **", Nothing, "machines are what they are"),
    ("Node spec", Nothing, "machines are what they are"),
    ("Node spec podCIDR", Nothing, "in the test cluster it is configured on the nodes"),
    ("Node spec podCIDRs *", Nothing, "in the test cluster it is configured on the nodes"),
    ("Node status addresses **", Nothing, "machines are what they are"),
    ("Node status allocatable **", Nothing, "machines are what they are"),
    ("Node status capacity **", Nothing, "machines are what they are"),
    ("Node status declaredFeatures **", Nothing, "machines are what they are"),
    ("Node status features **", Nothing, "machines are what they are"),
    ("Node status images **", Nothing, "machines are what they are"),
    ("Node status nodeInfo **", Nothing, "machines are what they are"),
    ("Node status runtimeHandlers **", Nothing, "machines are what they are"),
    ("Node status conditions * lastHeartbeatTime", Nothing, "a twin's are derived, not written"),
    ("Node status conditions * message", Nothing, "names the runtime"),
    ("PersistentVolume metadata annotations **", Nothing, "storage is what it is"),
    ("PersistentVolume spec csi **", Nothing, "storage is what it is"),
    ("PersistentVolume spec local **", Nothing, "storage is what it is"),
    ("PersistentVolume spec nodeAffinity **", Nothing, "storage is what it is"),
    ("PersistentVolume spec storageClassName", Presence, "each cluster has its own"),
    ("PersistentVolumeClaim metadata annotations *storage-provisioner", Presence, "as the class"),
    ("PersistentVolumeClaim spec storageClassName", Presence, "each cluster has its own"),
    (
        "Pod metadata annotations enforcer.muster.dev/address",
        Nothing,
        "the test cluster's policies",
    ),
    ("Pod status ** containerID", Presence, "chance"),
    ("Pod status ** imageID", Presence, "a twin has no images"),
    ("Pod status ** waiting message", Presence, "each registry, each resolver has its own words"),
    ("Service spec ports * nodePort", Presence, "chance"),
];

/// What is to be compared of a value, if anything is.
pub(super) fn kept<'a>(kind: &str, path: &[String], value: &'a Value) -> Option<Cow<'a, Value>> {
    let words: Vec<_> = std::iter::once(kind.to_owned()).chain(path.iter().cloned()).collect();
    match ASIDE.iter().find(|(pattern, ..)| fits(pattern, &words)) {
        Some((_, Nothing, _)) => None,
        Some((_, Presence, _)) => Some(Cow::Owned(json!("*"))),
        None => Some(anonymous(value)),
    }
}

/// Addresses and times differ, wherever they are.
fn anonymous(value: &Value) -> Cow<'_, Value> {
    let text = value.as_str().unwrap_or_default();
    let of_time = |text: &str| {
        text.len() >= 20 && text.ends_with('Z') && text[..10].matches('-').count() == 2
    };
    if text.parse::<IpAddr>().is_ok() {
        Cow::Owned(json!("(an address)"))
    } else if text.is_ascii() && of_time(text) {
        Cow::Owned(json!("(a time)"))
    } else {
        Cow::Borrowed(value)
    }
}

/// What has a meaning in the object or on the machine only, as something that can be compared: versions
/// that were seen, and names of images, of which a new release is only a second one in the test
/// cluster, whose runtime tells the first.
pub(super) fn relate(object: &mut Value) {
    for list in ["containerStatuses", "initContainerStatuses"] {
        let statuses = object.pointer_mut(&format!("/status/{list}")).and_then(Value::as_array_mut);
        for status in statuses.into_iter().flatten() {
            if let Some(image) = status["image"].as_str() {
                status["image"] = json!(image.replace(":1.0.1", ":1.0.0"));
            }
        }
    }
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
            word.char_indices()
                .map(|(at, _)| at)
                .chain([word.len()])
                .any(|at| fits_word(rest, &word[at..]))
        }),
    }
}
