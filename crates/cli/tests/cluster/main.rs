//! `muster up` on a real cluster: real kubelets, containers, a real database, and load.
//!
//! Every test needs a cluster, so all are ignored unless somebody gives one: `cargo xtask test`
//! starts that of `tests/cluster`; `cargo xtask test --context NAME` takes yours. They run one
//! after the other, since they break what they run on.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]
#![allow(clippy::print_stdout, reason = "what was measured is printed")]

mod kit;

mod causes;
mod examples;
mod faults;
mod logs;
mod order;
mod outages;
mod policies;
mod restore;
mod rights;
mod rollback;
mod rollouts;
mod same;
mod scaling;
mod secrets;
mod serving;
mod standards;
mod together;
mod traces;
