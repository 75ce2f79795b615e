//! What network policies let through, against what the Compose networks say.
//!
//! The policies are read from the Kubernetes objects by [`check`], which knows nothing of plans; the
//! networks are read from the Compose project. The plan only tells which workload runs which
//! service, and what leads into the cluster. So a mistake in how policies are made shows here.
//!
//! ```text
//! objects ──check──► Network ──┐
//! Compose files ───► Project ──┼──compared──► Matrix: for each pair what is open, and whether it should be
//! which workload is which ─────┘
//! ```

mod compose;

use check::reach::{self, End, Network, Opening, PortSet, Side};
use compose::{Files, Word};
use model::matrix::{Cell, Matrix, State};
use model::plan::Plan;
use model::project::Project;

/// What is open, by the policies alone.
pub fn open(network: &Network) -> Matrix {
    matrix(&network.matrix(), |_, _, opening| (neutral(opening), PortSet::default()))
}

/// What is open, and how it compares with what the files say.
pub fn compared(network: Network, project: &Project, plan: &Plan) -> Matrix {
    let files = Files::new(project, plan);
    let network = network.called(|pod| files.name(pod)).with(files.operated());
    matrix(&network.matrix(), |from, to, opening| judge(files.word(from, to), &opening.ports))
}

fn matrix(all: &reach::Matrix, judge: impl Fn(&End, &End, &Opening) -> (State, PortSet)) -> Matrix {
    let names = |ends: &[End]| ends.iter().map(|end| end.name.clone()).collect();
    let cell = |from: &End, to: &End, opening: &Opening| {
        if !(all.is_own(from) || all.is_own(to)) {
            return Cell { state: State::Beyond, ..Cell::default() };
        }
        let (state, amiss) = judge(from, to, opening);
        Cell {
            ports: opening.ports.to_string(),
            state,
            amiss: amiss.to_string(),
            policies: deciding(opening),
        }
    };
    let rows = all.sources.iter().zip(&all.rows).map(|(from, row)| {
        all.targets.iter().zip(row).map(|(to, opening)| cell(from, to, opening)).collect()
    });
    Matrix { sources: names(&all.sources), targets: names(&all.targets), rows: rows.collect() }
}

/// The policies of the end that decides: of both, unless one of them lets through less alone.
fn deciding(opening: &Opening) -> Vec<String> {
    let (out, into) = (&opening.egress, &opening.ingress);
    let sides = match (out.ports() == opening.ports, into.ports() == opening.ports) {
        (true, false) => vec![out],
        (false, true) => vec![into],
        _ => vec![out, into],
    };
    let mut names: Vec<_> = sides.into_iter().flat_map(Side::policies).cloned().collect();
    names.sort();
    names.dedup();
    names
}

fn neutral(opening: &Opening) -> State {
    if opening.ports.is_empty() { State::Closed } else { State::Open }
}

fn judge(word: Word, open: &PortSet) -> (State, PortSet) {
    let nothing = PortSet::default();
    let plain = if open.is_empty() { State::Closed } else { State::Open };
    match word {
        Word::Nothing => (plain, nothing),
        Word::Joined { needs } => match needs.without(open) {
            missing if missing.is_empty() => (plain, nothing),
            missing => (State::Cut, missing),
        },
        Word::Separate { entrances } => match open.without(&entrances) {
            extra if !extra.is_empty() => (State::Leak, extra),
            _ if open.is_empty() => (State::Closed, nothing),
            _ => (State::Entrance, nothing),
        },
        Word::Outside { published, entrances } => match open.without(&entrances) {
            extra if !extra.is_empty() => (State::Leak, extra),
            _ => match published.without(open) {
                kept if !kept.is_empty() => (State::Kept, kept),
                _ if open.is_empty() => (State::Closed, nothing),
                _ => (State::Entrance, nothing),
            },
        },
    }
}
