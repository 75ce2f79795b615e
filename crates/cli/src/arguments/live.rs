//! Commands that talk to a cluster.

use super::{ClusterArguments, ProjectArguments, values};
use clap::{Args, ValueHint};
use std::path::PathBuf;
use units::Seconds;

/// Which cluster.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct TargetArguments {
    /// Context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
}

/// What of an earlier run holds on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct ReuseArguments {
    /// Forget the options of the last `up`, and plan with those of this command line only
    ///
    /// Otherwise --host, --edge, --with, --image, --registry, --storage-class,
    /// --shared-storage-class and --profile hold on until another value is given; what is reused is
    /// said.
    #[arg(long)]
    pub(crate) reset_options: bool,
}

/// Run a product: plan, show what changes, apply, wait until it serves; on a twin, or on a cluster
///
/// Without --context and --current-context it runs on a twin: a Kubernetes API, controllers, a
/// scheduler and nodes in this process, where no container runs and time jumps to what is due next.
/// It shows where things run, and what load and a lost node do; then the twin ends.
///
/// On a cluster, what an earlier run applied and the files do not name any more is removed; claims and their data
/// stay. What others own is never touched. Options that say how to plan are remembered with the
/// product: a later run needs only those that change.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster up                            the Compose file of this directory, on a twin
  muster up --stay                     the same, and kubectl may look until Ctrl-C
  muster up --context prod             on the cluster of that context
  muster up --current-context          on that of the kubeconfig's current one
  muster up --context prod --dry-run   what would change, and whether the cluster takes it
  muster up --context prod --yes --json
                                       for programs: an event on each line
  muster up --context prod --rollback  back to what ran before, if it does not serve

Exit codes:
  0  it serves, or there was nothing to change
  1  the cluster refuses an object
  2  a Compose file has an error, or the command line
  4  it does not serve; what stands in the way was said, and whether it was rolled back
  5  somebody else owns what would change, or changes it right now
  6  the cluster cannot be reached, or does not allow it
130  interrupted; the same command goes on from there")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct UpArguments {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Run on the cluster of the kubeconfig's current context
    #[arg(long, conflicts_with = "context", help_heading = "Cluster")]
    current_context: bool,
    /// Nodes of the twin
    #[arg(
        long, value_name = "COUNT", default_value = "3", help_heading = "Cluster",
        value_parser = clap::value_parser!(u32).range(1..=10_000),
        conflicts_with_all = ["context", "current_context"]
    )]
    pub(crate) nodes: u32,
    /// Keep the twin for kubectl and helm until Ctrl-C, instead of the tour, and write how to reach
    /// it to a file
    #[arg(
        long, value_name = "FILE", num_args = 0..=1, require_equals = true,
        default_missing_value = "muster-twin.kubeconfig", help_heading = "Cluster",
        value_hint = ValueHint::FilePath, conflicts_with_all = ["context", "current_context"]
    )]
    pub(crate) stay: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reuse: ReuseArguments,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Write nothing: show what would change, and let the cluster judge it
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take over fields that others own
    #[arg(long)]
    pub(crate) take_over: bool,
    /// How long to wait until it serves
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub(crate) timeout: Seconds,
    /// Wait until it serves; that is the default
    #[arg(long = "wait", overrides_with = "no_wait")]
    _wait: bool,
    /// Do not wait until it serves
    #[arg(long, overrides_with = "_wait")]
    pub(crate) no_wait: bool,
    /// If it does not serve, go back to what ran before
    ///
    /// What the run made is removed, and what it changed becomes what it was; claims and their data
    /// stay, and Jobs that have run have run. What the files do not name any more is removed only
    /// when everything serves. The exit code is that of the failure.
    #[arg(long, conflicts_with = "no_wait")]
    pub(crate) rollback: bool,
    /// Print events as JSON, one on each line
    #[arg(long)]
    pub(crate) json: bool,
}

impl UpArguments {
    /// Whether somebody named a cluster.
    pub(crate) fn on_a_cluster(&self) -> bool {
        self.target.context.is_some() || self.current_context
    }
}

/// Remove a product from a cluster: what earlier runs applied there, and nothing else
///
/// Claims, their data, and the namespace that holds them stay, unless --delete-data is given.
#[derive(Debug, Args)]
pub(crate) struct DownArguments {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    /// Namespace [default: the name of the product]
    #[arg(
        short, long, value_name = "NAME", value_parser = values::label, help_heading = "Cluster"
    )]
    pub(crate) namespace: Option<String>,
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Delete the claims and their data too, and the namespace if it is ours
    #[arg(long)]
    pub(crate) delete_data: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Show whether a product serves, and what stands in the way
///
/// It goes by what `up` has applied: the files only say which product, and --name or --namespace
/// say so without them.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  everything serves
  4  something does not, or the product is not there
  6  the cluster cannot be reached, or does not allow it")]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    /// Namespace [default: the name of the product]
    #[arg(
        short, long, value_name = "NAME", value_parser = values::label, help_heading = "Cluster"
    )]
    pub(crate) namespace: Option<String>,
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show what the containers of services write
///
/// Lines of all pods of a service, in the order of their time, each with the pod that wrote it. It
/// goes by what `up` has applied: the Compose file only says which product.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster logs                          all services
  muster logs web worker --tail 20     the last 20 lines of each container of two services
  muster logs web --since 10m          what the last ten minutes brought
  muster logs web --follow             as it is written, pods that start later too
  muster logs web --previous           what a container wrote before it was restarted

Exit codes:
  0  done, even if there were no lines
  2  there is no such service, or the command line
  4  the product is not there
  6  the cluster cannot be reached, or does not allow it
130  interrupted")]
pub(crate) struct LogsArguments {
    /// Services [default: all]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    /// Show lines as they are written
    #[arg(short, long, conflicts_with = "previous")]
    pub(crate) follow: bool,
    /// Only the last lines of each container
    #[arg(long, value_name = "LINES")]
    pub(crate) tail: Option<u32>,
    /// Only lines that are not older, such as `10m`
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Seconds>,
    /// Of containers that were restarted, the run before
    #[arg(long)]
    pub(crate) previous: bool,
    /// Begin each line with its time
    #[arg(short, long)]
    pub(crate) timestamps: bool,
    /// Compose file that names the product; may be repeated [default: that of this directory]
    #[arg(
        long = "file", value_name = "FILE", value_hint = ValueHint::AnyPath,
        help_heading = "Product"
    )]
    pub(crate) file: Vec<PathBuf>,
    /// Name of the product [default: `name:` of the file, or its directory]
    #[arg(
        short = 'p', long, visible_alias = "project-name", value_name = "NAME",
        value_parser = values::label, help_heading = "Product"
    )]
    pub(crate) name: Option<String>,
    /// Namespace [default: the name of the product]
    #[arg(
        short, long, value_name = "NAME", value_parser = values::label, help_heading = "Cluster"
    )]
    pub(crate) namespace: Option<String>,
    #[command(flatten)]
    pub(crate) target: TargetArguments,
}

/// Show how the cluster differs from the files: what `muster up` would change
///
/// It plans with the options that the last `up` was given; those of this command line win.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  no differences
  1  differences
  6  the cluster cannot be reached, or does not allow it")]
pub(crate) struct DiffArguments {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) reuse: ReuseArguments,
}

/// Say what a cluster lacks for this product
///
/// It plans with the options that the last `up` was given; those of this command line win.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  nothing that is known is missing
  1  something is missing
  6  the cluster cannot be reached, or does not allow it")]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    #[command(flatten)]
    pub(crate) reuse: ReuseArguments,
}
