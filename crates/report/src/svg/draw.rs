//! Cards and arrows as SVG.

mod arrow;
mod card;
mod icon;
mod legend;
mod measure;
mod ports;

use super::layout::{self, Graph, Lane, Node, Placed, Rect};
use super::scene::{Scene, Shape};
use super::text::{bold_width, escape, shorten, shorten_bold, width};
use ports::Ports;
use std::fmt::Write as _;

const STYLE: &str = include_str!("diagram.css");

/// Room around the picture.
const MARGIN: i32 = 32;
/// The least width of what is between the margins, and the most that a title asks for.
const LEAST: i32 = 416;
const MOST_FOR_TITLE: i32 = 760;
/// Room for the title.
const HEADER: i32 = 72;
/// Room between the namespace's border and what is in it: above, and at the other sides.
const INSET_TOP: i32 = 52;
const INSET: i32 = 28;

/// A scene with its places.
pub(crate) struct Picture<'s> {
    scene: &'s Scene,
    ports: Ports,
    /// Boxes and curves are relative to `origin`.
    placed: Placed,
    origin: (i32, i32),
    /// The namespace's border.
    frame: Rect,
    width: i32,
}

/// A document and how wide it is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    pub(crate) markup: String,
    pub(crate) width: i32,
}

/// The whole document.
pub(crate) fn drawing(scene: &Scene) -> Drawing {
    let picture = picture(scene);
    let mut body = String::new();
    title(&picture, &mut body);
    frame(&picture, &mut body);
    arrow::arrows(&picture, &mut body);
    for (index, card) in scene.cards.iter().enumerate() {
        card::card(card, picture.at(index), &mut body);
        picture.ports.draw(index, (picture.at(index), picture.middle(index)), &mut body);
    }
    let bottom = legend::legend(&picture, &mut body);
    let (width, height) = (picture.width, bottom + MARGIN);
    let markup = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"muster-diagram\" role=\"img\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         aria-labelledby=\"muster-title muster-desc\">\n\
         <title id=\"muster-title\">Architecture of {}</title>\n\
         <desc id=\"muster-desc\">{}</desc>\n\
         <style>\n{STYLE}</style>\n{}\
         <rect class=\"d-surface\" width=\"{width}\" height=\"{height}\" rx=\"12\"/>\n{body}</svg>\n",
        escape(&scene.title),
        escape(&description(scene)),
        arrow::HEADS,
    );
    Drawing { markup, width }
}

/// Places a scene.
pub(crate) fn picture(scene: &Scene) -> Picture<'_> {
    let graph = graph(scene);
    let placed = layout::layout(&graph);
    let ports = Ports::new(scene, &graph, &placed);
    let outside = scene.cards.iter().any(|card| card.shape == Shape::World);
    let first = placed.columns.get(usize::from(outside)).map_or(0, |column| column.0);
    let left = if outside { MARGIN } else { MARGIN + INSET };
    let least = legend::least_width(scene).max(title_width(scene)).max(LEAST) + 2 * MARGIN;
    let content = left + placed.width + INSET + MARGIN;
    let width = content.max(least);
    // What is narrower than its title stands in the middle of the frame.
    let origin = (left + (width - content) / 2, HEADER + INSET_TOP);
    let frame_left = left + first - INSET;
    let frame = Rect {
        x: frame_left,
        y: HEADER,
        width: width - MARGIN - frame_left,
        height: INSET_TOP + placed.height.max(60) + INSET,
    };
    Picture { scene, ports, placed, origin, frame, width }
}

impl Picture<'_> {
    /// Where a card stands.
    pub(crate) fn at(&self, card: usize) -> Rect {
        let rect = self.placed.boxes.get(card).copied().unwrap_or_default();
        Rect { x: rect.x + self.origin.0, y: rect.y + self.origin.1, ..rect }
    }

    /// The height at which arrows leave a card and arrive.
    pub(crate) fn middle(&self, card: usize) -> i32 {
        let behind = self.scene.cards.get(card).map_or(0, measure::stack);
        let rect = self.at(card);
        rect.y + (rect.height - behind) / 2
    }
}

fn graph(scene: &Scene) -> Graph {
    let outside = scene.cards.iter().any(|card| card.shape == Shape::World);
    let floor = |shape| match shape {
        Shape::World => 0,
        Shape::Entrance => 1,
        _ if outside => 2,
        _ => 0,
    };
    let node = |card| {
        let (width, height) = measure::size(card);
        let lane = if card.shape == Shape::Job { Lane::Jobs } else { Lane::Main };
        let middle = (height - measure::stack(card)) / 2;
        Node { width, height, middle, lane, floor: floor(card.shape) }
    };
    let mut edges: Vec<(usize, usize)> = scene.arrows.iter().map(|a| (a.from, a.to)).collect();
    edges.dedup();
    Graph { nodes: scene.cards.iter().map(node).collect(), edges }
}

/// Room that the title would like, within reason.
fn title_width(scene: &Scene) -> i32 {
    let words = bold_width(&scene.title, 22) + 16 + width(&scene.subtitle, 13);
    words.min(MOST_FOR_TITLE)
}

fn title(picture: &Picture<'_>, out: &mut String) {
    let room = picture.width - 2 * MARGIN;
    let name = shorten_bold(&picture.scene.title, 22, room / 2);
    let x = MARGIN + bold_width(&name, 22) + 16;
    let rest = shorten(&picture.scene.subtitle, 13, room - (x - MARGIN));
    let _ = writeln!(
        out,
        "<text class=\"d-title\" x=\"{MARGIN}\" y=\"46\">{}</text>\n\
         <text class=\"d-quiet\" style=\"font-size:13px\" x=\"{x}\" y=\"46\">{}</text>",
        escape(&name),
        escape(&rest)
    );
}

fn frame(picture: &Picture<'_>, out: &mut String) {
    let Rect { x, y, width: w, height } = picture.frame;
    let label = shorten(&format!("Namespace {}", picture.scene.namespace), 12, w - 2 * INSET);
    let _ = writeln!(
        out,
        "<rect class=\"d-ground\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{height}\" rx=\"14\"/>\n\
         <text class=\"d-quiet\" x=\"{}\" y=\"{}\">{}</text>",
        x + INSET - 4,
        y + 28,
        escape(&label)
    );
    let Some(top) = picture.placed.jobs_top.filter(|top| *top > 0) else { return };
    let y = picture.origin.1 + top - 38;
    let _ = writeln!(
        out,
        "<line class=\"d-lane\" x1=\"{}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/>\n\
         <text class=\"d-quiet\" x=\"{}\" y=\"{}\">Jobs: run and end</text>",
        x + INSET - 4,
        x + w - INSET + 4,
        x + INSET - 4,
        y + 22
    );
}

/// The picture in a few sentences, for those who do not see it.
fn description(scene: &Scene) -> String {
    let mut text = format!("{}.", scene.subtitle);
    for arrow in scene.arrows.iter().take(60) {
        if let (Some(from), Some(to)) = (scene.cards.get(arrow.from), scene.cards.get(arrow.to)) {
            let port = arrow.port.map(|port| format!(" on port {port}")).unwrap_or_default();
            let _ = write!(text, " {} calls {}{port}.", from.name, to.name);
        }
    }
    text
}

/// Width of a label in a pill.
fn pill(label: &str, size: i32) -> i32 {
    width(label, size) + 12
}
