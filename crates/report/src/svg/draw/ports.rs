//! The ports of cards: where arrows arrive.

use super::pill;
use crate::svg::layout::{Graph, Placed, Rect};
use crate::svg::scene::Scene;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Font size of a port.
const SIZE: i32 = 11;
/// From port to port on one side of a card.
const STEP: i32 = 22;
/// Ports that one side shows before they are summed up.
const SHOWN: usize = 4;

/// A side of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Left,
    Right,
}

/// What arrives at a side: ports, the last entry for those that found no room of their own.
#[derive(Clone, Debug, Default)]
struct Landing {
    ports: Vec<Option<u16>>,
    summed: usize,
}

/// Where the arrows of each card arrive.
pub(crate) struct Ports {
    landings: BTreeMap<(usize, Side), Landing>,
    turned: BTreeMap<(usize, usize), Side>,
}

impl Ports {
    pub(crate) fn new(scene: &Scene, graph: &Graph, placed: &Placed) -> Self {
        let side = |turned| if turned { Side::Right } else { Side::Left };
        let turned: BTreeMap<(usize, usize), Side> = graph
            .edges
            .iter()
            .zip(&placed.routes)
            .map(|(&edge, route)| (edge, side(route.turned)))
            .collect();
        let mut landings: BTreeMap<(usize, Side), Landing> = BTreeMap::new();
        for arrow in &scene.arrows {
            let side = turned.get(&(arrow.from, arrow.to)).copied().unwrap_or(Side::Left);
            landings.entry((arrow.to, side)).or_default().ports.push(arrow.port);
        }
        for landing in landings.values_mut() {
            landing.ports.sort_unstable();
            landing.ports.dedup();
            landing.summed = landing.ports.len().saturating_sub(SHOWN - 1);
            if landing.ports.len() <= SHOWN {
                landing.summed = 0;
            }
        }
        Self { landings, turned }
    }

    /// The side at which an edge arrives.
    pub(crate) fn side(&self, from: usize, to: usize) -> Side {
        self.turned.get(&(from, to)).copied().unwrap_or(Side::Left)
    }

    /// Where an arrow's head stands.
    pub(crate) fn head(
        &self,
        card: usize,
        side: Side,
        port: Option<u16>,
        to: (Rect, i32),
    ) -> (i32, i32) {
        let landing = self.landings.get(&(card, side));
        let rows = landing.map(Landing::rows).unwrap_or_default();
        let row = landing.map_or(0, |landing| landing.row(port));
        let reach = rows.get(row).map_or(0, |label| reach(label));
        let (at, middle) = to;
        let x = if side == Side::Left { at.x - reach } else { at.right() + reach };
        (x, y(middle, row, rows.len()))
    }

    /// Draws the ports of a card.
    pub(crate) fn draw(&self, card: usize, at: (Rect, i32), out: &mut String) {
        for side in [Side::Left, Side::Right] {
            let Some(landing) = self.landings.get(&(card, side)) else { continue };
            let rows = landing.rows();
            for (row, label) in rows.iter().enumerate().filter(|(_, label)| !label.is_empty()) {
                tab(label, side, at.0, y(at.1, row, rows.len()), out);
            }
        }
    }
}

impl Landing {
    /// A label for each place at which arrows arrive; empty where no port is known.
    fn rows(&self) -> Vec<String> {
        let own = self.ports.len() - self.summed;
        let label = |port: &Option<u16>| port.map(|p| p.to_string()).unwrap_or_default();
        let mut rows: Vec<String> = self.ports.iter().take(own).map(label).collect();
        if self.summed > 0 {
            rows.push(format!("+{}", self.summed));
        }
        rows
    }

    fn row(&self, port: Option<u16>) -> usize {
        let row = self.ports.iter().position(|p| *p == port).unwrap_or(0);
        row.min(self.ports.len() - self.summed)
    }
}

fn reach(label: &str) -> i32 {
    if label.is_empty() { 0 } else { pill(label, SIZE) }
}

/// Ports stand around the middle of a card.
fn y(middle: i32, row: usize, rows: usize) -> i32 {
    let (row, rows) = (i32::try_from(row).unwrap_or(0), i32::try_from(rows).unwrap_or(1));
    middle + row * STEP - (rows - 1) * STEP / 2
}

fn tab(label: &str, side: Side, at: Rect, y: i32, out: &mut String) {
    let width = pill(label, SIZE);
    let (left, path) = match side {
        Side::Left => {
            (at.x - width, format!("v18h-{}a6 6 0 0 1 -6 -6v-6a6 6 0 0 1 6 -6z", width - 6))
        }
        Side::Right => {
            (at.right(), format!("v18h{}a6 6 0 0 0 6 -6v-6a6 6 0 0 0 -6 -6z", width - 6))
        }
    };
    let start = if side == Side::Left { at.x } else { at.right() };
    let _ = writeln!(
        out,
        "<path class=\"d-port\" d=\"M{start} {}{path}\"/>\n\
         <text class=\"d-port-text\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
        y - 9,
        left + width / 2,
        y + 4
    );
}
