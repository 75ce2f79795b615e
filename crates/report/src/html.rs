//! One self-contained page: diagram, decisions, questions, objects.

use crate::View;

/// The page.
pub fn html(_view: &View<'_>) -> String {
    String::new()
}
