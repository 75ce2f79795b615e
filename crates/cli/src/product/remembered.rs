//! Options of the command line that later runs need too: as the inventory keeps them.

use crate::arguments::{ClusterArguments, Edge, Extra};
use apply::Remembered;
use clap::ValueEnum;
use std::collections::{BTreeMap, BTreeSet};

/// Those that were given. The namespace is not among them: it is where the inventory lies.
pub(super) fn written(arguments: &ClusterArguments, profiles: &BTreeSet<String>) -> Remembered {
    let images: BTreeMap<&str, &str> = arguments
        .images
        .iter()
        .map(|(service, image)| (service.as_str(), image.as_str()))
        .collect();
    let images = images.into_iter().map(|(service, image)| format!("{service}={image}")).collect();
    let one = |value: &Option<String>| value.iter().cloned().collect();
    let options: [(&str, Vec<String>); 8] = [
        ("host", one(&arguments.host)),
        (
            "edge",
            arguments.edge.iter().filter(|it| **it != Edge::default()).filter_map(word).collect(),
        ),
        ("with", arguments.with.iter().filter_map(word).collect()),
        ("image", images),
        ("registry", one(&arguments.registry)),
        ("storage-class", one(&arguments.storage_class)),
        ("shared-storage-class", one(&arguments.shared_storage_class)),
        ("profile", profiles.iter().cloned().collect()),
    ];
    let given = options.into_iter().filter(|(_, values)| !values.is_empty());
    given.map(|(name, values)| (name.to_owned(), values)).collect()
}

/// The arguments with what an earlier run had where they have nothing. Images are told apart by
/// their service.
pub(super) fn filled(mut arguments: ClusterArguments, old: &Remembered) -> ClusterArguments {
    let values = |name: &str| old.get(name).into_iter().flatten();
    let first = |name: &str| values(name).next().cloned();
    let images = values("image").filter_map(|text| text.split_once('='));
    for (service, image) in images {
        if !arguments.images.iter().any(|(known, _)| known == service) {
            arguments.images.push((service.to_owned(), image.to_owned()));
        }
    }
    if arguments.with.is_empty() {
        arguments.with = values("with").filter_map(|text| read::<Extra>(text)).collect();
    }
    ClusterArguments {
        namespace: arguments.namespace,
        host: arguments.host.or_else(|| first("host")),
        edge: arguments.edge.or_else(|| values("edge").find_map(|text| read::<Edge>(text))),
        with: arguments.with,
        images: arguments.images,
        registry: arguments.registry.or_else(|| first("registry")),
        storage_class: arguments.storage_class.or_else(|| first("storage-class")),
        shared_storage_class: arguments
            .shared_storage_class
            .or_else(|| first("shared-storage-class")),
    }
}

/// The active profiles: those that were given, else those of an earlier run.
pub(super) fn profiles(given: &BTreeSet<String>, old: &Remembered) -> BTreeSet<String> {
    match old.get("profile") {
        Some(old) if given.is_empty() => old.iter().cloned().collect(),
        _ => given.clone(),
    }
}

/// What stands in `all` and not in what was given.
pub(super) fn reused(given: &Remembered, all: &Remembered) -> Remembered {
    let mut reused = Remembered::new();
    for (name, values) in all {
        let own = given.get(name);
        let old: Vec<String> =
            values.iter().filter(|it| own.is_none_or(|own| !own.contains(it))).cloned().collect();
        if !old.is_empty() {
            reused.insert(name.clone(), old);
        }
    }
    reused
}

fn word<T: ValueEnum>(value: &T) -> Option<String> {
    Some(value.to_possible_value()?.get_name().to_owned())
}

fn read<T: ValueEnum>(text: &str) -> Option<T> {
    T::from_str(text, false).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(images: &[(&str, &str)], edge: Option<Edge>) -> ClusterArguments {
        let images = images.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        ClusterArguments { edge, images, ..ClusterArguments::default() }
    }

    #[test]
    fn what_is_given_wins_and_the_rest_holds_on() {
        let first = arguments(&[("web", "w:1"), ("app", "a:1")], Some(Edge::NodePort));
        let profiles = BTreeSet::from(["jobs".to_owned()]);
        let old = written(&first, &profiles);
        assert_eq!(old["edge"], ["node-port"]);
        assert_eq!(old["profile"], ["jobs"]);
        let second = arguments(&[("web", "w:2")], None);
        let none = BTreeSet::new();
        let all = written(&filled(second.clone(), &old), &self::profiles(&none, &old));
        assert_eq!(all["image"], ["app=a:1", "web=w:2"]);
        assert_eq!(all["edge"], ["node-port"]);
        let reused = reused(&written(&second, &none), &all);
        assert_eq!(reused["image"], ["app=a:1"]);
        assert_eq!(reused.keys().collect::<Vec<_>>(), ["edge", "image", "profile"]);
        // A word of a later version is left alone.
        let later = Remembered::from([("edge".to_owned(), vec!["wormhole".to_owned()])]);
        assert_eq!(filled(arguments(&[], None), &later).edge, None);
    }
}
