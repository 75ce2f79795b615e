//! Boxes in layers, from the outside to the data, with curves that go around them.
//!
//! The layered drawing of Sugiyama: cycles are cut, each node is put one layer after the last of its
//! callers, edges over several layers get a slot of their own in each layer between, the order in a
//! layer follows the neighbors' so that few edges cross, and heights are as near to the neighbors'
//! as the order allows. Integers only, and every tie is broken by the index: equal graphs give equal
//! pictures.

mod cycles;
mod layers;
mod order;
mod place;

#[cfg(test)]
mod tests;

/// What is to be laid out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    /// The boxes; an edge names them by index.
    pub(crate) nodes: Vec<Node>,
    /// From, to; no duplicates, no loops.
    pub(crate) edges: Vec<(usize, usize)>,
}

/// One box to place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// Where edges leave and arrive, from its top.
    pub(crate) middle: i32,
    pub(crate) lane: Lane,
    /// The first layer in which it may stand.
    pub(crate) floor: usize,
}

/// Which band of the picture a box stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// What serves.
    Main,
    /// What runs and ends: below.
    Jobs,
}

/// Where everything stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Placed {
    /// The boxes, by node.
    pub(crate) boxes: Vec<Rect>,
    /// The curves, by edge.
    pub(crate) routes: Vec<Route>,
    /// Left and right border of each layer.
    pub(crate) columns: Vec<(i32, i32)>,
    /// Where the lane of jobs begins, if there is one.
    pub(crate) jobs_top: Option<i32>,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

impl Rect {
    pub(crate) fn right(self) -> i32 {
        self.x + self.width
    }

    pub(crate) fn bottom(self) -> i32 {
        self.y + self.height
    }
}

/// The way of an edge from left to right: through the slots that are kept free for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Route {
    /// Left and right end of each slot, and its height.
    pub(crate) slots: Vec<(i32, i32, i32)>,
    /// The edge goes from right to left: it was turned around to cut a cycle.
    pub(crate) turned: bool,
}

/// Free room between two layers; labels of ports stand in it.
pub(crate) const GAP: i32 = 92;
/// Free room between two boxes of a layer.
pub(crate) const ROW_GAP: i32 = 26;
/// Height that an edge takes where it passes a layer.
pub(crate) const SLOT: i32 = 10;

/// A graph whose edges all lead to a later layer, with the slots of long edges as nodes of their own.
#[derive(Clone, Debug, Default)]
struct Layered {
    /// Real nodes first, then slots.
    nodes: Vec<Node>,
    /// Layer of each node.
    layer: Vec<usize>,
    /// Each edge as the nodes that it visits, from left to right.
    chains: Vec<Vec<usize>>,
    /// Edges that were turned around.
    turned: Vec<bool>,
    /// Nodes of each layer, from the top.
    rows: Vec<Vec<usize>>,
}

impl Layered {
    /// Neighbors of each node in the layer before and in the layer after.
    fn neighbors(&self) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
        let mut before = vec![Vec::new(); self.nodes.len()];
        let mut after = vec![Vec::new(); self.nodes.len()];
        for pair in self.chains.iter().flat_map(|chain| chain.windows(2)) {
            if let [a, b] = *pair {
                after[a].push(b);
                before[b].push(a);
            }
        }
        (before, after)
    }
}

/// Lays a graph out.
pub(crate) fn layout(graph: &Graph) -> Placed {
    let turned = cycles::turned(graph.nodes.len(), &graph.edges);
    let edges: Vec<(usize, usize)> = graph
        .edges
        .iter()
        .zip(&turned)
        .map(|(&(a, b), &turned)| if turned { (b, a) } else { (a, b) })
        .collect();
    let layer = layers::layers(&graph.nodes, &edges);
    let mut layered = layers::with_slots(&graph.nodes, &edges, layer, turned);
    order::order(&mut layered);
    place::place(&layered, graph.nodes.len())
}
