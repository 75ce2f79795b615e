//! The order within each layer: near the neighbors, so that few edges cross.

use super::Layered;

/// Sweeps forth and back; more do not change much.
const SWEEPS: usize = 12;

/// Orders every layer. The best order that any sweep saw is kept.
pub(super) fn order(layered: &mut Layered) {
    let (before, after) = layered.neighbors();
    let mut best = layered.rows.clone();
    let mut fewest = crossings(layered, &after);
    for sweep in 0..SWEEPS {
        let layers = layered.rows.len();
        if sweep % 2 == 0 {
            (1..layers).for_each(|layer| sort(layered, layer, layer - 1, &before));
        } else {
            (0..layers.saturating_sub(1))
                .rev()
                .for_each(|layer| sort(layered, layer, layer + 1, &after));
        }
        let now = crossings(layered, &after);
        if now < fewest {
            fewest = now;
            best.clone_from(&layered.rows);
        }
    }
    layered.rows = best;
}

/// Sorts a layer by the mean place of the neighbors in the layer beside it; who has none keeps its
/// place. Lanes stay apart.
fn sort(layered: &mut Layered, layer: usize, beside: usize, neighbors: &[Vec<usize>]) {
    let places = places(layered, beside);
    let wanted = |at: usize, node: usize| {
        let near = &neighbors[node];
        let sum: usize = near.iter().map(|&n| places[n]).sum();
        if near.is_empty() { at * SCALE } else { sum * SCALE / near.len() }
    };
    let mut row: Vec<(usize, usize)> = layered.rows[layer]
        .iter()
        .enumerate()
        .map(|(at, &node)| (wanted(at, node), node))
        .collect();
    row.sort_by_key(|&(wanted, node)| (layered.nodes[node].lane, wanted));
    layered.rows[layer] = row.into_iter().map(|(_, node)| node).collect();
}

/// Means are compared as integers, this fine.
const SCALE: usize = 1024;

/// Place of each node within its layer.
fn places(layered: &Layered, layer: usize) -> Vec<usize> {
    let mut places = vec![0; layered.nodes.len()];
    for (at, &node) in layered.rows[layer].iter().enumerate() {
        places[node] = at;
    }
    places
}

fn crossings(layered: &Layered, after: &[Vec<usize>]) -> usize {
    (1..layered.rows.len()).map(|layer| crossings_before(layered, after, layer)).sum()
}

/// Pairs of edges between a layer and the one before that change sides: inversions, counted while
/// targets are inserted in order.
fn crossings_before(layered: &Layered, after: &[Vec<usize>], layer: usize) -> usize {
    let places = places(layered, layer);
    let mut seen = vec![0_usize; layered.rows[layer].len()];
    let mut count = 0;
    for &from in &layered.rows[layer - 1] {
        let mut targets: Vec<usize> = after[from].iter().map(|&to| places[to]).collect();
        targets.sort_unstable();
        count += targets.iter().map(|&to| seen[to + 1..].iter().sum::<usize>()).sum::<usize>();
        for to in targets {
            seen[to] += 1;
        }
    }
    count
}
