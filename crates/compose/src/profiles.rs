//! `profiles`: services that are only there when asked for.

use std::collections::{BTreeMap, BTreeSet};
use yaml::{Mapping, Node};

/// Takes the services out that no active profile brings in. Gives their names and profiles.
pub(crate) fn select(
    services: &mut Mapping,
    active: &BTreeSet<String>,
) -> BTreeMap<String, Vec<String>> {
    let mut inactive = BTreeMap::new();
    if active.contains("*") {
        return inactive;
    }
    services.entries.retain(|(key, node)| {
        let profiles = profiles(node);
        let stays = profiles.is_empty() || profiles.iter().any(|p| active.contains(p));
        if !stays {
            inactive.insert(key.value.clone(), profiles);
        }
        stays
    });
    inactive
}

fn profiles(node: &Node) -> Vec<String> {
    let list = node.as_map().and_then(|map| map.get("profiles")).and_then(Node::as_seq);
    list.unwrap_or_default().iter().filter_map(Node::scalar_text).collect()
}
