//! Small pictures, drawn on a grid of 24.

use crate::svg::scene::Icon;
use std::fmt::Write as _;

/// What stands before a volume.
pub(crate) const VOLUME: Icon = Icon::Cylinder;

/// Draws an icon into a square.
pub(crate) fn icon(icon: Icon, x: i32, y: i32, size: i32, out: &mut String) {
    let _ = writeln!(
        out,
        "<svg x=\"{x}\" y=\"{y}\" width=\"{size}\" height=\"{size}\" viewBox=\"0 0 24 24\" \
         aria-hidden=\"true\"><path class=\"d-icon\" d=\"{}\"/></svg>",
        path(icon)
    );
}

fn path(icon: Icon) -> &'static str {
    match icon {
        Icon::Globe => {
            "M3 12a9 9 0 0 1 18 0a9 9 0 0 1 -18 0M3 12h18M12 3c5 5 5 13 0 18c-5 -5 -5 -13 0 -18"
        }
        Icon::Door => "M14 4h5v16h-5M3 12h11M10 8l4 4-4 4",
        Icon::Window => "M3 5h18v14h-18zM3 9.5h18M6 7.3h.1M8.5 7.3h.1",
        Icon::Worker => "M20 12a8 8 0 1 1 -2.5 -5.8M20 3v5h-5M12 8v4l3 2",
        Icon::Cylinder => {
            "M4 6a8 3 0 0 1 16 0a8 3 0 0 1 -16 0v12a8 3 0 0 0 16 0v-12M4 12a8 3 0 0 0 16 0"
        }
        Icon::Bolt => "M13 3 5 14h6l-1 7 8-11h-6z",
        Icon::Queue => "M3 8h4v8h-4zM10 8h4v8h-4zM17 8h4v8h-4zM1 12h2M7 12h3M14 12h3M21 12h2",
        Icon::Lens => {
            "M4 10.500a6.500 6.500 0 1 1 13 0a6.500 6.500 0 1 1 -13 0M15.500 15.500 21 21"
        }
        Icon::Box => "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
        Icon::Pulse => "M2 12h5l3-8 4 16 3-8h5",
        Icon::Chip => {
            "M6 6h12v12h-12zM10 10h4v4h-4zM9 3v3M15 3v3M9 18v3M15 18v3M3 9h3M3 15h3M18 9h3M18 15h3"
        }
        Icon::Check => "M3 12a9 9 0 0 1 18 0a9 9 0 0 1 -18 0M8 12.500l3 3 5.500-6",
        Icon::Clock => "M3 12a9 9 0 0 1 18 0a9 9 0 0 1 -18 0M12 7v5l3.500 2.500",
        Icon::Cloud => "M7 18a4 4 0 0 1 0 -8a5.500 5.500 0 0 1 10.500 1a3.500 3.500 0 0 1 -.500 7z",
    }
}
