//! From deployments, sets and jobs to pods; what becomes of owned objects.
//!
//! ```text
//! Deployment ─▶ ReplicaSet ─┐
//! ReplicationController ────┤
//! CronJob ─▶ Job ───────────┼─▶ Pod
//! StatefulSet · DaemonSet ──┘
//! ```

mod conditions;
mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod failure;
mod garbage;
mod job;
mod namespace;
mod owner;
mod pace;
mod pods;
mod read;
mod replica_set;
mod revisions;
mod share;
mod stateful_set;
mod telling;
mod template;

pub(crate) use owner::reference;

use crate::controller::Controller;

/// Controllers of this folder.
pub fn controllers() -> Vec<Box<dyn Controller>> {
    vec![
        Box::<deployment::Deployments>::default(),
        Box::new(replica_set::ReplicaSets::new()),
        Box::new(replica_set::ReplicaSets::replication_controllers()),
        Box::<stateful_set::StatefulSets>::default(),
        Box::<daemon_set::DaemonSets>::default(),
        Box::<cron_job::CronJobs>::default(),
        Box::<job::Jobs>::default(),
        Box::<job::OrphanPods>::default(),
        Box::<disruption::Budgets>::default(),
        Box::new(garbage::Collector::new()),
        Box::<namespace::Namespaces>::default(),
    ]
}

#[cfg(test)]
mod stage;

#[cfg(test)]
mod tests;
