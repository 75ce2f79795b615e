//! The command line.

mod capacity;
mod live;
mod nodes;
mod twin;
mod values;

pub(crate) use capacity::{CapacityArguments, CapacityCommand, EvaluateArguments, Percentile};
pub(crate) use live::{
    DiffArguments, DoctorArguments, DownArguments, LogsArguments, ReuseArguments, StatusArguments,
    TargetArguments, UpArguments,
};
pub(crate) use nodes::{NodesArguments, unknown_shape};
pub(crate) use twin::TwinArguments;

use crate::exit;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// From the Compose file you have to a Kubernetes architecture you can trust
#[derive(Debug, Parser)]
#[command(name = "muster", version, max_term_width = 100, after_help = exit::TABLE)]
pub(crate) struct Arguments {
    /// Whether output has colors
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: When,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Plan(PlanArguments),
    Explain(ExplainArguments),
    Check(CheckArguments),
    Capacity(Box<CapacityArguments>),
    Up(UpArguments),
    Down(DownArguments),
    Status(StatusArguments),
    Logs(LogsArguments),
    Diff(DiffArguments),
    Doctor(DoctorArguments),
    Twin(TwinArguments),
    /// Write a script that completes our commands in a shell
    #[command(
        long_about = "Write a script that completes our commands in a shell, for example\n\n  \
                      muster completions bash > ~/.local/share/bash-completion/completions/muster"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// When output has colors.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<When> for anstream::ColorChoice {
    fn from(when: When) -> Self {
        match when {
            When::Auto => Self::Auto,
            When::Always => Self::Always,
            When::Never => Self::Never,
        }
    }
}

/// Plan what a product looks like on Kubernetes, and say why
///
/// Prints the architecture, the findings and the open questions. With --out it also writes the
/// Kubernetes objects; with --format and without --out it prints those instead.
#[derive(Debug, Args)]
#[command(after_help = exit::TABLE, after_long_help = PLAN_EXAMPLES)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    #[command(flatten)]
    pub(crate) version: VersionArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

const PLAN_EXAMPLES: &str = "\
Examples:
  muster plan                                      the Compose file of this directory
  muster plan compose.yaml compose.prod.yaml       the second file merged over the first
  muster plan --out k8s/                           plain YAML, a file for each object
  muster plan --format helm --out chart/           a Helm chart
  muster plan --format json > plan.json            for programs, and for --diff later
  muster plan --diff plan.json                     what changed since

Exit codes:
  0  done, even if there are warnings and blockers
  1  a file cannot be written
  2  a Compose file has an error, or the command line
  3  --strict, and there are warnings or blockers";

/// Where the product is described.
#[derive(Debug, Default, Args)]
pub(crate) struct ProjectArguments {
    /// Compose files, later ones merged over earlier ones; or a directory that holds one
    ///
    /// Without any, the file that Compose would take in this directory: compose.yaml, compose.yml,
    /// docker-compose.yml or docker-compose.yaml, with its override file; or those that
    /// `COMPOSE_FILE` names.
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,
    /// The same, as `docker compose` has it
    #[arg(
        short, long = "file", value_name = "FILE", value_hint = ValueHint::AnyPath,
        conflicts_with = "files", help_heading = "Product"
    )]
    pub(crate) file: Vec<PathBuf>,
    /// Name of the product [default: `name:` of the file, or its directory]
    #[arg(
        short = 'p', long, visible_alias = "project-name", value_name = "NAME",
        value_parser = values::label, help_heading = "Product"
    )]
    pub(crate) name: Option<String>,
    /// Profile to activate; may be repeated, `*` activates all
    #[arg(long = "profile", value_name = "PROFILE", help_heading = "Product")]
    pub(crate) profiles: Vec<String>,
    /// Env file for `${…}` in the Compose files; may be repeated [default: .env]
    #[arg(
        long = "env-file", value_name = "FILE", value_hint = ValueHint::FilePath,
        help_heading = "Product"
    )]
    pub(crate) env_files: Vec<PathBuf>,
}

/// What the plan is for.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct ClusterArguments {
    /// Namespace [default: the name of the product]
    #[arg(short, long, value_name = "NAME", value_parser = values::label)]
    pub(crate) namespace: Option<String>,
    /// Host name under which the product is reached [default: any]
    #[arg(long, value_name = "HOST", value_parser = values::host)]
    pub(crate) host: Option<String>,
    /// How HTTP comes into the cluster
    ///
    /// [default: gateway]
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) edge: Option<Edge>,
    /// Monitoring and logging to plan for, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', value_name = "EXTRA")]
    pub(crate) with: Vec<Extra>,
    /// Image to use for a service; may be repeated
    #[arg(long = "image", value_name = "SERVICE=IMAGE", value_parser = values::image)]
    pub(crate) images: Vec<(String, String)>,
    /// Registry of the images that the Compose file builds, such as `ghcr.io/acme`
    #[arg(long, value_name = "REGISTRY", value_parser = values::registry)]
    pub(crate) registry: Option<String>,
    /// Storage class for databases and other single writers [default: the cluster's]
    #[arg(long, value_name = "CLASS", value_parser = values::subdomain)]
    pub(crate) storage_class: Option<String>,
    /// Storage class for volumes that several nodes write
    #[arg(long, value_name = "CLASS", value_parser = values::subdomain)]
    pub(crate) shared_storage_class: Option<String>,
}

/// Which Kubernetes, where no cluster can be asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct VersionArguments {
    /// Version of Kubernetes
    #[arg(long, value_name = "VERSION", default_value = "1.34", value_parser = values::minor)]
    pub(crate) kubernetes: u8,
}

/// What comes out.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// Folder for the files
    ///
    /// It is created if it is not there. A folder that is not empty is only written if an earlier
    /// run wrote it: its files are replaced, those that are not needed any more are removed, and
    /// files of others are never touched. Files that hold secrets can be read by you only.
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: Option<PathBuf>,
    /// Form of what comes out [default with --out: yaml]
    ///
    /// Without --out it goes to standard output instead of the report.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write the report as one HTML page
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) html: Option<PathBuf>,
    /// Write the diagram as an SVG picture
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) svg: Option<PathBuf>,
    /// Print what changes since a plan, instead of the report
    ///
    /// OLD is a plan that `--format json` wrote, or an older Compose file or its directory, which is
    /// planned with the same options.
    #[arg(long, value_name = "OLD", value_hint = ValueHint::AnyPath)]
    pub(crate) diff: Option<PathBuf>,
    /// Exit with 3 if there are warnings or blockers
    #[arg(long)]
    pub(crate) strict: bool,
}

/// The form of what comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Kubernetes objects; on standard output their secrets are masked
    Yaml,
    /// A Kustomize base, and its secrets beside it; needs --out
    Kustomize,
    /// A Helm chart; needs --out
    Helm,
    /// The plan with its reasons, for programs; secrets are masked
    Json,
}

/// How HTTP comes into the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Edge {
    /// Gateway API: an `HTTPRoute`
    #[default]
    Gateway,
    /// An `Ingress`
    Ingress,
    /// A Service of type `LoadBalancer`
    LoadBalancer,
    /// A Service of type `NodePort`
    NodePort,
}

/// Monitoring and logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Extra {
    /// Monitors, rules and a dashboard for the Prometheus operator and Grafana
    Prometheus,
    /// Logs through Alloy to Loki
    Loki,
    /// Logs through Filebeat to Elasticsearch (ECK)
    Elk,
}

/// Explain why something of the plan is as it is
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster explain web                              everything about the service `web`
  muster explain Deployment/web                   an object
  muster explain Deployment/web:spec.replicas     a field of an object
  muster explain database-never-hpa               a rule")]
pub(crate) struct ExplainArguments {
    /// A service, an object (`Deployment/web`), a field (`Deployment/web:spec.replicas`) or a rule
    pub(crate) what: String,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    #[command(flatten)]
    pub(crate) version: VersionArguments,
}

/// Judge Kubernetes manifests: what would go wrong on a cluster, and how to write it right
///
/// All files are judged together, so that a reference from one to another is seen. An annotation
/// of an object waives a rule: `muster.dev/waive-RULE: reason`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  no errors
  1  errors
  2  a file cannot be read, or the command line
  3  --strict, and there are warnings")]
pub(crate) struct CheckArguments {
    /// Files and directories; `-` is standard input [default: this directory]
    ///
    /// Of a directory, all files that end in .yaml, .yml or .json are read, those in directories
    /// below it too. Files that hold no Kubernetes objects are left out.
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Form of the result
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Findings,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
    #[command(flatten)]
    pub(crate) beside: Beside,
    /// Exit with 3 if there are warnings and no errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Version of Kubernetes that the manifests are for
    #[arg(long, value_name = "VERSION", default_value = "1.34", value_parser = values::minor)]
    pub(crate) kubernetes: u8,
}

/// What is shown beside the findings.
#[derive(Debug, Args)]
pub(crate) struct Beside {
    /// Show too who may reach whom, and at which ports, by the network policies
    #[arg(long)]
    pub(crate) matrix: bool,
    /// Show waived findings too
    #[arg(long)]
    pub(crate) show_waived: bool,
}

impl OutputArguments {
    /// The form that was asked for.
    pub(crate) fn format(&self) -> Option<Format> {
        if self.json { Some(Format::Json) } else { self.format }
    }
}

impl CheckArguments {
    /// The form that was asked for.
    pub(crate) fn format(&self) -> Findings {
        if self.json { Findings::Json } else { self.format }
    }
}

/// The form of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Findings {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}
