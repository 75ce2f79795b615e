//! Who calls whom, as arrows between cards.

use super::cards::BACKUP;
use super::entrances::entrances;
use super::{Arrow, Card, Shape, Tie};
use model::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// All arrows, in order and without duplicates. `first` is the first card that is no entrance.
pub(super) fn arrows(
    plan: &Plan,
    cards: &[Card],
    index: &BTreeMap<String, usize>,
    first: usize,
) -> Vec<Arrow> {
    let mut arrows = from_outside(plan, index);
    arrows.extend(plan.links.iter().filter_map(|link| {
        let (from, to) = (*index.get(link.from.as_ref()?)?, *index.get(&link.to)?);
        let port = link.port.or_else(|| only_port(plan, &link.to));
        Some(Arrow { from, to, port, tie: tie(&link.evidence), why: link.evidence.clone() })
    }));
    arrows.extend(backups(plan, index, first));
    // That something waits for a job is written on the job; an arrow would look like a call.
    arrows.retain(|a| a.from != a.to && (a.tie == Tie::Calls || cards[a.to].shape != Shape::Job));
    let called: BTreeSet<(usize, usize)> =
        arrows.iter().filter(|a| a.tie == Tie::Calls).map(|a| (a.from, a.to)).collect();
    arrows.retain(|a| a.tie == Tie::Calls || !called.contains(&(a.from, a.to)));
    arrows.sort();
    arrows.dedup_by_key(|a| (a.from, a.to, a.port));
    arrows
}

fn from_outside(plan: &Plan, index: &BTreeMap<String, usize>) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    let mut reached = BTreeSet::new();
    for (at, entrance) in entrances(plan).into_iter().enumerate() {
        let door = at + 1;
        arrows.push(Arrow {
            from: 0,
            to: door,
            port: None,
            tie: Tie::Calls,
            why: "what is published".to_owned(),
        });
        for (address, service, port) in entrance.ways {
            if let Some(&to) = index.get(&service) {
                reached.insert(to);
                arrows.push(Arrow {
                    from: door,
                    to,
                    port: Some(port),
                    tie: Tie::Calls,
                    why: address,
                });
            }
        }
    }
    for link in plan.links.iter().filter(|link| link.from.is_none()) {
        if let Some(&to) = index.get(&link.to).filter(|to| !reached.contains(*to)) {
            arrows.push(Arrow {
                from: 0,
                to,
                port: link.port,
                tie: Tie::Calls,
                why: link.evidence.clone(),
            });
        }
    }
    arrows
}

/// A backup reads the database that it saves.
fn backups(plan: &Plan, index: &BTreeMap<String, usize>, first: usize) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for (at, workload) in plan.workloads.iter().enumerate().filter(|(_, w)| w.component == BACKUP) {
        if let Some(&to) = index.get(&workload.service) {
            let port = only_port(plan, &workload.service);
            arrows.push(Arrow {
                from: first + at,
                to,
                port,
                tie: Tie::Calls,
                why: "dump".to_owned(),
            });
        }
    }
    arrows
}

fn tie(evidence: &str) -> Tie {
    if evidence == "depends_on" { Tie::Needs } else { Tie::Calls }
}

/// The port of a callee that has no other.
fn only_port(plan: &Plan, service: &str) -> Option<u16> {
    let own = plan.services.iter().filter(|s| s.service == service);
    let ports: BTreeSet<u16> = own.flat_map(|s| s.ports.iter().map(|p| p.target)).collect();
    ports.first().copied().filter(|_| ports.len() == 1)
}
