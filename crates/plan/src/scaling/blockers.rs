//! Why a service runs once.

use crate::config::{StorageNeed, storage_need};
use crate::world::{Subject, World};
use catalog::{Replicas, Role};
use model::project::MountKind;
use model::reason::{Because, Certainty};

/// Why a service runs once.
pub(super) struct Blocker {
    pub(super) because: Vec<Because>,
    pub(super) certainty: Certainty,
    pub(super) why: String,
}

/// The first reason against a second copy.
pub(super) fn blocker(world: &World<'_>, subject: &Subject<'_>) -> Option<Blocker> {
    if let Some(replicable) = &subject.service.intent.replicable {
        return (!replicable.value).then(|| Blocker {
            because: vec![subject.line("x-muster.replicable", replicable.span)],
            certainty: Certainty::Stated,
            why: "x-muster.replicable says no".to_owned(),
        });
    }
    of_storage(world, subject)
        .or_else(|| of_image(subject))
        .or_else(|| of_host(subject))
        .or_else(|| of_sqlite(subject))
        .or_else(|| of_sessions(subject))
        .or_else(|| of_timer(subject))
        .or_else(|| of_pod(subject))
        .or_else(|| of_nobody_calling(world, subject))
}

/// Whether two copies do harm even for the seconds of a rollout: timers fire twice, files have two
/// writers, pollers take turns. Whoever has no port loses no request while it is away.
pub(super) fn doubles(subject: &Subject<'_>) -> bool {
    let said_no = subject.service.intent.replicable.as_ref().is_some_and(|said| !said.value);
    said_no
        || subject.ports.is_empty()
        || of_host(subject).is_some()
        || of_sqlite(subject).is_some()
        || of_timer(subject).is_some()
}

fn of_storage(world: &World<'_>, subject: &Subject<'_>) -> Option<Blocker> {
    let need = storage_need(world, subject.service, subject.family(), subject.image.facts_ref());
    let StorageNeed::Private { why, because } = need else { return None };
    Some(Blocker { because, certainty: Certainty::Inferred, why })
}

fn of_image(subject: &Subject<'_>) -> Option<Blocker> {
    let family = subject.family()?;
    let why = match &family.replicas {
        Replicas::SingleWriter(why) | Replicas::Singleton(why) => why.clone(),
        Replicas::Clustered(how) => format!("copies alone do not form a cluster: {how}"),
        _ if subject.is_data_store() => {
            format!("each copy of {} would hold other data", family.title)
        }
        _ => return None,
    };
    let certainty = subject.known.as_ref().map_or(Certainty::Inferred, |k| k.certainty);
    Some(Blocker { because: subject.image_fact().into_iter().collect(), certainty, why })
}

fn of_host(subject: &Subject<'_>) -> Option<Blocker> {
    let socket = subject.service.mounts.iter().find(
        |m| matches!(&m.kind, MountKind::Bind { source, .. } if source.ends_with("docker.sock")),
    );
    if let Some(mount) = socket {
        return Some(Blocker {
            because: vec![subject.line(format!("volumes.{}", mount.index), mount.span)],
            certainty: Certainty::Known,
            why: "it manages the Docker engine of one host".to_owned(),
        });
    }
    let network = subject.service.network_mode.as_ref().filter(|mode| mode.value == "host");
    if let Some(mode) = network {
        return Some(Blocker {
            because: vec![subject.line("network_mode", mode.span)],
            certainty: Certainty::Inferred,
            why: "it was tied to the network of one host".to_owned(),
        });
    }
    let device = subject.service.devices.first()?;
    Some(Blocker {
        because: vec![subject.line("devices.0", device.span)],
        certainty: Certainty::Inferred,
        why: "it uses a device of one host".to_owned(),
    })
}

/// Endings of keys that say where sessions are kept.
const SESSION_KEYS: &[&str] =
    &["DRIVER", "STORE", "STORAGE", "BACKEND", "TYPE", "HANDLER", "ENGINE"];

/// Values that mean: in this very pod.
const SESSION_VALUES: &[&str] = &["file", "files", "filesystem", "memory", "local", "native"];

/// Sessions in files or memory: every second request would meet a copy that does not know the user.
fn of_sessions(subject: &Subject<'_>) -> Option<Blocker> {
    let (key, value) = subject.service.environment.iter().find(|(key, value)| {
        let key = key.to_ascii_uppercase();
        let text = value.value.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
        key.contains("SESSION")
            && SESSION_KEYS.iter().any(|ending| key.ends_with(ending))
            && SESSION_VALUES.contains(&text.as_str())
    })?;
    Some(Blocker {
        because: vec![subject.line(format!("environment.{key}"), value.span)],
        certainty: Certainty::Inferred,
        why: "it keeps sessions in the pod: another copy would not know the user".to_owned(),
    })
}

fn of_sqlite(subject: &Subject<'_>) -> Option<Blocker> {
    let (key, value) = subject.service.environment.iter().find(|(key, value)| {
        let text = value.value.as_deref().unwrap_or_default().to_ascii_lowercase();
        let file = std::path::Path::new(&text)
            .extension()
            .is_some_and(|e| ["sqlite", "sqlite3", "db"].iter().any(|want| e == *want));
        text.contains("sqlite")
            || (file && text.contains('/') && key.to_ascii_uppercase().contains('D'))
    })?;
    Some(Blocker {
        because: vec![subject.line(format!("environment.{key}"), value.span)],
        certainty: Certainty::Inferred,
        why: "it keeps its data in SQLite, a file of one pod".to_owned(),
    })
}

/// Words of a command that runs timers: two copies would fire twice.
const TIMER_WORDS: &[&str] = &[
    "cron",
    "crond",
    "supercronic",
    "beat",
    "schedule:work",
    "schedule:run",
    "clockwork",
    "rq-scheduler",
    "scheduler",
];

fn of_timer(subject: &Subject<'_>) -> Option<Blocker> {
    for (path, words) in
        [("command", &subject.service.command), ("entrypoint", &subject.service.entrypoint)]
    {
        let Some(words) = words else { continue };
        let timer = words
            .value
            .iter()
            .flat_map(|w| w.split_whitespace())
            .find(|w| TIMER_WORDS.contains(&w.rsplit('/').next().unwrap_or(w)) || *w == "-B");
        if let Some(word) = timer {
            return Some(Blocker {
                because: subject.lines(path),
                certainty: Certainty::Inferred,
                why: format!("`{word}` runs timers: two copies would fire twice"),
            });
        }
    }
    None
}

fn of_pod(subject: &Subject<'_>) -> Option<Blocker> {
    (subject.shares_pod_of.is_some() || subject.has_tenants).then(|| Blocker {
        because: subject.lines("network_mode"),
        certainty: Certainty::Inferred,
        why: "it shares its pod with another service".to_owned(),
    })
}

/// Words of a name or command that say: a consumer of a queue.
const WORKER_WORDS: &[&str] = &[
    "worker",
    "workers",
    "consumer",
    "sidekiq",
    "celery",
    "queue",
    "queue:work",
    "rq",
    "resque",
    "delayed_job",
];

/// A service that nobody calls may be a bot or a poller: a second copy would do everything twice,
/// unless it takes its work from a queue.
fn of_nobody_calling(world: &World<'_>, subject: &Subject<'_>) -> Option<Blocker> {
    let called = world
        .links
        .iter()
        .any(|l| l.to == subject.key() && l.from.as_deref() != Some(subject.key()));
    if !subject.ports.is_empty() || called || subject.service.intent.scale.is_some() {
        return None;
    }
    if subject.service.deploy.replicas.as_ref().is_some_and(|r| r.value > 1) {
        return None;
    }
    let command = subject.service.command.iter().flat_map(|c| c.value.iter()).map(String::as_str);
    let is_worker = [subject.key()]
        .into_iter()
        .chain(command)
        .flat_map(|text| text.split(|c: char| !(c.is_alphanumeric() || c == ':')))
        .any(|word| WORKER_WORDS.contains(&word.to_ascii_lowercase().as_str()));
    let queue = world.links.iter().any(|l| {
        l.from.as_deref() == Some(subject.key())
            && world.project.services.contains_key(&l.to)
            && world.subjects.get(&l.to).is_some_and(|s| {
                s.family()
                    .is_some_and(|f| matches!(f.role, Role::Broker | Role::Cache | Role::Database))
            })
    });
    (!(is_worker && queue)).then(|| Blocker {
        because: vec![subject.own_line()],
        certainty: Certainty::Assumed,
        why: "nobody calls it, so a second copy might do everything twice".to_owned(),
    })
}
