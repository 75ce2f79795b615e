//! Directories of a volume that exist only because something is mounted below them.

use crate::attributes::image_or_own;
use crate::log::Log;
use crate::order::script_container;
use crate::rules;
use crate::world::Subject;
use model::plan::{Container, Mounted, Pod};
use model::reason::Certainty;
use std::collections::{BTreeMap, BTreeSet};

/// Makes the directories between a volume and what is mounted deeper inside of it. The container
/// runtime would make them too, but for root: the service could not write beside the inner mount.
pub(super) fn prepare(subject: &Subject<'_>, container: &Container, pod: &mut Pod, log: &mut Log) {
    if !pod.security.non_root {
        return;
    }
    let (mut paths, mut volumes) = (BTreeSet::new(), BTreeMap::new());
    for inner in &container.mounts {
        let Some(outer) = closest(inner, &container.mounts) else { continue };
        let between = parent(&inner.path);
        if outer.read_only || outer.sub_path.is_some() || between == outer.path {
            continue;
        }
        paths.insert(between.to_owned());
        volumes.insert(outer.path.clone(), outer.clone());
    }
    if paths.is_empty() {
        return;
    }
    let list: Vec<String> = paths.iter().map(|path| format!("'{path}'")).collect();
    let script = format!("mkdir -p {}", list.join(" "));
    let mut maker = script_container(&format!("directories-of-{}", subject.name), &script);
    maker.mounts = volumes.into_values().collect();
    log.decide(subject, subject.pod_field(&format!("initContainers[{}]", maker.name)))
        .chose(script)
        .because(image_or_own(subject))
        .rule(rules::RESTRICTED)
        .sure(Certainty::Inferred)
        .why("something is mounted below; directories that the runtime makes for that belong to root");
    pod.init.insert(0, maker);
}

/// The innermost mount above another one.
fn closest<'m>(inner: &Mounted, all: &'m [Mounted]) -> Option<&'m Mounted> {
    let above = |mount: &&Mounted| {
        inner.path.strip_prefix(mount.path.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    all.iter().filter(above).max_by_key(|mount| mount.path.len())
}

fn parent(path: &str) -> &str {
    path.trim_end_matches('/').rsplit_once('/').map_or("/", |(parent, _)| parent)
}
