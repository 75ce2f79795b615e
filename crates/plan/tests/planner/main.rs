//! The planner, topic by topic: small Compose files, and what must hold in their plans.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]
#![allow(unreachable_pub, dead_code, reason = "each topic uses a part of the common functions")]

mod common;
mod corpus;
mod coverage;
mod database;
mod edge;
mod gpu;
mod inference;
mod kinds;
mod network;
mod observability;
mod order;
mod policies;
mod probes;
mod properties;
mod resources;
mod scaling;
mod secrets;
mod security;
mod storage;
