//! What an API server in trouble does to a run, and what is left of a run that dies: at any request.
//!
//! ```text
//! muster ──▶ proxy, which does what a test says at request k ──▶ kubectl proxy ──▶ the cluster
//! ```

mod death;
mod dice;
mod proxy;
mod trial;
mod trouble;
mod wire;
