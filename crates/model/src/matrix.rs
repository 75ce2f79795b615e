//! Who may reach whom, as far as network policies decide it.

use serde::Serialize;

/// Every source with every target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Matrix {
    /// Names of where connections come from: the outside, blocks of addresses, workloads.
    pub sources: Vec<String>,
    /// Names of where they go to: workloads, the outside, blocks of addresses, DNS.
    pub targets: Vec<String>,
    /// A row for each source, in it a cell for each target.
    pub rows: Vec<Vec<Cell>>,
}

/// What a source may reach at a target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// Ports that are open: `80, 53/UDP`, `all`; empty if none is.
    pub ports: String,
    /// How that compares with the files.
    pub state: State,
    /// Ports that are not as the files have them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub amiss: String,
    /// The policies that decide; none where no policy is about either end.
    pub policies: Vec<String>,
}

/// How what is open compares with what the Compose files say, where they say something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// Neither end is of these files: their policies do not decide it.
    #[default]
    Beyond,
    /// Open; they share a network.
    Open,
    /// Open for everybody, because it is published.
    Entrance,
    /// Closed; nothing joins them, or nothing is known to listen there.
    Closed,
    /// Published in the files, and kept inside.
    Kept,
    /// They share a network, and policies keep them apart.
    Cut,
    /// Nothing joins them, and policies let it through.
    Leak,
}

impl State {
    /// Whether it is not what the files say.
    pub const fn differs(self) -> bool {
        matches!(self, Self::Cut | Self::Leak)
    }
}

impl Matrix {
    /// All cells with the names of their ends, row by row.
    pub fn cells(&self) -> impl Iterator<Item = (&str, &str, &Cell)> {
        self.sources.iter().zip(&self.rows).flat_map(|(from, row)| {
            let targets = self.targets.iter().map(String::as_str);
            targets.zip(row).map(move |(to, cell)| (from.as_str(), to, cell))
        })
    }

    /// Those that are not what the files say.
    pub fn differences(&self) -> impl Iterator<Item = (&str, &str, &Cell)> {
        self.cells().filter(|(_, _, cell)| cell.state.differs())
    }
}
