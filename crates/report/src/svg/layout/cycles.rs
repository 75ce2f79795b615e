//! Cycles are cut by turning edges around.

/// Which edges lead back to where a walk along the edges came from.
pub(super) fn turned(nodes: usize, edges: &[(usize, usize)]) -> Vec<bool> {
    let mut out: Vec<Vec<(usize, usize)>> = vec![Vec::new(); nodes];
    let mut callers = vec![0_usize; nodes];
    for (index, &(from, to)) in edges.iter().enumerate() {
        out[from].push((to, index));
        callers[to] += 1;
    }
    // Whoever is called by nobody comes first: the walk then follows the calls.
    let mut starts: Vec<usize> = (0..nodes).collect();
    starts.sort_by_key(|&node| (callers[node] > 0, node));
    let mut state = vec![Visit::Unseen; nodes];
    let mut turned = vec![false; edges.len()];
    for start in starts {
        walk(start, &out, &mut state, &mut turned);
    }
    turned
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Unseen,
    Open,
    Done,
}

/// Depth first, with a stack of its own: a chain of services may be long.
fn walk(start: usize, out: &[Vec<(usize, usize)>], state: &mut [Visit], turned: &mut [bool]) {
    if state[start] != Visit::Unseen {
        return;
    }
    state[start] = Visit::Open;
    let mut stack = vec![(start, 0)];
    while let Some((node, next)) = stack.pop() {
        let Some(&(to, edge)) = out[node].get(next) else {
            state[node] = Visit::Done;
            continue;
        };
        stack.push((node, next + 1));
        match state[to] {
            Visit::Open => turned[edge] = true,
            Visit::Unseen => {
                state[to] = Visit::Open;
                stack.push((to, 0));
            }
            Visit::Done => {}
        }
    }
}
