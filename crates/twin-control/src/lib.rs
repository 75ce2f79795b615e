//! What keeps a cluster in motion: controllers, a scheduler, and nodes without containers.
//!
//! ```text
//!           ┌──────────── changes ─────────────┐
//!           ▼                                  │
//! [Controller::woken] ─▶ queue ─▶ reconcile ─▶ acts ─▶ Api
//!                          ▲          │
//!                          └── again, at a later time
//! ```
//!
//! A [`Controller`] looks at a [`View`] and says what it would write. It waits for nothing and knows
//! the time only from the view, so that the same requests at the same times give the same history.
//! [`World`] turns the wheel; the crate `twin` gives it a clock, and asks the webhooks that have a say in
//! what it writes ([`World::questions`], [`World::answered`]).
//!
//! - [`identity`]: what each namespace gets.
//! - [`workloads`]: from deployments, sets and jobs to pods; what becomes of owned objects.
//! - [`nodes`]: where pods run, and what happens to them there.
//! - [`program`]: what a command line says of the program that it starts.
//! - [`network`]: addresses of Services, and who is behind them.
//! - [`storage`]: claims and volumes.
//! - [`scaling`]: how much pods use, and how many of them that asks for.

pub mod identity;
pub mod network;
pub mod nodes;
pub mod program;
pub mod scaling;
pub mod storage;
pub mod tables;
pub mod workloads;

mod controller;
mod errand;
mod events;
mod world;

pub use controller::{Controller, Outcome, View, Wake, controller_of};
pub use events::{Event, Severity};
pub use nodes::stages::{Stages, UnknownKind};
pub use world::{Ticket, World};

/// All controllers of a cluster, in the order in which they get their turn. What the stages leave
/// to chance follows from the seed.
pub fn standard(stages: &Stages, seed: u64) -> Vec<Box<dyn Controller>> {
    let mut all = identity::controllers();
    all.extend(workloads::controllers());
    all.extend(network::controllers());
    all.extend(storage::controllers());
    all.extend(scaling::controllers());
    all.extend(nodes::controllers(stages, seed));
    all
}

/// What a cluster has beside a controller manager and a scheduler: its API server and its nodes. The
/// nodes renew their Leases, so that a real controller manager finds them alive.
pub fn nodes_alone(stages: &Stages, seed: u64) -> Vec<Box<dyn Controller>> {
    let mut all = network::api_server();
    all.push(Box::new(identity::roles()));
    all.extend(nodes::kubelets(stages, seed));
    all
}
