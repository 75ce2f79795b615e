//! Curves in characters.

use super::axis::label;
use super::{Plot, Series};
use std::fmt::Write as _;

/// Rows of the field.
const ROWS: usize = 14;
/// One for each curve, in their order.
const SIGNS: [char; 6] = ['●', '○', '▲', '△', '■', '□'];
/// Fewer columns are not drawn on.
const LEAST: usize = 40;

pub(super) fn drawing(plot: &Plot, width: usize) -> String {
    let up = plot.up();
    let mut names = vec![String::new(); ROWS];
    for tick in up.ticks(6).into_iter().rev() {
        names[row(up.share(tick))] = label(tick);
    }
    let margin = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) + 1;
    let columns = width.max(LEAST).saturating_sub(margin + 2);
    let field = field(plot, columns);
    let mut out = format!("{}\n{}\n", plot.title, plot.up);
    for (name, line) in names.iter().zip(&field) {
        let line: String = line.iter().collect();
        let _ = writeln!(out, "{name:>margin$} │{}", line.trim_end());
    }
    let _ = writeln!(out, "{:>margin$} └{}", "", "─".repeat(columns));
    let _ = writeln!(out, "{:>margin$}  {}", "", foot(plot, columns));
    let _ = writeln!(out, "{:>margin$}  {}", "", plot.across);
    for (series, sign) in plot.series.iter().zip(SIGNS) {
        let _ = writeln!(out, "{:>margin$}  {sign} {}", "", series.name);
    }
    for mark in &plot.marks {
        let _ = writeln!(out, "{:>margin$}  ┊ {}", "", mark.name);
    }
    for limit in &plot.limits {
        let _ = writeln!(out, "{:>margin$}  ╌ {}", "", limit.name);
    }
    out
}

fn field(plot: &Plot, columns: usize) -> Vec<Vec<char>> {
    let (across, up) = (plot.across(), plot.up());
    let mut field = vec![vec![' '; columns]; ROWS];
    for limit in &plot.limits {
        field[row(up.share(limit.at))].fill('╌');
    }
    for mark in &plot.marks {
        let at = column(across.share(mark.at), columns);
        for line in &mut field {
            line[at] = '┊';
        }
    }
    for (series, sign) in plot.series.iter().zip(SIGNS) {
        between(plot, series, columns, &mut field);
        for point in &series.points {
            field[row(up.share(point.up))][column(across.share(point.across), columns)] = sign;
        }
    }
    field
}

/// Dots from each point to the next.
fn between(plot: &Plot, series: &Series, columns: usize, field: &mut [Vec<char>]) {
    let (across, up) = (plot.across(), plot.up());
    for pair in series.points.windows(2) {
        let [from, to] = [pair[0], pair[1]].map(|it| (across.share(it.across), up.share(it.up)));
        let (first, last) = (column(from.0, columns), column(to.0, columns));
        for step in 1..last.saturating_sub(first) {
            let share = step as f64 / (last - first) as f64;
            let cell = &mut field[row(from.1 + (to.1 - from.1) * share)][first + step];
            if *cell == ' ' || *cell == '╌' {
                *cell = '·';
            }
        }
    }
}

/// The values under the axis.
fn foot(plot: &Plot, columns: usize) -> String {
    let across = plot.across();
    let mut line = vec![' '; columns + 6];
    let mut free = 0;
    for tick in across.doublings(columns / 7) {
        let at = column(across.share(tick), columns);
        let text: Vec<_> = label(tick).chars().collect();
        if at >= free && at + text.len() <= line.len() {
            line[at..at + text.len()].copy_from_slice(&text);
            free = at + text.len() + 1;
        }
    }
    line.iter().collect::<String>().trim_end().to_owned()
}

fn row(share: f64) -> usize {
    ROWS - 1 - column(share, ROWS)
}

fn column(share: f64, columns: usize) -> usize {
    ((share * (columns - 1) as f64).round() as usize).min(columns - 1)
}
