//! Who may reach whom, as text: a table of ports if that fits the page, else one of signs; and what
//! is not as the files have it.

use crate::Layout;
use crate::text::{Line, Page, Role, joined};
use model::matrix::{Cell, Matrix, State};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The matrix on a page of its own. No line is wider than the layout.
pub fn network(matrix: &Matrix, layout: Layout) -> String {
    let mut page = Page::new(layout);
    draw(matrix, &mut page);
    page.render()
}

/// The matrix for programs.
pub fn network_json(matrix: &Matrix) -> Value {
    json!(matrix)
}

/// The matrix as a part of a page, or that there is none.
pub(crate) fn section(matrix: Option<&Matrix>, page: &mut Page) {
    if let Some(matrix) = matrix {
        return draw(matrix, page);
    }
    page.heading(TITLE, "");
    let why = "too many workloads for a table: the objects hold a NetworkPolicy for each";
    page.hang(Line::default().padded(INDENT), Line::prose(why));
}

fn draw(matrix: &Matrix, page: &mut Page) {
    // Without a workload there is only what policies are not about.
    if matrix.cells().all(|(_, _, cell)| cell.state == State::Beyond) {
        return;
    }
    page.heading(TITLE, "by the network policies; rows call columns");
    let grid = Grid::ports(matrix);
    if grid.width() <= page.width() {
        grid.draw(page);
        legend(matrix, &WORDS[2..], page);
    } else {
        Grid::signs(matrix, page.width()).draw(page);
        legend(matrix, &WORDS, page);
        columns(matrix, page);
    }
    differences(matrix, page);
}

const TITLE: &str = "Who may talk to whom";
/// A name or a text longer than this is cut.
const LONGEST: usize = 18;
/// Spaces to the left of the table.
const INDENT: usize = 2;

/// Texts in rows and columns.
struct Grid {
    /// Above each column.
    head: Vec<Line>,
    /// Before each row, and in it.
    rows: Vec<(Line, Vec<Line>)>,
    /// Spaces between columns.
    gap: usize,
}

impl Grid {
    /// Ports in the cells, names above them.
    fn ports(matrix: &Matrix) -> Self {
        Self {
            head: matrix.targets.iter().map(|name| Line::of(Role::Faint, name)).collect(),
            rows: rows(matrix, |name| Line::of(Role::Name, name), ports),
            gap: 2,
        }
    }

    /// Signs in the cells, and above them the last digits of the columns' numbers.
    fn signs(matrix: &Matrix, page: usize) -> Self {
        let number = |(at, _): (usize, &String)| Line::of(Role::Faint, ((at + 1) % 10).to_string());
        let name = |name: &str| match matrix.targets.iter().position(|target| target == name) {
            Some(at) => Line::of(Role::Faint, format!("{:>2} ", at + 1)).and(Role::Name, name),
            None => Line::of(Role::Name, format!("   {name}")),
        };
        let airy = Self {
            head: matrix.targets.iter().enumerate().map(number).collect(),
            rows: rows(matrix, name, |cell| Line::of(role(cell.state), sign(cell))),
            gap: 1,
        };
        if airy.width() <= page { airy } else { Self { gap: 0, ..airy } }
    }

    /// Of the names, and of each column.
    fn widths(&self) -> (usize, Vec<usize>) {
        let names = self.rows.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
        let cell = |at: usize| self.rows.iter().filter_map(move |(_, cells)| cells.get(at));
        let column = |(at, head): (usize, &Line)| {
            cell(at).map(Line::width).chain([head.width()]).max().unwrap_or_default()
        };
        (names, self.head.iter().enumerate().map(column).collect())
    }

    fn width(&self) -> usize {
        let (names, columns) = self.widths();
        INDENT + names + columns.iter().map(|width| self.gap + width).sum::<usize>()
    }

    fn draw(&self, page: &mut Page) {
        let (names, columns) = self.widths();
        let nobody = Line::default();
        let rows = self.rows.iter().map(|(name, cells)| (name, cells));
        for (name, cells) in std::iter::once((&nobody, &self.head)).chain(rows) {
            let mut line = Line::default().padded(INDENT).then(name.clone());
            let mut end = INDENT + names;
            // One space at least before the first.
            line = line.padded(end).plain(if self.gap == 0 { " " } else { "" });
            end = line.width();
            for (cell, width) in cells.iter().zip(&columns) {
                line = line.padded(end + self.gap).then(cell.clone());
                end += self.gap + width;
            }
            page.line(line);
        }
    }
}

fn rows(
    matrix: &Matrix,
    name: impl Fn(&str) -> Line,
    cell: impl Fn(&Cell) -> Line,
) -> Vec<(Line, Vec<Line>)> {
    let row = |(from, row): (&String, &Vec<Cell>)| {
        (name(from).clipped(LONGEST + 3), row.iter().map(&cell).collect())
    };
    matrix.sources.iter().zip(&matrix.rows).map(row).collect()
}

/// The open ports; where they differ from the files, the sign too.
fn ports(cell: &Cell) -> Line {
    let text = match (cell.state, cell.ports.as_str()) {
        (State::Closed | State::Kept | State::Cut, "") => sign(cell).to_owned(),
        (state, ports) if state.differs() => format!("{} {ports}", sign(cell)),
        (_, ports) => ports.to_owned(),
    };
    Line::of(role(cell.state), text).clipped(LONGEST)
}

fn sign(cell: &Cell) -> &'static str {
    match cell.state {
        State::Beyond => "",
        State::Open => "●",
        State::Entrance => "○",
        State::Closed => "·",
        State::Kept => "–",
        State::Cut => "✗",
        State::Leak => "!",
    }
}

const fn role(state: State) -> Role {
    match state {
        State::Open => Role::Good,
        State::Entrance => Role::Plain,
        State::Beyond | State::Closed => Role::Faint,
        State::Kept => Role::Warning,
        State::Cut | State::Leak => Role::Bad,
    }
}

/// What signs mean; where ports stand, the first two do not occur.
const WORDS: [(State, &str); 6] = [
    (State::Open, "open"),
    (State::Entrance, "open to everybody, as it is published"),
    (State::Closed, "closed"),
    (State::Kept, "published in the files, kept inside"),
    (State::Cut, "should be open"),
    (State::Leak, "should be closed"),
];

/// The words for the signs that occur.
fn legend(matrix: &Matrix, words: &[(State, &str)], page: &mut Page) {
    let seen: BTreeMap<State, &Cell> = matrix.cells().map(|(_, _, it)| (it.state, it)).collect();
    let mut line = Line::default();
    for (state, meaning) in words {
        let Some(cell) = seen.get(state) else { continue };
        let gap = if line.is_empty() { "" } else { "   " };
        line =
            line.plain(gap).and(role(*state), sign(cell)).and(Role::Faint, format!(" {meaning}"));
    }
    page.hang(Line::default().padded(INDENT), line);
}

/// The ports that are open in the columns of signs, and to whom if not to all alike.
fn columns(matrix: &Matrix, page: &mut Page) {
    let lead = || Line::default().padded(INDENT);
    let mut alike = Line::default();
    for (at, to) in matrix.targets.iter().enumerate() {
        let callers = callers(matrix, at);
        let gap = if alike.is_empty() { "" } else { ", " };
        match callers.keys().next() {
            Some(ports) if callers.len() == 1 => {
                let end = Line::of(Role::Name, to).plain(" ").plain(ports.replace(", ", " "));
                alike = alike.plain(gap).then(end);
            }
            Some(_) => page.hang(lead().and(Role::Name, to).plain("  "), shares(&callers)),
            None => {}
        }
    }
    page.hang(lead().and(Role::Faint, "ports  "), alike);
}

/// Those to whom something is open in a column, by what it is.
fn callers(matrix: &Matrix, at: usize) -> BTreeMap<&str, Vec<&str>> {
    let mut callers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, row) in matrix.sources.iter().zip(&matrix.rows) {
        if let Some(cell) = row.get(at).filter(|cell| !cell.ports.is_empty()) {
            callers.entry(&cell.ports).or_default().push(from);
        }
    }
    callers
}

fn shares(callers: &BTreeMap<&str, Vec<&str>>) -> Line {
    let mut line = Line::default();
    for (ports, from) in callers {
        let gap = if line.is_empty() { "" } else { "; " };
        line = line.plain(format!("{gap}{ports}"));
        line = line.and(Role::Faint, format!(" from {}", joined(from)));
    }
    line
}

fn differences(matrix: &Matrix, page: &mut Page) {
    for (from, to, cell) in matrix.differences() {
        let lead = Line::default().padded(INDENT).and(role(cell.state), sign(cell)).plain(" ");
        page.hang(lead, Line::prose(&difference(from, to, cell)));
    }
}

/// One difference in a sentence.
pub(crate) fn difference(from: &str, to: &str, cell: &Cell) -> String {
    let by = match cell.policies.as_slice() {
        [] => "no policy is about it".to_owned(),
        names => {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            format!("NetworkPolicy {}", joined(&names))
        }
    };
    let amiss = if cell.amiss == "all" { "every port" } else { &cell.amiss };
    match cell.state {
        State::Leak => {
            format!("`{from}` may reach `{to}` at {amiss}, and the files keep them apart: {by}")
        }
        _ => format!("`{from}` may not reach `{to}` at {amiss}, and the files join them: {by}"),
    }
}
