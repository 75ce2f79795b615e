//! `x-muster`: the intent that Compose cannot say.
//!
//! ```yaml
//! x-muster:
//!   kind: deployment | statefulset | job | cronjob | daemonset
//!   schedule: "0 3 * * *"
//!   replicable: true
//!   scale: { min: 2, max: 10, cpu: 50 }
//!   connections: { pool: 10, processes: 1 }
//!   storage: 20Gi
//!   metrics: { port: 9090, path: /metrics }
//!   security: { run_as: root, read_only: false }
//!   database: { topology: galera, replicas: 3, storage: 50Gi, backup: { schedule: "0 3 * * *", keep: 7 } }
//!   inference: { model: llama-3.1-8b, users: 500, think_time: 30s, ttft: 500ms, tpot: 50ms }
//!   training: { team: research, topology: { require: block }, checkpoint: { to: s3://ckpt/run7 } }
//! ```

use units::Bytes;
use yaml::{Span, Spanned};

/// Everything under `x-muster` at a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intent {
    /// The key, if present.
    pub span: Option<Span>,
    /// `kind`.
    pub kind: Option<Spanned<KindIntent>>,
    /// `schedule`: five cron fields.
    pub schedule: Option<Spanned<String>>,
    /// `replicable`: the user knows better than the rules.
    pub replicable: Option<Spanned<bool>>,
    /// `scale`.
    pub scale: Option<ScaleIntent>,
    /// `connections`.
    pub connections: Option<ConnectionsIntent>,
    /// `storage`: size of each claim of the service.
    pub storage: Option<Spanned<Bytes>>,
    /// `metrics`.
    pub metrics: Option<MetricsIntent>,
    /// `security`.
    pub security: Option<SecurityIntent>,
    /// `database`.
    pub database: Option<DatabaseIntent>,
    /// `inference`.
    pub inference: Option<InferenceIntent>,
    /// `training`.
    pub training: Option<TrainingIntent>,
}

/// `kind`: the workload to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindIntent {
    /// `deployment`.
    Deployment,
    /// `statefulset`.
    StatefulSet,
    /// `job`.
    Job,
    /// `cronjob`; needs `schedule`.
    CronJob,
    /// `daemonset`.
    DaemonSet,
}

/// `scale`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleIntent {
    /// The attribute.
    pub span: Span,
    /// `min` replicas.
    pub min: Option<u32>,
    /// `max` replicas.
    pub max: Option<u32>,
    /// `cpu`: target utilization in percent of the request.
    pub cpu: Option<u32>,
}

/// `connections`: what one replica opens to its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionsIntent {
    /// The attribute.
    pub span: Span,
    /// `pool`: connections of one process.
    pub pool: u32,
    /// `processes` in one replica, by default 1.
    pub processes: u32,
}

/// `metrics`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsIntent {
    /// The attribute.
    pub span: Span,
    /// `port` in the container.
    pub port: u16,
    /// `path`, by default `/metrics`.
    pub path: String,
}

/// `security`: exceptions that the user asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityIntent {
    /// The attribute.
    pub span: Span,
    /// `run_as`.
    pub run_as: Option<RunAs>,
    /// `read_only`: the root file system.
    pub read_only: Option<bool>,
}

/// `security.run_as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAs {
    /// `root`.
    Root,
    /// A user id.
    Uid(u32),
}

/// `database`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseIntent {
    /// The attribute.
    pub span: Span,
    /// `topology`.
    pub topology: Topology,
    /// `replicas`.
    pub replicas: Option<u32>,
    /// `storage` of each replica.
    pub storage: Option<Bytes>,
    /// `backup`.
    pub backup: Option<BackupIntent>,
}

/// `database.topology`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// `single`: one replica.
    Single,
    /// `replication`: a primary and its replicas.
    Replication,
    /// `galera`: multi-primary `MariaDB`.
    Galera,
}

/// `database.backup`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupIntent {
    /// `schedule`: five cron fields; a default is chosen if absent.
    pub schedule: Option<String>,
    /// `keep`: how many.
    pub keep: Option<u32>,
    /// `false`: no backup is wanted.
    pub enabled: bool,
}

/// `inference`. Times in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct InferenceIntent {
    /// The attribute.
    pub span: Span,
    /// `model`: a name, or the path of a `config.json`.
    pub model: Option<String>,
    /// What the file at that path says, if it lies in the project and can be read.
    pub config: Option<String>,
    /// `users` at once.
    pub users: Option<u32>,
    /// `think_time` between two requests of a user.
    pub think_time_ms: Option<u64>,
    /// `ttft`: time to first token.
    pub ttft_ms: Option<u64>,
    /// `tpot`: time per output token.
    pub tpot_ms: Option<u64>,
    /// `prompt` tokens.
    pub prompt: Option<u32>,
    /// `output` tokens.
    pub output: Option<u32>,
    /// `gpu`: kind of GPU.
    pub gpu: Option<String>,
}

/// `training`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingIntent {
    /// The attribute.
    pub span: Span,
    /// `team`: whose quota.
    pub team: Option<String>,
    /// `topology.require`: the domain that all members must share, such as `block`, `rack`.
    pub require: Option<String>,
    /// `topology.prefer`.
    pub prefer: Option<String>,
    /// `checkpoint.to`: where checkpoints go.
    pub checkpoint_to: Option<String>,
}
