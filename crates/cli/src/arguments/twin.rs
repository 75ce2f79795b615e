//! The command line of `muster twin`.

use clap::{Args, ValueHint};
use std::path::PathBuf;
use units::Seconds;

/// Serve a cluster without containers, for kubectl, helm and other clients
///
/// An API server with controllers, a scheduler and nodes, in one process and in memory: what is
/// deployed there becomes ready after a while, and no container runs. It serves on the loopback
/// interface until Ctrl-C; then everything is gone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster twin                                   three nodes; then, in another terminal:
    export KUBECONFIG=muster-twin.kubeconfig
    kubectl get nodes
  muster twin --nodes 100 --port 6443           a larger one, at a port of yours
  muster twin --for 10m --kubeconfig /tmp/twin  for a script

Exit codes:
  0  it has ended: Ctrl-C, or --for is over
  1  the port is taken, or the kubeconfig cannot be written
  2  the command line is wrong")]
pub(crate) struct TwinArguments {
    /// How many nodes it has
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub(crate) nodes: u32,
    /// Where to write how to reach it, with its secret
    #[arg(long, value_name = "FILE", default_value = "muster-twin.kubeconfig", value_hint = ValueHint::FilePath)]
    pub(crate) kubeconfig: PathBuf,
    /// Port on the loopback interface; 0 takes any that is free
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// Where names and uids come from: equal seeds give equal ones
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// End after this time, such as `10m`
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) lasting: Option<Seconds>,
}
