//! The shape of the table: what is known about one family of images.
//!
//! Integers carry their unit in the name: `_m` is thousandths of a CPU, `_ki`, `_mi` and `_gi`
//! are binary bytes, times are seconds.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::container::{
    DataPath, KnownPort, PortUse, Resources, RootFilesystem, Stop, Unprivileged, User,
};
use crate::image::ImageRef;
use crate::note::Note;
use crate::pattern;
use crate::probe::Probes;
use crate::service::{Backup, ClientPool, Connections, Env, Metrics, Replicas};

/// Images that behave alike, such as everything that runs the `PostgreSQL` entrypoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// A short name, unique in the table.
    pub id: String,
    /// The heading of the file it stands in.
    #[serde(skip)]
    pub section: &'static str,
    /// The name people know it by.
    pub title: String,
    /// Repositories in canonical form (see [`ImageRef::canonical`]); `*` stands for any text. An
    /// exact name beats a pattern, a longer pattern beats a shorter one.
    pub repositories: Vec<String>,
    /// What it does in an application.
    pub role: Role,
    /// The data engine whose protocol it speaks, if it is one.
    pub engine: Option<Engine>,
    /// Ports it listens on by default.
    #[serde(default)]
    pub ports: Vec<KnownPort>,
    /// Directories whose content must outlive the container.
    #[serde(default)]
    pub data: Vec<DataPath>,
    /// Whom it runs as.
    #[serde(default)]
    pub user: User,
    /// Exceptions by tag.
    #[serde(default)]
    pub variants: Vec<Variant>,
    /// Paths it writes besides its data, and why: each needs an `emptyDir` when the root
    /// filesystem is read-only.
    #[serde(default)]
    pub writable: BTreeMap<String, String>,
    /// Whether the root filesystem can be read-only.
    #[serde(default)]
    pub root_filesystem: RootFilesystem,
    /// How to run it without root although it listens below port 1024.
    pub unprivileged: Option<Unprivileged>,
    /// Linux capabilities it cannot work without, and why.
    #[serde(default)]
    pub capabilities: BTreeMap<String, String>,
    /// How to ask for its health.
    #[serde(default)]
    pub probes: Probes,
    /// How it likes to be stopped.
    #[serde(default)]
    pub stop: Stop,
    /// What to reserve for a small installation.
    pub resources: Resources,
    /// Size of `/dev/shm` it needs, when the usual 64 Mi are too few.
    pub shm_mi: Option<u32>,
    /// What its environment variables mean.
    #[serde(default)]
    pub env: Env,
    /// Whether several copies may run.
    pub replicas: Replicas,
    /// How many clients a database admits.
    pub connections: Option<Connections>,
    /// How many database connections one copy of an application opens.
    pub client_pool: Option<ClientPool>,
    /// Where Prometheus finds its numbers.
    pub metrics: Option<Metrics>,
    /// How to save and restore its data.
    pub backup: Option<Backup>,
    /// Traps, one sentence or two each, worth telling the user.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// Whether the image has `/bin/sh`, so that shell health checks work.
    #[serde(default = "yes")]
    pub shell: bool,
    /// Why it is not needed on Kubernetes, and what takes its place.
    pub replaced_by: Option<String>,
    /// Evidence by which images that are not in the table are recognised.
    #[serde(default)]
    pub hints: Hints,
    /// Where the facts come from.
    pub source: String,
    /// How sure the facts are.
    #[serde(default)]
    pub certainty: Certainty,
}

fn yes() -> bool {
    true
}

/// What an image does in an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Keeps the application's data.
    Database,
    /// Passes messages.
    Broker,
    /// Keeps what can be computed again.
    Cache,
    /// Indexes documents or vectors.
    SearchEngine,
    /// Keeps files behind an S3-like interface.
    ObjectStore,
    /// Serves files or runs scripts behind HTTP.
    WebServer,
    /// Passes requests on.
    Proxy,
    /// Does what the users came for.
    Application,
    /// A language or system base on which the user's own code runs.
    Runtime,
    /// Measures, records or shows how the others are doing.
    Monitoring,
    /// Looks after a machine rather than an application.
    Agent,
    /// Computes on a GPU.
    GpuServer,
    /// A tool one opens now and then, such as a database browser.
    Tool,
    /// Runs once and ends.
    OneShot,
}

/// A data engine, named by the protocol its clients speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Engine {
    Cassandra,
    Chroma,
    ClickHouse,
    Cockroach,
    Consul,
    CouchDb,
    Elasticsearch,
    Etcd,
    Influx,
    Kafka,
    MariaDb,
    Meilisearch,
    Memcached,
    Milvus,
    Mongo,
    Mqtt,
    MsSql,
    MySql,
    Nats,
    Neo4j,
    Oracle,
    OpenSearch,
    Postgres,
    Prometheus,
    Qdrant,
    RabbitMq,
    Redis,
    Rethink,
    S3,
    Solr,
    Surreal,
    Typesense,
    Vault,
    Weaviate,
    ZooKeeper,
}

/// What differs for images whose tag fits one of the patterns.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Patterns over the tag; `*` stands for any text.
    pub tags: Vec<String>,
    /// Only for these repositories in canonical form; any when empty.
    #[serde(default)]
    pub repositories: Vec<String>,
    /// Replaces the family's user.
    pub user: Option<User>,
    /// Replaces the family's probes.
    pub probes: Option<Probes>,
    /// Replaces whether the image has a shell.
    pub shell: Option<bool>,
    /// What to tell the user.
    pub note: Option<String>,
}

impl Variant {
    fn fits(&self, image: &ImageRef) -> bool {
        let tag = image.tag.as_deref().unwrap_or("latest");
        let repository = image.canonical();
        self.tags.iter().any(|pattern| pattern::fits(pattern, tag))
            && (self.repositories.is_empty()
                || self.repositories.iter().any(|pattern| pattern::fits(pattern, &repository)))
    }
}

/// Evidence by which images that are not in the table are recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hints {
    /// Words in the last segment of the repository.
    #[serde(default)]
    pub names: Vec<String>,
    /// Environment keys only this family's servers take.
    #[serde(default)]
    pub env: Vec<String>,
    /// Mount targets, themselves or anything below.
    #[serde(default)]
    pub mounts: Vec<String>,
    /// First words of the command.
    #[serde(default)]
    pub commands: Vec<String>,
}

/// How sure the facts about a family are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Common knowledge; confirm before depending on it.
    #[default]
    General,
    /// Read in the image's documentation or build file.
    Documented,
    /// Seen by running the image.
    Measured,
}

impl Family {
    /// The variant that applies to the image, if any.
    pub fn variant_for(&self, image: &ImageRef) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.fits(image))
    }

    /// Whom this very image runs as.
    pub fn user_for(&self, image: &ImageRef) -> &User {
        self.first_variant(image, |variant| variant.user.as_ref()).unwrap_or(&self.user)
    }

    /// The probes of this very image.
    pub fn probes_for(&self, image: &ImageRef) -> &Probes {
        self.first_variant(image, |variant| variant.probes.as_ref()).unwrap_or(&self.probes)
    }

    /// Whether this very image has `/bin/sh`.
    pub fn shell_for(&self, image: &ImageRef) -> bool {
        self.first_variant(image, |variant| variant.shell.as_ref()).copied().unwrap_or(self.shell)
    }

    /// What a fitting variant says, the first one that speaks to it.
    fn first_variant<'a, T>(
        &'a self,
        image: &ImageRef,
        part: impl Fn(&'a Variant) -> Option<&'a T>,
    ) -> Option<&'a T> {
        self.variants.iter().filter(|variant| variant.fits(image)).find_map(part)
    }

    /// The data paths of this very image; a tag without a version counts as the newest.
    pub fn data_for<'a>(&'a self, image: &ImageRef) -> impl Iterator<Item = &'a DataPath> {
        let major = image.version().map_or(u32::MAX, |version| version.major);
        self.data.iter().filter(move |data| {
            data.since.is_none_or(|since| since <= major)
                && data.until.is_none_or(|until| major <= until)
        })
    }

    /// The port clients use: the first that is neither for peers nor optional.
    pub fn main_port(&self) -> Option<&KnownPort> {
        self.ports.iter().find(|port| !matches!(port.usage, PortUse::Peer | PortUse::Optional))
    }

    /// Whether the key's value is secret.
    pub fn is_secret(&self, key: &str) -> bool {
        self.env.secrets.contains(key)
    }

    /// The key with which the entrypoint reads `key` from a file, if it can.
    pub fn file_key(&self, key: &str) -> Option<String> {
        self.env.files.contains(key).then(|| format!("{key}_FILE"))
    }
}
