//! One card.

use super::icon;
use super::measure::{
    BODY, CHIPS, LID, LINE, METER, NAME, NAME_Y, OFFSET, PAD, face_width, head, stack,
};
use crate::svg::layout::Rect;
use crate::svg::scene::{Card, Holds, Line, Meter, Several, Shape};
use crate::svg::text::{escape, shorten, shorten_bold};
use std::fmt::Write as _;

/// Colors that networks have.
const HUES: usize = 6;

/// Draws a card.
pub(crate) fn card(card: &Card, at: Rect, out: &mut String) {
    let class = match card.shape {
        Shape::World => "d-world",
        Shape::Entrance => "d-entrance",
        Shape::Service => "d-service",
        Shape::Database => "d-database",
        Shape::Job => "d-job",
        Shape::Elsewhere => "d-elsewhere",
    };
    let _ = writeln!(out, "<g class=\"{class}\"><title>{}</title>", escape(&card.hint));
    if card.shape == Shape::World {
        world(card, at, out);
    } else {
        let face = Rect { width: face_width(card.shape), height: at.height - stack(card), ..at };
        faces(card, face, out);
        words(card, face, out);
    }
    out.push_str("</g>\n");
}

fn world(card: &Card, at: Rect, out: &mut String) {
    let x = at.x + at.width / 2;
    icon::icon(card.icon, x - 22, at.y + 14, 44, out);
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        at.bottom(),
        escape(&card.name)
    );
}

/// The face, and those behind it.
fn faces(card: &Card, face: Rect, out: &mut String) {
    let behind = if card.several == Several::Many { 2 } else { 0 };
    for depth in (0..=behind).rev() {
        let (x, y) = (face.x + depth * OFFSET, face.y + depth * OFFSET);
        let (w, h) = (face.width, face.height);
        let _ = if card.shape == Shape::Database {
            let (half, side) = (w / 2, h - 2 * LID);
            writeln!(
                out,
                "<path class=\"d-card\" d=\"M{x} {}a{half} {LID} 0 0 1 {w} 0v{side}\
                 a{half} {LID} 0 0 1 -{w} 0z\"/>\n\
                 <path class=\"d-card\" d=\"M{x} {}a{half} {LID} 0 0 0 {w} 0\"/>",
                y + LID,
                y + LID,
            )
        } else {
            writeln!(
                out,
                "<rect class=\"d-card\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"10\"/>"
            )
        };
    }
}

fn words(card: &Card, face: Rect, out: &mut String) {
    let room = face.width - 2 * PAD;
    let x = face.x + PAD;
    let top = face.y + head(card.shape);
    let eyebrow = shorten(&card.eyebrow, 11, room - 28);
    let name = shorten_bold(&card.name, NAME, room - 28);
    let _ = writeln!(
        out,
        "<text class=\"d-eyebrow\" x=\"{x}\" y=\"{}\">{}</text>\n\
         <text class=\"d-name\" x=\"{x}\" y=\"{}\">{}</text>",
        top + 23,
        escape(&eyebrow),
        top + NAME_Y,
        escape(&name)
    );
    icon::icon(card.icon, face.right() - PAD - 20, top + 13, 20, out);
    let mut y = top + NAME_Y + LINE + 1;
    for text in &card.lines {
        line(text, x, y, room, out);
        y += LINE;
    }
    if let Some(budget) = card.meter {
        meter(budget, x, y - LINE + 13, room, out);
        y += METER;
    }
    networks(card, x, y - LINE + CHIPS - 4, out);
}

fn line(line: &Line, x: i32, y: i32, room: i32, out: &mut String) {
    let (class, indent) = match line {
        Line::Quiet(_) => (" class=\"d-quiet\"", 0),
        Line::Plain(_) => ("", 0),
        Line::Volume(_) => ("", 20),
    };
    if indent > 0 {
        icon::icon(icon::VOLUME, x, y - 11, 14, out);
    }
    let text = shorten(line.text(), BODY, room - indent);
    let _ = writeln!(out, "<text{class} x=\"{}\" y=\"{y}\">{}</text>", x + indent, escape(&text));
}

fn meter(meter: Meter, x: i32, y: i32, room: i32, out: &mut String) {
    let full = i64::from(meter.total.max(1));
    let used = i64::from(room) * i64::from(meter.used.min(meter.total)) / full;
    let (bar, text) = match meter.holds {
        Holds::Yes => ("d-used", "d-quiet"),
        Holds::No => ("d-over", "d-over-text"),
    };
    let label = shorten(&format!("{} of {} connections", meter.used, meter.total), BODY, room);
    let _ = writeln!(
        out,
        "<rect class=\"d-track\" x=\"{x}\" y=\"{y}\" width=\"{room}\" height=\"5\" rx=\"2.5\"/>\n\
         <rect class=\"{bar}\" x=\"{x}\" y=\"{y}\" width=\"{used}\" height=\"5\" rx=\"2.5\"/>\n\
         <text class=\"{text}\" x=\"{x}\" y=\"{}\">{label}</text>",
        y + 19
    );
}

/// Dots in the colors of the networks; the legend names them.
fn networks(card: &Card, x: i32, y: i32, out: &mut String) {
    for (&network, at) in card.networks.iter().zip(0_i32..12) {
        dot(network, x + 5 + at * 14, y, out);
    }
}

/// The dot of a network.
pub(crate) fn dot(network: usize, x: i32, y: i32, out: &mut String) {
    let hue = network % HUES;
    let _ = match network / HUES {
        0 => writeln!(out, "<circle class=\"n{hue}\" cx=\"{x}\" cy=\"{y}\" r=\"5\"/>"),
        _ => writeln!(
            out,
            "<rect class=\"n{hue}\" x=\"{}\" y=\"{}\" width=\"9\" height=\"9\" rx=\"1\"/>",
            x - 4,
            y - 4
        ),
    };
}
