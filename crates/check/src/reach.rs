//! Who may reach whom, by the `NetworkPolicy` objects of the files.
//!
//! The semantics are those of `networking.k8s.io/v1`, whatever plugin enforces them:
//!
//! - A pod that no policy of its namespace selects for a direction is open in that direction. One
//!   that is selected may do what any of these policies allows, and nothing else: policies add up.
//! - A connection needs both ends: the source's egress and the destination's ingress. Replies are
//!   always allowed.
//! - Without `policyTypes` a policy is about ingress, and about egress too if it has an egress rule.
//! - A rule without peers is for everybody, one without ports for all ports. A selector that is
//!   there and empty selects everything; a `podSelector` alone means the policy's own namespace.
//! - A named port is looked up at the destination, and means nothing outside the cluster.
//! - Every namespace has the label `kubernetes.io/metadata.name`, even if the files do not hold it.
//!
//! What the API server would refuse (an unknown protocol, a peer that says nothing, a CIDR that
//! cannot be read) allows nothing. Pods on the node's network are read like others, though most
//! plugins do not see their labels.
//!
//! ```text
//! files ──► Network ──opening(from, to)──► Opening { ports, egress, ingress }
//!                   ──matrix()──► an Opening for each pair
//! ```

use std::collections::BTreeMap;
use std::net::IpAddr;

use yaml::{FileId, Node};

use crate::cursor::At;
use crate::selector::{Labels, Selector};
use crate::set::{self, Object, Set};

mod matrix;
mod ports;
mod rule;

pub use matrix::{End, Matrix};
pub use ports::{Port, PortSet, Protocol};
use rule::Rule;

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A pod of the cluster.
    Pod(Pod),
    /// An address that is no pod's.
    Outside(IpAddr),
}

/// A pod, as policies see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// What people call it: `Deployment/web` for a pod of the files.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The ports that its containers declare, with their names.
    pub ports: Vec<(Option<String>, Port)>,
    /// Its address. An `ipBlock` only concerns pods whose address is known, which it never is from
    /// files; what a plugin does with such a block and a pod differs.
    pub address: Option<IpAddr>,
}

/// What the policies of one end let through, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// No policy selects the pod for this direction, or the end is outside.
    Open,
    /// Policies select the pod.
    Judged {
        /// What they let through together.
        ports: PortSet,
        /// Those that let something through, in the order of the files; all that select the pod, if
        /// none does.
        policies: Vec<String>,
    },
}

/// What one end may reach at the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The ports that both ends let through.
    pub ports: PortSet,
    /// What the source's policies say.
    pub egress: Side,
    /// What the destination's policies say.
    pub ingress: Side,
}

impl Side {
    /// What it lets through.
    pub fn ports(&self) -> PortSet {
        match self {
            Self::Open => PortSet::all(),
            Self::Judged { ports, .. } => ports.clone(),
        }
    }

    /// The policies that it names.
    pub fn policies(&self) -> &[String] {
        match self {
            Self::Open => &[],
            Self::Judged { policies, .. } => policies,
        }
    }
}

/// The policies, namespaces and pods of the files.
#[derive(Debug)]
pub struct Network {
    policies: BTreeMap<String, Vec<Policy>>,
    namespaces: BTreeMap<String, Labels>,
    pods: Vec<Pod>,
}

#[derive(Debug)]
struct Policy {
    name: String,
    pods: Selector,
    /// The rules of the directions that it is about.
    ingress: Option<Vec<Rule>>,
    egress: Option<Vec<Rule>>,
}

/// A policy that selects an end, with what it says of one direction.
#[derive(Clone, Copy, Debug)]
struct Judge<'n> {
    /// Its namespace.
    home: &'n str,
    name: &'n str,
    rules: &'n [Rule],
}

/// Which side of a connection is asked.
#[derive(Clone, Copy, Debug)]
enum Direction {
    Ingress,
    Egress,
}

impl Network {
    /// Reads the objects of all files; other kinds do not matter.
    pub fn read(files: &[(FileId, Vec<Node>)]) -> Self {
        let set = Set::read(files);
        let mut policies: BTreeMap<String, Vec<Policy>> = BTreeMap::new();
        for object in set.of_kind("NetworkPolicy").filter(|o| is_native(o)) {
            policies.entry(object.namespace.clone()).or_default().push(Policy::read(object));
        }
        let labels = set.of_kind("Namespace").map(|n| (n.name.clone(), n.labels()));
        Self {
            policies,
            namespaces: labels.collect(),
            pods: set.pods.iter().map(Pod::read).collect(),
        }
    }

    /// The pods of the files: one for each workload, as all its replicas are alike.
    pub fn pods(&self) -> &[Pod] {
        &self.pods
    }

    /// The same with more pods, such as those that an operator makes.
    #[must_use]
    pub fn with(mut self, pods: Vec<Pod>) -> Self {
        self.pods.extend(pods);
        self
    }

    /// The same with other names for its pods, where there is one.
    #[must_use]
    pub fn called(mut self, name: impl Fn(&Pod) -> Option<String>) -> Self {
        for pod in &mut self.pods {
            if let Some(name) = name(pod) {
                pod.name = name;
            }
        }
        self
    }

    /// What one end may connect to at the other.
    pub fn opening(&self, from: &Peer, to: &Peer) -> Opening {
        let judges = (self.judges(Direction::Egress, from), self.judges(Direction::Ingress, to));
        self.judged((from, &judges.0), (to, &judges.1))
    }

    fn judged(
        &self,
        (from, out): (&Peer, &[Judge<'_>]),
        (to, into): (&Peer, &[Judge<'_>]),
    ) -> Opening {
        let (egress, ingress) = (self.side(out, to, to), self.side(into, from, to));
        Opening { ports: egress.ports().and(&ingress.ports()), egress, ingress }
    }

    /// The policies that select an end for a direction.
    fn judges(&self, way: Direction, own: &Peer) -> Vec<Judge<'_>> {
        let Peer::Pod(pod) = own else { return Vec::new() };
        let policies = self.policies.get_key_value(&pod.namespace).into_iter();
        let policies = policies.flat_map(|(home, all)| all.iter().map(move |p| (home, p)));
        let about = policies.filter(|(_, p)| p.pods.matches(&pod.labels));
        about
            .filter_map(|(home, p)| Some(Judge { home, name: &p.name, rules: p.rules(way)? }))
            .collect()
    }

    /// What they say about the other end.
    fn side(&self, judges: &[Judge<'_>], other: &Peer, to: &Peer) -> Side {
        if judges.is_empty() {
            return Side::Open;
        }
        let lets = |judge: &Judge<'_>| {
            let meant = judge.rules.iter();
            let meant = meant.filter(|rule| rule.includes(judge.home, other, &self.namespaces));
            meant.fold(PortSet::default(), |set, rule| set.or(&rule.ports_of(to)))
        };
        let said: Vec<_> = judges.iter().map(|judge| (judge.name, lets(judge))).collect();
        let ports = said.iter().fold(PortSet::default(), |set, (_, ports)| set.or(ports));
        let named = said.into_iter().filter(|(_, own)| ports.is_empty() || !own.is_empty());
        Side::Judged { policies: named.map(|(name, _)| name.to_owned()).collect(), ports }
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        let policies = self.policies.values().flatten();
        policies.flat_map(|p| p.ingress.iter().chain(&p.egress).flatten())
    }
}

/// Calico has a kind of the same name with other fields.
fn is_native(object: &Object<'_>) -> bool {
    let group = object.api.split('/').next().unwrap_or_default();
    ["", "networking.k8s.io", "extensions"].contains(&group)
}

impl Policy {
    fn read(object: &Object<'_>) -> Self {
        let spec = object.spec();
        let rules = |field, peers| {
            spec.at(field).items().iter().map(|rule| Rule::read(rule, peers)).collect()
        };
        Self {
            name: object.name.clone(),
            pods: Selector::label_selector(&spec.at("podSelector")),
            ingress: restricts(&spec, "Ingress").then(|| rules("ingress", "from")),
            egress: restricts(&spec, "Egress").then(|| rules("egress", "to")),
        }
    }

    fn rules(&self, way: Direction) -> Option<&[Rule]> {
        match way {
            Direction::Ingress => self.ingress.as_deref(),
            Direction::Egress => self.egress.as_deref(),
        }
    }
}

/// Whether a policy's spec is about `Ingress` or `Egress`, by what it says or by default.
pub(crate) fn restricts(spec: &At<'_>, direction: &str) -> bool {
    let types = spec.at("policyTypes");
    if types.items().is_empty() {
        direction == "Ingress" || !spec.at("egress").items().is_empty()
    } else {
        types.strings().contains(&direction)
    }
}

impl Pod {
    fn read(pod: &set::Pod<'_>) -> Self {
        let ports = pod.running().flat_map(|c| c.at.at("ports").items());
        let declared = |port: At<'_>| {
            let protocol = Protocol::read(&port.at("protocol"))?;
            let number = port.at("containerPort").int()?.try_into().ok()?;
            Some((port.at("name").text(), Port { number, protocol }))
        };
        Self {
            name: pod.owner.id(),
            namespace: pod.owner.namespace.clone(),
            labels: pod.labels.clone(),
            ports: ports.filter_map(declared).collect(),
            address: None,
        }
    }

    /// The labels of its namespace, with the one that every namespace has.
    fn namespace_labels(&self, known: &BTreeMap<String, Labels>) -> Labels {
        let mut labels = known.get(&self.namespace).cloned().unwrap_or_default();
        labels.insert("kubernetes.io/metadata.name".to_owned(), self.namespace.clone());
        labels
    }
}
