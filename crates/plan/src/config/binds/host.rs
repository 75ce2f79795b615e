//! Sockets, clocks, devices and a person's own files: what a pod does not get from its machine.

use super::super::fate::{Drop, Fate, Place, clean};
use super::{lost, paths};
use catalog::Role;
use model::reason::Level;

/// What is refused or needless, wherever it is mounted.
pub(super) fn refused(place: &Place<'_>, source: &str, target: &str) -> Option<Fate> {
    let path = clean(source);
    if paths::is_engine_socket(&path) || paths::is_engine_socket(target) {
        return Some(engine_socket(place));
    }
    if paths::is_clock(&path) {
        return Some(Fate::Dropped(Drop::TimeZone));
    }
    if paths::is_system(&path) {
        let message = format!("`{source}` is part of the machine: it is not mounted");
        let instead = replacement(place)
            .unwrap_or("the service sees its own; run what needs the host's outside this product");
        return Some(lost(Level::Warning, "host-path-refused", message, instead));
    }
    if paths::is_personal(&path) {
        let message = format!("`{source}` holds somebody's own credentials: it is not mounted");
        let fix = "give the service credentials of its own, as a secret";
        return Some(lost(Level::Warning, "personal-files", message, fix));
    }
    None
}

fn engine_socket(place: &Place<'_>) -> Fate {
    let native = replacement(place);
    let level = if native.is_some() { Level::Warning } else { Level::Blocker };
    let fix = match native {
        // The finding about the service as a whole says it already.
        Some(_) if place.family.is_some_and(|f| f.replaced_by.is_some()) => {
            "leave the service out: see not-needed-on-kubernetes"
        }
        Some(native) => native,
        None => "ask the Kubernetes API instead, with a ServiceAccount that may do just that",
    };
    let message = "the Docker socket is refused: no Docker runs on a Kubernetes node, and whoever holds its socket is root there";
    lost(level, "docker-socket", message.to_owned(), fix)
}

/// What takes the place of an image that looks after a machine.
fn replacement(place: &Place<'_>) -> Option<&'static str> {
    let family = place.family?;
    let proxy = matches!(family.role, Role::Proxy | Role::WebServer);
    let routes =
        "its routes are planned at the edge (HTTPRoute); the proxy itself is not needed for them";
    family.replaced_by.as_deref().or(proxy.then_some(routes))
}
