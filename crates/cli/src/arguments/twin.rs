//! The command line of `muster twin`.

use super::NodesArguments;
use clap::{Args, ValueHint};
use std::num::NonZeroU32;
use std::path::PathBuf;
use units::Seconds;

/// Serve a cluster without containers, for kubectl, helm and other clients
///
/// An API server with controllers, a scheduler and nodes, in one process and in memory: what is
/// deployed there becomes ready after a while, and no container runs. It serves on the loopback
/// interface until Ctrl-C; then everything is gone, unless --state names a file that keeps it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster twin                                   three nodes; then, in another terminal:
    export KUBECONFIG=muster-twin.kubeconfig
    kubectl get nodes
  muster twin --nodes 100 --port 6443           a larger one, at a port of yours
  muster twin --nodes 7500 --gpus 8 --shape h100
                                                machines with GPUs; or several kinds of them:
  muster twin --pool web=20:m7i.xlarge --pool gpu=64:p5.48xlarge,rack=4
  muster twin --pools examples/twin/pools.yaml  the same from a file, with labels and taints
  muster twin --stages examples/stages/pods.yaml
                                                pods that live as KWOK's stages say
  muster twin --for 10m --kubeconfig /tmp/twin  for a script
  muster twin --state twin.state                goes on from where it was
  muster twin --faults examples/twin/faults.yaml
                                                clients that have a bad day
  muster twin --services examples/twin/services.yaml
                                                webhooks that run on this machine
  muster twin --speed 60                        an hour of the cluster in a minute

Exit codes:
  0  it has ended: Ctrl-C, or --for is over
  1  the port is taken, or the kubeconfig or the state cannot be written
  2  the command line or a file that it names is wrong, or the file of --state is damaged
  5  the file of --state belongs to a twin that runs")]
pub(crate) struct TwinArguments {
    #[command(flatten)]
    pub(crate) nodes: NodesArguments,
    /// List the shapes that nodes can have, and end
    #[arg(long, help_heading = "Nodes")]
    pub(crate) shapes: bool,
    /// With --shapes: for programs, with the source of each figure
    #[arg(long, help_heading = "Nodes", requires = "shapes")]
    pub(crate) json: bool,
    /// Where to write how to reach it, with its secret
    #[arg(long, value_name = "FILE", default_value = "muster-twin.kubeconfig", value_hint = ValueHint::FilePath)]
    pub(crate) kubeconfig: PathBuf,
    /// Port on the loopback interface; 0 takes any that is free
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// Where names and uids come from: equal seeds give equal ones
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Keep the cluster in this file, and go on from what it holds
    ///
    /// No request is answered before what it wrote is on the disk: a killed process loses nothing.
    /// Which nodes there are and --seed count when the file is made; --stages is not kept. It holds Secrets; only you may read it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) state: Option<PathBuf>,
    /// Let things go wrong for some clients, as this file says: conflicts, refusals, lost answers, late
    /// and lost events
    ///
    /// `examples/twin/faults.yaml` shows all that can be said. A client is chosen by its User-Agent, or
    /// by a user of its own that the kubeconfig then has. What is not known is refused with its place.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) faults: Option<PathBuf>,
    /// Let programs of this machine stand behind Services, as this file says: so that webhooks are asked
    ///
    /// `examples/twin/services.yaml` shows what can be said. Without such a program a webhook behind a
    /// Service fails, as on a cluster where the Service has no pods; what becomes of requests then
    /// is what its `failurePolicy` says.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) services: Option<PathBuf>,
    /// How many times faster time goes in the cluster: a program that needs a minute to start is there
    /// after a second with 60
    #[arg(long, value_name = "TIMES", default_value_t = NonZeroU32::MIN, value_parser = speed)]
    pub(crate) speed: NonZeroU32,
    /// End after this time, such as `10m`
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) lasting: Option<Seconds>,
}

/// The fastest that makes sense: a day in a second.
const FASTEST: u32 = 86_400;

fn speed(text: &str) -> Result<NonZeroU32, String> {
    let speed = text.parse::<NonZeroU32>().ok().filter(|speed| speed.get() <= FASTEST);
    speed.ok_or_else(|| format!("a number from 1 to {FASTEST}"))
}
