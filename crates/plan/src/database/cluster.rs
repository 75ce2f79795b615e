//! Databases that an operator runs.

use crate::config::{Configured, claim_size};
use crate::log::Log;
use crate::rules;
use crate::world::{Scale, Shared, Subject, World};
use model::SecretText;
use model::plan::{
    DatabaseCluster, DatabaseKind, EnvSource, Resources, Secret, SecretEntry, VolumeSource,
};
use model::project::Topology;
use model::reason::Level;
use std::collections::BTreeMap;

/// The parts of an operated database that its neighbours planned.
pub(crate) struct Clusters<'a> {
    pub(crate) configured: &'a Configured,
    pub(crate) resources: Resources,
}

/// The object that describes one replicated database.
pub(crate) fn clusters(
    world: &World<'_>,
    subject: &Subject<'_>,
    parts: &Clusters<'_>,
    shared: &mut Shared,
    log: &mut Log,
) -> Option<DatabaseCluster> {
    let intent = subject.service.intent.database.as_ref()?;
    let engine = subject.family()?.engine?;
    let kind = match (intent.topology, engine) {
        (Topology::Galera, _) => DatabaseKind::Galera,
        (_, catalog::Engine::Postgres) => DatabaseKind::CloudNativePg,
        _ => DatabaseKind::Replication,
    };
    let replicas = match subject.scale {
        Scale::Fixed(n) => n,
        _ => 3,
    };
    announce(world, subject, kind, replicas, log);
    let env = |keys: &[String]| {
        keys.iter()
            .find_map(|key| subject.service.environment.get(key).and_then(|v| v.value.clone()))
    };
    let family = subject.family()?;
    let database = env(&family.env.database);
    let mut owner = env(&family.env.user);
    let mut secret = secret_name(parts.configured);
    if kind == DatabaseKind::CloudNativePg {
        let user = application_user(subject, owner, database.as_deref(), log);
        secret = credentials(world, subject, parts.configured, &user, shared, log);
        owner = Some(user);
    }
    Some(DatabaseCluster {
        name: subject.name.clone(),
        service: subject.key().to_owned(),
        kind,
        image: image(subject, kind, log),
        replicas,
        size: intent.storage.unwrap_or_else(|| claim_size(subject)),
        class: world.options.storage_class.clone(),
        secret,
        database,
        owner,
        settings: settings(subject),
        resources: parts.resources.clone(),
        backup: crate::database::backup::schedule(subject),
    })
}

/// Which object describes the database, and who must be there to read it.
fn announce(
    world: &World<'_>,
    subject: &Subject<'_>,
    kind: DatabaseKind,
    replicas: u32,
    log: &mut Log,
) {
    let (api, operator, served) = match kind {
        DatabaseKind::CloudNativePg => {
            ("Cluster", "CloudNativePG", world.cluster.serves("postgresql.cnpg.io"))
        }
        DatabaseKind::Galera | DatabaseKind::Replication => {
            ("Database", "Muster's database operator", world.cluster.serves("muster.dev"))
        }
    };
    log.decide_on(Some(subject.key()), format!("{api}/{}", subject.name), "")
        .chose(format!("{replicas} members"))
        .all(subject.lines("x-muster.database"))
        .rule(rules::OPERATOR_RUNS_CLUSTER)
        .why(format!("{operator} decides about bootstrap, failover and recovery"));
    if !served {
        log.find(
            Level::Warning,
            "operator-needed",
            Some(subject.key()),
            format!(
                "`{}` needs {operator} on the cluster; without it the {api} object is refused",
                subject.key()
            ),
            match kind {
                DatabaseKind::CloudNativePg => "install CloudNativePG first",
                _ => "the operator is not part of this release: plan topology: single until it is",
            },
            subject.lines("x-muster.database"),
        );
    }
}

/// The image repository whose images `CloudNativePG` can run.
const POSTGRES_IMAGES: &str = "ghcr.io/cloudnative-pg/postgresql";

/// The newest major version, which an image without a version means.
const POSTGRES_NEWEST: &str = "18";

/// `CloudNativePG` runs its own images: they know its user, and their tags begin with the version.
fn image(subject: &Subject<'_>, kind: DatabaseKind, log: &mut Log) -> String {
    let written = subject.image.reference.clone();
    let parsed = subject.image.parsed.as_ref();
    let official =
        parsed.is_some_and(|i| matches!(i.canonical().as_str(), "postgres" | "library/postgres"));
    if kind != DatabaseKind::CloudNativePg || !official {
        return written;
    }
    let version = parsed.and_then(catalog::ImageRef::version).map_or_else(
        || POSTGRES_NEWEST.to_owned(),
        |v| v.minor.map_or_else(|| v.major.to_string(), |minor| format!("{}.{minor}", v.major)),
    );
    let image = format!("{POSTGRES_IMAGES}:{version}");
    log.decide_on(Some(subject.key()), format!("Cluster/{}", subject.name), "spec.imageName")
        .chose(image.clone())
        .all(subject.lines("image"))
        .rule(rules::OPERATOR_RUNS_CLUSTER)
        .why(format!("CloudNativePG cannot run `{written}`: its images know its user and tools"));
    image
}

/// Who owns the database. `CloudNativePG` keeps the superuser off the network, so it cannot be the
/// one that clients log in as.
fn application_user(
    subject: &Subject<'_>,
    said: Option<String>,
    database: Option<&str>,
    log: &mut Log,
) -> String {
    if let Some(user) = said.filter(|user| user != SUPERUSER) {
        return user;
    }
    let user = database.unwrap_or("app").to_owned();
    log.find(
        Level::Warning,
        "superuser-stays-inside",
        Some(subject.key()),
        format!(
            "clients that log in as `{SUPERUSER}` are refused: CloudNativePG keeps the superuser off the network; the database belongs to `{user}`"
        ),
        format!("set POSTGRES_USER: {user} at the database and its clients"),
        subject.lines("x-muster.database"),
    );
    user
}

/// The user that the image of `PostgreSQL` creates unless told otherwise.
const SUPERUSER: &str = "postgres";

/// The Secret in the form that `CloudNativePG` reads: `username` and `password`. They join the entry
/// that holds the password already; one that somebody else made is left as it is.
fn credentials(
    world: &World<'_>,
    subject: &Subject<'_>,
    configured: &Configured,
    user: &str,
    shared: &mut Shared,
    log: &mut Log,
) -> Option<String> {
    let (name, key) = password(subject, configured, shared)?;
    let secret = shared.secrets.get_mut(&name)?;
    if secret.external {
        return Some(name);
    }
    let entry = secret.entries.get(&key)?.clone();
    let username = SecretEntry::Value(SecretText::new(user));
    let (name, secret) = if secret.entries.get("username").is_some_and(|other| *other != username) {
        // Two databases share a password, but not their user.
        let name = world.derived(&subject.name, "owner", 63);
        let users = vec![subject.key().to_owned()];
        let own = Secret { name: name.clone(), users, entries: BTreeMap::new(), external: false };
        (name.clone(), shared.secrets.entry(name).or_insert(own))
    } else {
        (name, secret)
    };
    secret.entries.insert("username".to_owned(), username);
    secret.entries.insert("password".to_owned(), entry);
    log.decide_on(Some(subject.key()), format!("Secret/{name}"), "stringData.username")
        .chose(user)
        .all(subject.lines("x-muster.database"))
        .rule(rules::OPERATOR_RUNS_CLUSTER)
        .why("CloudNativePG reads the keys `username` and `password`");
    Some(name)
}

/// Secret and key that hold the password: as a variable, else as a mounted file.
fn password(
    subject: &Subject<'_>,
    configured: &Configured,
    shared: &Shared,
) -> Option<(String, String)> {
    let keys = &subject.family()?.env.password;
    let variable = configured.env.iter().find_map(|v| match &v.source {
        EnvSource::Secret { name, key } if keys.contains(&v.name) => {
            Some((name.clone(), key.clone()))
        }
        _ => None,
    });
    variable.or_else(|| {
        configured.volumes.iter().find_map(|volume| {
            let VolumeSource::Secret { name, items, .. } = &volume.source else { return None };
            let first = || shared.secrets.get(name)?.entries.keys().next().cloned();
            Some((name.clone(), items.keys().next().cloned().or_else(first)?))
        })
    })
}

/// The Secret that holds the credentials, if there is exactly one.
fn secret_name(configured: &Configured) -> Option<String> {
    let from_env = configured.env.iter().find_map(|v| match &v.source {
        EnvSource::Secret { name, .. } => Some(name.clone()),
        _ => None,
    });
    from_env.or_else(|| {
        configured.volumes.iter().find_map(|v| match &v.source {
            VolumeSource::Secret { name, .. } => Some(name.clone()),
            _ => None,
        })
    })
}

/// Server settings from flags: `--key=value` and `-c key=value`.
fn settings(subject: &Subject<'_>) -> BTreeMap<String, String> {
    let words = subject.service.command.iter().flat_map(|c| c.value.iter());
    words
        .filter_map(|word| {
            let (key, value) = word.trim_start_matches("--").split_once('=')?;
            let fits = !key.is_empty()
                && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            fits.then(|| (key.replace('-', "_"), value.to_owned()))
        })
        .collect()
}
