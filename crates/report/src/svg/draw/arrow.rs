//! Arrows: curves from card to card, straight where they pass a layer.

use super::Picture;
use super::ports::Side;
use crate::svg::layout::{GAP, Route};
use crate::svg::scene::Tie;
use crate::svg::text::escape;
use std::fmt::Write as _;

/// The head of an arrow.
pub(crate) const HEADS: &str = "<defs><marker id=\"muster-head\" viewBox=\"0 0 8 8\" refX=\"7.5\" \
     refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
     <path class=\"d-head\" d=\"M0 .6 8 4 0 7.4z\"/></marker></defs>\n";

/// The part of the gap before a card that its ports stand in: arrows arrive in it level.
const ARRIVAL: i32 = 52;

/// All arrows of a picture.
pub(crate) fn arrows(picture: &Picture<'_>, out: &mut String) {
    let mut pairs: Vec<(usize, usize)> =
        picture.scene.arrows.iter().map(|a| (a.from, a.to)).collect();
    pairs.dedup();
    for arrow in &picture.scene.arrows {
        let Ok(edge) = pairs.binary_search(&(arrow.from, arrow.to)) else { continue };
        let Some(route) = picture.placed.routes.get(edge) else { continue };
        let (from, to) = (picture.at(arrow.from), picture.at(arrow.to));
        let side = picture.ports.side(arrow.from, arrow.to);
        let end = picture.ports.head(arrow.to, side, arrow.port, (to, picture.middle(arrow.to)));
        let path = match side {
            Side::Left => forth(picture, route, (from.right(), picture.middle(arrow.from)), end),
            Side::Right => back(picture, route, (from.x, from.bottom() - 16), end),
        };
        let waits = if arrow.tie == Tie::Needs { " d-waits" } else { "" };
        let name = |card: usize| picture.scene.cards.get(card).map_or("", |c| c.name.as_str());
        let port = arrow.port.map(|port| format!(":{port}")).unwrap_or_default();
        let hint = format!("{} → {}{port} ({})", name(arrow.from), name(arrow.to), arrow.why);
        let _ = writeln!(
            out,
            "<path class=\"d-arrow{waits}\" marker-end=\"url(#muster-head)\" d=\"{path}\">\
             <title>{}</title></path>",
            escape(&hint)
        );
    }
}

/// From left to right.
fn forth(picture: &Picture<'_>, route: &Route, start: (i32, i32), end: (i32, i32)) -> String {
    let (dx, dy) = picture.origin;
    let mut path = format!("M{} {}", start.0, start.1);
    let mut at = start;
    for &(left, right, y) in &route.slots {
        curve(at, (left + dx - ARRIVAL / 4, y + dy), &mut path);
        let _ = write!(path, "H{}", right + dx);
        at = (right + dx, y + dy);
    }
    let border = end_of_gap(picture, end.0);
    let bend = (border - ARRIVAL).max(at.0 + 8);
    // Cards of a layer differ in width: level until the layer ends.
    let turn = (border - GAP).max(at.0);
    let _ = write!(path, "H{turn}");
    curve((turn, at.1), (bend, end.1), &mut path);
    let _ = write!(path, "H{}", end.0);
    path
}

/// From right to left.
fn back(picture: &Picture<'_>, route: &Route, start: (i32, i32), end: (i32, i32)) -> String {
    let (dx, dy) = picture.origin;
    let mut path = format!("M{} {}", start.0, start.1);
    let mut at = (start.0 - ARRIVAL / 2, start.1);
    let _ = write!(path, "H{}", at.0);
    for &(left, right, y) in route.slots.iter().rev() {
        curve(at, (right + dx, y + dy), &mut path);
        let _ = write!(path, "H{}", left + dx);
        at = (left + dx, y + dy);
    }
    curve(at, (end.0 + 10, end.1), &mut path);
    let _ = write!(path, "H{}", end.0);
    path
}

/// Level at both ends.
fn curve(from: (i32, i32), to: (i32, i32), path: &mut String) {
    let middle = i32::midpoint(from.0, to.0);
    let _ = write!(path, "C{middle} {} {middle} {} {} {}", from.1, to.1, to.0, to.1);
}

/// The left border of the layer that an arrow arrives at.
fn end_of_gap(picture: &Picture<'_>, x: i32) -> i32 {
    let borders = picture.placed.columns.iter().map(|column| column.0 + picture.origin.0);
    borders.filter(|&border| border >= x).min().unwrap_or(x)
}
