//! Ports and networks.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use yaml::{Span, Spanned};

/// A transport protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Protocol {
    /// TCP.
    #[default]
    #[serde(rename = "TCP")]
    Tcp,
    /// UDP.
    #[serde(rename = "UDP")]
    Udp,
    /// SCTP.
    #[serde(rename = "SCTP")]
    Sctp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        })
    }
}

/// A first and a last port, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange(pub u16, pub u16);

/// One published port, ranges expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The entry.
    pub span: Span,
    /// Its index in `ports`, so that entries of one range share it.
    pub index: usize,
    /// Port in the container.
    pub target: u16,
    /// Port on the host; `None` if Docker picks one.
    pub published: Option<PortRange>,
    /// Address on the host.
    pub host_ip: Option<String>,
    /// Protocol.
    pub protocol: Protocol,
    /// `app_protocol`, such as `http`.
    pub app_protocol: Option<String>,
    /// `name`.
    pub name: Option<String>,
    /// `mode: host`.
    pub host_mode: bool,
}

/// A network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// `internal: true`: no way out.
    pub internal: Option<Spanned<bool>>,
    /// `external`: made by somebody else.
    pub external: bool,
    /// `driver`.
    pub driver: Option<Spanned<String>>,
    /// Its key in the file; `None` for the implicit `default`.
    pub span: Option<Span>,
}

/// How a service is attached to a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attachment {
    /// The entry; `None` for the implicit `default`.
    pub span: Option<Span>,
    /// `aliases`.
    pub aliases: Vec<Spanned<String>>,
    /// Everything else that was said (`ipv4_address`, `priority`, …).
    pub other: BTreeMap<String, String>,
}
