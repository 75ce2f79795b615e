//! Coordinates.

use super::{GAP, Lane, Layered, Placed, ROW_GAP, Rect, Route, SLOT};

/// Sweeps forth and back; heights settle after a few.
const SWEEPS: usize = 10;
/// Room above the lane of jobs: its line and its title stand there.
const LANE_GAP: i32 = 64;

/// Places an ordered graph, from (0, 0).
pub(super) fn place(layered: &Layered, real: usize) -> Placed {
    let columns = columns(layered);
    let mut tops = tops(layered);
    let main_bottom = settle(layered, &mut tops);
    let jobs_top = stack_jobs(layered, &mut tops, main_bottom);
    let boxes: Vec<Rect> = (0..real)
        .map(|node| Rect {
            x: columns[layered.layer[node]].0,
            y: tops[node],
            width: layered.nodes[node].width,
            height: layered.nodes[node].height,
        })
        .collect();
    let bottoms = tops.iter().zip(&layered.nodes).map(|(top, node)| top + node.height);
    Placed {
        routes: routes(layered, real, &columns, &tops),
        width: columns.last().map_or(0, |column| column.1),
        height: bottoms.max().unwrap_or(0),
        boxes,
        columns,
        jobs_top,
    }
}

fn columns(layered: &Layered) -> Vec<(i32, i32)> {
    let mut x = 0;
    let mut columns = Vec::with_capacity(layered.rows.len());
    let (_, after) = layered.neighbors();
    for row in &layered.rows {
        let passed = row.iter().any(|&node| !after[node].is_empty());
        let gap = if passed { GAP } else { ROW_GAP };
        let width = row.iter().map(|&node| layered.nodes[node].width).max().unwrap_or(0);
        columns.push((x, x + width));
        x += width + gap;
    }
    columns
}

fn gap_between(layered: &Layered, above: usize, below: usize) -> i32 {
    let slots = [above, below].iter().filter(|&&n| layered.nodes[n].height <= SLOT).count();
    match slots {
        0 => ROW_GAP,
        1 => ROW_GAP * 2 / 3,
        _ => SLOT,
    }
}

fn main_row(layered: &Layered, layer: usize) -> Vec<usize> {
    let main = |node: &&usize| layered.nodes[**node].lane == Lane::Main;
    layered.rows[layer].iter().filter(main).copied().collect()
}

/// Everything of a layer as far up as it goes.
fn tops(layered: &Layered) -> Vec<i32> {
    let mut tops = vec![0; layered.nodes.len()];
    for layer in 0..layered.rows.len() {
        stack(layered, &main_row(layered, layer), 0, &mut tops);
    }
    tops
}

/// Puts nodes below each other.
fn stack(layered: &Layered, row: &[usize], from: i32, tops: &mut [i32]) {
    let mut y = from;
    for (at, &node) in row.iter().enumerate() {
        tops[node] = y;
        let gap = row.get(at + 1).map_or(0, |&next| gap_between(layered, node, next));
        y += layered.nodes[node].height + gap;
    }
}

/// Moves the nodes of the main lane towards their neighbors, then everything to the top. Gives the
/// bottom of the lane.
fn settle(layered: &Layered, tops: &mut [i32]) -> i32 {
    let (before, after) = layered.neighbors();
    let both: Vec<Vec<usize>> =
        before.iter().zip(&after).map(|(b, a)| b.iter().chain(a).copied().collect()).collect();
    for sweep in 0..SWEEPS {
        let near = if sweep + 2 >= SWEEPS { &both } else { [&before, &after][sweep % 2] };
        let layers: Vec<usize> = if sweep % 2 == 0 {
            (0..layered.rows.len()).collect()
        } else {
            (0..layered.rows.len()).rev().collect()
        };
        for layer in layers {
            pull(layered, &main_row(layered, layer), near, tops);
        }
    }
    let main: Vec<usize> = (0..layered.rows.len()).flat_map(|l| main_row(layered, l)).collect();
    let first = main.iter().map(|&node| tops[node]).min().unwrap_or(0);
    for &node in &main {
        tops[node] -= first;
    }
    main.iter().map(|&node| tops[node] + layered.nodes[node].height).max().unwrap_or(0)
}

/// Long edges should be straight more than boxes should be near their neighbors.
const SLOT_WEIGHT: i32 = 4;

/// Adjacent nodes that move as one.
#[derive(Clone, Copy)]
struct Pool {
    sum: i32,
    weight: i32,
    nodes: usize,
}

impl Pool {
    fn mean(self) -> i32 {
        self.sum.div_euclid(self.weight)
    }

    fn and(self, other: Self) -> Self {
        Self {
            sum: self.sum + other.sum,
            weight: self.weight + other.weight,
            nodes: self.nodes + other.nodes,
        }
    }
}

/// The heights nearest to the mean of the neighbors' that keep the order and the gaps: pools of
/// adjacent nodes that would overlap move as one.
fn pull(layered: &Layered, row: &[usize], neighbors: &[Vec<usize>], tops: &mut [i32]) {
    let middle = |tops: &[i32], node: usize| tops[node] + layered.nodes[node].middle;
    let mut offset = 0;
    let mut offsets = Vec::with_capacity(row.len());
    let mut pools: Vec<Pool> = Vec::new();
    for (at, &node) in row.iter().enumerate() {
        let near: Vec<i32> = neighbors[node]
            .iter()
            .filter(|&&n| layered.nodes[n].lane == Lane::Main)
            .map(|&n| middle(tops, n) - layered.nodes[node].middle)
            .collect();
        let count = i32::try_from(near.len()).unwrap_or(i32::MAX);
        let wish = if count == 0 { tops[node] } else { near.iter().sum::<i32>() / count };
        offsets.push(offset);
        let weight = if layered.nodes[node].height <= SLOT { SLOT_WEIGHT } else { 1 };
        pools.push(Pool { sum: (wish - offset) * weight, weight, nodes: 1 });
        while let [.., above, below] = pools[..]
            && above.mean() > below.mean()
        {
            pools.truncate(pools.len() - 2);
            pools.push(above.and(below));
        }
        let gap = row.get(at + 1).map_or(0, |&next| gap_between(layered, node, next));
        offset += layered.nodes[node].height + gap;
    }
    let shifts = pools.iter().flat_map(|pool| std::iter::repeat_n(pool.mean(), pool.nodes));
    for ((&node, shift), offset) in row.iter().zip(shifts).zip(offsets) {
        tops[node] = shift + offset;
    }
}

/// Stacks the lane of jobs below the main lane: edges that pass, then the jobs, which begin at one
/// height in all layers. Gives its top if anything stands in it.
fn stack_jobs(layered: &Layered, tops: &mut [i32], main_bottom: i32) -> Option<i32> {
    let is_slot = |node: usize| layered.nodes[node].height <= SLOT;
    let rows: Vec<(Vec<usize>, Vec<usize>)> = layered
        .rows
        .iter()
        .map(|row| row.iter().filter(|&&n| layered.nodes[n].lane == Lane::Jobs).copied())
        .map(|row| row.partition(|&node| is_slot(node)))
        .collect();
    let from = if main_bottom > 0 { main_bottom + LANE_GAP } else { 0 };
    let passing = rows.iter().map(|(slots, _)| slots.len()).max().unwrap_or(0);
    let jobs_from = from + i32::try_from(passing).unwrap_or(0) * 2 * SLOT;
    for (slots, jobs) in &rows {
        stack(layered, slots, from, tops);
        stack(layered, jobs, jobs_from, tops);
    }
    rows.iter().any(|(_, jobs)| !jobs.is_empty()).then_some(from)
}

fn routes(layered: &Layered, real: usize, columns: &[(i32, i32)], tops: &[i32]) -> Vec<Route> {
    let slot = |&node: &usize| {
        let (left, right) = columns[layered.layer[node]];
        (left, right, tops[node] + SLOT / 2)
    };
    let route = |(chain, &turned): (&Vec<usize>, &bool)| Route {
        slots: chain.iter().filter(|&&node| node >= real).map(slot).collect(),
        turned,
    };
    layered.chains.iter().zip(&layered.turned).map(route).collect()
}
