//! What the signs mean.

use super::card::dot;
use super::{MARGIN, Picture};
use crate::svg::scene::{Scene, Several, Tie};
use crate::svg::text::{escape, shorten, width};
use std::fmt::Write as _;

const SIZE: i32 = 12;
/// From row to row.
const ROW: i32 = 22;
/// Room of an entry beside its words.
const SIGN: i32 = 34;
const SPACE: i32 = 22;
/// Names of networks are cut to this width.
const LONGEST: i32 = 220;

enum Sign {
    Calls,
    Waits,
    Stack,
    Network(usize),
}

fn entries(scene: &Scene) -> Vec<(Sign, String)> {
    let mut entries = Vec::new();
    if scene.arrows.iter().any(|arrow| arrow.port.is_some()) {
        entries.push((Sign::Calls, "calls, on the port".to_owned()));
    }
    if scene.arrows.iter().any(|arrow| arrow.tie == Tie::Needs) {
        entries.push((Sign::Waits, "starts after".to_owned()));
    }
    if scene.cards.iter().any(|card| card.several == Several::Many) {
        entries.push((Sign::Stack, "several pods".to_owned()));
    }
    for (at, name) in scene.networks.iter().enumerate() {
        entries.push((Sign::Network(at), shorten(&format!("network {name}"), SIZE, LONGEST)));
    }
    entries
}

/// Width of the widest entry.
pub(crate) fn least_width(scene: &Scene) -> i32 {
    entries(scene).iter().map(|(_, text)| SIGN + width(text, SIZE)).max().unwrap_or(0)
}

/// Draws the legend; gives its bottom.
pub(crate) fn legend(picture: &Picture<'_>, out: &mut String) -> i32 {
    let entries = entries(picture.scene);
    if entries.is_empty() {
        return picture.frame.bottom();
    }
    let (mut x, mut y) = (MARGIN, picture.frame.bottom() + 30);
    for (sign, text) in entries {
        let room = SIGN + width(&text, SIZE);
        if x > MARGIN && x + room > picture.width - MARGIN {
            x = MARGIN;
            y += ROW;
        }
        draw(&sign, x, y - 4, out);
        let _ = writeln!(
            out,
            "<text class=\"d-quiet\" x=\"{}\" y=\"{y}\">{}</text>",
            x + SIGN - if matches!(sign, Sign::Network(_)) { 16 } else { 0 },
            escape(&text)
        );
        x += room + SPACE - if matches!(sign, Sign::Network(_)) { 16 } else { 0 };
    }
    y
}

fn draw(sign: &Sign, x: i32, y: i32, out: &mut String) {
    let line = |class, out: &mut String| {
        let end = x + 26;
        let _ = writeln!(
            out,
            "<path class=\"d-arrow{class}\" marker-end=\"url(#muster-head)\" d=\"M{x} {y}H{end}\"/>"
        );
    };
    match sign {
        Sign::Calls => line("", out),
        Sign::Waits => line(" d-waits", out),
        Sign::Network(at) => dot(*at, x + 6, y, out),
        Sign::Stack => (0..3).rev().for_each(|depth| {
            let _ = writeln!(
                out,
                "<rect class=\"d-card\" x=\"{}\" y=\"{}\" width=\"18\" height=\"10\" rx=\"3\"/>",
                x + depth * 3,
                y - 8 + depth * 3
            );
        }),
    }
}
