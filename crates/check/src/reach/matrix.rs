//! Every pair of ends.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use super::rule::Rule;
use super::{Direction, Network, Opening, Peer, Pod, Port, Protocol};

/// One row or column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// What people call it: `web`, or as much more as tells it from others.
    pub name: String,
    /// What policies see.
    pub peer: Peer,
}

/// Who may reach whom.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// Where connections come from: the outside, the blocks that policies name, the pods.
    pub sources: Vec<End>,
    /// Where they go to: the pods, the outside, those blocks, DNS.
    pub targets: Vec<End>,
    /// A row for each source, in it an opening for each target.
    pub rows: Vec<Vec<Opening>>,
}

impl Matrix {
    /// Whether an end is a pod of the files.
    pub fn is_own(&self, end: &End) -> bool {
        matches!(end.peer, Peer::Pod(_)) && self.sources.contains(end)
    }
}

/// Addresses that are nobody's: those of documentation.
const NOBODYS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(203, 0, 113, 1), Ipv4Addr::new(198, 51, 100, 1), Ipv4Addr::new(192, 0, 2, 1)];

impl Network {
    /// What each pod, each block of addresses that a policy names, and the rest of the world may
    /// reach.
    pub fn matrix(&self) -> Matrix {
        let (pods, blocks, world) = (self.ends(), self.blocks(), self.world());
        let sources: Vec<_> =
            [world.clone()].into_iter().chain(blocks.clone()).chain(pods.clone()).collect();
        let targets: Vec<_> =
            pods.into_iter().chain([world]).chain(blocks).chain([dns()]).collect();
        let into: Vec<_> = targets
            .iter()
            .map(|to| (&to.peer, self.judges(Direction::Ingress, &to.peer)))
            .collect();
        let row = |from: &End| {
            let out = self.judges(Direction::Egress, &from.peer);
            into.iter().map(|(to, into)| self.judged((&from.peer, &out), (to, into))).collect()
        };
        let rows = sources.iter().map(row).collect();
        Matrix { sources, targets, rows }
    }

    fn ends(&self) -> Vec<End> {
        let mut ends: Vec<_> = self
            .names()
            .into_iter()
            .zip(&self.pods)
            .map(|(name, pod)| End { name, peer: Peer::Pod(pod.clone()) })
            .collect();
        ends.sort_by(|a, b| a.name.cmp(&b.name));
        ends
    }

    /// Names of the pods, as short as they can be while all differ.
    fn names(&self) -> Vec<String> {
        let short = |pod: &Pod| pod.name.rsplit('/').next().unwrap_or_default().to_owned();
        let long = |pod: &Pod| format!("{}/{}", pod.namespace, pod.name);
        let tries: [&dyn Fn(&Pod) -> String; 2] = [&short, &|pod| pod.name.clone()];
        let all = |name: &dyn Fn(&Pod) -> String| self.pods.iter().map(name).collect::<Vec<_>>();
        let distinct =
            |names: &Vec<String>| names.iter().collect::<BTreeSet<_>>().len() == names.len();
        tries.iter().map(|name| all(*name)).find(distinct).unwrap_or_else(|| all(&long))
    }

    /// The blocks that policies name, other than all addresses.
    fn blocks(&self) -> Vec<End> {
        let blocks: BTreeMap<_, _> = self.rules().flat_map(Rule::blocks).collect();
        let end = |(name, address)| End { name, peer: Peer::Outside(address) };
        blocks.into_iter().map(end).collect()
    }

    /// An address that no policy names in particular.
    fn world(&self) -> End {
        let named = |ip: &&Ipv4Addr| self.rules().any(|rule| rule.names(IpAddr::V4(**ip)));
        let free = NOBODYS.iter().find(|ip| !named(ip)).unwrap_or(&NOBODYS[0]);
        End { name: "outside".to_owned(), peer: Peer::Outside(IpAddr::V4(*free)) }
    }
}

/// The cluster's DNS, as most clusters run it.
fn dns() -> End {
    let port = |protocol| Port { number: 53, protocol };
    let pod = Pod {
        name: "DNS".to_owned(),
        namespace: "kube-system".to_owned(),
        labels: BTreeMap::from([("k8s-app".to_owned(), "kube-dns".to_owned())]),
        ports: vec![
            (Some("dns".to_owned()), port(Protocol::Udp)),
            (Some("dns-tcp".to_owned()), port(Protocol::Tcp)),
        ],
        address: None,
    };
    End { name: pod.name.clone(), peer: Peer::Pod(pod) }
}
