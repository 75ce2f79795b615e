//! What the Compose files say, after interpolation, merge, `extends` and `include`.
//!
//! Values keep the place they came from ([`yaml::Spanned`]), so that a decision can name its line.
//! Absent means absent: defaults are decisions and belong to the planner.

mod attributes;
mod files;
mod intent;
mod network;
mod storage;

pub use attributes::{
    Build, Condition, Dependency, Deploy, DeployMode, Device, HealthTest, Healthcheck, Hook,
    Limits, Provider, Restart,
};
pub use files::{BindSource, Content, Dockerfile, FileFacts};
pub use intent::{
    BackupIntent, ConnectionsIntent, DatabaseIntent, InferenceIntent, Intent, KindIntent,
    MetricsIntent, RunAs, ScaleIntent, SecurityIntent, Topology, TrainingIntent,
};
pub use network::{Attachment, Network, Port, PortRange, Protocol};
pub use storage::{FileGrant, FileObject, Mount, MountKind, Volume};

use std::collections::BTreeMap;
use units::{Bytes, Cpu, Seconds};
use yaml::{Span, Spanned};

/// A whole product.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// From `name:`, the command line or the directory.
    pub name: String,
    /// Active services by name.
    pub services: BTreeMap<String, Service>,
    /// Networks by the name that services use. `default` is present if any service uses it.
    pub networks: BTreeMap<String, Network>,
    /// Named volumes by the name that services use.
    pub volumes: BTreeMap<String, Volume>,
    /// `configs:` by name.
    pub configs: BTreeMap<String, FileObject>,
    /// `secrets:` by name.
    pub secrets: BTreeMap<String, FileObject>,
    /// `models:` by name.
    pub models: BTreeMap<String, Model>,
    /// Attributes at project level that the file holds, as [`Service::fields`] does.
    pub fields: Vec<Field>,
}

/// One attribute that the file holds. The planner uses these to prove that nothing is dropped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    /// Dotted path below the service (`ports.0`, `deploy.resources.limits.cpus`) or, in
    /// [`Project::fields`], below the project (`networks.front.driver`).
    pub path: String,
    /// The key (or list item) in the file.
    pub span: Span,
}

/// One service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its key in the file.
    pub span: Span,
    /// Every attribute that the file holds for it.
    pub fields: Vec<Field>,

    /// `image`, interpolated.
    pub image: Option<Spanned<String>>,
    /// `build`.
    pub build: Option<Build>,
    /// `provider`: somebody else runs it.
    pub provider: Option<Provider>,
    /// `command`, split into words; `Some([])` clears the image's.
    pub command: Option<Spanned<Vec<String>>>,
    /// `entrypoint`, split into words; `Some([])` clears the image's.
    pub entrypoint: Option<Spanned<Vec<String>>>,
    /// `environment` over `env_file`, by key.
    pub environment: BTreeMap<String, EnvValue>,
    /// `env_file` entries, read or not.
    pub env_files: Vec<EnvFile>,
    /// `ports`, ranges expanded.
    pub ports: Vec<Port>,
    /// `expose`, ranges expanded.
    pub expose: Vec<Spanned<(u16, Protocol)>>,
    /// `volumes`.
    pub mounts: Vec<Mount>,
    /// `tmpfs`: target paths, with a size if given.
    pub tmpfs: Vec<Spanned<(String, Option<Bytes>)>>,
    /// `volumes_from`: the other service or container, with `:ro` kept.
    pub volumes_from: Vec<Spanned<String>>,
    /// `depends_on` by service.
    pub depends_on: BTreeMap<String, Dependency>,
    /// `links`: service and alias.
    pub links: Vec<Spanned<(String, String)>>,
    /// `external_links`, as written.
    pub external_links: Vec<Spanned<String>>,
    /// `healthcheck`.
    pub healthcheck: Option<Healthcheck>,
    /// `deploy`, `scale`, `cpus`, `mem_limit` and their kin, joined.
    pub deploy: Deploy,
    /// `networks`, by name. Empty with no `network_mode` never happens: the loader adds `default`.
    pub networks: BTreeMap<String, Attachment>,
    /// `network_mode`, as written: `host`, `none`, `service:x`, `container:x`, `bridge`.
    pub network_mode: Option<Spanned<String>>,
    /// `container_name`.
    pub container_name: Option<Spanned<String>>,
    /// `hostname`.
    pub hostname: Option<Spanned<String>>,
    /// `domainname`.
    pub domainname: Option<Spanned<String>>,
    /// `labels` and `deploy.labels`.
    pub labels: BTreeMap<String, Spanned<String>>,
    /// `annotations`.
    pub annotations: BTreeMap<String, Spanned<String>>,
    /// `restart`.
    pub restart: Option<Spanned<Restart>>,
    /// `secrets`.
    pub secrets: Vec<FileGrant>,
    /// `configs`.
    pub configs: Vec<FileGrant>,
    /// `models`: model name → names of the variables that carry URL and model.
    pub models: BTreeMap<String, ModelUse>,
    /// `user`, as written: a name or a number, with or without a group.
    pub user: Option<Spanned<String>>,
    /// `group_add`, as written.
    pub group_add: Vec<Spanned<String>>,
    /// `working_dir`.
    pub working_dir: Option<Spanned<String>>,
    /// `stop_signal`, with its `SIG`.
    pub stop_signal: Option<Spanned<String>>,
    /// `stop_grace_period`.
    pub stop_grace_period: Option<Spanned<Seconds>>,
    /// `read_only`.
    pub read_only: Option<Spanned<bool>>,
    /// `privileged`.
    pub privileged: Option<Spanned<bool>>,
    /// `init`.
    pub init: Option<Spanned<bool>>,
    /// `tty`.
    pub tty: Option<Spanned<bool>>,
    /// `stdin_open`.
    pub stdin_open: Option<Spanned<bool>>,
    /// `cap_add`.
    pub cap_add: Vec<Spanned<String>>,
    /// `cap_drop`.
    pub cap_drop: Vec<Spanned<String>>,
    /// `security_opt`.
    pub security_opt: Vec<Spanned<String>>,
    /// `sysctls`.
    pub sysctls: BTreeMap<String, Spanned<String>>,
    /// `devices`, as written.
    pub devices: Vec<Spanned<String>>,
    /// `shm_size`.
    pub shm_size: Option<Spanned<Bytes>>,
    /// `extra_hosts`: name and address.
    pub extra_hosts: Vec<Spanned<(String, String)>>,
    /// `dns`.
    pub dns: Vec<Spanned<String>>,
    /// `dns_search`.
    pub dns_search: Vec<Spanned<String>>,
    /// `platform`.
    pub platform: Option<Spanned<String>>,
    /// `runtime`.
    pub runtime: Option<Spanned<String>>,
    /// `pid`: `host`, `service:x`, `container:x`.
    pub pid: Option<Spanned<String>>,
    /// `ipc`.
    pub ipc: Option<Spanned<String>>,
    /// `userns_mode`.
    pub userns_mode: Option<Spanned<String>>,
    /// `pull_policy`.
    pub pull_policy: Option<Spanned<String>>,
    /// `pre_start`, `post_start`, `pre_stop` hooks.
    pub hooks: Vec<Hook>,
    /// `profiles` that brought it in.
    pub profiles: Vec<Spanned<String>>,
    /// `x-muster`.
    pub intent: Intent,
}

/// One environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvValue {
    /// The value; `None` if the key was written bare and the invoking environment has none.
    pub value: Option<String>,
    /// Where the entry stands.
    pub span: Span,
    /// Who said so.
    pub origin: EnvOrigin,
    /// Whether the text in the file held `${…}`.
    pub interpolated: bool,
}

/// Who set an environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvOrigin {
    /// `environment:`.
    Inline,
    /// A file of `env_file:`, by its path as written.
    File(String),
}

/// One entry of `env_file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvFile {
    /// The path as written.
    pub path: Spanned<String>,
    /// Whether it could be read.
    pub found: bool,
    /// `required`, by default true.
    pub required: bool,
}

/// An entry of `models:`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// `model`: an OCI reference such as `ai/smollm2`.
    pub model: Spanned<String>,
    /// `context_size`, tokens.
    pub context_size: Option<Spanned<u64>>,
    /// `runtime_flags`.
    pub runtime_flags: Vec<Spanned<String>>,
    /// `x-muster` at the model: how to serve it.
    pub intent: Intent,
}

/// How a service refers to a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelUse {
    /// Variable that carries the endpoint; `<MODEL>_URL` unless renamed.
    pub url_variable: String,
    /// Variable that carries the model's name; `<MODEL>_MODEL` unless renamed.
    pub model_variable: String,
    /// The entry.
    pub span: Span,
}

impl Service {
    /// CPU and memory, for callers that need a pair.
    pub fn limits(&self) -> (Option<Cpu>, Option<Bytes>) {
        let limits = &self.deploy.limits;
        (limits.cpu.as_ref().map(|c| c.value), limits.memory.as_ref().map(|m| m.value))
    }
}
