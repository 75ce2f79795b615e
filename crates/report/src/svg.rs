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

/// A standalone SVG document.
pub fn svg(view: &View<'_>) -> String {
    draw::document(&scene::scene(view))
}
