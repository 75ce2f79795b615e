//! The shape of the table: what is known about one family of images.
//!
//! Integers carry their unit in the name: `_m` is thousandths of a CPU, `_ki`, `_mi` and `_gi`
//! are binary bytes, times are seconds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::image::ImageRef;
use crate::pattern;
use crate::probe::Probes;

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
    pub notes: Vec<String>,
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

/// A port an image listens on unless told otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownPort {
    /// The number.
    pub port: u16,
    /// TCP unless said otherwise.
    #[serde(default)]
    pub protocol: Protocol,
    /// A name Kubernetes accepts: at most 15 lower-case letters, digits and dashes.
    pub name: String,
    /// Who connects, and how.
    #[serde(default, rename = "use")]
    pub usage: PortUse,
}

/// Who connects to a port, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortUse {
    /// Clients inside the cluster, by a protocol that is not HTTP.
    #[default]
    Service,
    /// HTTP that may be routed at the edge.
    Http,
    /// HTTPS that the image terminates itself; redundant behind a gateway.
    Https,
    /// Administration or metrics over HTTP; keep it inside the cluster.
    Admin,
    /// Members of the same cluster talk to each other here.
    Peer,
    /// Open only when configured; expose it only if the user does.
    Optional,
}

/// A transport protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// A directory whose content matters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataPath {
    /// The absolute path in the container.
    pub path: String,
    /// A first size for the claim, in Gi.
    pub size_gi: u32,
    /// What lies there.
    pub what: String,
    /// Who may write it, and what losing it means.
    #[serde(default)]
    pub kind: DataKind,
    /// The first major version that uses this path.
    pub since: Option<u32>,
    /// The last major version that uses this path.
    pub until: Option<u32>,
    /// An environment variable that moves the data into a subdirectory of the mount, away from
    /// `lost+found`.
    pub subdirectory: Option<EnvValue>,
}

/// Who may write a directory, and what losing it means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataKind {
    /// One process writes; a second one corrupts it.
    #[default]
    Exclusive,
    /// Files that several replicas may share on a `ReadWriteMany` volume, such as uploads.
    Shared,
    /// Settings the application writes itself; small, one writer.
    Settings,
    /// Can be computed or downloaded again; an `emptyDir` works, a claim saves time.
    Cache,
}

/// An environment variable and its value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvValue {
    /// The name.
    pub key: String,
    /// The value.
    pub value: String,
}

/// Whom a container runs as.
///
/// Exactly one of `uid` and `root` is present where the answer is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The user to run as; never 0. The image may start as root by default and still work so.
    pub uid: Option<u32>,
    /// The group to run as and to own volumes; the same number as `uid` when absent.
    pub gid: Option<u32>,
    /// Why the image cannot run without root.
    pub root: Option<String>,
    /// Named users of the image, for `user: postgres` in Compose.
    #[serde(default)]
    pub names: BTreeMap<String, u32>,
}

impl User {
    /// The group that owns volumes.
    ///
    /// Never 0: images that run in group 0 still find their volumes writable as their own group.
    pub fn fs_group(&self) -> Option<u32> {
        self.gid.filter(|gid| *gid != 0).or(self.uid)
    }
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

/// Whether the root filesystem can be read-only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootFilesystem {
    /// Yes, with [`Family::writable`] and the data paths mounted.
    #[default]
    ReadOnly,
    /// No, for this reason.
    Writable(String),
}

/// Ways to run an image without root although it listens below port 1024, best first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unprivileged {
    /// An environment variable that moves the port.
    pub env: Option<PortEnv>,
    /// Another image that listens on a high port.
    pub image: Option<Swap>,
    /// Whether the pod's safe sysctl `net.ipv4.ip_unprivileged_port_start=0` is enough.
    #[serde(default)]
    pub sysctl: bool,
}

/// An environment variable that sets a port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortEnv {
    /// The name of the variable.
    pub key: String,
    /// The whole value to set.
    pub value: String,
    /// The port that then listens.
    pub port: u16,
}

/// An image to use instead.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    /// The repository; the tag carries over.
    pub repository: String,
    /// The port it listens on.
    pub port: u16,
}

/// How an image likes to be stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The signal the image declares when it is not SIGTERM; the kubelet honours the image's own.
    pub signal: Option<String>,
    /// Seconds it may need to end.
    pub grace: Option<u32>,
    /// Seconds to sleep before the signal, while endpoints are withdrawn.
    pub pre_stop_sleep: Option<u32>,
}

/// Reservations for a small installation: a start, to be corrected by measurement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Requested CPU, in thousandths.
    #[serde(default = "cpu_m")]
    pub cpu_m: u32,
    /// Requested memory, in Mi.
    pub memory_mi: u32,
    /// Memory at which it is killed, in Mi.
    pub memory_limit_mi: u32,
    /// Requested scratch space (logs, layers, `emptyDir`), in Mi.
    #[serde(default = "ephemeral_mi")]
    pub ephemeral_mi: u32,
    /// Scratch space at which it is evicted, in Mi.
    #[serde(default = "ephemeral_limit_mi")]
    pub ephemeral_limit_mi: u32,
    /// Graphics processors, for `nvidia.com/gpu`.
    #[serde(default)]
    pub gpus: u32,
    /// Why these numbers, where they are not simply usual.
    pub why: Option<String>,
}

fn cpu_m() -> u32 {
    100
}

fn ephemeral_mi() -> u32 {
    64
}

fn ephemeral_limit_mi() -> u32 {
    1024
}

/// What environment variables mean to an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Env {
    /// Keys whose values are secret.
    #[serde(default)]
    pub secrets: BTreeSet<String>,
    /// Keys for which the entrypoint also reads `KEY_FILE`, the path of a file with the value.
    #[serde(default)]
    pub files: BTreeSet<String>,
    /// Of each group, one key must be set or the container exits.
    #[serde(default)]
    pub required: Vec<Vec<String>>,
    /// Keys that name the user to create.
    #[serde(default)]
    pub user: Vec<String>,
    /// Keys that hold that user's password.
    #[serde(default)]
    pub password: Vec<String>,
    /// Keys that name the database to create.
    #[serde(default)]
    pub database: Vec<String>,
    /// The key that moves the main port.
    pub port: Option<String>,
}

/// Whether several copies of an image may run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replicas {
    /// As many as one likes.
    Stateless,
    /// One process owns the data; the text says why.
    SingleWriter(String),
    /// Several form a cluster if configured as the text says; copies alone do not.
    Clustered(String),
    /// More than one misbehaves even without data of its own; the text says how.
    Singleton(String),
    /// One on every node; the text says why.
    PerNode(String),
    /// Only the user's own code tells.
    Unknown,
}

/// How many clients a database admits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// The default limit.
    pub max: u32,
    /// Of these, kept for administrators.
    pub reserved: u32,
    /// What to append to the server's arguments to change it; `{}` is the number.
    pub flag: Vec<String>,
    /// What a busy connection costs, in Ki.
    pub memory_ki: u32,
}

/// How many database connections one copy of an application opens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientPool {
    /// Connections each process may open.
    pub per_process: u32,
    /// Processes in one copy.
    pub processes: u32,
    /// Where the numbers come from and what changes them.
    pub why: String,
}

/// Where Prometheus finds an image's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// The port of the image itself, or of the exporter.
    pub port: u16,
    /// The path.
    #[serde(default = "metrics_path")]
    pub path: String,
    /// The exporter to run beside it; none when the image has metrics of its own.
    pub exporter: Option<String>,
    /// What must be configured for them to appear.
    pub condition: Option<String>,
}

fn metrics_path() -> String {
    "/metrics".to_owned()
}

/// Shell commands that save to and restore from standard streams, run next to the database.
///
/// `$HOST` is the database's Service; credentials come from the family's own variables.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Writes the backup to standard output.
    pub dump: String,
    /// Reads the backup from standard input.
    pub restore: String,
    /// The ending of the backup's file name.
    pub suffix: String,
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
