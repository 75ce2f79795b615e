//! The default search: some nodes that can, and of these the one with the most room.

use super::Verdict;
use super::amounts::PODS;
use super::claims::Claims;
use super::demand::Demand;
use super::fleet::{BLOCK, Fleet, Host, Slot};
use super::refusal::{Hurdle, Refusals, Remedy};
use super::terms::Taint;
use super::topology::Surroundings;
use std::fmt::Debug;
use twin_core::tree::Text;

/// Finds nodes for pods.
pub trait Placement: Debug + Send {
    /// A node for this pod, or why there is none.
    fn place(&mut self, demand: &Demand, claims: &Claims, fleet: &mut Fleet) -> Verdict;
}

/// So many nodes that can are enough to choose from.
const ENOUGH: usize = 100;
/// How much an untolerated soft taint weighs against room, beside a preference of 1.
const SOFT_TAINT: i64 = 3;
const PREFERENCE: i64 = 2;

/// Looks at nodes in turn, each time from where it ended before.
#[derive(Debug, Default)]
pub struct InTurn {
    next: Slot,
}

impl Placement for InTurn {
    fn place(&mut self, demand: &Demand, claims: &Claims, fleet: &mut Fleet) -> Verdict {
        fleet.prepare(demand);
        let surroundings = fleet.topology.surroundings(demand);
        let search = Search { demand, claims, fleet, surroundings };
        let found = match &demand.only {
            Some(node) => fleet.slot(node).filter(|slot| search.hurdle(*slot).is_none()),
            None => self.best(&search),
        };
        match found.and_then(|slot| fleet.host(slot)) {
            Some(host) => Verdict::Node(host.name.clone()),
            None => Verdict::Nowhere(search.refusals()),
        }
    }
}

/// Whether nothing keeps a pod from a node.
pub(super) fn fits(demand: &Demand, claims: &Claims, fleet: &mut Fleet, slot: Slot) -> bool {
    fleet.prepare(demand);
    let surroundings = fleet.topology.surroundings(demand);
    Search { demand, claims, fleet, surroundings }.hurdle(slot).is_none()
}

impl InTurn {
    fn best(&mut self, search: &Search<'_>) -> Option<Slot> {
        let span = search.fleet.span();
        let enough = search.enough();
        let mut found: Vec<Slot> = Vec::new();
        let (mut slot, mut looked) = (self.next, 0);
        while looked < span && found.len() < enough {
            slot = if slot < span { slot } else { 0 };
            let step = if search.fleet.may_have_room(&search.demand.request, slot / BLOCK) {
                // A node that went leaves its place behind.
                let fits = search.fleet.host(slot).is_some() && search.hurdle(slot).is_none();
                found.extend(fits.then_some(slot));
                1
            } else {
                (BLOCK - slot % BLOCK).min(span - slot)
            };
            slot += step;
            looked += step;
        }
        self.next = slot;
        search.best_of(&found)
    }
}

struct Search<'a> {
    demand: &'a Demand,
    claims: &'a Claims,
    fleet: &'a Fleet,
    surroundings: Surroundings<'a>,
}

impl Search<'_> {
    /// Who prefers some nodes should see more of them.
    fn enough(&self) -> usize {
        if self.demand.preferred.is_empty() {
            return ENOUGH;
        }
        let nodes = self.fleet.count();
        let percent = 50_usize.saturating_sub(nodes / 125).max(5);
        (nodes.saturating_mul(percent) / 100).max(ENOUGH)
    }

    /// What keeps the pod from a node.
    fn hurdle(&self, slot: Slot) -> Option<Hurdle> {
        let demand = self.demand;
        let host = self.fleet.host(slot)?;
        let named = demand.only.as_ref().is_none_or(|only| *only == host.name);
        let gate = (!host.is_open()).then(|| self.gate(host)).flatten();
        gate.or_else(|| {
            let fits = named
                && (demand.nodes.is_open()
                    || demand.nodes.matches(&host.name, host.labels.as_ref()));
            (!fits).then_some(Hurdle::Elsewhere)
        })
        .or_else(|| (!host.has_ports(&demand.ports)).then_some(Hurdle::Ports))
        .or_else(|| self.room(host, slot))
        .or_else(|| self.claims.hurdle(host))
        .or_else(|| self.surroundings.hurdle(host))
    }

    fn gate(&self, host: &Host) -> Option<Hurdle> {
        let cordon = Taint {
            key: "node.kubernetes.io/unschedulable".into(),
            value: Text::default(),
            effect: "NoSchedule".into(),
        };
        let borne = |taint: &Taint| self.demand.tolerations.iter().any(|own| own.bears(taint));
        if host.cordoned && !borne(&cordon) {
            return Some(Hurdle::Cordoned);
        }
        let hard = |taint: &&Taint| taint.effect != "PreferNoSchedule";
        (!host.taints.iter().filter(hard).all(borne)).then_some(Hurdle::Taint)
    }

    fn room(&self, host: &Host, slot: Slot) -> Option<Hurdle> {
        let request = &self.demand.request;
        if self.fleet.has_room(request, slot) {
            return None;
        }
        let short =
            request.amounts.iter().filter(|(it, amount)| self.fleet.free(*it, slot) < *amount);
        let mut remedy = Remedy::Others;
        let names = short.map(|(resource, amount)| {
            if *resource != PODS && host.size(*resource) < *amount {
                remedy = Remedy::Nothing;
            }
            Text::new(self.fleet.resources.name(*resource))
        });
        let names = names.collect();
        Some(Hurdle::Room(names, remedy))
    }

    fn best_of(&self, found: &[Slot]) -> Option<Slot> {
        let mut best: Option<(i64, Slot)> = None;
        let most = found.iter().map(|slot| self.preference(*slot)).max().unwrap_or(0).max(1);
        for slot in found {
            let liked = self.preference(*slot).saturating_mul(100) / most;
            let score = self.fleet.rest(&self.demand.request, *slot) + PREFERENCE * liked
                - SOFT_TAINT * 100 * self.soft_taints(*slot);
            if best.is_none_or(|(known, _)| score > known) {
                best = Some((score, *slot));
            }
        }
        best.map(|(_, slot)| slot)
    }

    fn preference(&self, slot: Slot) -> i64 {
        let Some(host) = self.fleet.host(slot) else { return 0 };
        let terms = self.demand.preferred.iter();
        let liked = terms.filter(|(_, term)| term.matches(&host.name, host.labels.as_ref()));
        liked.map(|(weight, _)| weight).sum()
    }

    /// 1 if a taint asks to stay away, and nothing else.
    fn soft_taints(&self, slot: Slot) -> i64 {
        let Some(host) = self.fleet.host(slot) else { return 0 };
        let mut soft = host.taints.iter().filter(|taint| taint.effect == "PreferNoSchedule");
        let borne = |taint: &Taint| self.demand.tolerations.iter().any(|own| own.bears(taint));
        i64::from(soft.any(|taint| !borne(taint)))
    }

    fn refusals(&self) -> Refusals {
        let mut refusals = Refusals::default();
        for (slot, _) in self.fleet.hosts() {
            if let Some(hurdle) = self.hurdle(slot) {
                refusals.note(&hurdle);
            }
        }
        refusals
    }
}
