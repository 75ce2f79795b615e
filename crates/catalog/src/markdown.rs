//! The table as a reference document.

use std::fmt::Write as _;

use crate::family::Family;
use crate::table::families;

/// The whole table as Markdown, for `docs/images.md`.
pub fn markdown() -> String {
    let mut out = String::from("# Images Muster knows\n");
    for family in families() {
        section(&mut out, family);
    }
    out
}

fn section(out: &mut String, family: &Family) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\n### {}\n", family.title);
}
