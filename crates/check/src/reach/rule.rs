//! One rule of a policy: peers and ports.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ports::{PortSet, Protocol};
use super::{Peer, Pod};
use crate::cursor::At;
use crate::selector::{Labels, Selector};

/// What one rule of a policy allows.
#[derive(Debug)]
pub(super) struct Rule {
    /// Empty: everybody.
    peers: Vec<Who>,
    /// Empty: all ports.
    ports: Vec<Ports>,
}

#[derive(Debug)]
enum Who {
    /// By selectors; none means the policy's own namespace, or all pods.
    Pods { namespaces: Option<Selector>, pods: Option<Selector> },
    /// By address.
    Block { cidr: Cidr, except: Vec<Cidr> },
    /// Nobody: the API server refuses such a peer.
    Nobody,
}

#[derive(Debug)]
enum Ports {
    All(Protocol),
    Numbers(Protocol, u16, u16),
    Named(Protocol, String),
    None,
}

impl Protocol {
    /// Reads `protocol`; none if it is not known.
    pub(super) fn read(at: &At<'_>) -> Option<Self> {
        match at.text().as_deref().unwrap_or("TCP") {
            "TCP" => Some(Self::Tcp),
            "UDP" => Some(Self::Udp),
            "SCTP" => Some(Self::Sctp),
            _ => None,
        }
    }
}

impl Rule {
    /// Reads a rule; `peers` is `from` or `to`.
    pub(super) fn read(at: &At<'_>, peers: &'static str) -> Self {
        Self {
            peers: at.at(peers).items().iter().map(Who::read).collect(),
            ports: at.at("ports").items().iter().map(Ports::read).collect(),
        }
    }

    /// Whether it is for the other end, as seen from a policy's namespace.
    pub(super) fn includes(
        &self,
        home: &str,
        other: &Peer,
        namespaces: &BTreeMap<String, Labels>,
    ) -> bool {
        self.peers.is_empty() || self.peers.iter().any(|who| who.includes(home, other, namespaces))
    }

    /// The ports of a destination that it is for.
    pub(super) fn ports_of(&self, to: &Peer) -> PortSet {
        if self.ports.is_empty() {
            return PortSet::all();
        }
        self.ports.iter().fold(PortSet::default(), |set, ports| set.or(&ports.of(to)))
    }

    /// Whether a block that is not that of all addresses, or an exception of one, holds an address.
    pub(super) fn names(&self, ip: IpAddr) -> bool {
        self.peers.iter().any(|who| match who {
            Who::Block { cidr, except } => {
                let own = std::iter::once(cidr).filter(|cidr| cidr.bits > 0);
                own.chain(except).any(|cidr| cidr.holds(ip))
            }
            _ => false,
        })
    }

    /// An address in each of its blocks, with the block as it is written; the block of all addresses
    /// is none.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (String, IpAddr)> + '_ {
        self.peers.iter().filter_map(|who| match who {
            Who::Block { cidr, except } if cidr.bits > 0 => {
                Some((cidr.to_string(), cidr.free(except)?))
            }
            _ => None,
        })
    }
}

impl Who {
    fn read(at: &At<'_>) -> Self {
        let selector = |field| {
            let at = at.at(field);
            at.is_set().then(|| Selector::label_selector(&at))
        };
        let (namespaces, pods) = (selector("namespaceSelector"), selector("podSelector"));
        let block = at.at("ipBlock");
        match (namespaces.is_some() || pods.is_some(), block.is_set()) {
            (true, false) => Self::Pods { namespaces, pods },
            (false, true) => Self::block(&block).unwrap_or(Self::Nobody),
            _ => Self::Nobody,
        }
    }

    fn block(at: &At<'_>) -> Option<Self> {
        let except: Option<Vec<_>> = at.at("except").items().iter().map(Cidr::read).collect();
        Some(Self::Block { cidr: Cidr::read(&at.at("cidr"))?, except: except? })
    }

    fn includes(&self, home: &str, other: &Peer, known: &BTreeMap<String, Labels>) -> bool {
        match (self, other) {
            (Self::Pods { namespaces, pods }, Peer::Pod(pod)) => {
                let there = match namespaces {
                    Some(selector) => selector.matches(&pod.namespace_labels(known)),
                    None => pod.namespace == home,
                };
                there && pods.as_ref().is_none_or(|selector| selector.matches(&pod.labels))
            }
            (Self::Block { cidr, except }, other) => address(other)
                .is_some_and(|ip| cidr.holds(ip) && !except.iter().any(|part| part.holds(ip))),
            (Self::Pods { .. }, Peer::Outside(_)) | (Self::Nobody, _) => false,
        }
    }
}

fn address(peer: &Peer) -> Option<IpAddr> {
    match peer {
        Peer::Pod(Pod { address, .. }) => *address,
        Peer::Outside(address) => Some(*address),
    }
}

impl Ports {
    fn read(at: &At<'_>) -> Self {
        let Some(protocol) = Protocol::read(&at.at("protocol")) else { return Self::None };
        let (port, end) = (at.at("port"), at.at("endPort"));
        if !port.is_set() {
            return if end.is_set() { Self::None } else { Self::All(protocol) };
        }
        if let Some(name) = port.str() {
            return if end.is_set() { Self::None } else { Self::Named(protocol, name.to_owned()) };
        }
        let number = |at: &At<'_>| at.int().and_then(|n| u16::try_from(n).ok());
        let last = if end.is_set() { number(&end) } else { number(&port) };
        match (number(&port), last) {
            (Some(first), Some(last)) => Self::Numbers(protocol, first, last),
            _ => Self::None,
        }
    }

    fn of(&self, to: &Peer) -> PortSet {
        match self {
            Self::All(protocol) => PortSet::of(*protocol),
            Self::Numbers(protocol, first, last) => PortSet::range(*protocol, *first, *last),
            Self::Named(protocol, name) => {
                let Peer::Pod(pod) = to else { return PortSet::default() };
                let ports = pod.ports.iter().filter(|(n, _)| n.as_ref() == Some(name));
                ports.map(|(_, port)| *port).filter(|port| port.protocol == *protocol).collect()
            }
            Self::None => PortSet::default(),
        }
    }
}

/// A range of addresses.
#[derive(Clone, Copy, Debug)]
struct Cidr {
    base: IpAddr,
    bits: u32,
}

impl Cidr {
    fn read(at: &At<'_>) -> Option<Self> {
        let (base, bits) = at.str()?.split_once('/')?;
        let cidr = Self { base: base.parse().ok()?, bits: bits.parse().ok()? };
        let most = if cidr.base.is_ipv4() { 32 } else { 128 };
        (cidr.bits <= most).then_some(cidr)
    }

    /// An address of it that is in none of the others: its own, or the first behind one of them.
    fn free(&self, others: &[Self]) -> Option<IpAddr> {
        let behind = others.iter().filter_map(Self::next);
        let mut candidates = std::iter::once(self.base).chain(behind);
        candidates.find(|ip| self.holds(*ip) && !others.iter().any(|other| other.holds(*ip)))
    }

    /// The first address behind it.
    fn next(&self) -> Option<IpAddr> {
        match self.base {
            IpAddr::V4(base) => {
                let size = 1_u32.checked_shl(32 - self.bits)?;
                let first = base.to_bits() & !(size - 1);
                Some(IpAddr::V4(Ipv4Addr::from_bits(first.checked_add(size)?)))
            }
            IpAddr::V6(base) => {
                let size = 1_u128.checked_shl(128 - self.bits)?;
                let first = base.to_bits() & !(size - 1);
                Some(IpAddr::V6(Ipv6Addr::from_bits(first.checked_add(size)?)))
            }
        }
    }

    fn holds(&self, ip: IpAddr) -> bool {
        match (self.base, ip) {
            (IpAddr::V4(base), IpAddr::V4(ip)) => {
                same(base.to_bits().into(), ip.to_bits().into(), 32 - self.bits)
            }
            (IpAddr::V6(base), IpAddr::V6(ip)) => {
                same(base.to_bits(), ip.to_bits(), 128 - self.bits)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

/// Whether two addresses are equal apart from their last bits.
fn same(a: u128, b: u128, last: u32) -> bool {
    (a ^ b).checked_shr(last).unwrap_or(0) == 0
}
