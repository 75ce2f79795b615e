//! The shared database: how many connections it must carry, how it is saved, who runs it when it is
//! replicated.

mod backup;
mod budget;
mod cluster;
mod pools;

pub(crate) use backup::backups;
pub(crate) use budget::budgets;
pub(crate) use cluster::{Clusters, clusters};
