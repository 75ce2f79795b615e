//! Least squares with few, positive unknowns.

/// Residuals and their weights at a point.
pub type Residuals<'a> = dyn Fn(&[f64]) -> Vec<(f64, f64)> + 'a;

/// A set of residuals over the logarithms of the unknowns; the fit makes their robust sum small.
pub struct Problem<'a> {
    /// What is expected of the unknowns, all positive.
    pub expected: &'a [f64],
    /// How far each may be from that, in logarithms; farther is dearer. Zero: it stays.
    pub freedom: &'a [f64],
    /// Where to begin.
    pub start: &'a [f64],
    /// Residuals and their weights at a point.
    pub residuals: &'a Residuals<'a>,
    /// Residuals far above this hardly count (Geman and McClure): some rows were measured on something else.
    pub robust: f64,
    pub rounds: u32,
}

impl std::fmt::Debug for Problem<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Problem").field("start", &self.start).finish_non_exhaustive()
    }
}

/// What stays may move by so little.
const FIXED: f64 = 1e-6;

/// Levenberg–Marquardt with differences over two per cent: a replayed run jumps where steps merge, so that
/// smaller ones would measure noise.
pub fn solve(problem: &Problem<'_>) -> Vec<f64> {
    let mut at: Vec<f64> = problem.start.iter().map(|v| v.ln()).collect();
    let mut best = cost(problem, &at);
    let mut damping = 1e-2;
    for _ in 0..problem.rounds {
        let (normal, slope) = normal_equations(problem, &at);
        let mut better = false;
        for _ in 0..6 {
            let step = damped(&normal, &slope, damping);
            let next: Vec<f64> =
                at.iter().zip(&step).map(|(a, s)| a - s.clamp(-0.7, 0.7)).collect();
            let reached = cost(problem, &next);
            if reached < best {
                better = best - reached > 1e-5 * best;
                (at, best) = (next, reached);
                damping = (damping / 3.0_f64).max(1e-6);
                break;
            }
            damping *= 4.0;
        }
        if !better {
            break;
        }
    }
    at.into_iter().map(f64::exp).collect()
}

fn bounded(r: f64, scale: f64) -> f64 {
    r * r / (1.0 + (r / scale).powi(2))
}

fn values(at: &[f64]) -> Vec<f64> {
    at.iter().map(|v| v.exp()).collect()
}

fn cost(problem: &Problem<'_>, at: &[f64]) -> f64 {
    let data: f64 =
        (problem.residuals)(&values(at)).iter().map(|(r, w)| w * bounded(*r, problem.robust)).sum();
    let prior: f64 = pulls(problem, at).map(|p| p * p).sum();
    data + prior
}

fn pulls<'a>(problem: &'a Problem<'_>, at: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    at.iter()
        .zip(problem.expected)
        .zip(problem.freedom)
        .map(|((a, e), f)| (a - e.ln()) / f.max(FIXED))
}

fn normal_equations(problem: &Problem<'_>, at: &[f64]) -> (Vec<Vec<f64>>, Vec<f64>) {
    const STEP: f64 = 0.02;
    let here = (problem.residuals)(&values(at));
    let n = at.len();
    let columns: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            if problem.freedom[i] <= 0.0 {
                return vec![0.0; here.len()];
            }
            let mut moved = at.to_vec();
            moved[i] += STEP;
            let there = (problem.residuals)(&values(&moved));
            here.iter().zip(there).map(|(h, t)| (t.0 - h.0) / STEP).collect()
        })
        .collect();
    let mut normal = vec![vec![0.0; n]; n];
    let mut slope = vec![0.0; n];
    for (row, (r, w)) in here.iter().enumerate() {
        let w = w * (1.0 + (r / problem.robust).powi(2)).powi(-2);
        for i in 0..n {
            slope[i] += w * columns[i][row] * r;
            for j in 0..n {
                normal[i][j] += w * columns[i][row] * columns[j][row];
            }
        }
    }
    for (i, pull) in pulls(problem, at).enumerate() {
        let freedom = problem.freedom[i].max(FIXED);
        normal[i][i] += freedom.powi(-2);
        slope[i] += pull / freedom;
    }
    (normal, slope)
}

/// Solves `(normal + damping * diagonal) x = slope` by elimination with pivots.
fn damped(normal: &[Vec<f64>], slope: &[f64], damping: f64) -> Vec<f64> {
    let n = slope.len();
    let mut a: Vec<Vec<f64>> = normal.to_vec();
    let mut b = slope.to_vec();
    for (i, row) in a.iter_mut().enumerate() {
        row[i] += damping * row[i] + 1e-12;
    }
    for i in 0..n {
        let pivot = (i..n).max_by(|x, y| a[*x][i].abs().total_cmp(&a[*y][i].abs())).unwrap_or(i);
        a.swap(i, pivot);
        b.swap(i, pivot);
        for r in i + 1..n {
            let factor = a[r][i] / a[i][i];
            let (upper, lower) = a.split_at_mut(r);
            for (x, y) in lower[0][i..].iter_mut().zip(&upper[i][i..]) {
                *x -= factor * y;
            }
            b[r] -= factor * b[i];
        }
    }
    for i in (0..n).rev() {
        let rest: f64 = (i + 1..n).map(|j| a[i][j] * b[j]).sum();
        b[i] = (b[i] - rest) / a[i][i];
    }
    b
}
