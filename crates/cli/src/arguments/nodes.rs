//! What nodes a twin has: the same for all commands that start one.

use crate::closest::{closest, either};
use clap::{Args, ValueHint};
use shapes::{BadPool, Pool, Shape};
use std::path::PathBuf;

/// The nodes of a twin.
#[derive(Debug, Args)]
pub(crate) struct NodesArguments {
    /// How many nodes the twin has; 3, or those of --pool and --pools
    #[arg(long, value_name = "COUNT", help_heading = "Nodes", value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub(crate) nodes: Option<u32>,
    /// What they are: an instance type of a cloud, or a machine such as h100; `muster twin --shapes`
    /// lists them
    #[arg(long, value_name = "SHAPE", help_heading = "Nodes", value_parser = known_shape)]
    pub(crate) shape: Option<&'static Shape>,
    /// How many GPUs each of them has, if not those of the shape
    #[arg(long, value_name = "COUNT", help_heading = "Nodes", requires = "shape", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) gpus: Option<u32>,
    /// Cut their GPUs into instances of this profile, such as 1g.10gb
    #[arg(long, value_name = "PROFILE", help_heading = "Nodes", requires = "shape")]
    pub(crate) mig: Option<String>,
    /// More nodes, called NAME-0, NAME-1…: NAME=COUNT:SHAPE and settings, such as
    /// gpu=100:h100,zones=2,rack=8,mig=1g.10gb; zones, nodes in a rack, and racks in a block become
    /// labels
    #[arg(long, value_name = "NAME=COUNT:SHAPE", help_heading = "Nodes", value_parser = known_pool)]
    pub(crate) pool: Vec<Pool>,
    /// More nodes, in groups as this file describes them: shape, count, labels, taints
    ///
    /// `examples/twin/pools.yaml` shows all that can be said. What is not known is refused with its
    /// place.
    #[arg(long, value_name = "FILE", help_heading = "Nodes", value_hint = ValueHint::FilePath)]
    pub(crate) pools: Vec<PathBuf>,
    /// Let nodes, pods and other objects live as the KWOK stages of this file say
    ///
    /// Stages of pods and nodes take the place of the twin's own kubelets; its controllers go on. What
    /// of KWOK's format is not known is refused with its place.
    #[arg(long, value_name = "FILE", help_heading = "Nodes", value_hint = ValueHint::FilePath)]
    pub(crate) stages: Vec<PathBuf>,
}

fn known_shape(name: &str) -> Result<&'static Shape, String> {
    shapes::shape(name).ok_or_else(|| unknown_shape(name))
}

pub(crate) fn unknown_shape(name: &str) -> String {
    let word = name.to_lowercase();
    let names: Vec<_> = shapes::shapes().iter().map(|shape| shape.name.to_lowercase()).collect();
    let near = closest(&word, names.iter().map(String::as_str));
    let near: Vec<_> = near.iter().filter_map(|name| shapes::shape(name)).collect();
    let near: Vec<_> = near.iter().map(|shape| shape.name.as_str()).collect();
    match either(&near) {
        Some(near) => format!("there is no such shape; perhaps {near}"),
        None => "there is no such shape; muster twin --shapes lists them".to_owned(),
    }
}

fn known_pool(text: &str) -> Result<Pool, String> {
    Pool::parse(text).map_err(|error| match &error {
        BadPool::Shape(name) => unknown_shape(name),
        _ => error.to_string(),
    })
}
