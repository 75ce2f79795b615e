//! Pods and what is in them.

mod container;
mod placement;
mod pod;
mod probe;
mod security;
mod volume;

pub(crate) use container::resources;
pub(crate) use pod::template;

use model::project::Protocol;

/// The kind of object that owns a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A Deployment, which tells its versions apart by `pod-template-hash`.
    Deployment,
    /// Any other.
    Other,
}

/// The protocol as the API writes it.
pub(crate) fn protocol(protocol: Protocol) -> String {
    let text = match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    };
    text.to_owned()
}
