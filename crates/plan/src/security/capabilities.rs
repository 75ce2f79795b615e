//! Which capabilities come back after all were dropped.

use super::identity::Identity;
use crate::attributes::{cite, image_or_own};
use crate::log::Log;
use crate::world::Subject;
use model::reason::{Because, Level};
use std::collections::BTreeSet;

/// Capabilities that Pod Security "baseline" admits.
const BASELINE: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// What an image needs that starts as root, takes over its directories and steps down.
const STEP_DOWN: &[&str] = &["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"];

/// Capabilities that files ask for and that make no difference in a pod, and why.
const NEEDLESS: &[(&str, &str)] = &[
    ("SYS_NICE", "it only lets a database raise the priority of its threads"),
    ("IPC_LOCK", "nodes have no swap that memory would have to be locked against"),
    ("SYS_RESOURCE", "limits are set by the container runtime"),
    ("NET_BIND_SERVICE", "the pod's sysctl already opens low ports"),
];

pub(super) fn in_baseline(capability: &str) -> bool {
    BASELINE.contains(&capability)
}

/// The capabilities that are added back. May find that the container must be root for them: a
/// process that is not root gets nothing from an added capability.
pub(super) fn decide(
    subject: &Subject<'_>,
    identity: &mut Identity,
    log: &mut Log,
) -> BTreeSet<String> {
    let mut kept = BTreeSet::new();
    let wanted = wanted(subject);
    let privileged: Vec<&str> = wanted
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| !in_baseline(name) && needless(name).is_none())
        .collect();
    let steps_down = wanted.iter().any(|(name, _)| STEP_DOWN.contains(&name.as_str()));
    let may_be_root = !identity.stated();
    if may_be_root && !identity.root && (!privileged.is_empty() || (steps_down && identity.open)) {
        let why = "the capabilities that the file adds only work for root";
        identity.become_root(cite(subject, &["cap_add"]), why.to_owned());
    }
    for (name, because) in &wanted {
        if identity.root && needless(name).is_none() || privileged.contains(&name.as_str()) {
            kept.insert(name.clone());
        } else {
            not_needed(subject, name, because.clone(), log);
        }
    }
    from_image(subject, identity, &mut kept);
    if !privileged.is_empty() {
        powerful(subject, &privileged, log);
    }
    kept
}

/// `cap_add` without `CAP_`, in capitals.
fn wanted(subject: &Subject<'_>) -> Vec<(String, Because)> {
    let each = subject.service.cap_add.iter().enumerate();
    each.map(|(index, capability)| {
        let upper = capability.value.trim().to_ascii_uppercase();
        let name = upper.strip_prefix("CAP_").unwrap_or(&upper).to_owned();
        (name, subject.line(format!("cap_add.{index}"), capability.span))
    })
    .collect()
}

fn needless(name: &str) -> Option<&'static str> {
    NEEDLESS.iter().find(|(known, _)| *known == name).map(|(_, why)| *why)
}

/// What the table says the image cannot work without, and what root images need to step down.
fn from_image(subject: &Subject<'_>, identity: &Identity, kept: &mut BTreeSet<String>) {
    if let Some(family) = subject.family() {
        let fitting = |name: &&String| identity.root || name.as_str() == "NET_BIND_SERVICE";
        kept.extend(family.capabilities.keys().filter(fitting).cloned());
    }
    // Whoever drops capabilities in the file has counted those that it needs.
    if identity.root && subject.service.cap_drop.is_empty() {
        kept.extend(STEP_DOWN.iter().map(|&name| name.to_owned()));
    }
}

fn not_needed(subject: &Subject<'_>, name: &str, because: Because, log: &mut Log) {
    let why = needless(name)
        .unwrap_or("it starts as the user that it runs as, so it need not become one");
    log.decide(subject, subject.container_field("securityContext.capabilities"))
        .chose(format!("{name} is not added"))
        .because(because)
        .because(image_or_own(subject))
        .rule(crate::rules::RESTRICTED)
        .why(why);
}

fn powerful(subject: &Subject<'_>, names: &[&str], log: &mut Log) {
    log.find(
        Level::Warning,
        "capabilities-beyond-baseline",
        Some(subject.key()),
        format!(
            "{} reaches beyond the container; the namespace must admit privileged pods for it",
            names.join(", ")
        ),
        "drop it if the service works without, or give it a namespace of its own",
        cite(subject, &["cap_add"]),
    );
}
