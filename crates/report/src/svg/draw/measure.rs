//! How large cards are.

use crate::svg::scene::{Card, Several, Shape};

/// Font size of a card's name.
pub(crate) const NAME: i32 = 15;
/// Font size of a card's lines.
pub(crate) const BODY: i32 = 12;
/// Room at the sides of a card.
pub(crate) const PAD: i32 = 14;
/// From line to line.
pub(crate) const LINE: i32 = 19;
/// How far the cards of a stack are apart.
pub(crate) const OFFSET: i32 = 5;
/// Half the height of a cylinder's lid.
pub(crate) const LID: i32 = 10;
/// From the top of a card to the baseline of its name.
pub(crate) const NAME_Y: i32 = 42;
/// Height of the meter, and of the networks.
pub(crate) const METER: i32 = 36;
pub(crate) const CHIPS: i32 = 22;

/// Width of the face of a card, without the stack behind it.
pub(crate) fn face_width(shape: Shape) -> i32 {
    match shape {
        Shape::World => 72,
        Shape::Database => 232,
        Shape::Entrance | Shape::Service | Shape::Job | Shape::Elsewhere => 200,
    }
}

/// Room that the stack behind a card takes.
pub(crate) fn stack(card: &Card) -> i32 {
    if card.several == Several::Many { 2 * OFFSET } else { 0 }
}

/// Room at the top of a face.
pub(crate) fn head(shape: Shape) -> i32 {
    if shape == Shape::Database { 2 * LID - 4 } else { 0 }
}

/// Width and height of a card.
pub(crate) fn size(card: &Card) -> (i32, i32) {
    let width = face_width(card.shape) + stack(card);
    if card.shape == Shape::World {
        return (width, 92);
    }
    let lines = i32::try_from(card.lines.len()).unwrap_or(0) * LINE;
    let meter = if card.meter.is_some() { METER } else { 0 };
    let chips = if card.networks.is_empty() { 0 } else { CHIPS };
    let tail = if card.shape == Shape::Database { LID } else { 0 };
    let height = head(card.shape) + NAME_Y + lines + meter + chips + tail + PAD;
    (width, height.max(56) + stack(card))
}
