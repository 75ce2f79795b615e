//! A Kubernetes cluster, as the commands need it. It decides nothing: what to write comes from
//! `apply`, and what it reads goes there.
//!
//! ```text
//! connect ──▶ Cluster ──▶ facts            what the cluster has
//!                │ ├────▶ read, write      objects by id; server-side apply, delete
//!                │ ├────▶ watch            a namespace as it changes
//!                │ └────▶ lease, inventory one run at a time, and what it applied
//!                └──────▶ Requests         how many requests of which verb
//! ```
//!
//! Each request has a time limit. What a server under load refuses (429, 5xx) is asked again, a
//! bounded number of times. All watches are watches: nothing here polls.

mod attempt;
mod connect;
mod discovery;
mod error;
mod facts;
mod inventory;
mod lease;
mod logs;
mod read;
mod requests;
mod review;
mod running;
mod watch;
mod write;

pub use connect::{Cluster, connect, within};
pub use error::Error;
pub use facts::Facts;
pub use lease::{Lease, Seen as LeaseSeen, Taken};
pub use logs::{End, Reading, Run, Written};
pub use requests::Requests;
pub use watch::{Seen, WATCHED};
pub use write::{Force, Mode, Propagation};

/// What the environment says may be asked for by the connection only: `KUBECONFIG` and the service
/// account of a pod.
pub type Result<T> = std::result::Result<T, Error>;
