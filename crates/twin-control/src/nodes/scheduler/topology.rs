//! Which pods lie in which domain: zones, hosts, or whatever a label of nodes tells apart.

use super::demand::Demand;
use super::fleet::{Fleet, Host, Lodger, Stay};
use super::refusal::Hurdle;
use super::terms::{Neighbour, NodeFilter, PodTerm, Spread, Toleration};
use std::collections::BTreeMap;
use twin_core::tree::{Map, Text};

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    term: PodTerm,
    nodes: NodeFilter,
    bears: Option<Vec<Toleration>>,
    /// Pods that are not counted from when they start to end.
    until: Stay,
}

impl Question {
    fn about(term: &PodTerm) -> Self {
        Self { term: term.clone(), nodes: NodeFilter::default(), bears: None, until: Stay::Leaving }
    }

    fn about_spread(spread: &Spread) -> Self {
        Self {
            term: spread.term.clone(),
            nodes: spread.nodes.clone(),
            bears: spread.bears.clone(),
            until: Stay::Staying,
        }
    }

    /// The domain of a node, if the node counts.
    fn domain<'a>(&self, host: &'a Host) -> Option<&'a str> {
        let borne = |bears: &Vec<Toleration>| {
            host.taints
                .iter()
                .filter(|taint| taint.effect != "PreferNoSchedule")
                .all(|taint| bears.iter().any(|toleration| toleration.bears(taint)))
        };
        let counts = self.nodes.matches(&host.name, host.labels.as_ref())
            && self.bears.as_ref().is_none_or(borne);
        if counts { host.label(&self.term.topology) } else { None }
    }

    fn counts(&self, lodger: &Lodger, namespaces: &Namespaces) -> bool {
        lodger.stay <= self.until && self.term.pods.matches(seen(&lodger.demand, namespaces))
    }
}

type Namespaces = BTreeMap<Text, Map>;

fn seen<'a>(demand: &'a Demand, namespaces: &'a Namespaces) -> Neighbour<'a> {
    demand.neighbour(namespaces.get(&demand.namespace))
}

/// Pods in each domain.
type Tally = BTreeMap<Text, i64>;

/// More questions than these are not kept: their answers are counted anew when they are asked.
const KEPT: usize = 4_096;

/// Counts of pods, for those questions that somebody asked.
#[derive(Debug, Default)]
pub(super) struct Topology {
    namespaces: Namespaces,
    tallies: BTreeMap<Question, Tally>,
    /// Where pods are that want others apart from themselves; unknown until somebody asks.
    repellers: Option<BTreeMap<PodTerm, Tally>>,
}

impl Topology {
    /// Nodes have moved: all has to be counted anew.
    pub(super) fn forget(&mut self) {
        self.tallies.clear();
        self.repellers = None;
    }

    /// Notes the labels of a namespace.
    pub(super) fn put_namespace(&mut self, name: &str, labels: Option<&Map>) {
        let old = match labels {
            Some(labels) => self.namespaces.insert(Text::new(name), labels.clone()),
            None => self.namespaces.remove(name),
        };
        if old.as_ref() != labels {
            self.forget();
        }
    }

    /// A pod comes to a node, or leaves it.
    pub(super) fn count(&mut self, lodger: &Lodger, host: &Host, change: i64) {
        for (question, tally) in &mut self.tallies {
            if let Some(domain) = question.domain(host)
                && question.counts(lodger, &self.namespaces)
            {
                *tally.entry(Text::new(domain)).or_default() += change;
            }
        }
        if let Some(repellers) = &mut self.repellers {
            repel(repellers, lodger, host, change);
        }
    }

    fn prepare(&mut self, demand: &Demand, fleet: &Fleet) {
        let terms = demand.near.iter().chain(&demand.apart).map(Question::about);
        for question in terms.chain(demand.spreads.iter().map(Question::about_spread)) {
            if !self.tallies.contains_key(&question) {
                if self.tallies.len() >= KEPT {
                    self.tallies.clear();
                }
                let tally = self.counted(&question, fleet);
                self.tallies.insert(question, tally);
            }
        }
        if self.repellers.is_none() {
            let mut repellers = BTreeMap::new();
            for lodger in fleet.lodgers() {
                if let Some(host) = fleet.slot(&lodger.node).and_then(|slot| fleet.host(slot)) {
                    repel(&mut repellers, lodger, host, 1);
                }
            }
            self.repellers = Some(repellers);
        }
    }

    fn counted(&self, question: &Question, fleet: &Fleet) -> Tally {
        let domains = fleet.hosts().filter_map(|(_, host)| question.domain(host));
        let mut tally: Tally = domains.map(|domain| (Text::new(domain), 0)).collect();
        for lodger in fleet.lodgers().filter(|it| question.counts(it, &self.namespaces)) {
            let host = fleet.slot(&lodger.node).and_then(|slot| fleet.host(slot));
            if let Some(domain) = host.and_then(|host| question.domain(host)) {
                *tally.entry(Text::new(domain)).or_default() += 1;
            }
        }
        tally
    }

    /// What other pods mean for one, once its questions are [prepared](Fleet::prepare).
    pub(super) fn surroundings<'a>(&'a self, demand: &'a Demand) -> Surroundings<'a> {
        let pod = seen(demand, &self.namespaces);
        let ask = |term: &'a PodTerm| {
            let tally = self.tallies.get(&Question::about(term)).unwrap_or(&NONE);
            (term.topology.as_str(), tally)
        };
        let near: Vec<_> = demand.near.iter().map(ask).collect();
        // The first of pods that want each other near has to start somewhere.
        let nobody = near.iter().all(|(_, tally)| tally.values().all(|count| *count == 0));
        let first = nobody && demand.near.iter().all(|term| term.pods.matches(pod));
        let repellers = self.repellers.iter().flatten();
        let repelled = repellers.filter(|(term, _)| term.pods.matches(pod));
        Surroundings {
            near,
            company: if first { Company::Starts } else { Company::Joins },
            apart: demand.apart.iter().map(ask).collect(),
            repelled: repelled.map(|(term, tally)| (term.topology.as_str(), tally)).collect(),
            spreads: demand.spreads.iter().map(|spread| self.balance(spread, pod)).collect(),
        }
    }

    fn balance<'a>(&'a self, spread: &'a Spread, pod: Neighbour<'_>) -> Balance<'a> {
        let tally = self.tallies.get(&Question::about_spread(spread)).unwrap_or(&NONE);
        let domains = i64::try_from(tally.len()).unwrap_or(i64::MAX);
        let least = tally.values().copied().min().filter(|_| domains >= spread.domains);
        let own = i64::from(spread.term.pods.matches(pod));
        let most = spread.skew.saturating_add(least.unwrap_or(0)).saturating_sub(own);
        Balance { topology: &spread.term.topology, tally, most }
    }
}

static NONE: Tally = Tally::new();

/// What the pods that are there mean for one that comes.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    near: Vec<(&'a str, &'a Tally)>,
    company: Company,
    apart: Vec<(&'a str, &'a Tally)>,
    repelled: Vec<(&'a str, &'a Tally)>,
    spreads: Vec<Balance<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Company {
    Starts,
    Joins,
}

/// A spread: in how full a domain one more is allowed.
#[derive(Debug)]
struct Balance<'a> {
    topology: &'a str,
    tally: &'a Tally,
    most: i64,
}

impl Surroundings<'_> {
    /// What keeps the pod from a node.
    pub(super) fn hurdle(&self, host: &Host) -> Option<Hurdle> {
        let inside = |tally: &Tally, topology: &str| {
            host.label(topology)
                .and_then(|domain| tally.get(domain))
                .is_some_and(|count| *count > 0)
        };
        for balance in &self.spreads {
            let Some(domain) = host.label(balance.topology) else { return Some(Hurdle::NoDomain) };
            if balance.tally.get(domain).copied().unwrap_or(0) > balance.most {
                return Some(Hurdle::Uneven);
            }
        }
        let joins = |(topology, tally): &(&str, &Tally)| match self.company {
            Company::Joins => inside(tally, topology),
            Company::Starts => host.label(topology).is_some(),
        };
        if !self.near.iter().all(joins) {
            return Some(Hurdle::Alone);
        }
        if self.apart.iter().any(|(topology, tally)| inside(tally, topology)) {
            return Some(Hurdle::Avoids);
        }
        let repelled = self.repelled.iter().any(|(topology, tally)| inside(tally, topology));
        repelled.then_some(Hurdle::Avoided)
    }
}

impl Fleet {
    /// Counts what a pod asks about others.
    pub(super) fn prepare(&mut self, demand: &Demand) {
        let mut topology = std::mem::take(&mut self.topology);
        topology.prepare(demand, self);
        self.topology = topology;
    }
}

fn repel(repellers: &mut BTreeMap<PodTerm, Tally>, lodger: &Lodger, host: &Host, change: i64) {
    for term in &lodger.demand.apart {
        let Some(domain) = host.label(&term.topology) else { continue };
        let tally = repellers.entry(term.clone()).or_default();
        let count = tally.entry(Text::new(domain)).or_default();
        *count += change;
        if *count == 0 {
            tally.remove(domain);
        }
        if tally.is_empty() {
            repellers.remove(term);
        }
    }
}
