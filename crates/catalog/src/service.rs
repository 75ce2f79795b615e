//! How a family behaves as a service: settings, replicas, connections, numbers and backups.

use std::collections::BTreeSet;

use serde::Deserialize;

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
