//! Who may talk to whom, as a matrix: what the policies let through, what the files say, and what is
//! called as far as they tell.

use super::{Section, prose};
use crate::View;
use crate::network::difference;
use crate::svg::scene::{BACKUP, members};
use crate::svg::text::escape;
use model::matrix::{Cell, Matrix, State};
use model::plan::{Kind, Plan};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The matrix.
pub(super) fn section(view: &View<'_>) -> Section {
    let body = match view.network {
        Some(_) if view.plan.workloads.is_empty() => String::new(),
        Some(network) => matrix(network, view.plan) + &differences(network),
        None => "<p>A table of this many workloads would not be read: the objects hold one \
                 NetworkPolicy for each.</p>\n"
            .to_owned(),
    };
    Section {
        id: "network",
        title: "Who may talk to whom",
        lead: "Rows call columns, at the ports in the cell; an empty cell is closed. \
               <span class=\"cell calls\">Bold</span> is what the files call, \
               <span class=\"cell\">plain</span> is open because the network is shared, \
               <span class=\"cell entrance\">italic</span> because it is published. \
               <span class=\"cell kept\">–</span> is published in the files and kept inside; \
               <span class=\"cell cut\">✗</span> should be open and is not, \
               <span class=\"cell cut\">!</span> is open and should not be."
            .to_owned(),
        body,
    }
}

/// With more columns than this, they move together.
const MANY: usize = 20;

fn matrix(network: &Matrix, plan: &Plan) -> String {
    let calls = calls(plan);
    let dense = if network.targets.len() > MANY { " dense" } else { "" };
    let mut out = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Who may talk to whom\">\n\
         <table class=\"matrix{dense}\">\n<thead><tr><td></td>",
    );
    for name in &network.targets {
        let _ = write!(out, "<th scope=\"col\"><span>{}</span></th>", escape(name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (from, row) in network.sources.iter().zip(&network.rows) {
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escape(from));
        for (to, cell) in network.targets.iter().zip(row) {
            let called = calls.contains(&(from.as_str(), to.as_str()));
            out.push_str(&data(from, to, cell, Called::of(called)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    out
}

/// Whether the files say that a source calls a target.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Called {
    Yes,
    NotKnown,
}

impl Called {
    const fn of(called: bool) -> Self {
        if called { Self::Yes } else { Self::NotKnown }
    }
}

/// Longer lists of ports stand in the title only.
const SHORT: usize = 14;

fn data(from: &str, to: &str, cell: &Cell, called: Called) -> String {
    let ports = cell.ports.replace(", ", " ");
    let ports = if ports.len() > SHORT { "some".to_owned() } else { ports };
    let (class, text) = match (cell.state, called) {
        (State::Beyond, _) => return "<td class=\"self\"></td>".to_owned(),
        (State::Closed, Called::Yes) => (" cut", "✗".to_owned()),
        (State::Closed, _) if from == to => return "<td class=\"self\"></td>".to_owned(),
        (State::Closed, _) => return "<td></td>".to_owned(),
        (State::Kept, _) => (" kept", format!("– {ports}")),
        (State::Cut, _) => (" cut", format!("✗ {ports}")),
        (State::Leak, _) => (" cut", format!("! {ports}")),
        (_, Called::Yes) => (" calls", ports),
        (State::Entrance, _) => (" entrance", ports),
        (State::Open, _) => ("", ports),
    };
    let title = match cell.policies.as_slice() {
        [] => format!("{from} → {to}: {}; no policy is about it", said(cell)),
        names => format!("{from} → {to}: {}; by NetworkPolicy {}", said(cell), names.join(", ")),
    };
    let own = if from == to { " self" } else { "" };
    format!(
        "<td class=\"cell{class}{own}\" title=\"{}\">{}</td>",
        escape(&title),
        escape(text.trim())
    )
}

fn said(cell: &Cell) -> String {
    let ports = if cell.ports.is_empty() { "closed" } else { &cell.ports };
    match cell.state {
        State::Cut => format!("{ports}, and {} should be open", cell.amiss),
        State::Leak => format!("{ports}, and {} should be closed", cell.amiss),
        State::Kept => format!("{ports}; {} is published in the files and kept inside", cell.amiss),
        State::Entrance => format!("{ports}, open to everybody"),
        State::Open | State::Closed | State::Beyond => ports.to_owned(),
    }
}

fn differences(network: &Matrix) -> String {
    let mut items = String::new();
    for (from, to, cell) in network.differences() {
        let _ = writeln!(items, "<li>{}</li>", prose(&difference(from, to, cell)));
    }
    if items.is_empty() { items } else { format!("<ul class=\"differences\">\n{items}</ul>\n") }
}

/// Caller and callee, by workload; the caller may be the outside.
fn calls(plan: &Plan) -> BTreeSet<(&str, &str)> {
    let members = members(plan);
    let known = |service: &String| plan.workloads.get(*members.get(service)?);
    let links = plan.links.iter().filter_map(|link| {
        let to = known(&link.to)?;
        // Who waits for a job does not call it.
        let waits = link.port.is_none() && matches!(to.kind, Kind::Job(_));
        let from = match &link.from {
            Some(from) => &known(from)?.name,
            None => "outside",
        };
        (!waits && from != to.name).then_some((from, to.name.as_str()))
    });
    let backups = plan.workloads.iter().filter(|w| w.component == BACKUP);
    let dumps = backups.filter_map(|w| Some((w.name.as_str(), known(&w.service)?.name.as_str())));
    links.chain(dumps).collect()
}
