//! Curves as SVG.

use super::axis::{Axis, label};
use super::{Plot, Series};
use crate::svg::text::{escape, width};
use std::fmt::Write as _;

const STYLE: &str = include_str!("plot.css");

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 64.0;
const RIGHT: f64 = 32.0;
const BOTTOM: f64 = 84.0;
/// Size of the letters that `width` measures.
const LETTERS: i32 = 12;
/// Colours that curves take turns in.
const SHADES: usize = 4;

pub(super) fn document(plot: &Plot) -> String {
    let canvas = Canvas { across: plot.across(), up: plot.up() };
    let title = escape(&plot.title);
    let mut out = format!(
        "<svg class=\"muster-plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         role=\"img\" aria-label=\"{title}\">\n<style>\n{STYLE}</style>\n\
         <rect class=\"p-ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
         <text class=\"p-title\" x=\"{LEFT}\" y=\"26\">{title}</text>\n\
         <text class=\"p-quiet\" x=\"{LEFT}\" y=\"48\">{}</text>\n",
        escape(&plot.up)
    );
    canvas.grid(&plot.across, &mut out);
    canvas.lines(plot, &mut out);
    for (at, series) in plot.series.iter().enumerate() {
        canvas.series(series, at % SHADES, &mut out);
    }
    legend(plot, &mut out);
    out.push_str("</svg>\n");
    out
}

pub(super) fn stacked(plots: &[Plot]) -> String {
    let height = HEIGHT * plots.len() as f64;
    let mut out =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\">\n");
    for (at, plot) in plots.iter().enumerate() {
        let place = format!("<svg y=\"{}\" height=\"{HEIGHT}\"", HEIGHT * at as f64);
        out.push_str(&document(plot).replacen("<svg", &place, 1));
    }
    out.push_str("</svg>\n");
    out
}

struct Canvas {
    across: Axis,
    up: Axis,
}

impl Canvas {
    fn x(&self, value: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * self.across.share(value)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * self.up.share(value)
    }

    fn grid(&self, across: &str, out: &mut String) {
        let (right, floor) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in self.up.ticks(8) {
            let y = self.y(tick);
            let _ = writeln!(
                out,
                "<path class=\"p-grid\" d=\"M{LEFT} {y:.1}H{right}\"/>\
                 <text class=\"p-quiet p-end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                LEFT - 8.0,
                y + 4.0,
                label(tick)
            );
        }
        for tick in self.across.doublings(12) {
            let _ = writeln!(
                out,
                "<text class=\"p-quiet p-middle\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                self.x(tick),
                floor + 18.0,
                label(tick)
            );
        }
        let _ = writeln!(
            out,
            "<path class=\"p-axis\" d=\"M{LEFT} {TOP}V{floor}H{right}\"/>\
             <text class=\"p-quiet p-end\" x=\"{right}\" y=\"{:.1}\">{}</text>",
            floor + 36.0,
            escape(across)
        );
    }

    /// Promises and marks.
    fn lines(&self, plot: &Plot, out: &mut String) {
        let (right, floor) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for limit in &plot.limits {
            let y = self.y(limit.at);
            let _ = writeln!(
                out,
                "<path class=\"p-limit\" d=\"M{LEFT} {y:.1}H{right}\"/>\
                 <text class=\"p-limit-name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                LEFT + 6.0,
                if y < TOP + 16.0 { y + 14.0 } else { y - 5.0 },
                escape(&limit.name)
            );
        }
        for mark in &plot.marks {
            let x = self.x(mark.at);
            let side = if x > WIDTH / 2.0 { ("p-end", x - 6.0) } else { ("", x + 6.0) };
            let _ = writeln!(
                out,
                "<path class=\"p-mark\" d=\"M{x:.1} {TOP}V{floor}\"/>\
                 <text class=\"p-mark-name {}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                side.0,
                side.1,
                TOP + 12.0,
                escape(&mark.name)
            );
        }
    }

    fn series(&self, series: &Series, shade: usize, out: &mut String) {
        let banded = series.points.iter().filter_map(|it| it.band.map(|band| (it.across, band)));
        let above = banded.clone().map(|(x, (_, high))| (x, high));
        let below = banded.map(|(x, (low, _))| (x, low)).rev();
        let area = self.path(above.chain(below));
        if !area.is_empty() {
            let _ = writeln!(out, "<path class=\"p-band s{shade}\" d=\"{area}Z\"/>");
        }
        let line = self.path(series.points.iter().map(|it| (it.across, it.up)));
        let _ = writeln!(out, "<path class=\"p-line s{shade}\" d=\"{line}\"/>");
        for point in &series.points {
            let _ = writeln!(
                out,
                "<circle class=\"p-dot s{shade}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\">\
                 <title>{}: {} at {}</title></circle>",
                self.x(point.across),
                self.y(point.up),
                escape(&series.name),
                label(point.up),
                label(point.across)
            );
        }
    }

    fn path(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        let mut out = String::new();
        for (across, up) in points {
            let step = if out.is_empty() { 'M' } else { 'L' };
            let _ = write!(out, "{step}{:.1} {:.1}", self.x(across), self.y(up));
        }
        out
    }
}

fn legend(plot: &Plot, out: &mut String) {
    let (mut x, y) = (LEFT, HEIGHT - 20.0);
    for (at, series) in plot.series.iter().enumerate() {
        let _ = writeln!(
            out,
            "<path class=\"p-line s{}\" d=\"M{x:.1} {:.1}h20\"/>\
             <text class=\"p-name\" x=\"{:.1}\" y=\"{y}\">{}</text>",
            at % SHADES,
            y - 4.0,
            x + 26.0,
            escape(&series.name)
        );
        x += 50.0 + f64::from(width(&series.name, LETTERS));
    }
}
