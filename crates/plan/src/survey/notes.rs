//! What the image table has to tell about the way a service uses its image.

use crate::log::Log;
use crate::world::{Subject, World};
use catalog::Usage;
use model::project::{BindSource, MountKind, Service};
use model::reason::Level;

/// Tells the notes that concern the service; its scale must be known.
pub(super) fn tell(world: &World<'_>, subject: &Subject<'_>, log: &mut Log) {
    let Some(family) = subject.family() else { return };
    let service = subject.service;
    let env: Vec<&str> = service.environment.keys().map(String::as_str).collect();
    let grants = service.configs.iter().chain(&service.secrets);
    let granted = grants.filter_map(|grant| grant.target.as_deref());
    let mounts: Vec<&str> =
        service.mounts.iter().map(|mount| mount.target.as_str()).chain(granted).collect();
    let bound: Vec<&str> = service
        .mounts
        .iter()
        .filter(|mount| is_directory_of_the_host(&mount.kind))
        .map(|mount| mount.target.as_str())
        .collect();
    let command = command_line(service);
    let calls =
        world.links.iter().filter(|l| l.to == subject.key()).filter_map(|l| l.from.as_ref());
    let callers: Vec<String> = calls
        .filter_map(|name| world.subject(name))
        .map(|s| format!("{} {} {}", s.key(), s.image.reference, command_line(s.service)))
        .collect();
    let usage = Usage {
        image: subject.image.facts_ref(),
        env: &env,
        mounts: &mounts,
        bound: &bound,
        command: &command,
        callers: &callers,
        copies: subject.scale.most(),
    };
    for note in family.notes.iter().filter(|note| note.concerns(&usage)) {
        let because = subject.image_fact().into_iter().collect();
        log.find(Level::Note, "image-note", Some(subject.key()), note.text.clone(), "", because);
    }
}

fn command_line(service: &Service) -> String {
    let words = service.entrypoint.iter().chain(&service.command).flat_map(|w| w.value.iter());
    words.map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn is_directory_of_the_host(kind: &MountKind) -> bool {
    matches!(kind, MountKind::Bind { facts: BindSource::Directory { .. } | BindSource::Host, .. })
}
