//! Commands that talk to a cluster.

use super::{ClusterArguments, ProjectArguments, values};
use clap::Args;
use units::Seconds;

/// Which cluster.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct TargetArguments {
    /// Context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
}

/// Run a product on a cluster: plan for it, show what changes, apply, wait until it serves
///
/// What an earlier run applied and the files do not name any more is removed; claims and their data
/// stay. What others own is never touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster up                            the Compose file of this directory
  muster up --dry-run                  what would change, and whether the cluster takes it
  muster up --yes --json               for programs: an event on each line

Exit codes:
  0  it serves, or there was nothing to change
  1  the cluster refuses an object
  2  a Compose file has an error, or the command line
  4  it does not serve; what stands in the way was said
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
    /// Do not wait until it serves
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Print events as JSON, one on each line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Remove a product from a cluster: what earlier runs applied there, and nothing else
///
/// Claims, their data, and the namespace that holds them stay, unless --delete-data is given.
#[derive(Debug, Args)]
pub(crate) struct DownArguments {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    /// Namespace [default: the name of the product]
    #[arg(short, long, value_name = "NAME", value_parser = values::label)]
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
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  everything serves
  4  something does not
  6  the cluster cannot be reached, or does not allow it")]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    #[command(flatten)]
    pub(crate) target: TargetArguments,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show how the cluster differs from the files: what `muster up` would change
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
}

/// Say what a cluster lacks for this product
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
}
