//! Attributes of a service that have a structure of their own.

use super::files::Dockerfile;
use std::collections::BTreeMap;
use units::{Bytes, Cpu, Seconds};
use yaml::{Span, Spanned};

/// `build`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Build {
    /// The attribute.
    pub span: Span,
    /// `context`, as written; `.` if absent.
    pub context: String,
    /// `dockerfile`, as written.
    pub dockerfile: Option<Spanned<String>>,
    /// `target`.
    pub target: Option<Spanned<String>>,
    /// `args`.
    pub args: BTreeMap<String, Option<String>>,
    /// The Dockerfile's facts for the target, if it could be read.
    pub facts: Option<Dockerfile>,
    /// Text files of the context that are known to hold addresses of other services
    /// (`application.properties`, web server configuration, `package.json`, `.env`): path and text.
    pub texts: BTreeMap<String, String>,
}

/// `provider`.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// `type`.
    pub kind: Spanned<String>,
    /// `options`, as text.
    pub options: BTreeMap<String, String>,
}

/// One entry of `depends_on`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Where it stands.
    pub span: Span,
    /// What to wait for.
    pub condition: Condition,
    /// `restart: true`.
    pub restart: bool,
    /// `required`, by default true.
    pub required: bool,
}

/// What a dependent waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// `service_started`.
    Started,
    /// `service_healthy`.
    Healthy,
    /// `service_completed_successfully`.
    Completed,
}

/// `healthcheck`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Healthcheck {
    /// The attribute.
    pub span: Span,
    /// `test`; `None` keeps the image's.
    pub test: Option<Spanned<HealthTest>>,
    /// `interval`.
    pub interval: Option<Spanned<Seconds>>,
    /// `timeout`.
    pub timeout: Option<Spanned<Seconds>>,
    /// `retries`.
    pub retries: Option<Spanned<u32>>,
    /// `start_period`.
    pub start_period: Option<Spanned<Seconds>>,
    /// `start_interval`.
    pub start_interval: Option<Spanned<Seconds>>,
}

/// What a health check runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthTest {
    /// `NONE`, or `disable: true`.
    Disabled,
    /// `CMD`: words, no shell.
    Command(Vec<String>),
    /// `CMD-SHELL` or a plain string.
    Shell(String),
}

/// `restart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// `"no"`.
    Never,
    /// `always`.
    Always,
    /// `unless-stopped`.
    UnlessStopped,
    /// `on-failure`, with a bound if given.
    OnFailure(Option<u32>),
}

/// `deploy`, joined with the older attributes for the same things.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deploy {
    /// `deploy.mode`.
    pub mode: Option<Spanned<DeployMode>>,
    /// `deploy.replicas` or `scale`.
    pub replicas: Option<Spanned<u32>>,
    /// `deploy.resources.limits`, `cpus`, `mem_limit`, `pids_limit`.
    pub limits: Limits,
    /// `deploy.resources.reservations`, `mem_reservation`.
    pub reservations: Limits,
    /// `deploy.resources.reservations.devices`, `gpus`.
    pub devices: Vec<Device>,
    /// `deploy.restart_policy.condition` with `max_attempts`, in the words of `restart`.
    pub restart: Option<Spanned<Restart>>,
    /// `deploy.placement.constraints`, as written.
    pub constraints: Vec<Spanned<String>>,
    /// `deploy.placement.preferences` (`spread`), as written.
    pub preferences: Vec<Spanned<String>>,
    /// `deploy.placement.max_replicas_per_node`.
    pub max_replicas_per_node: Option<Spanned<u32>>,
    /// `deploy.update_config.parallelism`.
    pub update_parallelism: Option<Spanned<u32>>,
    /// `deploy.update_config.order` is `start-first`.
    pub update_start_first: Option<Spanned<bool>>,
    /// `deploy.endpoint_mode`.
    pub endpoint_mode: Option<Spanned<String>>,
}

/// `deploy.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeployMode {
    /// `replicated`.
    Replicated,
    /// `global`: one on each node.
    Global,
    /// `replicated-job`: so many completions, at once.
    ReplicatedJob,
    /// `global-job`: once on each node.
    GlobalJob,
}

/// CPU, memory and process bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Cores.
    pub cpu: Option<Spanned<Cpu>>,
    /// Memory.
    pub memory: Option<Spanned<Bytes>>,
    /// Processes.
    pub pids: Option<Spanned<i64>>,
}

/// A device reservation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Device {
    /// Where it stands.
    pub span: Span,
    /// `capabilities`, such as `gpu`, `tpu`.
    pub capabilities: Vec<String>,
    /// `driver`, such as `nvidia`.
    pub driver: Option<String>,
    /// How many; `None` is all.
    pub count: Option<u32>,
    /// `device_ids`.
    pub ids: Vec<String>,
    /// `options`.
    pub options: BTreeMap<String, String>,
}

/// A lifecycle hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Where it stands.
    pub span: Span,
    /// `pre_start`, `post_start` or `pre_stop`.
    pub phase: String,
    /// What it runs.
    pub command: Vec<String>,
    /// `per_replica`.
    pub per_replica: bool,
    /// `user`.
    pub user: Option<String>,
    /// `image` of a `pre_start` hook.
    pub image: Option<String>,
}
