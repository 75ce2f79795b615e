//! Recognising images that are not in the table, by weaker evidence than their repository.

use std::fmt;

use crate::family::{Family, Role};
use crate::image::ImageRef;
use crate::table::{families, family, lookup};

/// What is known about a service besides its place in the table.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// Its image, or the last `FROM` of the Dockerfile that builds it.
    pub image: Option<&'a ImageRef>,
    /// The names of its environment variables.
    pub env_keys: &'a [&'a str],
    /// The container paths it mounts something at.
    pub mount_targets: &'a [&'a str],
    /// Its entrypoint and command, in words.
    pub command: &'a [&'a str],
}

/// How much a guess is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Could well be something else; say so.
    Weak,
    /// Hardly anything else does this.
    Strong,
}

/// Why a family was guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// How much the guess is worth.
    pub strength: Strength,
    /// The evidence, as the end of a sentence that starts with "because".
    pub text: String,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Words that say an image accompanies an engine instead of being it.
const COMPANIONS: &[&str] = &[
    "admin",
    "api",
    "app",
    "backend",
    "backup",
    "backups",
    "cli",
    "client",
    "commander",
    "console",
    "controller",
    "dashboard",
    "express",
    "exporter",
    "frontend",
    "gui",
    "init",
    "insight",
    "manager",
    "migrate",
    "migration",
    "migrations",
    "operator",
    "proxy",
    "server-ui",
    "ui",
    "viewer",
    "web",
    "worker",
];

/// Parts of environment keys that a server's client sets to find the server.
const CLIENT_KEYS: &[&str] = &["HOST", "URL", "URI", "DSN", "SERVER", "ADDR", "CONNECTION"];

/// The most likely family of a service and the reason.
///
/// Role, engine, ports and replicability carry over to a guessed image; users and paths belong to
/// the image in the table and may differ in somebody else's.
///
/// The table itself comes first, then the image's name, mount targets, command and environment
/// keys, in the order of what they prove. What a bare runtime or base system does, its command
/// tells better than the table.
pub fn guess(evidence: &Evidence<'_>) -> Option<(&'static Family, Because)> {
    match by_table(evidence) {
        Some((family, _)) if family.role == Role::Runtime => {
            by_command(evidence).or_else(|| by_table(evidence))
        }
        Some(listed) => Some(listed),
        None => by_name(evidence)
            .or_else(|| by_mount(evidence))
            .or_else(|| by_command(evidence))
            .or_else(|| by_env(evidence)),
    }
}

fn because(strength: Strength, text: String) -> Because {
    Because { strength, text }
}

fn by_table(evidence: &Evidence<'_>) -> Option<(&'static Family, Because)> {
    let image = evidence.image?;
    let text = format!("the image table lists {}", image.canonical());
    Some((lookup(image)?, because(Strength::Strong, text)))
}

/// The words of an image's last segment: `my-redis` gives `my` and `redis`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '_', '.'])
}

fn is_companion(name: &str) -> bool {
    words(name).any(|word| COMPANIONS.contains(&word))
}

fn by_name(evidence: &Evidence<'_>) -> Option<(&'static Family, Because)> {
    let name = evidence.image?.name();
    if words(name).any(|word| word == "exporter") {
        let text = format!("the image's name `{name}` says it exports metrics");
        return Some((family("exporter")?, because(Strength::Weak, text)));
    }
    if is_companion(name) {
        return None;
    }
    let fits = |hint: &String| name == hint || words(name).any(|word| word == hint);
    let (family, hint) = find(|family| family.hints.names.iter().find(|hint| fits(hint)))?;
    let strength = if name == hint { Strength::Strong } else { Strength::Weak };
    if strength == Strength::Weak && is_client_of(hint, evidence) {
        return None;
    }
    Some((family, because(strength, format!("the image's name `{name}` contains `{hint}`"))))
}

/// Whether the environment tells where to find the engine the hint names: `KAFKA_URL`.
fn is_client_of(hint: &str, evidence: &Evidence<'_>) -> bool {
    let engine = hint.to_ascii_uppercase();
    evidence
        .env_keys
        .iter()
        .any(|key| key.contains(&engine) && CLIENT_KEYS.iter().any(|part| key.contains(part)))
}

fn by_mount(evidence: &Evidence<'_>) -> Option<(&'static Family, Because)> {
    let mounted = |hint: &str| {
        evidence.mount_targets.iter().any(|target| {
            target.strip_prefix(hint).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    if evidence.image.is_some_and(|image| is_companion(image.name())) {
        return None;
    }
    let (family, hint) = find(|family| family.hints.mounts.iter().find(|hint| mounted(hint)))?;
    // `/data/db` could be anybody's, `/var/lib/postgresql` only one's.
    let telling = family.hints.names.iter().any(|name| hint.contains(name.as_str()));
    let strength = if telling { Strength::Strong } else { Strength::Weak };
    Some((family, because(strength, format!("it mounts something at `{hint}`"))))
}

fn by_command(evidence: &Evidence<'_>) -> Option<(&'static Family, Because)> {
    let first = evidence.command.first()?.rsplit('/').next()?;
    let (family, hint) = find(|family| family.hints.commands.iter().find(|hint| *hint == first))?;
    Some((family, because(Strength::Strong, format!("its command is `{hint}`"))))
}

/// Applications receive the same password keys as their database, so keys count only where no
/// other key points at a server elsewhere.
fn by_env(evidence: &Evidence<'_>) -> Option<(&'static Family, Because)> {
    let client = |key: &&str| CLIENT_KEYS.iter().any(|part| key.contains(part));
    if evidence.env_keys.iter().any(client) {
        return None;
    }
    let set = |hint: &String| evidence.env_keys.contains(&hint.as_str());
    let (family, hint) = find(|family| family.hints.env.iter().find(|hint| set(hint)))?;
    Some((family, because(Strength::Weak, format!("its environment sets `{hint}`"))))
}

/// The first family for which the hint is there.
fn find(
    hint: impl Fn(&'static Family) -> Option<&'static String>,
) -> Option<(&'static Family, &'static String)> {
    families().iter().find_map(|family| Some((family, hint(family)?)))
}
