//! Which layer each node stands in.

use super::{Lane, Layered, Node, SLOT};

/// One layer after the last caller, as near to the callees as possible where nobody calls, and in
/// no layer more than looks well.
pub(super) fn layers(nodes: &[Node], edges: &[(usize, usize)]) -> Vec<usize> {
    let mut before = vec![Vec::new(); nodes.len()];
    let mut after = vec![Vec::new(); nodes.len()];
    for &(from, to) in edges {
        after[from].push(to);
        before[to].push(from);
    }
    let sequence = topological(&before, &after);
    let mut wanted: Vec<usize> = nodes.iter().map(|node| node.floor).collect();
    for &node in &sequence {
        let last = before[node].iter().map(|&b| wanted[b] + 1).max();
        wanted[node] = wanted[node].max(last.unwrap_or(0));
    }
    for &node in sequence.iter().filter(|&&node| before[node].is_empty()) {
        let first = after[node].iter().map(|&a| wanted[a]).min();
        wanted[node] = wanted[node].max(first.unwrap_or(0).saturating_sub(1));
    }
    let mut filling = Filling::new(nodes);
    let linked = |node: &usize| !(before[*node].is_empty() && after[*node].is_empty());
    let mut layer = vec![0; nodes.len()];
    for &node in sequence.iter().filter(|node| linked(node)) {
        let last = before[node].iter().map(|&b| layer[b] + 1).max().unwrap_or(0);
        let wish = wanted[node].max(last);
        layer[node] = if nodes[node].lane == Lane::Jobs && before[node].is_empty() {
            filling.emptiest_before(nodes[node].floor, wish)
        } else {
            filling.first_free(nodes[node].lane, wish)
        };
    }
    for node in (0..nodes.len()).filter(|node| !linked(node)) {
        layer[node] = filling.emptiest(nodes[node].lane, nodes[node].floor);
    }
    layer
}

/// Callers before callees; among those that are free, by index.
fn topological(before: &[Vec<usize>], after: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut sequence: Vec<usize> = (0..before.len()).filter(|&n| waiting[n] == 0).collect();
    let mut at = 0;
    while let Some(&node) = sequence.get(at) {
        at += 1;
        for &next in &after[node] {
            waiting[next] -= 1;
            if waiting[next] == 0 {
                sequence.push(next);
            }
        }
    }
    sequence
}

/// How many nodes each layer holds, by lane.
struct Filling {
    counts: Vec<[usize; 2]>,
    caps: [usize; 2],
    least: [usize; 2],
}

impl Filling {
    fn new(nodes: &[Node]) -> Self {
        let count = |lane| nodes.iter().filter(|node| node.lane == lane).count();
        let totals = [count(Lane::Main), count(Lane::Jobs)];
        // A layer may be high rather than send edges past the next one; what is not linked fills a
        // picture that is wider than high, as screens are.
        let caps = totals.map(|total| (total * 3).isqrt().max(6));
        let least = totals.map(|total| total.div_ceil((total + total / 4).isqrt().max(5)));
        Self { counts: Vec::new(), caps, least }
    }

    fn add(&mut self, lane: Lane, layer: usize) -> usize {
        if self.counts.len() <= layer {
            self.counts.resize(layer + 1, [0, 0]);
        }
        self.counts[layer][lane as usize] += 1;
        layer
    }

    fn held(&self, lane: Lane, layer: usize) -> usize {
        self.counts.get(layer).map_or(0, |counts| counts[lane as usize])
    }

    fn first_free(&mut self, lane: Lane, from: usize) -> usize {
        let mut layer = from;
        while self.held(lane, layer) >= self.caps[lane as usize] {
            layer += 1;
        }
        self.add(lane, layer)
    }

    /// Jobs that nobody calls stand side by side rather than in a pile.
    fn emptiest_before(&mut self, floor: usize, last: usize) -> usize {
        let layers = (floor..=last).rev();
        let best = layers.min_by_key(|&layer| self.held(Lane::Jobs, layer)).unwrap_or(last);
        self.add(Lane::Jobs, best)
    }

    fn emptiest(&mut self, lane: Lane, floor: usize) -> usize {
        let end = self.counts.len().max(floor + self.least[lane as usize]).max(floor + 1);
        let best = (floor..end).min_by_key(|&layer| self.held(lane, layer)).unwrap_or(floor);
        self.add(lane, best)
    }
}

/// Slots that a picture has at most: beyond that nobody could follow an edge, and long ones are
/// drawn straight.
const SLOTS: usize = 5000;

/// Gives edges over several layers a slot in each layer between.
pub(super) fn with_slots(
    nodes: &[Node],
    edges: &[(usize, usize)],
    layer: Vec<usize>,
    turned: Vec<bool>,
) -> Layered {
    let mut all = Layered { nodes: nodes.to_vec(), layer, turned, ..Layered::default() };
    let span = |&(from, to): &(usize, usize)| all.layer[to].saturating_sub(all.layer[from] + 1);
    let slots = edges.iter().map(span).fold(0, usize::saturating_add);
    for &(from, to) in edges {
        if slots > SLOTS && all.layer[to] > all.layer[from] + 1 {
            all.chains.push(Vec::new());
            continue;
        }
        let mut chain = vec![from];
        let lane = all.nodes[from].lane;
        for layer in all.layer[from] + 1..all.layer[to] {
            chain.push(all.nodes.len());
            all.nodes.push(Node { width: 0, height: SLOT, middle: SLOT / 2, lane, floor: 0 });
            all.layer.push(layer);
        }
        chain.push(to);
        all.chains.push(chain);
    }
    let layers = all.layer.iter().max().map_or(0, |last| last + 1);
    all.rows = vec![Vec::new(); layers];
    for (node, &layer) in all.layer.iter().enumerate() {
        all.rows[layer].push(node);
    }
    for row in &mut all.rows {
        row.sort_by_key(|&node| (all.nodes[node].lane, node));
    }
    all
}
