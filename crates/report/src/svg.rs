//! The architecture as a picture.
//!
//! ```text
//! View ──scene──▶ cards and arrows ──layout──▶ boxes and curves ──draw──▶ SVG
//! ```
//!
//! The document carries its own style for light and dark, and loads nothing.

mod draw;
mod layout;
pub(crate) mod scene;
pub(crate) mod text;

use crate::View;

pub(crate) use draw::Drawing;

/// A standalone SVG document.
pub fn svg(view: &View<'_>) -> String {
    drawing(view).markup
}

/// The document and its size.
pub(crate) fn drawing(view: &View<'_>) -> Drawing {
    draw::drawing(&scene::scene(view))
}
